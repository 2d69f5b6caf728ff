/// Finds the node that already applies the same gate to the same inputs.
///
/// Equal nodes read the same inputs, so they stand in the list of readers of their newest input (constants apart, which
/// have many readers), made shortly before them: a look-up touches memory that is still in the cache. A node with many readers would make its list long,
/// so past a few entries the rest go to a hash table. (A hash table for all costs two cache misses a node: a third of
/// the time to compile a million-gate graph.)
struct ShareCommon: ~Copyable {
  private var firstReader: Column<UInt32>
  private var nextReader: Column<UInt32>
  private var overflow = NodeTable()
  private var scalarConstants: [ScalarKey: NodeID] = [:]
  private static let none = UInt32.max
  private static let longestList = 8

  private struct ScalarKey: Hashable {
    let signature: SignatureID
    let bits: UInt64
  }

  init(expecting nodes: Int) {
    firstReader = Column(reserving: nodes)
    nextReader = Column(reserving: nodes)
  }

  /// The node that applies `gate` to `inputs`, or `nil` once the next node of `storage` has been entered as that node.
  ///
  /// - Parameters:
  ///   - newest: the newest input, constants apart.
  ///   - storage: not changed; `inout` because a struct of a dozen arrays is copied otherwise.
  mutating func find(
    _ gate: GateID, _ inputs: borrowing Column<NodeID>, newest: NodeID?, in storage: inout GraphStorage
  ) -> NodeID? {
    let next = NodeID(storage.count)
    while firstReader.count <= next.int {
      firstReader.append(Self.none)
      nextReader.append(Self.none)
    }
    let list = newest?.int ?? 0
    var reader = firstReader[list]
    var length = 0
    while reader != Self.none {
      let known = NodeID(index: reader)
      if storage.applies(known, gate, inputs) { return known }
      reader = nextReader[known.int]
      length += 1
    }
    if length == Self.longestList { return overflow.find(gate, inputs, in: &storage) }
    nextReader[next.int] = firstReader[list]
    firstReader[list] = next.index
    return nil
  }

  /// The same for a constant of one repeated value.
  mutating func find(_ next: NodeID, repeating value: Double, of signature: SignatureID) -> NodeID? {
    let key = ScalarKey(signature: signature, bits: value.bitPattern)
    if let known = scalarConstants[key] { return known }
    scalarConstants[key] = next
    return nil
  }
}

/// An open-addressing hash table of nodes by gate and inputs; the key is read off the graph, so an entry costs 4 bytes.
private struct NodeTable {
  private var slots: [UInt32] = []
  private var count = 0
  private static let empty = UInt32.max

  mutating func find(
    _ gate: GateID, _ inputs: borrowing Column<NodeID>, in storage: inout GraphStorage
  ) -> NodeID? {
    if 2 * (count + 1) > slots.count { grow(storage) }
    var slot = home(gate, inputs.array())
    while slots[slot] != Self.empty {
      let known = NodeID(index: slots[slot])
      if storage.applies(known, gate, inputs) { return known }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = UInt32(storage.count)
    count += 1
    return nil
  }

  private func home(_ gate: GateID, _ inputs: some Collection<NodeID>) -> Int {
    var hash = UInt64(gate.index) &+ 0x9E37_79B9_7F4A_7C15
    for input in inputs {
      hash = (hash ^ UInt64(input.index)) &* 0xBF58_476D_1CE4_E5B9
      hash ^= hash >> 29
    }
    return Int(truncatingIfNeeded: hash) & (slots.count - 1)
  }

  private mutating func grow(_ storage: GraphStorage) {
    let old = slots
    slots = [UInt32](repeating: Self.empty, count: max(64, old.count * 2))
    for entry in old where entry != Self.empty {
      var slot = home(storage.rows[Int(entry)].gate, storage.inputs(of: NodeID(index: entry)))
      while slots[slot] != Self.empty { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = entry
    }
  }
}

extension GraphStorage {
  /// Whether a node applies `gate` to `inputs` in this order.
  fileprivate func applies(_ node: NodeID, _ gate: GateID, _ inputs: borrowing Column<NodeID>) -> Bool {
    guard rows[node.int].gate == gate else { return false }
    let row = inputRange(of: node)
    guard row.count == inputs.count else { return false }
    for offset in 0..<inputs.count where inputColumn[row.lowerBound + offset] != inputs[offset] { return false }
    return true
  }
}
