/// Lets matrix products do what surrounds them: read a transposed operand where it lies, and add themselves to a sum.
///
/// A transpose of the last two axes becomes a flag of the product. A product that only a copy gate's sum reads becomes an
/// ``AccumulateProduct`` at its own place in the order, as soon as the sum of the contributions before it is there; the
/// contributions are added in the order the graph fixes, each after it has been computed from zero.
///
/// - Complexity: O(nodes + edges), nothing if the graph has no product.
struct FoldIntoProducts: GraphPass {
  static let name = "foldIntoProducts"

  private let storage: GraphStorage
  private let readers: [UInt32]
  private var rewriter: GraphRewriter
  private var sums: [Sum] = []
  private var sumOf: [NodeID: Int] = [:]
  /// The sums that wait for a node, and the products that are part of one.
  private var waiting: [NodeID: [Int]] = [:]
  private var isFolded: Set<NodeID> = []

  /// A sum as far as it has been made.
  private struct Sum {
    let node: NodeID
    let terms: [NodeID]
    var made = 0
    var value = NodeID(0)
  }

  static func isWanted(for purpose: CompiledPurpose) -> Bool { purpose.isOrdered }

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    guard graph.storage.gates.hasAny(Matmul.self) else { return graph }
    var pass = FoldIntoProducts(graph)
    for index in 0..<graph.storage.count { pass.visit(NodeID(index)) }
    return pass.rewriter.finish(roots: graph.roots)
  }

  private init(_ graph: IntermediateGraph) {
    storage = graph.storage
    readers = storage.readerCounts(roots: graph.roots.all)
    rewriter = GraphRewriter(graph)
    guard let accumulate = storage.gates.number(of: Accumulate.self) else { return }
    for index in 0..<storage.count where storage.rows[index].gate == accumulate {
      let node = NodeID(index)
      let terms = Array(storage.inputs(of: node))
      let folded = terms.dropFirst().filter(isOwn)
      if folded.isEmpty { continue }
      isFolded.formUnion(folded)
      for term in terms { waiting[term, default: []].append(sums.count) }
      sumOf[node] = sums.count
      sums.append(Sum(node: node, terms: terms))
    }
  }

  /// Whether a term is a product of matrices that nothing else reads.
  private func isOwn(_ term: NodeID) -> Bool {
    guard case .matmul = storage.traits(of: term).kernel.form, readers[term.int] == 1 else { return false }
    return storage.signature(of: term).shape.dimensions.suffix(2).allSatisfy { $0 > 1 }
  }

  private mutating func visit(_ node: NodeID) {
    if let sum = sumOf[node] {
      rewriter.replace(node, by: sums[sum].value)
    } else if !isFolded.contains(node) {
      if let (product, inputs) = product(of: node) {
        rewriter.replace(node, by: rewriter.add(product, like: node, inputs: inputs))
      } else {
        rewriter.keep(node)
      }
    }
    for sum in waiting[node] ?? [] { advance(sum, to: node) }
  }

  /// Adds to a sum the terms that are its next, up to the node visited last.
  private mutating func advance(_ index: Int, to visited: NodeID) {
    while sums[index].made < sums[index].terms.count, sums[index].terms[sums[index].made] <= visited {
      let sum = sums[index]
      let term = sum.terms[sum.made]
      if sum.made == 0 {
        sums[index].value = rewriter.renamed[term.int]
      } else if isFolded.contains(term), let (product, inputs) = product(of: term) {
        sums[index].value = rewriter.add(
          AccumulateProduct(product: product), like: sum.node, inputs: [sum.value] + inputs)
      } else {
        sums[index].value = rewriter.add(
          Accumulate(), like: sum.node, inputs: [sum.value, rewriter.renamed[term.int]])
      }
      sums[index].made += 1
    }
  }

  /// A matrix product with its operands in the new graph, where they lie before they are transposed.
  private func product(of node: NodeID) -> (Matmul, [NodeID])? {
    guard case .matmul(var transposeA, var transposeB) = storage.traits(of: node).kernel.form else { return nil }
    var inputs = Array(storage.inputs(of: node))
    if let source = untransposed(inputs[0]) { (inputs[0], transposeA) = (source, !transposeA) }
    if let source = untransposed(inputs[1]) { (inputs[1], transposeB) = (source, !transposeB) }
    return (Matmul(transposeA: transposeA, transposeB: transposeB), inputs.map { rewriter.renamed[$0.int] })
  }

  /// What `node` transposes, if it exchanges the last two axes and nothing else.
  private func untransposed(_ node: NodeID) -> NodeID? {
    guard case .transpose(let permutation) = storage.traits(of: node).kernel.form else { return nil }
    let rank = permutation.count
    var exchanged = Array(0..<rank)
    exchanged.swapAt(rank - 2, rank - 1)
    return permutation == exchanged ? storage.inputs(of: node).first : nil
  }
}
