/// Lets matrix products read a transposed operand where it lies: a transpose of the last two axes becomes a flag of the
/// product.
///
/// - Complexity: O(nodes + edges), nothing if the graph has no product or no transpose.
enum FoldTransposes: GraphPass {
  static let name = "foldTransposes"

  static func isWanted(for purpose: CompiledPurpose) -> Bool { purpose.isOrdered }

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let storage = graph.storage
    guard storage.gates.hasAny(Matmul.self), storage.gates.hasAny(Transpose.self) else { return graph }
    var rewriter = GraphRewriter(graph)
    for index in 0..<storage.count {
      let node = NodeID(index)
      if let (product, inputs) = product(of: node, in: storage) {
        rewriter.replace(node, by: rewriter.add(product, like: node, inputs: inputs.map { rewriter.renamed[$0.int] }))
      } else {
        rewriter.keep(node)
      }
    }
    return rewriter.finish(roots: graph.roots)
  }

  /// A product of a transposed operand, and its operands where they lie before they are transposed.
  private static func product(of node: NodeID, in storage: GraphStorage) -> (Matmul, [NodeID])? {
    guard case .matmul(var transposeA, var transposeB) = storage.traits(of: node).kernel.form else { return nil }
    let inputs = Array(storage.inputs(of: node))
    let sources = inputs.map { untransposed($0, in: storage) }
    if sources[0] != nil { transposeA.toggle() }
    if sources[1] != nil { transposeB.toggle() }
    if sources.allSatisfy({ $0 == nil }) { return nil }
    return (Matmul(transposeA: transposeA, transposeB: transposeB), zip(sources, inputs).map { $0 ?? $1 })
  }

  /// What `node` transposes, if it exchanges the last two axes and nothing else.
  private static func untransposed(_ node: NodeID, in storage: GraphStorage) -> NodeID? {
    guard case .transpose(let permutation) = storage.traits(of: node).kernel.form else { return nil }
    let rank = permutation.count
    var exchanged = Array(0..<rank)
    exchanged.swapAt(rank - 2, rank - 1)
    return permutation == exchanged ? storage.inputs(of: node).first : nil
  }
}
