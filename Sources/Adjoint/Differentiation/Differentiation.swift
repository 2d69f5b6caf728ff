/// What both modes of differentiation ask of a graph: its nodes as they were when differentiation began, and which of
/// them depend on the variables.
///
/// Each mode maps the graph to a larger graph: ``adjoints(of:upstream:variables:)`` walks back in reversed dependency
/// order by the gates' pullbacks, ``tangents(of:along:)`` walks in dependency order by their pushforwards. The new
/// nodes go into the same graph, so that differentiating again, in either mode, gives higher derivatives.
final class Differentiation {
  let graph: Graph
  /// The nodes as they were when differentiation began.
  let forward: GraphStorage
  /// The nodes that lie between the variables and the outputs.
  let region: NodeRegion
  /// For each place of the region whether its node depends on a variable that a derivative is asked for.
  private let activePlaces: [Bool]
  /// For each place of the region whether the reverse walk has reached its node with a gradient.
  var reachedPlaces: [Bool] = []

  /// - Complexity: O(nodes and edges of the region).
  init(_ graph: Graph, _ forward: GraphStorage, variables: [NodeID], in region: NodeRegion) {
    self.graph = graph
    self.forward = forward
    self.region = region
    var isActive = [Bool](repeating: false, count: region.count)
    for variable in variables { if let place = region.place(of: variable) { isActive[place] = true } }
    for place in isActive.indices where !isActive[place] {
      forward.forEachInput(of: region[place]) { input in
        if let read = region.place(of: input), isActive[read] { isActive[place] = true }
      }
    }
    activePlaces = isActive
  }

  /// Whether a node depends on a variable that a derivative is asked for, and an output on the node.
  @inline(__always)
  func isActive(_ node: NodeID) -> Bool { region.place(of: node).map { activePlaces[$0] } ?? false }

  /// A bit for each of the first inputs that `takesPart`.
  func inputBits(of node: NodeID, where takesPart: (NodeID) -> Bool) -> UInt32 {
    var bits: UInt32 = 0
    for position in 0..<forward.inputCount(of: node) where takesPart(forward.input(position, of: node)) {
      bits |= 1 << UInt32(min(position, 31))
    }
    return bits
  }

  /// A node in place of a derivative that does not go with the value it belongs to: a custom gate's mistake, thrown
  /// when the program is compiled, with the gate and the line that applied it.
  ///
  /// - Parameters:
  ///   - node: the application whose rule is wrong.
  ///   - value: what the derivative should be like.
  ///   - derivative: what the rule gave, whose shape and type the node has; if that is poisoned, it is what is wrong.
  ///   - reason: what is said.
  func refused(
    by node: NodeID, like value: NodeID, after derivative: NodeID? = nil, _ reason: (GraphState) -> String
  ) -> NodeID {
    graph.withState { state in
      let signature = state.storage.signature(of: derivative ?? value)
      let result = state.addConstant(.repeated(0), signature.elementType, signature.shape, at: .unknown)
      state.markPoisoned(
        result,
        derivative.flatMap { state.poison[$0] }
          ?? GraphError(
            .wrongDerivative, reason(state), at: node, operands: Array(state.storage.inputs(of: node)), in: state))
      return result
    }
  }

  /// A node in place of an operand that a gate has not.
  func refusedOperand(at position: Int, of node: NodeID) -> Node {
    let count = counted(forward.inputCount(of: node), "operand")
    let id = refused(by: node, like: node) { _ in "a rule of it reads operand \(position), and it has \(count)" }
    return Node(graph: graph, id: id)
  }
}

/// `1 gradient`, `2 gradients`.
func counted(_ count: Int, _ what: String) -> String { count == 1 ? "1 \(what)" : "\(count) \(what)s" }
