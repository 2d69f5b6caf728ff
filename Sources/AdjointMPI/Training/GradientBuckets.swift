internal import Adjoint
internal import Threads

/// What a step sums over shards, in the parcels in which it travels: a large gradient by itself, small ones together,
/// and at the end the loss and running statistics. It is fixed for a training, and the same on all ranks.
///
/// The elements of each shard of this rank have memory that is made once: shards write there, sums are added up there,
/// and the sum over all shards lies where the first shard's elements were.
package final class GradientBuckets: @unchecked Sendable {  // because who completes a sum is decided under a lock
  /// A value of which a step has one a shard.
  struct Item: Sendable {
    let name: String
    let type: ElementType
    let count: Int
    var byteCount: Int { count * type.byteCount }
  }

  struct Bucket {
    let items: Range<Int>
    let count: Int
    let memory: ExchangeMemory
    /// Where the elements of each shard of this rank begin.
    fileprivate let shards: [UnsafeMutableRawPointer]
  }

  let items: [Item]
  private(set) var buckets: [Bucket] = []
  private let tree: ShardTree
  private let rank: Int
  private let nodes: [ShardTree.Node]
  /// By item: its bucket, and where its elements begin there.
  private var places: [(bucket: Int, start: Int)] = []
  private var owned: [UnsafeMutableRawPointer] = []

  private let lock = PlatformLock()
  /// By bucket: how many items of each shard are missing, the sums that are there, and how many own nodes are not.
  private var missing: [[Int]] = [], summed: [Set<ShardTree.Node>] = [], nodesLeft: [Int] = []

  /// Bytes up to which gradients travel together, and a sum's messages cost more than its bytes.
  package static let smallByteCount = 32_768  // Decisions/Cluster.md

  /// - Parameters:
  ///   - items: neighbours that travel together have one type.
  ///   - breaks: numbers of items at which a new bucket begins in any case.
  ///   - targets: where the sum of an item that travels by itself is wanted; `nil` for memory of this object's.
  init(
    _ items: [Item], breakingAt breaks: Set<Int>, _ tree: ShardTree, rank: Int,
    targets: (_ item: Int) -> UnsafeMutableRawPointer?
  ) {
    (self.items, self.tree, self.rank) = (items, tree, rank)
    nodes = tree.ownNodes(of: rank)
    var first = 0
    while first < items.count {
      var end = first + 1, bytes = Self.padded(items[first])
      while end < items.count, !breaks.contains(end), items[end].type == items[first].type,
        bytes + Self.padded(items[end]) <= Self.smallByteCount
      {
        bytes += Self.padded(items[end])
        end += 1
      }
      add(first..<end, targets)
      first = end
    }
  }

  deinit { for memory in owned { memory.deallocate() } }

  /// Elements begin at cache lines.
  private static func padded(_ item: Item) -> Int { (item.byteCount + 63) / 64 * 64 }

  private func add(_ range: Range<Int>, _ targets: (Int) -> UnsafeMutableRawPointer?) {
    let type = items[range.lowerBound].type, shards = tree.shards(of: rank)
    var count = 0
    for item in range {
      places.append((buckets.count, count))
      count += range.count == 1 ? items[item].count : Self.padded(items[item]) / type.byteCount
    }
    let memory = shards.map { shard -> UnsafeMutableRawPointer in
      if shard == shards.lowerBound, range.count == 1, let target = targets(range.lowerBound) { return target }
      let bytes = max(count * type.byteCount, 64)
      owned.append(.allocate(byteCount: bytes, alignment: 64))
      // What lies between small items is summed with them.
      owned.last!.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      return owned.last!
    }
    let plan = ExchangePlan.sum(
      tree, rank: rank, count: count, isSmall: count * type.byteCount <= Self.smallByteCount)
    let own = nodes.map { memory[$0.shards.lowerBound - shards.lowerBound] }
    buckets.append(
      Bucket(items: range, count: count, memory: ExchangeMemory(plan, type, own: own), shards: memory))
  }

  /// What a bucket holds, for those who look.
  func name(ofBucket bucket: Int) -> String {
    let items = items[buckets[bucket].items]
    return items.count == 1 ? items.first!.name : "\(items.first!.name) and \(items.count - 1) more"
  }

  /// Where an item of a shard, counted among those of this rank, is to be written.
  func memory(ofItem item: Int, shard: Int) -> UnsafeMutableRawPointer {
    let (bucket, start) = places[item]
    return buckets[bucket].shards[shard] + start * items[item].type.byteCount
  }

  /// Where the sum of an item lies when its bucket has been summed.
  func sum(ofItem item: Int) -> UnsafeMutableRawPointer { memory(ofItem: item, shard: 0) }

  // MARK: a step

  func beginStep() {
    missing = buckets.map { [Int](repeating: $0.items.count, count: tree.shards(of: rank).count) }
    summed = buckets.map { _ in [] }
    nodesLeft = buckets.map { _ in nodes.count }
  }

  /// An item of a shard, counted among those of this rank, lies in its memory. Whoever completes two neighbours adds
  /// them up.
  ///
  /// - Returns: the bucket that is complete on this rank, if one is: to exactly one caller.
  func complete(item: Int, shard: Int) -> Int? {
    let bucket = places[item].bucket, first = tree.shards(of: rank).lowerBound
    let isWhole = lock.withLock {
      missing[bucket][shard] -= 1
      return missing[bucket][shard] == 0
    }
    guard isWhole else { return nil }
    var node = ShardTree.Node(level: 0, index: first + shard)
    while true {
      switch lock.withLock({ note(node, in: bucket) }) {
      case .waits: return nil
      case .isLast: return bucket
      case .hasSibling: break
      }
      // The caller sees what the sibling's has written: both have held the lock since.
      let parent = node.parent, shards = buckets[bucket].shards
      let left = shards[parent.left.shards.lowerBound - first], right = shards[parent.right.shards.lowerBound - first]
      addElements(items[item].type, left, right, to: left, count: buckets[bucket].count)
      node = parent
    }
  }

  private enum Noted { case waits, hasSibling, isLast }

  private func note(_ node: ShardTree.Node, in bucket: Int) -> Noted {
    summed[bucket].insert(node)
    if nodes.contains(node) {
      nodesLeft[bucket] -= 1
      return nodesLeft[bucket] == 0 ? .isLast : .waits
    }
    let sibling = ShardTree.Node(level: node.level, index: node.index ^ 1)
    return summed[bucket].contains(sibling) ? .hasSibling : .waits
  }
}
