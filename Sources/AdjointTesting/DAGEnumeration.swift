internal import func DependencyScheduling.demand

/// Every directed acyclic graph on a few labelled nodes, edges running from a lower to a higher label: what a claim
/// about dependencies can be checked on without leaving one out.
///
/// ```swift
/// for dag in DAGEnumeration(nodeCount: 5) { ... }     // 2^10 = 1,024 of them
/// ```
/// - Complexity: O(nodes²) for each graph, made when it is asked for.
public struct DAGEnumeration: Sequence, Sendable {
  public let nodeCount: Int

  /// - Parameter nodeCount: at most 8, which is 2²⁸ graphs.
  public init(nodeCount: Int) {
    demand((1...8).contains(nodeCount), "Graphs of 1 to 8 nodes can be enumerated, not of \(nodeCount)")
    self.nodeCount = nodeCount
  }

  /// How many there are: 2^(n(n-1)/2), each possible edge there or not.
  public var count: Int { 1 << (nodeCount * (nodeCount - 1) / 2) }

  public func makeIterator() -> some IteratorProtocol<LabelledDAG> {
    let nodeCount = nodeCount
    return (0..<count).lazy.map { LabelledDAG(nodeCount: nodeCount, edgeSet: $0) }.makeIterator()
  }
}

/// One graph of a ``DAGEnumeration``.
public struct LabelledDAG: Hashable, Sendable, CustomStringConvertible {
  public let nodeCount: Int
  /// Bit by bit, whether the edges 0→1, 0→2, 1→2, 0→3, 1→3, 2→3, … are there.
  public let edgeSet: Int

  public init(nodeCount: Int, edgeSet: Int) {
    self.nodeCount = nodeCount
    self.edgeSet = edgeSet
  }

  /// The nodes with an edge to `node`, ascending.
  public func predecessors(of node: Int) -> [Int] {
    let first = node * (node - 1) / 2
    return (0..<node).filter { edgeSet >> (first + $0) & 1 == 1 }
  }

  /// The nodes that no edge leaves, ascending.
  public var sinks: [Int] {
    let withSuccessor = Set((0..<nodeCount).flatMap(predecessors))
    return (0..<nodeCount).filter { !withSuccessor.contains($0) }
  }

  /// All edges, as `(from, to)`.
  public var edges: [(from: Int, to: Int)] {
    (0..<nodeCount).flatMap { node in predecessors(of: node).map { ($0, node) } }
  }

  public var description: String {
    "\(nodeCount) nodes, edges [" + edges.map { "\($0.from)→\($0.to)" }.joined(separator: " ") + "]"
  }
}
