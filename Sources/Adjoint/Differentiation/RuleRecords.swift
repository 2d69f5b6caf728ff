/// The records of one rule in one graph, by gate.
struct RuleRecords: ~Copyable {
  private struct Entry {
    let signatures: [SignatureID]
    let isActive: UInt32
    let record: RuleRecord?
  }
  let rule: RuleRecord.Rule
  private var entries: [[Entry]] = []
  /// The values of one application.
  private var values = Column<NodeID>()
  /// What the record applied last gives.
  private var results: [RuleRecord.Value?] = []
  /// A gate of more combinations of signatures than this is asked each time.
  private static let mostEntries = 64

  init(_ rule: RuleRecord.Rule) { self.rule = rule }

  enum Answer { case known, unknown, askEachTime }

  /// Adds what the rule adds for `node`, if that is known; ``result(_:)`` then says what it gives.
  ///
  /// `isActive` has a bit for each operand that takes part; `seeds` are the upstream gradient, or the tangents of these.
  mutating func apply(
    to node: NodeID, _ isActive: UInt32, seeds: borrowing Column<NodeID>, in walk: Differentiation,
    _ state: inout GraphState
  ) -> Answer {
    let gate = Int(walk.forward.rows[node.int].gate.index)
    let inputs = walk.forward.inputRange(of: node)
    guard state.poison.isEmpty, inputs.count <= RuleRecord.mostOperands else { return .askEachTime }
    guard gate < entries.count else { return .unknown }
    for index in entries[gate].indices where matches(entries[gate][index], node, isActive, walk) {
      guard let record = entries[gate][index].record else { return .askEachTime }
      values.removeAll()
      for position in inputs { values.append(walk.forward.inputColumn[position]) }
      values.append(node)
      for index in 0..<seeds.count { values.append(seeds[index]) }
      record.apply(&state, &values)
      results = record.results
      return .known
    }
    return entries[gate].count < Self.mostEntries ? .unknown : .askEachTime
  }

  /// How many results the record applied last has: one for each operand of a pullback, one of a pushforward.
  var resultCount: Int { results.count }

  func result(_ position: Int) -> NodeID? { results[position].map { values[$0] } }

  private func matches(_ entry: Entry, _ node: NodeID, _ isActive: UInt32, _ walk: Differentiation) -> Bool {
    let inputs = walk.forward.inputRange(of: node)
    guard entry.isActive == isActive, entry.signatures.count == inputs.count else { return false }
    for (offset, signature) in entry.signatures.enumerated()
    where walk.forward.rows[walk.forward.inputColumn[inputs.lowerBound + offset].int].signature != signature {
      return false
    }
    return true
  }

  /// Asks the rule about `node`, for all nodes like it.
  mutating func enter(_ node: NodeID, _ isActive: UInt32, in walk: Differentiation) {
    let gate = Int(walk.forward.rows[node.int].gate.index)
    while entries.count <= gate { entries.append([]) }
    entries[gate].append(
      Entry(
        signatures: walk.forward.inputs(of: node).map { walk.forward.rows[$0.int].signature },
        isActive: isActive, record: RuleRecord(rule, of: node, isActive, in: walk)))
  }
}
