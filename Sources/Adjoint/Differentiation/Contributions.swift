/// What has been sent back to each node so far: a linked list a node within three arrays, in order of arrival.
struct Contributions: ~Copyable {
  private var heads: Column<UInt32>
  private var tails: Column<UInt32>
  private var entries: Column<Entry>
  struct Entry: BitwiseCopyable {
    let gradient: NodeID
    var next: UInt32
  }
  private static let none = UInt32.max
  /// Room for the contributions of one node.
  private var terms: [NodeID] = []

  /// The most contributions that one accumulate node adds.
  static let accumulateWidth = 16

  init(nodeCount: Int) {
    heads = Column(repeating: Self.none, count: nodeCount)
    tails = Column(repeating: Self.none, count: nodeCount)
    entries = Column(reserving: nodeCount + nodeCount / 2)
  }

  mutating func add(_ gradient: NodeID, to node: NodeID) {
    let entry = UInt32(entries.count)
    entries.append(Entry(gradient: gradient, next: Self.none))
    if heads[node.int] == Self.none { heads[node.int] = entry } else { entries[Int(tails[node.int])].next = entry }
    tails[node.int] = entry
  }

  func hasAny(_ node: NodeID) -> Bool { heads[node.int] != Self.none }

  /// For each node whether it has any.
  func reached() -> [Bool] {
    var reached: [Bool] = []
    reached.reserveCapacity(heads.count)
    for index in 0..<heads.count { reached.append(heads[index] != Self.none) }
    return reached
  }

  /// The sum of a node's contributions in graph order: none added up if there is but one, one accumulate node for few, a
  /// tree of fixed shape for many, so that a copy gate with ten thousand consumers adds in parallel and holds few
  /// contributions at a time.
  mutating func sum(of node: NodeID, _ state: inout GraphState) -> NodeID {
    var entry = heads[node.int]
    if entry == tails[node.int] { return entries[Int(entry)].gradient }
    let first = entries[Int(entry)]
    if first.next == tails[node.int] {
      return state.accumulate(first.gradient, entries[Int(first.next)].gradient)
    }
    terms.removeAll(keepingCapacity: true)
    while entry != Self.none {
      terms.append(entries[Int(entry)].gradient)
      entry = entries[Int(entry)].next
    }
    while terms.count > 1 {
      var sums = 0
      for start in stride(from: 0, to: terms.count, by: Self.accumulateWidth) {
        let end = min(start + Self.accumulateWidth, terms.count)
        let sum = end - start == 1 ? terms[start] : state.accumulate(terms[start..<end])
        terms[sums] = sum
        sums += 1
      }
      terms.removeLast(terms.count - sums)
    }
    return terms[0]
  }
}

extension GraphState {
  /// The sum of contributions to one node, which share its signature.
  fileprivate mutating func accumulate(_ contributions: ArraySlice<NodeID>) -> NodeID {
    if !poison.isEmpty { return apply(Accumulate(), to: Array(contributions), at: .unknown) }
    let signature = storage.rows[contributions.first!.int].signature
    return append(storage.intern(Accumulate()), signature, inputs: contributions)
  }

  fileprivate mutating func accumulate(_ first: NodeID, _ second: NodeID) -> NodeID {
    if !poison.isEmpty { return apply(Accumulate(), to: [first, second], at: .unknown) }
    return append(storage.intern(Accumulate()), storage.rows[first.int].signature, first, second)
  }
}
