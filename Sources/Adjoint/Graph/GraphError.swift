/// What is wrong with a graph or with what was asked of it, in the user's own names and source lines.
public struct GraphError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    /// Operands whose shapes or element types do not go together.
    case shapeMismatch
    /// A value of a constant or a parameter that its element type does not have, a first value of a parameter that is
    /// NaN or infinite, or a number that a gate was made with and that has no meaning there.
    case wrongValue
    /// Two nodes of one name.
    case duplicateName
    /// A parameter of a name that files of parameters use for something else.
    case reservedName
    /// A gradient was asked for a node that the differentiated outputs do not depend on differentiably.
    case noGradientPath
    /// Forward mode met a gate that states no pushforward and whose pullback has no transpose.
    case noPushforward
    /// A value without a gradient (an integer) was to be differentiated.
    case notDifferentiable
    /// A non-scalar was differentiated without an upstream gradient, or with one of another shape.
    case upstreamMismatch
    /// An update of what is no parameter, by a value of another shape or type, or of a parameter that has one already.
    case updateMismatch
    /// Forward mode was given tangents that do not go with their variables.
    case tangentMismatch
    /// A scope that compiling was to do something with, and that the graph does not have.
    case unknownScope
    /// The state or an element within a scan's body was used outside of it.
    case outsideScan
    /// A gate's estimate of its own cost that is negative, infinite or NaN: ``Gate/estimatedNanoseconds(_:)``.
    case wrongEstimate
    /// A gate's own ``KernelCall`` that has no part, an impossible cost, or reads or writes beyond a value.
    case wrongKernelCall
    /// A gate's pullback or pushforward that gives too few derivatives or too many, or one that has not the shape, the
    /// element type or the graph of the value that it belongs to.
    case wrongDerivative
    /// Nodes of two graphs where those of one are needed.
    case otherGraph
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
