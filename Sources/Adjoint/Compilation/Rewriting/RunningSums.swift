/// Adds each of many contributions to a large sum as soon as it is there, in the same order.
///
/// An accumulate gate of ((c₁ + c₂) + c₃) + … would keep all contributions until the last has come. Where elementwise
/// gates make them, each is added within the chain that makes it, and only the sum so far is kept. That makes the chains
/// wait for one another, so the values must be large enough for each chain to be divided among workers.
///
/// - Complexity: O(nodes + edges), O(signatures) if no value is large.
struct RunningSums: GraphPass {
  static let name = "runningSums"

  /// Elements from which on a value is worth it.
  private static let fewestElements = 32_768  // Decisions/Rewriting.md
  /// Sums of fewer contributions join a chain as they are.
  private static let fewestTerms = 5  // Decisions/Rewriting.md

  private let storage: GraphStorage
  private var rewriter: GraphRewriter
  /// For each contribution the sums that wait for it.
  private var waiting: [NodeID: [NodeID]] = [:]
  /// For each sum how many of its contributions are added, and what they add up to.
  private var sums: [NodeID: (count: Int, node: NodeID)] = [:]
  private var isKept: [Bool]

  static func isWanted(for purpose: CompiledPurpose) -> Bool { purpose.isOrdered && purpose.options.fusesElementwise }

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let isLarge = graph.storage.signatures.contains { $0.shape.elementCount >= fewestElements }
    guard isLarge, graph.storage.gates.hasAny(Accumulate.self) else { return graph }
    var pass = RunningSums(graph)
    if pass.sums.isEmpty { return graph }
    for index in 0..<pass.storage.count {
      let node = NodeID(index)
      if pass.sums[node] == nil { pass.keep(node) }
    }
    return pass.rewriter.finish(roots: graph.roots)
  }

  private init(_ graph: IntermediateGraph) {
    storage = graph.storage
    rewriter = GraphRewriter(graph)
    isKept = [Bool](repeating: false, count: storage.count)
    guard let accumulate = storage.gates.number(of: Accumulate.self) else { return }
    for index in 0..<storage.count where storage.rows[index].gate == accumulate {
      let node = NodeID(index), terms = storage.inputs(of: node)
      guard terms.count >= Self.fewestTerms, storage.signature(of: node).shape.elementCount >= Self.fewestElements,
        terms.allSatisfy({ isAddedInItsChain($0) })
      else { continue }
      sums[node] = (0, node)
      for term in terms where waiting[term]?.last != node { waiting[term, default: []].append(node) }
    }
  }

  private func isAddedInItsChain(_ term: NodeID) -> Bool {
    switch storage.traits(of: term).kernel.form {
    case .elementwise, .accumulate, .spliceRows, .source: true
    default: false
    }
  }

  private mutating func keep(_ node: NodeID) {
    rewriter.keep(node)
    settle(node)
  }

  /// Adds what has its place now to the sums that waited for it.
  private mutating func settle(_ node: NodeID) {
    isKept[node.int] = true
    for sum in waiting[node] ?? [] { advance(sum) }
  }

  private mutating func advance(_ sum: NodeID) {
    let terms = storage.inputs(of: sum)
    guard var (count, partial) = sums[sum], count < terms.count else { return }
    while count < terms.count, isKept[terms[count].int] {
      let term = rewriter.renamed[terms[count].int]
      partial = count == 0 ? term : rewriter.add(Accumulate(), like: sum, inputs: [partial, term])
      count += 1
    }
    sums[sum] = (count, partial)
    guard count == terms.count else { return }
    rewriter.replace(sum, by: partial)
    settle(sum)
  }
}
