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
enum CopyShownSources: GraphPass {
  static let name = "copyShownSources"

  /// Only the loop itself reaches the memory of a body.
  static func isWanted(for purpose: CompiledPurpose) -> Bool { !purpose.isBody }

  static func apply(to graph: consuming IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    var copies: [NodeID: NodeID] = [:]
    for (position, output) in purpose.outputs.enumerated() {
      let root = graph.roots.results[position]
      let isItself = graph.origins[root.int] == output && graph.storage.traits(of: root).source == .parameter
      if !isItself { graph.roots.results[position] = unshared(root, in: &graph, &copies) }
    }
    for (position, root) in graph.roots.gradients.enumerated() {
      graph.roots.gradients[position] = unshared(root, in: &graph, &copies)
    }
    return graph
  }

  /// A node itself, or its copy if it would show a source.
  private static func unshared(
    _ root: NodeID, in graph: inout IntermediateGraph, _ copies: inout [NodeID: NodeID]
  ) -> NodeID {
    guard source(shownBy: root, in: graph.storage) != nil else { return root }
    let copy = copies[root] ?? addCopy(of: root, to: &graph)
    copies[root] = copy
    return copy
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
    let node = storage.original(of: root)
    let source = storage.traits(of: node).source
    return source == .input || source == .parameter ? node : nil
  }
}
