/// Which values are computed again where later gates read them, rather than kept until then: what one pass decides for
/// the engine that all share.
protocol RecomputationPolicy {
  /// Who shares the copies that `reader` reads; `nil` if it reads what is kept.
  func sharing(of reader: NodeID) -> RecomputationSharing?
  /// Whether such a reader gets a copy of a value that it reads itself.
  func isMadeAgain(_ value: NodeID) -> Bool
  /// Whether what a copy is made of is made again, too.
  func isMadeAgainWithin(_ value: NodeID) -> Bool
  /// Whether the copies that one reader has made begin behind a fence.
  var isFenced: Bool { get }
}

/// Who reads one copy of a value.
enum RecomputationSharing: Hashable {
  /// One gate alone: the copy becomes part of its chain.
  case nobody
  /// All gates of a group that come later.
  case group(Int)
}

/// Gives readers copies of values, made by the same gates from what is kept: the same gates on the same values give the
/// same bits. Copies stand right before the first gate that reads them.
///
/// - Complexity: O(nodes + edges), and O(n log n) for n copies.
struct Recomputation {
  private let storage: GraphStorage
  private var rewriter: GraphRewriter
  private var shared: [RecomputationSharing: [NodeID: NodeID]] = [:]
  private var fences: Set<NodeID> = []

  static func apply(_ policy: some RecomputationPolicy, to graph: IntermediateGraph) -> IntermediateGraph {
    var engine = Recomputation(graph)
    for index in 0..<graph.storage.count { engine.visit(NodeID(index), policy) }
    let fences = engine.fences
    var result = engine.rewriter.finish(roots: graph.roots)
    result.fences.formUnion(fences)
    return result
  }

  private init(_ graph: IntermediateGraph) {
    storage = graph.storage
    rewriter = GraphRewriter(graph)
  }

  private mutating func visit(_ node: NodeID, _ policy: some RecomputationPolicy) {
    guard let sharing = policy.sharing(of: node) else { return rewriter.keep(node) }
    // Taken out, so that it is not copied when it grows.
    var copies = shared.removeValue(forKey: sharing) ?? [:]
    let first = makeAgain(storage.inputs(of: node).filter(policy.isMadeAgain), policy, &copies)
    if let first, policy.isFenced { fences.insert(first) }
    rewriter.keep(node, inputs: inputs(of: node, copies))
    if sharing != .nobody { shared[sharing] = copies }
  }

  /// Copies each of `values` that has no copy yet, and before it what it is made of, in the order of the graph.
  ///
  /// - Returns: the first of the new copies.
  private mutating func makeAgain(
    _ values: [NodeID], _ policy: some RecomputationPolicy, _ copies: inout [NodeID: NodeID]
  ) -> NodeID? {
    var pending = values, missing: Set<NodeID> = []
    while let node = pending.popLast() {
      guard copies[node] == nil, missing.insert(node).inserted else { continue }
      pending += storage.inputs(of: node).filter(policy.isMadeAgainWithin)
    }
    var first: NodeID?
    for node in missing.sorted() {
      let made = rewriter.copy(node, inputs: inputs(of: node, copies))
      copies[node] = made
      if first == nil { first = made }
    }
    return first
  }

  private func inputs(of node: NodeID, _ copies: [NodeID: NodeID]) -> [NodeID] {
    storage.inputs(of: node).map { copies[$0] ?? rewriter.renamed[$0.int] }
  }
}
