/// Finds the node that already applies the same gate to the same inputs.
///
/// Equal nodes read the same inputs, so they stand in the list of readers of their newest input (constants apart, which
/// have many readers), made shortly before them: a look-up touches memory that is still in the cache. A node with many readers would make its list long,
/// so past a few entries the rest go to a hash table. (A hash table for all costs two cache misses a node: a third of
/// the time to compile a million-gate graph.)
struct ShareCommon: ~Copyable {
  private var lists: Column<List>
  private var overflow = NodeTable()
  /// The inputs of a row that is looked up there.
  private var few = Column<NodeID>()
  private var scalarConstants: [ScalarKey: NodeID] = [:]
  fileprivate static let none = UInt32.max

  /// A node's part in lists of readers.
  struct List: BitwiseCopyable {
    /// The node's own newest reader; for a node that another has replaced that one, since nothing reads it any more.
    var first = ShareCommon.none
    /// The reader before the node in the list that it stands in.
    var next = ShareCommon.none
  }
  private static let longestList = 8  // Decisions/Rewriting.md

  private struct ScalarKey: Hashable {
    let signature: SignatureID
    let bits: UInt64
  }

  init(expecting nodes: Int) {
    lists = Column(reserving: nodes)
  }

  /// Makes a list for the next node to be looked at, and for those before it that are not.
  @inline(__always)
  mutating func enter(_ next: NodeID) {
    while lists.count <= next.int { lists.append(List()) }
  }

  /// The node that has been found in place of another.
  @inline(__always)
  func replacement(of node: NodeID) -> NodeID { NodeID(index: lists[node.int].first) }

  /// Whether an earlier node is equal to `row`, which that of `node` has become: then that one replaces `node`.
  ///
  /// - Parameters:
  ///   - newest: the newest input, constants apart.
  ///   - storage: not changed; `inout` because a struct of a dozen fields is copied otherwise.
  @inline(__always)
  mutating func find(_ node: NodeID, _ row: NodeRow, newest: NodeID?, in storage: inout GraphStorage) -> Bool {
    let (known, isLong) = lookUp(newest) { storage.rows[$0.int] == row }
    if known == nil, isLong {
      few.removeAll()
      for position in 0..<row.inputCount { few.append(row.input(position)) }
      return replace(node, by: overflow.find(node, row.gate, few, in: &storage))
    }
    if known == nil { addReader(node, to: newest) }
    return replace(node, by: known)
  }

  /// The same for a gate on more than two inputs.
  mutating func find(
    _ node: NodeID, _ gate: GateID, _ inputs: borrowing Column<NodeID>, newest: NodeID?,
    in storage: inout GraphStorage
  ) -> Bool {
    let (known, isLong) = lookUp(newest) { storage.applies($0, gate, inputs) }
    if known == nil, isLong { return replace(node, by: overflow.find(node, gate, inputs, in: &storage)) }
    if known == nil { addReader(node, to: newest) }
    return replace(node, by: known)
  }

  @inline(__always)
  private mutating func replace(_ node: NodeID, by known: NodeID?) -> Bool {
    guard let known else { return false }
    lists[node.int].first = known.index
    return true
  }

  /// The reader of `newest` that is the node looked for, and whether the list is as long as it may get.
  @inline(__always)
  private func lookUp(_ newest: NodeID?, _ isSame: (NodeID) -> Bool) -> (known: NodeID?, isLong: Bool) {
    var reader = lists[newest?.int ?? 0].first
    var length = 0
    while reader != Self.none {
      let node = NodeID(index: reader)
      if isSame(node) { return (node, false) }
      reader = lists[node.int].next
      length += 1
    }
    return (nil, length == Self.longestList)
  }

  @inline(__always)
  private mutating func addReader(_ node: NodeID, to newest: NodeID?) {
    lists[node.int].next = lists[newest?.int ?? 0].first
    lists[newest?.int ?? 0].first = node.index
  }

  /// The same for a constant of one repeated value.
  mutating func find(_ node: NodeID, repeating value: Double, of signature: SignatureID) -> Bool {
    let key = ScalarKey(signature: signature, bits: value.bitPattern)
    if let known = scalarConstants[key] { return replace(node, by: known) }
    scalarConstants[key] = node
    return false
  }
}

/// An open-addressing hash table of nodes by gate and inputs; the key is read off the graph, so an entry costs 4 bytes.
private struct NodeTable {
  private var slots: [UInt32] = []
  private var count = 0
  private static let empty = UInt32.max

  mutating func find(
    _ node: NodeID, _ gate: GateID, _ inputs: borrowing Column<NodeID>, in storage: inout GraphStorage
  ) -> NodeID? {
    if 2 * (count + 1) > slots.count { grow(storage) }
    var slot = home(hash(gate, inputs.count) { inputs[$0] })
    while slots[slot] != Self.empty {
      let known = NodeID(index: slots[slot])
      if storage.applies(known, gate, inputs) { return known }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = node.index
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
