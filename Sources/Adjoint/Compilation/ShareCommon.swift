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
  /// The inputs of a row that is looked up there.
  private var few = Column<NodeID>()
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

  /// The node that is equal to `row`, or `nil` once the next node of `storage` has been entered as that node.
  ///
  /// - Parameters:
  ///   - newest: the newest input, constants apart.
  ///   - storage: not changed; `inout` because a struct of a dozen fields is copied otherwise.
  @inline(__always)
  mutating func find(_ row: NodeRow, newest: NodeID?, in storage: inout GraphStorage) -> NodeID? {
    enter(NodeID(storage.count))
    let (known, isLong) = lookUp(newest) { storage.rows[$0.int] == row }
    if known != nil { return known }
    if isLong {
      few.removeAll()
      for position in 0..<row.inputCount { few.append(row.input(position)) }
      return overflow.find(row.gate, few, in: &storage)
    }
    addReader(NodeID(storage.count), to: newest)
    return nil
  }

  /// The same for a gate on more than two inputs.
  mutating func find(
    _ gate: GateID, _ inputs: borrowing Column<NodeID>, newest: NodeID?, in storage: inout GraphStorage
  ) -> NodeID? {
    enter(NodeID(storage.count))
    let (known, isLong) = lookUp(newest) { storage.applies($0, gate, inputs) }
    if known != nil { return known }
    if isLong { return overflow.find(gate, inputs, in: &storage) }
    addReader(NodeID(storage.count), to: newest)
    return nil
  }

  /// Makes lists for the nodes up to `next`.
  @inline(__always)
  private mutating func enter(_ next: NodeID) {
    while firstReader.count <= next.int {
      firstReader.append(Self.none)
      nextReader.append(Self.none)
    }
  }

  /// The reader of `newest` that is the node looked for, and whether the list is as long as it may get.
  @inline(__always)
  private func lookUp(_ newest: NodeID?, _ isSame: (NodeID) -> Bool) -> (known: NodeID?, isLong: Bool) {
    var reader = firstReader[newest?.int ?? 0]
    var length = 0
    while reader != Self.none {
      let node = NodeID(index: reader)
      if isSame(node) { return (node, false) }
      reader = nextReader[node.int]
      length += 1
    }
    return (nil, length == Self.longestList)
  }

  @inline(__always)
  private mutating func addReader(_ node: NodeID, to newest: NodeID?) {
    nextReader[node.int] = firstReader[newest?.int ?? 0]
    firstReader[newest?.int ?? 0] = node.index
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
    var slot = home(hash(gate, inputs.count) { inputs[$0] })
    while slots[slot] != Self.empty {
      let known = NodeID(index: slots[slot])
      if storage.applies(known, gate, inputs) { return known }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = UInt32(storage.count)
    count += 1
    return nil
  }

  private func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (slots.count - 1) }

  private func hash(_ gate: GateID, _ inputCount: Int, _ input: (Int) -> NodeID) -> UInt64 {
    var hash = UInt64(gate.index) &+ 0x9E37_79B9_7F4A_7C15
    for position in 0..<inputCount {
      hash = (hash ^ UInt64(input(position).index)) &* 0xBF58_476D_1CE4_E5B9
      hash ^= hash >> 29
    }
    return hash
  }

  private mutating func grow(_ storage: GraphStorage) {
    let old = slots
    slots = [UInt32](repeating: Self.empty, count: max(64, old.count * 2))
    for entry in old where entry != Self.empty {
      let inputs = storage.inputs(of: NodeID(index: entry))
      var slot = home(hash(storage.rows[Int(entry)].gate, inputs.count) { inputs[$0] })
      while slots[slot] != Self.empty { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = entry
    }
  }
}

extension GraphStorage {
  /// Whether a node applies `gate` to `inputs` in this order.
  fileprivate func applies(_ node: NodeID, _ gate: GateID, _ inputs: borrowing Column<NodeID>) -> Bool {
    guard rows[node.int].gate == gate, inputCount(of: node) == inputs.count else { return false }
    for position in 0..<inputs.count where input(position, of: node) != inputs[position] { return false }
    return true
  }
}
