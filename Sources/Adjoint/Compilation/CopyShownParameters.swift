/// Copies each output that would be nothing but a parameter in another shape, as a reshaped one is.
///
/// A parameter's memory is lent by its store, where another session may change it while this one is read. So whoever reads
/// an output reads memory of the session.
///
/// - Complexity: O(outputs), and O(nodes) if there is one to copy.
enum CopyShownParameters {
  static func apply(to graph: IntermediateGraph, outputCount: Int) -> IntermediateGraph {
    let storage = graph.storage
    let shown = Set(graph.roots.prefix(outputCount).filter { showsParameter($0, in: storage) })
    if shown.isEmpty { return graph }
    var rewriter = GraphRewriter(graph)
    for index in 0..<storage.count {
      let node = NodeID(index)
      rewriter.keep(node)
      if shown.contains(node) {
        let copy = Broadcast(to: storage.signature(of: node).shape)
        rewriter.replace(node, by: rewriter.add(copy, like: node, inputs: [rewriter.renamed[index]]))
      }
    }
    return rewriter.finish(roots: graph.roots)
  }

  private static func showsParameter(_ root: NodeID, in storage: GraphStorage) -> Bool {
    var node = root
    while case .alias = storage.traits(of: node).kernel.form { node = storage.inputs(of: node).first! }
    return node != root && storage.traits(of: node).source == .parameter
  }
}
