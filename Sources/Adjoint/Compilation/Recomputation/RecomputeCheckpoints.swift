/// Computes values of checkpointed scopes again where the backward pass reads them, rather than keep them since the
/// forward pass (Chen, Xu, Zhang, Guestrin, "Training deep nets with sublinear memory cost", arXiv 1604.06174).
///
/// What a scope computes and only the scope itself reads, gradients apart, is dropped. When a gradient needs such a value
/// it gets a copy, made by the same gates from what is kept: sources, scalars, and what other scopes read. The same gates
/// on the same values give the same bits. The copies that one gradient needs stand right before it, behind a fence:
/// whatever comes earlier in the order has ended before they begin. So no two scopes are computed again at once, and the
/// memory of what was dropped is free until then, at any width.
///
/// Gradients may be read within the forward pass, where they are outputs or go into a loss; that pass and the backward
/// pass have copies of their own.
///
/// - Complexity: O(nodes + edges), and O(n log n) for n copies.
struct RecomputeCheckpoints: GraphPass {
  static let name = "recomputeCheckpoints"

  private let storage: GraphStorage
  private let isGradient: [Bool]
  private let isForward: [Bool]
  private let isUsed: [Bool]
  /// Whether a value lasts until its last reader, gradients included.
  private var isKept: [Bool]

  static func isWanted(for purpose: CompiledPurpose) -> Bool { !purpose.checkpoints.isEmpty }

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    Recomputation.apply(RecomputeCheckpoints(graph, purpose.checkpoints, purpose.source), to: graph)
  }

  /// Whether each value leaves its checkpointed scope other than for a gradient.
  static func valuesReadOutside(
    of checkpoints: CheckpointedScopes, in graph: IntermediateGraph, from state: GraphState
  ) -> [Bool] {
    let scopes = checkpoints.numbers(of: graph, from: state)
    let isUsed = DropUnused.usedNodes(of: graph.storage, roots: graph.roots.all)
    var isReadOutside = [Bool](repeating: false, count: graph.storage.count)
    for index in 0..<graph.storage.count where isUsed[index] && !state.isGradient(graph.origins[index]) {
      for input in graph.storage.inputs(of: NodeID(index)) where scopes[input.int] != scopes[index] {
        isReadOutside[input.int] = true
      }
    }
    return isReadOutside
  }

  private init(_ graph: IntermediateGraph, _ checkpoints: CheckpointedScopes, _ state: GraphState) {
    storage = graph.storage
    isGradient = graph.origins.map(state.isGradient)
    isForward = DropUnused.usedNodes(of: storage, roots: graph.roots.results)
    isUsed = DropUnused.usedNodes(of: storage, roots: graph.roots.all)
    isKept = Self.valuesReadOutside(of: checkpoints, in: graph, from: state)
    let scopes = checkpoints.numbers(of: graph, from: state)
    for root in graph.roots.all { isKept[root.int] = true }
    for index in 0..<storage.count {
      let node = NodeID(index)
      let isScalar = storage.rows[index].signature.isArithmeticScalar
      if scopes[index] < 0 || isGradient[index] || isScalar || storage.brief(of: node).source != nil {
        isKept[index] = true
      }
    }
    // A value under another shape lies where the original does.
    for index in (0..<storage.count).reversed() where isKept[index] {
      if let original = original(of: NodeID(index)) { isKept[original.int] = true }
    }
    for index in 0..<storage.count {
      if let original = original(of: NodeID(index)), isKept[original.int] { isKept[index] = true }
    }
  }

  private func original(of node: NodeID) -> NodeID? {
    guard case .alias = storage.traits(of: node).kernel.form else { return nil }
    return storage.inputs(of: node).first
  }
}

extension RecomputeCheckpoints: RecomputationPolicy {
  /// Copies for gradients of the backward pass, and for those within the forward pass.
  func sharing(of reader: NodeID) -> RecomputationSharing? {
    guard isUsed[reader.int], isGradient[reader.int] else { return nil }
    return .group(isForward[reader.int] ? 1 : 0)
  }
  func isMadeAgain(_ value: NodeID) -> Bool { !isKept[value.int] }
  func isMadeAgainWithin(_ value: NodeID) -> Bool { !isKept[value.int] }
  var isFenced: Bool { true }
}
