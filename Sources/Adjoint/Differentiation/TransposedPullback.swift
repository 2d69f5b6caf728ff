/// The pushforward that follows from a gate's pullback, for gates that state none.
///
/// A pullback is linear in the upstream gradient v: x̄ = Jᵀ · v. Transposing it gives the Jacobian back:
/// differentiating Σ ⟨x̄, ẋ⟩ backward with respect to v gives J · ẋ, in which v itself no longer occurs. (J. Townsend,
/// A new trick for calculating Jacobian vector products, 2017.) So a gate's local derivative stands in one place, its
/// pullback.
///
/// It is worked out in a small graph of its own and only what the tangent is computed from is added to the real one.
///
/// - Complexity: O(nodes of the pullback), each time; ``RuleRecord`` repeats it for gates of the package.
struct TransposedPullback {
  /// Why there is no such pushforward, in words.
  struct Failure: Error {
    let reason: String
  }
  private let state: GraphState
  private let upstream: NodeID
  /// The nodes of the small graph that stand for the operands, the result and the tangents, which come first.
  private let given: [NodeID]
  private let tangent: NodeID?

  init(of node: NodeID, moving: [Bool], in forward: GraphStorage) throws(Failure) {
    let sample = SampleApplication(of: node, in: forward, isForward: true) { moving[$0] }
    let inputs = forward.inputs(of: node)
    let tangents = zip(inputs, moving).map { $1 ? sample.source(like: $0, in: forward) : nil }
    given = sample.operands + [sample.result] + tangents.compactMap { $0 }
    upstream = sample.source(like: node, in: forward)
    let gradients = sample.walk.downstream(of: upstream, through: sample.result)
    let seeds = zip(gradients, tangents).compactMap { gradient, tangent in gradient.map { ($0, tangent!) } }
    let storage = sample.graph.snapshot().storage
    tangent = try Differentiation(sample.graph, storage, variables: [upstream], in: NodeRegion(all: storage))
      .transposed(from: seeds, to: upstream)
    state = sample.graph.snapshot()
    if let first = state.poison.min(by: { $0.key < $1.key }) { throw Failure(reason: "\(first.value)") }
  }

  /// Adds the tangent to `graph`, for operands, result and tangents in the order of the small graph.
  func apply(to values: [Node], in graph: Graph) throws(Failure) -> Node? {
    guard let tangent else { return nil }
    var known: [NodeID: Node] = [:]
    for (node, value) in zip(given, values) { known[node] = value }
    for node in state.storage.nodes(from: 0, leadingTo: [tangent]) where known[node] == nil {
      if node == upstream { throw Failure(reason: "the pullback is not linear in the upstream gradient") }
      if let source = state.storage.traits(of: node).source, source != .constant {
        throw Failure(reason: "the pullback reads \(state.name(of: node)), a source of its own")
      }
      known[node] = graph.repeating(node, of: state, on: state.storage.inputs(of: node).map { known[$0]! })
    }
    return known[tangent]
  }

}

extension Differentiation {
  /// The tangent of `node` by its transposed pullback; a poisoned node where there is none, which names `node`.
  func transposedPullback(of node: NodeID, _ tangents: [Node?]) -> Node? {
    do throws(TransposedPullback.Failure) {
      let rule = try TransposedPullback(of: node, moving: tangents.map { $0 != nil }, in: forward)
      let operands = forward.inputs(of: node).map { Node(graph: graph, id: $0) }
      let values = operands + [Node(graph: graph, id: node)] + tangents.compactMap { $0 }
      return try rule.apply(to: values, in: graph)
    } catch {
      let reason = "it states no pushforward, and none follows from its pullback: \(error.reason)"
      return graph.withState { state in
        let result = state.apply(StopGradient(), to: [node], at: .unknown)
        let operands = Array(forward.inputs(of: node))
        state.markPoisoned(result, GraphError(.noPushforward, reason, at: node, operands: operands, in: state))
        return Node(graph: graph, id: result)
      }
    }
  }

  /// The adjoint of `upstream` in Σ ⟨gradient, tangent⟩, if every gate on the way passes one on.
  fileprivate func transposed(
    from seeds: [(gradient: NodeID, tangent: NodeID)], to upstream: NodeID
  ) throws(TransposedPullback.Failure) -> NodeID? {
    var contributions = Contributions(in: region)
    for (gradient, tangent) in seeds where isActive(gradient) { contributions.add(tangent, to: gradient) }
    for index in stride(from: forward.count - 1, to: upstream.int, by: -1) {
      let node = NodeID(index)
      guard isActive(node), contributions.hasAny(node) else { continue }
      let adjoint = graph.withState { contributions.sum(of: node, &$0) }
      for (input, gradient) in zip(forward.inputs(of: node), downstream(of: adjoint, through: node))
      where isActive(input) {
        guard let gradient else {
          throw TransposedPullback.Failure(
            reason: "the pullback uses \(forward.traits(of: node).name), through which no gradient passes")
        }
        contributions.add(gradient, to: input)
      }
    }
    guard contributions.hasAny(upstream) else { return nil }
    return graph.withState { contributions.sum(of: upstream, &$0) }
  }
}
