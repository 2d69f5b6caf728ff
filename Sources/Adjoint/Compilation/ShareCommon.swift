/// Finds the node that already applies the same gate to the same inputs: hash consing.
///
/// An open-addressing table of node numbers; the key is read off the graph, so an entry costs four bytes.
struct ShareCommon {
  private var slots: [UInt32]
  private var count = 0
  private var scalarConstants: [ScalarKey: NodeID] = [:]
  private static let empty = UInt32.max

  private struct ScalarKey: Hashable {
    let signature: SignatureID
    let bits: UInt64
  }

  init(expecting nodes: Int) {
    var capacity = 64
    while capacity < nodes * 2 { capacity *= 2 }
    slots = [UInt32](repeating: Self.empty, count: capacity)
  }

  /// The earlier equal node, or `nil` once `candidate` has been entered.
  mutating func find(_ candidate: NodeID, in storage: GraphStorage) -> NodeID? {
    if 2 * (count + 1) > slots.count { grow(storage) }
    var slot = home(candidate, storage)
    while slots[slot] != Self.empty {
      let known = NodeID(index: slots[slot])
      if isSame(known, candidate, storage) { return known }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = candidate.index
    count += 1
    return nil
  }

  /// The same for a constant of one repeated value.
  mutating func find(_ candidate: NodeID, repeating value: Double, in storage: GraphStorage) -> NodeID? {
    let key = ScalarKey(signature: storage.signatureColumn[candidate.int], bits: value.bitPattern)
    if let known = scalarConstants[key] { return known }
    scalarConstants[key] = candidate
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

  private func isSame(_ a: NodeID, _ b: NodeID, _ storage: GraphStorage) -> Bool {
    guard storage.gateColumn[a.int] == storage.gateColumn[b.int] else { return false }
    let (left, right) = (storage.inputRange(of: a), storage.inputRange(of: b))
    guard left.count == right.count else { return false }
    for offset in 0..<left.count
    where storage.inputColumn[left.lowerBound + offset] != storage.inputColumn[right.lowerBound + offset] {
      return false
    }
    return true
  }

  private mutating func grow(_ storage: GraphStorage) {
    let old = slots
    slots = [UInt32](repeating: Self.empty, count: old.count * 2)
    for entry in old where entry != Self.empty {
      var slot = home(NodeID(index: entry), storage)
      while slots[slot] != Self.empty { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = entry
    }
  }
}
