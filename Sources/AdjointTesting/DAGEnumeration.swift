internal import DependencyScheduling

/// Every directed acyclic graph on a few labelled nodes, edges running from a lower to a higher label: what a claim
/// about dependencies can be checked on without leaving one out.
///
/// ```swift
/// for dag in DAGEnumeration(nodeCount: 5) { check(dag) }     // 2^10 = 1,024 of them
/// ```
/// - Complexity: O(nodes²) for each graph, made when it is asked for.
package struct DAGEnumeration: Sequence, Sendable {
  package let nodeCount: Int

  /// - Parameter nodeCount: at most 8, which is 2²⁸ graphs.
  package init(nodeCount: Int) {
    demand((1...8).contains(nodeCount), "Graphs of 1 to 8 nodes can be enumerated, not of \(nodeCount)")
    self.nodeCount = nodeCount
  }

  /// How many there are: 2^(n(n-1)/2), each possible edge there or not.
  package var count: Int { 1 << (nodeCount * (nodeCount - 1) / 2) }

  package func makeIterator() -> some IteratorProtocol<LabelledDAG> {
    let nodeCount = nodeCount
    return (0..<count).lazy.map { LabelledDAG(nodeCount: nodeCount, edgeSet: $0) }.makeIterator()
  }
}

/// One graph of a ``DAGEnumeration``.
package struct LabelledDAG: Hashable, Sendable, CustomStringConvertible {
  package let nodeCount: Int
  /// Bit by bit, whether the edges 0→1, 0→2, 1→2, 0→3, 1→3, 2→3, … are there.
  package let edgeSet: Int

  package init(nodeCount: Int, edgeSet: Int) {
    self.nodeCount = nodeCount
    self.edgeSet = edgeSet
  }

  /// The nodes with an edge to `node`, ascending.
  package func predecessors(of node: Int) -> [Int] {
    let first = node * (node - 1) / 2
    return (0..<node).filter { edgeSet >> (first + $0) & 1 == 1 }
  }

  /// The nodes that no edge leaves, ascending.
  package var sinks: [Int] {
    let withSuccessor = Set((0..<nodeCount).flatMap(predecessors))
    return (0..<nodeCount).filter { !withSuccessor.contains($0) }
  }

  /// All edges, as `(from, to)`.
  package var edges: [(from: Int, to: Int)] {
    (0..<nodeCount).flatMap { node in predecessors(of: node).map { ($0, node) } }
  }

  package var description: String {
    "\(nodeCount) nodes, edges [" + edges.map { "\($0.from)→\($0.to)" }.joined(separator: " ") + "]"
  }
}
