/// Decides for each sum of contributions how it is computed. No bit depends on it.
///
/// - Padded pieces that do not overlap are written side by side, by one ``SumOfPads``.
/// - More than ``Accumulate/width`` contributions are added in groups, each a sum of its own.
/// - A matrix product that nothing else reads is added by itself, by an ``AccumulateProduct``, as soon as the sum of
///   the contributions before it is there.
/// - Many contributions to a large value which are made by chains of elementwise gates are added each by the chain that
///   makes it, as soon as it is there, so that only the sum so far is kept. That makes the chains wait for one another,
///   so the values must be large enough for each chain to be divided among workers.
/// - All others are added once the last has come, by one call.
///
/// - Complexity: O(nodes + edges), and the sorting of pieces; O(nodes) if all sums are of the last kind.
struct LowerSums: GraphPass {
  static let name = "lowerSums"

  private let storage: GraphStorage
  private let plan: SumPlan
  private var sums: [SumPlan.Sum]
  private var rewriter: GraphRewriter
  /// Whether each node from `first` on is there; those before it stay where they are.
  private var isThere: [Bool]
  private let first: Int

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    guard let plan = SumPlan(graph, purpose), let first = plan.firstChange else { return graph }
    var pass = LowerSums(graph, plan, from: first)
    for index in first..<graph.storage.count { pass.visit(NodeID(index)) }
    return pass.rewriter.finish(roots: graph.roots)
  }

  private init(_ graph: IntermediateGraph, _ plan: SumPlan, from first: Int) {
    (storage, self.plan, sums) = (graph.storage, plan, plan.sums)
    rewriter = GraphRewriter(graph, keepingFirst: first)
    isThere = [Bool](repeating: false, count: storage.count - first)
    self.first = first
  }

  private mutating func visit(_ node: NodeID) {
    switch plan.way(of: node) {
    case _ where plan.ownProducts.contains(node): break
    case nil: rewriter.keep(node)
    case .pieces(let padded):
      let gate = padded.gate(like: storage.signature(of: node))
      rewriter.replace(
        node, by: rewriter.add(gate, like: node, inputs: padded.pieces.map { rewriter.renamed[$0.source.int] }))
    case .sums(let all):
      for number in all where !sums[number].isRunning { addAll(number) }
    }
    settle(node)
  }

  /// Has what waits for `node` go on.
  private mutating func settle(_ node: NodeID) {
    if isThere(.node(node)) { return }
    isThere[node.int - first] = true
    for number in plan.waiting[.node(node)] ?? [] { advance(number) }
  }

  private mutating func addAll(_ number: Int) {
    let sum = sums[number]
    finish(number, rewriter.add(Accumulate(), like: sum.node, inputs: sum.terms.map { value(of: $0) }))
  }

  /// Adds the terms that are next, as far as they are there.
  private mutating func advance(_ number: Int) {
    let sum = sums[number]
    var (made, partial) = (sum.made, sum.value)
    if made == sum.terms.count { return }
    while made < sum.terms.count, isThere(sum.terms[made]) {
      partial = made == 0 ? value(of: sum.terms[0]) : add(sum.terms[made], to: partial, like: sum.node)
      made += 1
    }
    (sums[number].made, sums[number].value) = (made, partial)
    if made == sum.terms.count { finish(number, partial) }
  }

  private mutating func finish(_ number: Int, _ value: NodeID) {
    let node = sums[number].node
    (sums[number].made, sums[number].value) = (sums[number].terms.count, value)
    for other in plan.waiting[.sum(number)] ?? [] { advance(other) }
    if case .sums(let all) = plan.way(of: node), number == all.upperBound - 1 {
      rewriter.replace(node, by: value)
      settle(node)
    }
  }

  private func isThere(_ term: SumPlan.Term) -> Bool {
    switch term {
    case .node(let node): node.int < first || isThere[node.int - first]
    case .sum(let number): sums[number].made == sums[number].terms.count
    }
  }

  private func value(of term: SumPlan.Term) -> NodeID {
    switch term {
    case .node(let node): rewriter.renamed[node.int]
    case .sum(let number): sums[number].value
    }
  }

  private mutating func add(_ term: SumPlan.Term, to partial: NodeID, like node: NodeID) -> NodeID {
    if case .node(let product) = term, plan.ownProducts.contains(product),
      case .matmul(let transposeA, let transposeB) = storage.traits(of: product).kernel.form
    {
      let gate = AccumulateProduct(product: Matmul(transposeA: transposeA, transposeB: transposeB))
      let inputs = storage.inputs(of: product).map { rewriter.renamed[$0.int] }
      return rewriter.add(gate, like: node, inputs: [partial] + inputs)
    }
    return rewriter.add(Accumulate(), like: node, inputs: [partial, value(of: term)])
  }
}

/// Which sums of a graph are computed in which way.
private struct SumPlan {
  /// Elements from which on a value is large.
  private static let fewestElements = 32_768  // Decisions/Rewriting.md
  /// Fewer contributions join a chain as they are.
  private static let fewestTerms = 5  // Decisions/Rewriting.md

  private let storage: GraphStorage
  private let options: Program.Options
  private let accumulate: GateID
  private let reasons: Reasons
  private let readers: [UInt32]
  /// The nodes of which something else is made than one call which adds.
  private var ways: [NodeID: Way] = [:]
  private(set) var sums: [Sum] = []
  /// The sums that go on once a term is there.
  private(set) var waiting: [Term: [Int]] = [:]
  /// The products that are added by themselves.
  private(set) var ownProducts: Set<NodeID> = []

  /// Which ways, but for groups, the graph may have a reason for.
  private struct Reasons {
    let pads: Bool, products: Bool, chains: Bool
    var hasAny: Bool { pads || products || chains }

    init(_ storage: GraphStorage, _ purpose: CompiledPurpose) {
      func runs(_ way: CompilerPass) -> Bool { purpose.isOrdered && purpose.options.runs(way) }
      pads = runs(.joinPads) && storage.gates.hasAny(Pad.self)
      products = runs(.addProducts) && storage.gates.hasAny(Matmul.self)
      chains =
        runs(.runningSums) && purpose.options.fusesElementwise
        && storage.signatures.contains { $0.shape.elementCount >= SumPlan.fewestElements }
    }
  }

  enum Way {
    case pieces(PaddedPieces)
    /// The sums of groups, each behind those it reads: the last is the node's value.
    case sums(Range<Int>)
  }

  /// What is added: a node's value, or the sum of a group.
  enum Term: Hashable {
    case node(NodeID)
    case sum(Int)
  }

  /// The sum of at most ``Accumulate/width`` contributions.
  struct Sum {
    let node: NodeID
    let terms: [Term]
    /// Whether contributions are added as they come.
    let isRunning: Bool
    /// How many are added, and what they add up to.
    var made = 0
    var value = NodeID(0)
  }

  /// `nil` if the graph has no sum that may be computed in another way than by one call.
  init?(_ graph: IntermediateGraph, _ purpose: CompiledPurpose) {
    guard let accumulate = graph.storage.gates.number(of: Accumulate.self) else { return nil }
    (storage, options, self.accumulate) = (graph.storage, purpose.options, accumulate)
    reasons = Reasons(storage, purpose)
    readers = reasons.products ? storage.readerCounts(roots: graph.roots.all) : []
    for index in 0..<storage.count {
      let row = storage.rows[index]
      if row.gate == accumulate && (reasons.hasAny || row.inputCount > Accumulate.width) { plan(NodeID(index)) }
    }
  }

  /// The first node at which the new graph differs from the old.
  var firstChange: Int? {
    let terms = waiting.keys.compactMap { if case .node(let node) = $0 { node } else { nil } }
    return [ways.keys.min(), ownProducts.min(), terms.min()].compactMap { $0?.int }.min()
  }

  /// `nil` for a node that stays as it is.
  func way(of node: NodeID) -> Way? { storage.rows[node.int].gate == accumulate ? ways[node] : nil }

  private mutating func plan(_ node: NodeID) {
    if reasons.pads, let pieces = PaddedPieces(of: node, in: storage) {
      ways[node] = .pieces(pieces)
      return
    }
    let count = storage.rows[node.int].inputCount, shape = storage.signature(of: node).shape
    let isLarge = reasons.chains && shape.elementCount >= Self.fewestElements
    guard count > Accumulate.width || reasons.products && shape.rank >= 2 || isLarge && count >= Self.fewestTerms else {
      return
    }
    let first = sums.count
    _ = Accumulate.sum(of: storage.inputs(of: node).map(Term.node)) { group in
      let terms = Array(group), isRunning = isRunning(terms, isLarge: isLarge)
      sums.append(Sum(node: node, terms: terms, isRunning: isRunning))
      return .sum(sums.count - 1)
    }
    let all = first..<sums.count
    guard all.count > 1 || all.contains(where: { sums[$0].isRunning }) else {
      sums.removeSubrange(all)
      return
    }
    ways[node] = .sums(all)
    for number in all where sums[number].isRunning {
      for term in sums[number].terms where waiting[term]?.last != number { waiting[term, default: []].append(number) }
    }
  }

  /// Whether contributions are added as they come; notes which of them are products that add themselves.
  private mutating func isRunning(_ terms: [Term], isLarge: Bool) -> Bool {
    let own = reasons.products ? terms.dropFirst().compactMap(ownProduct) : []
    ownProducts.formUnion(own)
    return !own.isEmpty || isLarge && terms.count >= Self.fewestTerms && terms.allSatisfy(isAddedInItsChain)
  }

  /// A term that is a product of matrices which nothing else reads.
  private func ownProduct(_ term: Term) -> NodeID? {
    guard case .node(let node) = term, case .matmul = storage.traits(of: node).kernel.form, readers[node.int] == 1,
      storage.signature(of: node).shape.dimensions.suffix(2).allSatisfy({ $0 > 1 })
    else { return nil }
    return node
  }

  private func isAddedInItsChain(_ term: Term) -> Bool {
    switch term {
    case .sum(let number): return !addsProductLast(number)
    case .node(let node):
      switch ways[node] {
      case .pieces(let pads): return FoldIntoSplices.reads(node, pads: pads, in: storage, options)
      case .sums(let all): return !addsProductLast(all.upperBound - 1)
      case nil: break
      }
      switch storage.traits(of: node).kernel.form {
      case .elementwise, .accumulate, .source: return true
      default: return FoldIntoSplices.reads(node, pads: nil, in: storage, options)
      }
    }
  }

  private func addsProductLast(_ number: Int) -> Bool {
    if case .node(let node)? = sums[number].terms.last { ownProducts.contains(node) } else { false }
  }
}
