/// The binary tree by which sums over shards are made: leaf s is shard s, and every node above is the sum of its left
/// and its right child. It is given by the number of shards alone, so that a sum has the same bits on any number of
/// ranks.
///
/// Ranks hold neighbouring shards. What a rank can add by itself are the sums at its own nodes: the largest subtrees
/// all of whose leaves it holds. It does not know how sums travel.
package struct ShardTree: Hashable, Sendable {
  /// A sum over the shards `index · 2^level ..< (index + 1) · 2^level`.
  struct Node: Hashable, Sendable, CustomStringConvertible {
    let level: Int, index: Int

    var shards: Range<Int> { index << level..<(index + 1) << level }
    var left: Node { Node(level: level - 1, index: 2 * index) }
    var right: Node { Node(level: level - 1, index: 2 * index + 1) }
    var parent: Node { Node(level: level + 1, index: index / 2) }
    var description: String { "\(shards)" }
  }

  /// A power of two.
  let shardCount: Int
  /// At most as many.
  let rankCount: Int
  /// Ranks begin at multiples of this many shards, so that few of the tree's nodes are cut.
  private let grain: Int

  package init(shardCount: Int, rankCount: Int) {
    precondition(shardCount.nonzeroBitCount == 1, "Shards are a power of two, got \(shardCount)")
    precondition((1...shardCount).contains(rankCount), "Ranks are 1 to \(shardCount), got \(rankCount)")
    (self.shardCount, self.rankCount) = (shardCount, rankCount)
    var grain = 1
    while shardCount / (2 * grain) >= Self.leastGrains * rankCount { grain *= 2 }
    self.grain = grain
  }

  /// With so many grains for each rank none has more than 1/8 over an even share.
  private static let leastGrains = 8  // Decisions/Cluster.md

  var root: Node { Node(level: shardCount.trailingZeroBitCount, index: 0) }

  /// The shards that a rank computes: at least one.
  func shards(of rank: Int) -> Range<Int> {
    let grains = shardCount / grain
    return rank * grains / rankCount * grain..<(rank + 1) * grains / rankCount * grain
  }

  /// The largest subtrees of a rank, ascending.
  func ownNodes(of rank: Int) -> [Node] {
    let shards = shards(of: rank)
    var nodes: [Node] = [], first = shards.lowerBound
    while first < shards.upperBound {
      var level = first == 0 ? root.level : first.trailingZeroBitCount
      while first + 1 << level > shards.upperBound { level -= 1 }
      nodes.append(Node(level: level, index: first >> level))
      first += 1 << level
    }
    return nodes
  }

  /// Whether every rank has one node, all of one level, and ranks are a power of two: then partners can exchange
  /// halves.
  var isEven: Bool { rankCount.nonzeroBitCount == 1 }
}
