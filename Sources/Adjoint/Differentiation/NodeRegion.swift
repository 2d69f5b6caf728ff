/// The nodes that a differentiation has to do with: those that its outputs are computed from, back to the first of its
/// variables in the order of the graph. No node before that depends on a variable.
///
/// Unrolled optimisation differentiates again and again while the graph grows, each time over a few of its newest
/// nodes. So a derivative may not cost time or memory for nodes that are not of its region: what is noted of nodes is
/// noted by their places in the region, of which there are about as many as nodes.
struct NodeRegion: Sendable {
  /// From the first variable to the last output.
  private let range: Range<Int>
  /// The nodes, ascending, where they are few among those of the range; otherwise each number of the range is a place.
  private let nodes: [NodeID]
  private let places: [NodeID: Int]
  private let isSparse: Bool
  /// How many nodes were looked at to find these.
  let examinedCount: Int

  /// A region of one node in so many of its range is kept as a list. A list costs as much as so many nodes of a range.
  private static let sparsity = 32  // Decisions/Memory.md
  /// No list is made for a shorter range.
  private static let shortestRange = 256  // Decisions/Memory.md

  /// - Complexity: O(nodes and edges of the region).
  init(of storage: GraphStorage, from variables: [NodeID], to outputs: [NodeID]) {
    let end = (outputs.max()?.int ?? -1) + 1
    let start = min(variables.min()?.int ?? end, end)
    range = start..<end
    var found: Set<NodeID> = []
    let most = range.count / Self.sparsity
    if range.count >= Self.shortestRange {
      var open = outputs
      while found.count <= most, let node = open.popLast() {
        guard node.int >= start, found.insert(node).inserted else { continue }
        storage.forEachInput(of: node) { open.append($0) }
      }
    }
    examinedCount = found.count
    isSparse = range.count >= Self.shortestRange && found.count <= most
    nodes = isSparse ? found.sorted() : []
    places = isSparse ? Dictionary(uniqueKeysWithValues: zip(nodes, nodes.indices)) : [:]
  }

  /// All nodes of a graph.
  init(all storage: GraphStorage) {
    range = 0..<storage.count
    (nodes, places, isSparse, examinedCount) = ([], [:], false, 0)
  }

  /// The number of places. Some may be of nodes between those of the region.
  var count: Int { isSparse ? nodes.count : range.count }

  /// The node at a place; a node comes after those that it reads.
  @inline(__always)
  subscript(place: Int) -> NodeID {
    isSparse ? nodes[place] : NodeID(index: UInt32(truncatingIfNeeded: range.lowerBound + place))
  }

  @inline(__always)
  func place(of node: NodeID) -> Int? {
    if isSparse { return places[node] }
    return range.contains(node.int) ? node.int - range.lowerBound : nil
  }
}
