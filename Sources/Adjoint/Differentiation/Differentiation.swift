/// Reverse-mode differentiation as a map from a graph to a larger graph.
///
/// One walk over the nodes in reversed dependency order computes every adjoint t_n = Σ over the children c of n of
/// t_c · ∂c/∂n exactly once: when the walk reaches n, all of its consumers have been visited, so its contributions are
/// complete. They are added up by an ``Accumulate`` gate (a copy gate's reverse), the gate's pullback turns the sum into
/// contributions to its inputs, and the new nodes go into the same graph, so that differentiating twice gives second
/// derivatives.
final class Differentiation {
  let graph: Graph
  /// The nodes as they were when differentiation began.
  let forward: GraphStorage
  /// Whether a node depends on a variable that a gradient is asked for.
  let isActive: [Bool]
  /// Whether the walk has reached a node with a gradient.
  private(set) var isReached: [Bool] = []

  init(_ graph: Graph, _ forward: GraphStorage, variables: [NodeID]) {
    self.graph = graph
    self.forward = forward
    var isActive = [Bool](repeating: false, count: forward.count)
    for variable in variables { isActive[variable.int] = true }
    for index in isActive.indices where !isActive[index] {
      let inputs = forward.inputRange(of: NodeID(index))
      isActive[index] = inputs.contains { isActive[forward.inputColumn[$0].int] }
    }
    self.isActive = isActive
  }

  /// Walks back from `outputs`, whose gradients are `upstream`, and returns the adjoint of each variable.
  ///
  /// - Complexity: O(nodes + edges) between the outputs and the variables.
  func run(outputs: [NodeID], upstream: [NodeID], variables: [NodeID]) -> [NodeID?] {
    var contributions = Contributions(nodeCount: forward.count)
    var records = PullbackRecords()
    for (output, gradient) in zip(outputs, upstream) where isActive[output.int] {
      contributions.add(gradient, to: output)
    }
    var isWanted = [Bool](repeating: false, count: forward.count)
    for variable in variables { isWanted[variable.int] = true }
    var adjoints: [NodeID: NodeID] = [:]
    for index in stride(from: outputs.map(\.int).max() ?? -1, through: 0, by: -1) where isActive[index] {
      let node = NodeID(index)
      guard contributions.hasAny(node) else { continue }
      let adjoint = visit(node, &contributions, &records)
      if isWanted[index] { adjoints[node] = adjoint }
    }
    graph.withState { $0.differentiating = nil }
    isReached = contributions.reached()
    return variables.map { adjoints[$0] }
  }

  /// Adds up what `node`'s consumers send back, passes it on to its inputs, and returns it.
  private func visit(
    _ node: NodeID, _ contributions: inout Contributions, _ records: inout PullbackRecords
  ) -> NodeID {
    let isActive = activeInputs(of: node)
    var adjoint = NodeID(0)
    var answer = PullbackRecords.Answer.known
    graph.withState { state in
      state.differentiating = node
      adjoint = contributions.sum(of: node, &state)
      if isActive != 0 { answer = records.apply(to: node, isActive, in: self, adjoint, &state, &contributions) }
    }
    if answer == .unknown {
      records.enter(node, isActive, in: self)
      graph.withState { answer = records.apply(to: node, isActive, in: self, adjoint, &$0, &contributions) }
    }
    if answer == .askEachTime {
      for (input, gradient) in zip(forward.inputs(of: node), downstream(of: adjoint, through: node)) {
        if let gradient { contributions.add(gradient, to: input) }
      }
    }
    return adjoint
  }

  /// Which of the first inputs a gradient is needed of, a bit each.
  func activeInputs(of node: NodeID) -> UInt32 {
    var bits: UInt32 = 0
    for (offset, position) in forward.inputRange(of: node).enumerated()
    where isActive[forward.inputColumn[position].int] { bits |= 1 << UInt32(min(offset, 31)) }
    return bits
  }

  /// downstream = upstream · local, for every input that a gradient is needed of.
  func downstream(of upstream: NodeID, through node: NodeID) -> [NodeID?] {
    let inputs = forward.inputs(of: node)
    let application = GateApplication(differentiation: self, id: node)
    let downstream = forward.gate(of: node).pullback(Node(graph: graph, id: upstream), application)
    precondition(
      downstream.count == inputs.count,
      "The pullback of \(forward.traits(of: node).name) returned \(downstream.count) gradients for \(inputs.count) inputs"
    )
    return zip(inputs, downstream).map { input, gradient in
      guard let gradient, isActive[input.int] else { return nil }
      graph.check(gradient)
      return summed(gradient, toShapeOf: input, through: node)
    }
  }

  /// Broadcasting made copies of `input`; the gradients of copies add up.
  private func summed(_ gradient: Node, toShapeOf input: NodeID, through node: NodeID) -> NodeID {
    let wanted = forward.signatureColumn[input.int]
    if graph.withState({ $0.storage.signatureColumn[gradient.id.int] == wanted }) { return gradient.id }
    let shape = forward.signature(of: input).shape
    guard gradient.elementType == forward.signature(of: input).elementType,
      (try? Shape.broadcast(shape, gradient.shape)) == gradient.shape
    else { return poisoned(gradient, of: input, through: node) }
    let axes = shape.broadcastAxes(in: gradient.shape)
    return gradient.sum(axes: axes).reshaped(shape).id
  }

  /// A node in place of a gradient that does not go with its operand: a custom gate's mistake, thrown when compiled.
  private func poisoned(_ gradient: Node, of input: NodeID, through node: NodeID) -> NodeID {
    graph.withState { state in
      let given = state.storage.signature(of: gradient.id)
      let result = state.apply(Broadcast(to: given.shape), to: [gradient.id], at: .unknown)
      let reason =
        "the pullback of \(state.describe(node)) gives a gradient of \(given.shape) \(given.elementType) "
        + "to its operand \(state.describe(input))"
      state.markPoisoned(result, GraphError(.shapeMismatch, reason, at: result, operands: [], in: state))
      return result
    }
  }
}
