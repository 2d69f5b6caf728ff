/// For each node of a graph that is being compiled the node of the user's differentiated graph that it stands for.
///
/// The nodes before the first that a pass has moved each stand for that of their own number, and are not stored.
struct Origins: RandomAccessCollection, Sendable {
  /// How many nodes at the beginning stand for those of their numbers.
  private let keptCount: Int
  private var moved: [NodeID] = []

  /// The nodes up to `count`, where they are.
  init(count: Int) { keptCount = count }

  /// The first `count` of `other`, and room for as many as it has in all, which a pass that moves nodes is likely to
  /// make.
  init(first count: Int, of other: Origins) {
    keptCount = Swift.min(count, other.keptCount)
    moved.reserveCapacity(other.count - keptCount)
    moved += other.moved.prefix(count - keptCount)
  }

  var count: Int { keptCount + moved.count }
  var startIndex: Int { 0 }
  var endIndex: Int { count }
  subscript(index: Int) -> NodeID { index < keptCount ? NodeID(index) : moved[index - keptCount] }

  mutating func append(_ origin: NodeID) { moved.append(origin) }
}
