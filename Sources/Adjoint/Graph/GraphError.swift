/// What is wrong with a graph or with what was asked of it, in the user's own names and source lines.
public struct GraphError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What sort of mistake it is. A later version may know more of them.
  public struct Kind: Hashable, Sendable, CustomStringConvertible {
    private let name: String
    private init(name: String) { self.name = name }

    public var description: String { name }

    /// Operands whose shapes or element types do not go together.
    public static var shapeMismatch: Kind { Kind(name: "shapeMismatch") }
    /// A value of a constant or a parameter that its element type does not have, a first value of a parameter that is
    /// NaN or infinite, or a number that a gate was made with and that has no meaning there.
    public static var wrongValue: Kind { Kind(name: "wrongValue") }
    /// Two nodes of one name.
    public static var duplicateName: Kind { Kind(name: "duplicateName") }
    /// A parameter of a name that files of parameters use for something else.
    public static var reservedName: Kind { Kind(name: "reservedName") }
    /// A gradient was asked for a node that the differentiated outputs do not depend on differentiably.
    public static var noGradientPath: Kind { Kind(name: "noGradientPath") }
    /// Forward mode met a gate that states no pushforward and whose pullback has no transpose.
    public static var noPushforward: Kind { Kind(name: "noPushforward") }
    /// A value without a gradient (an integer) was to be differentiated.
    public static var notDifferentiable: Kind { Kind(name: "notDifferentiable") }
    /// A non-scalar was differentiated without an upstream gradient, or with one of another shape.
    public static var upstreamMismatch: Kind { Kind(name: "upstreamMismatch") }
    /// An update of what is no parameter, by a value of another shape or type, or of a parameter that has one already.
    public static var updateMismatch: Kind { Kind(name: "updateMismatch") }
    /// Forward mode was given tangents that do not go with their variables.
    public static var tangentMismatch: Kind { Kind(name: "tangentMismatch") }
    /// A scope that compiling was to do something with, and that the graph does not have.
    public static var unknownScope: Kind { Kind(name: "unknownScope") }
    /// The state or an element within a scan's body was used outside of it.
    public static var outsideScan: Kind { Kind(name: "outsideScan") }
    /// A gate's estimate of its own cost that is negative, infinite or NaN: ``Gate/estimatedNanoseconds(_:)``.
    public static var wrongEstimate: Kind { Kind(name: "wrongEstimate") }
    /// A gate's own ``KernelCall`` that has no part, an impossible cost, or reads or writes beyond a value.
    public static var wrongKernelCall: Kind { Kind(name: "wrongKernelCall") }
    /// A gate's pullback or pushforward that gives too few derivatives or too many, or one that has not the shape, the
    /// element type or the graph of the value that it belongs to.
    public static var wrongDerivative: Kind { Kind(name: "wrongDerivative") }
    /// Nodes of two graphs where those of one are needed.
    public static var otherGraph: Kind { Kind(name: "otherGraph") }
  }
  public let kind: Kind
  /// The poisoned node, or the node or scope that was asked for.
  public let nodeName: String
  /// Where that node was made, or the scope asked for.
  public let location: SourceLocation
  /// The whole message: the gate, why, each operand with its shape and source line.
  public let description: String

  init(_ kind: Kind, _ reason: String, at node: NodeID, operands: [NodeID], in state: GraphState) {
    self.kind = kind
    nodeName = state.name(of: node)
    location = state.location(of: node)
    var lines = ["\(state.storage.traits(of: node).name) at \(location): \(reason)"]
    // What a rule adds was applied by no line of the user's: the gate whose rule it is has the line.
    if let forward = state.forwardNode(of: node) { lines.append("  in a rule of \(state.describe(forward))") }
    for operand in operands { lines.append("  operand \(state.describe(operand))") }
    description = lines.joined(separator: "\n")
  }

  /// What is wrong with a name that was asked for at `location`.
  init(_ kind: Kind, _ reason: String, named name: String, at location: SourceLocation) {
    self.kind = kind
    nodeName = name
    self.location = location
    description = "program at \(location): \(reason)"
  }
}
