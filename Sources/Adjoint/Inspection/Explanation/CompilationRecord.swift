/// What the passes of one compilation did: kept only while somebody asks for the explanation of a program.
final class CompilationRecord {
  struct Pass {
    let name: String
    /// How many nodes the roots need behind the pass; of the graph as it was built, how many there are.
    let nodeCount: Int
  }
  private(set) var passes: [Pass] = []
  /// For each pass that computes values again the nodes that it computes once more.
  private(set) var recomputed: [(pass: String, origins: [NodeID])] = []
  private var last: IntermediateGraph?

  func begin(nodeCount: Int) { passes.append(Pass(name: "as built", nodeCount: nodeCount)) }

  /// - Complexity: O(nodes + edges).
  func note(_ name: String, _ graph: IntermediateGraph) {
    let before = passes.last?.nodeCount
    passes.append(Pass(name: name, nodeCount: graph.computedCount))
    let recomputes = name == RecomputeForBackward.name || name == RecomputeCheckpoints.name
    if recomputes, let last, passes.last?.nodeCount != before {
      let origins = Self.nodesAdded(to: last, in: graph)
      if !origins.isEmpty { recomputed.append((name, origins)) }
    }
    last = graph
  }

  /// A value as a message knows it: copies of one have the same.
  private struct Value: Hashable {
    let origin: NodeID
    let gate: String
  }

  /// The origins of the nodes that the roots of `after` need more often than those of `before`.
  private static func nodesAdded(to before: IntermediateGraph, in after: IntermediateGraph) -> [NodeID] {
    var remaining: [Value: Int] = [:]
    forEachValue(of: before) { remaining[$0, default: 0] += 1 }
    var added: [NodeID] = []
    forEachValue(of: after) { value in
      if let count = remaining[value], count > 0 { remaining[value] = count - 1 } else { added.append(value.origin) }
    }
    return added
  }

  private static func forEachValue(of graph: IntermediateGraph, _ body: (Value) -> Void) {
    let isUsed = DropUnused.usedNodes(of: graph.storage, roots: graph.roots.all)
    for index in isUsed.indices where isUsed[index] {
      body(Value(origin: graph.origins[index], gate: graph.storage.traits(of: NodeID(index)).name))
    }
  }
}
