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
    for (output, gradient) in zip(outputs, upstream) where isActive[output.int] {
      contributions.add(gradient, to: output)
    }
    let wanted = Set(variables)
    var adjoints: [NodeID: NodeID] = [:]
    for index in stride(from: outputs.map(\.int).max() ?? -1, through: 0, by: -1) where isActive[index] {
      let node = NodeID(index)
      guard contributions.hasAny(node) else { continue }
      graph.withState { $0.differentiating = node }
      let adjoint = accumulated(node, contributions)
      if wanted.contains(node) { adjoints[node] = adjoint }
      propagate(adjoint, through: node, &contributions)
    }
    graph.withState { $0.differentiating = nil }
    isReached = (0..<forward.count).map { contributions.hasAny(NodeID($0)) }
    return variables.map { adjoints[$0] }
  }

  /// downstream = upstream · local, for every input that a gradient is needed of.
  private func propagate(_ upstream: NodeID, through node: NodeID, _ contributions: inout Contributions) {
    let inputs = forward.inputRange(of: node)
    guard inputs.contains(where: { isActive[forward.inputColumn[$0].int] }) else { return }
    let application = GateApplication(differentiation: self, id: node)
    let downstream = forward.gate(of: node).pullback(Node(graph: graph, id: upstream), application)
    precondition(
      downstream.count == inputs.count,
      "The pullback of \(forward.traits(of: node).name) returned \(downstream.count) gradients for \(inputs.count) inputs"
    )
    for (position, gradient) in zip(inputs, downstream) {
      let input = forward.inputColumn[position]
      guard let gradient, isActive[input.int] else { continue }
      graph.check(gradient)
      contributions.add(summed(gradient, toShapeOf: input, through: node), to: input)
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

  /// The sum of a node's contributions in graph order: one node for few, a tree of fixed shape for many, so that a copy
  /// gate with ten thousand consumers adds in parallel and holds few contributions at a time.
  private func accumulated(_ node: NodeID, _ contributions: Contributions) -> NodeID {
    if let only = contributions.only(of: node) { return only }
    var terms = contributions.all(of: node)
    while terms.count > 1 {
      let groups = stride(from: 0, to: terms.count, by: Self.accumulateWidth)
      terms = groups.map { start in
        let group = terms[start..<min(start + Self.accumulateWidth, terms.count)]
        guard group.count > 1 else { return group[start] }
        return graph.withState { $0.apply(Accumulate(), to: Array(group), at: .unknown) }
      }
    }
    return terms[0]
  }

  /// The most contributions that one accumulate node adds.
  static let accumulateWidth = 16
}

/// What has been sent back to each node so far: a linked list a node within three arrays, in order of arrival.
struct Contributions {
  private var heads: [UInt32]
  private var tails: [UInt32]
  private var entries: [(gradient: NodeID, next: UInt32)] = []
  private static let none = UInt32.max

  init(nodeCount: Int) {
    heads = [UInt32](repeating: Self.none, count: nodeCount)
    tails = heads
  }

  mutating func add(_ gradient: NodeID, to node: NodeID) {
    let entry = UInt32(entries.count)
    entries.append((gradient, Self.none))
    if heads[node.int] == Self.none { heads[node.int] = entry } else { entries[Int(tails[node.int])].next = entry }
    tails[node.int] = entry
  }

  func hasAny(_ node: NodeID) -> Bool { heads[node.int] != Self.none }

  /// The contribution of a node that has just one, as most have.
  func only(of node: NodeID) -> NodeID? {
    heads[node.int] == tails[node.int] ? entries[Int(heads[node.int])].gradient : nil
  }

  func all(of node: NodeID) -> [NodeID] {
    var result: [NodeID] = []
    var entry = heads[node.int]
    while entry != Self.none {
      result.append(entries[Int(entry)].gradient)
      entry = entries[Int(entry)].next
    }
    return result
  }
}
