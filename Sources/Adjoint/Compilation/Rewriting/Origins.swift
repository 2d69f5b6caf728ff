/// For each node of a graph that is being compiled the node of the user's differentiated graph that it stands for.
///
/// As long as no pass has moved a node, each stands for that of its own number, and nothing is stored.
struct Origins: RandomAccessCollection, Sendable {
  private(set) var count: Int
  /// Empty while each node stands for that of its number.
  private var moved: [NodeID] = []

  /// The nodes up to `count`, where they are.
  init(count: Int) { self.count = count }

  /// Room for as many as a pass that moves nodes is likely to make.
  init(reserving capacity: Int) {
    count = 0
    moved.reserveCapacity(capacity)
  }

  var startIndex: Int { 0 }
  var endIndex: Int { count }
  subscript(index: Int) -> NodeID { moved.isEmpty ? NodeID(index) : moved[index] }

  /// - Complexity: O(count) for the first node behind others that are where they were.
  mutating func append(_ origin: NodeID) {
    if moved.count < count { moved = Array(self) }
    moved.append(origin)
    count += 1
  }
}
