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

  /// Elements from which on a value is large.
  private static let fewestElements = 32_768  // Decisions/Rewriting.md
  /// Fewer contributions join a chain as they are.
  private static let fewestTerms = 5  // Decisions/Rewriting.md

  private let storage: GraphStorage
  private let options: Program.Options
  private let ways: Ways
  private let readers: [UInt32]
  private var rewriter: GraphRewriter
  /// The nodes of which something else is made than one call which adds.
  private var lowered: [NodeID: Lowered] = [:]
  private var sums: [Sum] = []
  /// The sums that go on once a term is there.
  private var waiting: [Term: [Int]] = [:]
  /// The products that are added by themselves.
  private var ownProducts: Set<NodeID> = []
  private var isThere: [Bool]

  /// Which ways, but for groups, the graph may have a reason for.
  private struct Ways {
    let pads: Bool, products: Bool, chains: Bool
    var hasAny: Bool { pads || products || chains }

    init(_ storage: GraphStorage, _ purpose: CompiledPurpose) {
      func runs(_ way: CompilerPass) -> Bool { purpose.isOrdered && purpose.options.runs(way) }
      pads = runs(.joinPads) && storage.gates.hasAny(Pad.self)
      products = runs(.addProducts) && storage.gates.hasAny(Matmul.self)
      chains =
        runs(.runningSums) && purpose.options.fusesElementwise
        && storage.signatures.contains { $0.shape.elementCount >= LowerSums.fewestElements }
    }
  }

  private enum Lowered {
    case pieces(PaddedPieces)
    /// The sums of groups, each behind those it reads: the last is the node's value.
    case sums(Range<Int>)
  }

  /// What is added: a node's value, or the sum of a group.
  private enum Term: Hashable {
    case node(NodeID)
    case sum(Int)
  }

  /// The sum of at most ``Accumulate/width`` contributions.
  private struct Sum {
    let node: NodeID
    let terms: [Term]
    /// Whether contributions are added as they come.
    let isRunning: Bool
    /// How many are added, and what they add up to.
    var made = 0
    var value = NodeID(0)
  }

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    guard let accumulate = graph.storage.gates.number(of: Accumulate.self) else { return graph }
    let ways = Ways(graph.storage, purpose)
    let sums = (0..<graph.storage.count).filter { index in
      let row = graph.storage.rows[index]
      return row.gate == accumulate && (ways.hasAny || row.inputCount > Accumulate.width)
    }
    if sums.isEmpty { return graph }
    var pass = LowerSums(graph, ways, purpose.options)
    for index in sums { pass.plan(NodeID(index)) }
    if pass.lowered.isEmpty { return graph }
    for index in 0..<graph.storage.count { pass.visit(NodeID(index)) }
    return pass.rewriter.finish(roots: graph.roots)
  }

  private init(_ graph: IntermediateGraph, _ ways: Ways, _ options: Program.Options) {
    (storage, self.ways, self.options) = (graph.storage, ways, options)
    readers = ways.products ? storage.readerCounts(roots: graph.roots.all) : []
    rewriter = GraphRewriter(graph)
    isThere = [Bool](repeating: false, count: storage.count)
  }

  // MARK: which way

  private mutating func plan(_ node: NodeID) {
    if ways.pads, let pieces = PaddedPieces(of: node, in: storage) {
      lowered[node] = .pieces(pieces)
      return
    }
    let count = storage.rows[node.int].inputCount, shape = storage.signature(of: node).shape
    let isLarge = ways.chains && shape.elementCount >= Self.fewestElements
    guard count > Accumulate.width || ways.products && shape.rank >= 2 || isLarge && count >= Self.fewestTerms else {
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
    lowered[node] = .sums(all)
    for number in all where sums[number].isRunning {
      for term in sums[number].terms where waiting[term]?.last != number { waiting[term, default: []].append(number) }
    }
  }

  /// Whether contributions are added as they come; notes which of them are products that add themselves.
  private mutating func isRunning(_ terms: [Term], isLarge: Bool) -> Bool {
    let own = ways.products ? terms.dropFirst().compactMap(ownProduct) : []
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
      switch lowered[node] {
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

  // MARK: the new graph

  private mutating func visit(_ node: NodeID) {
    switch lowered[node] {
    case _ where ownProducts.contains(node): break
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
    if isThere[node.int] { return }
    isThere[node.int] = true
    for number in waiting[.node(node)] ?? [] { advance(number) }
  }

  private mutating func addAll(_ number: Int) {
    let sum = sums[number]
    finish(number, rewriter.add(Accumulate(), like: sum.node, inputs: sum.terms.map(value)))
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
    for other in waiting[.sum(number)] ?? [] { advance(other) }
    if case .sums(let all) = lowered[node], number == all.upperBound - 1 {
      rewriter.replace(node, by: value)
      settle(node)
    }
  }

  private func isThere(_ term: Term) -> Bool {
    switch term {
    case .node(let node): isThere[node.int]
    case .sum(let number): sums[number].made == sums[number].terms.count
    }
  }

  private func value(of term: Term) -> NodeID {
    switch term {
    case .node(let node): rewriter.renamed[node.int]
    case .sum(let number): sums[number].value
    }
  }

  private mutating func add(_ term: Term, to partial: NodeID, like node: NodeID) -> NodeID {
    if case .node(let product) = term, ownProducts.contains(product),
      case .matmul(let transposeA, let transposeB) = storage.traits(of: product).kernel.form
    {
      let gate = AccumulateProduct(product: Matmul(transposeA: transposeA, transposeB: transposeB))
      let inputs = storage.inputs(of: product).map { rewriter.renamed[$0.int] }
      return rewriter.add(gate, like: node, inputs: [partial] + inputs)
    }
    return rewriter.add(Accumulate(), like: node, inputs: [partial, value(of: term)])
  }
}
