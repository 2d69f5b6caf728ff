/// Copies each output and gradient that would be nothing but an input, a parameter or an upstream gradient, as it is or
/// in another shape.
///
/// Such memory is written between runs: by the session's user, or, for a parameter, by whoever shares its store.
/// Whoever reads a result reads memory that only runs write, so that what the last run computed stays there until the
/// next one.
///
/// A parameter that is itself named as an output is no result: it is read where it lies, as it is now.
///
/// - Complexity: O(outputs + gradients), and O(nodes) if there is one to copy.
enum CopyShownSources {
  /// - Parameters:
  ///   - outputs: the nodes of the user's graph that the first roots of `graph` stand for.
  ///   - gradientCount: how many of the roots behind them are gradients.
  static func apply(
    to graph: consuming IntermediateGraph, outputs: [NodeID], gradientCount: Int
  ) -> IntermediateGraph {
    var copies: [NodeID: NodeID] = [:]
    for position in 0..<outputs.count + gradientCount {
      let root = graph.roots[position]
      guard let source = source(shownBy: root, in: graph.storage) else { continue }
      let isItself = position < outputs.count && root == source && graph.origins[root.int] == outputs[position]
      if isItself, graph.storage.traits(of: root).source == .parameter { continue }
      let copy = copies[root] ?? addCopy(of: root, to: &graph)
      copies[root] = copy
      graph.roots[position] = copy
    }
    if !copies.isEmpty { graph._checkInvariants() }
    return graph
  }

  /// Appends the copy, so that all other nodes stay where they are.
  private static func addCopy(of node: NodeID, to graph: inout IntermediateGraph) -> NodeID {
    let gate = graph.storage.intern(Broadcast(to: graph.storage.signature(of: node).shape))
    let copy = graph.storage.append(gate, graph.storage.rows[node.int].signature, inputs: [node])
    graph.origins.append(graph.origins[node.int])
    return copy
  }

  /// The input or parameter whose elements are all that `root` is.
  private static func source(shownBy root: NodeID, in storage: GraphStorage) -> NodeID? {
    var node = root
    while case .alias = storage.traits(of: node).kernel.form { node = storage.inputs(of: node).first! }
    let source = storage.traits(of: node).source
    return source == .input || source == .parameter ? node : nil
  }
}
