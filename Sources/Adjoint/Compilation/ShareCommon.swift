/// Finds the node that already applies the same gate to the same inputs.
///
/// Equal nodes read the same inputs, so they stand in the list of readers of their newest input (constants apart, which
/// have many readers), made shortly before them: a look-up touches memory that is still in the cache. A node with many readers would make its list long,
/// so past a few entries the rest go to a hash table. (A hash table for all costs two cache misses a node: a third of
/// the time to compile a million-gate graph.)
struct ShareCommon {
  private var firstReader: [UInt32] = []
  private var nextReader: [UInt32] = []
  private var overflow = NodeTable()
  private var scalarConstants: [ScalarKey: NodeID] = [:]
  private static let none = UInt32.max
  private static let longestList = 8

  private struct ScalarKey: Hashable {
    let signature: SignatureID
    let bits: UInt64
  }

  init(expecting nodes: Int) {
    firstReader.reserveCapacity(nodes)
    nextReader.reserveCapacity(nodes)
  }

  /// The earlier equal node, or `nil` once `candidate`, the newest node of `storage`, has been entered.
  mutating func find(_ candidate: NodeID, in storage: GraphStorage) -> NodeID? {
    while firstReader.count <= candidate.int {
      firstReader.append(Self.none)
      nextReader.append(Self.none)
    }
    var newest = NodeID(0)
    for position in storage.inputRange(of: candidate) {
      let input = storage.inputColumn[position]
      if input > newest, !storage.isConstant(input) { newest = input }
    }
    var reader = firstReader[newest.int]
    var length = 0
    while reader != Self.none {
      let known = NodeID(index: reader)
      if storage.isSameApplication(known, candidate) { return known }
      reader = nextReader[known.int]
      length += 1
    }
    if length == Self.longestList { return overflow.find(candidate, in: storage) }
    nextReader[candidate.int] = firstReader[newest.int]
    firstReader[newest.int] = candidate.index
    return nil
  }

  /// The same for a constant of one repeated value.
  mutating func find(_ candidate: NodeID, repeating value: Double, in storage: GraphStorage) -> NodeID? {
    let key = ScalarKey(signature: storage.signatureColumn[candidate.int], bits: value.bitPattern)
    if let known = scalarConstants[key] { return known }
    scalarConstants[key] = candidate
    return nil
  }
}

/// An open-addressing hash table of nodes by gate and inputs; the key is read off the graph, so an entry costs 4 bytes.
private struct NodeTable {
  private var slots: [UInt32] = []
  private var count = 0
  private static let empty = UInt32.max

  mutating func find(_ candidate: NodeID, in storage: GraphStorage) -> NodeID? {
    if 2 * (count + 1) > slots.count { grow(storage) }
    var slot = home(candidate, storage)
    while slots[slot] != Self.empty {
      let known = NodeID(index: slots[slot])
      if storage.isSameApplication(known, candidate) { return known }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = candidate.index
    count += 1
    return nil
  }

  private func home(_ node: NodeID, _ storage: GraphStorage) -> Int {
    var hash = UInt64(storage.gateColumn[node.int].index) &+ 0x9E37_79B9_7F4A_7C15
    for position in storage.inputRange(of: node) {
      hash = (hash ^ UInt64(storage.inputColumn[position].index)) &* 0xBF58_476D_1CE4_E5B9
      hash ^= hash >> 29
    }
    return Int(truncatingIfNeeded: hash) & (slots.count - 1)
  }

  private mutating func grow(_ storage: GraphStorage) {
    let old = slots
    slots = [UInt32](repeating: Self.empty, count: max(64, old.count * 2))
    for entry in old where entry != Self.empty {
      var slot = home(NodeID(index: entry), storage)
      while slots[slot] != Self.empty { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = entry
    }
  }
}

extension GraphStorage {
  /// Whether two nodes apply the same gate to the same inputs in the same order.
  fileprivate func isSameApplication(_ a: NodeID, _ b: NodeID) -> Bool {
    guard gateColumn[a.int] == gateColumn[b.int] else { return false }
    let (left, right) = (inputRange(of: a), inputRange(of: b))
    guard left.count == right.count else { return false }
    for offset in 0..<left.count
    where inputColumn[left.lowerBound + offset] != inputColumn[right.lowerBound + offset] { return false }
    return true
  }
}
