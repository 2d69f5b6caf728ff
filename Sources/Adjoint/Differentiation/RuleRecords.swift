/// The records of one rule in one graph, by gate, laid out so that applying one to a node touches nothing that is counted.
struct RuleRecords: ~Copyable {
  let rule: RuleRecord.Rule
  /// For each gate its newest entry.
  private var newest = Column<UInt32>()
  private var entries = Column<Entry>()
  private var signatures = Column<SignatureID>()
  private var literals = Column<NodeID>()
  private var rows = Column<Row>()
  private var operands = Column<UInt32>()
  private var results = Column<UInt32>()

  /// Where things of one entry stand in their column.
  struct Part: BitwiseCopyable {
    var start: UInt32 = 0, end: UInt32 = 0
    var indices: Range<Int> { Int(start)..<Int(end) }
  }

  /// What is known of a gate applied to operands of some signatures, some of which take part.
  struct Entry: BitwiseCopyable {
    /// The entry of the same gate before this one.
    let older: UInt32
    let isActive: UInt32
    let result: SignatureID
    let signatures: Part
    /// Whether the rule can be repeated; then what it adds and gives.
    var isRepeated = false
    var literals = Part(), rows = Part(), results = Part()
  }

  struct Row: BitwiseCopyable {
    let gate: GateID
    let signature: SignatureID
    let operands: Part
  }

  private static let none = UInt32.max
  /// The values of one application, and what it gives.
  private var values = Column<NodeID>()
  private var given = Part()
  /// A gate of more combinations of signatures than this is asked each time.
  private static let mostEntries = 64  // Decisions/Rewriting.md

  init(_ rule: RuleRecord.Rule) { self.rule = rule }

  enum Answer { case known, unknown, askEachTime }

  /// Adds what the rule adds for `node`, if that is known; ``result(_:)`` then says what it gives.
  ///
  /// `isActive` has a bit for each operand that takes part; `seeds` are the upstream gradient, or the tangents of these.
  mutating func apply(
    to node: NodeID, _ isActive: UInt32, seeds: borrowing Column<NodeID>, in walk: Differentiation,
    _ state: inout GraphState
  ) -> Answer {
    let row = walk.forward.rows[node.int]
    let gate = Int(row.gate.index)
    let inputCount = row.inputCount
    // The operands' rows lie anywhere before the node's: looking them up costs more than all else here.
    let impliesOperands = row.signature.isScalar && walk.forward.gates.briefs[gate].keepsSignature
    guard state.poison.isEmpty, inputCount <= RuleRecord.mostOperands else { return .askEachTime }
    var number = gate < newest.count ? newest[gate] : Self.none
    var looked = 0
    while number != Self.none {
      let entry = entries[Int(number)]
      if entry.isActive == isActive, entry.result == row.signature,
        impliesOperands || matches(entry.signatures.indices, node, walk)
      {
        guard entry.isRepeated else { return .askEachTime }
        values.removeAll()
        for position in 0..<inputCount { values.append(walk.forward.input(position, of: node)) }
        values.append(node)
        for index in 0..<seeds.count { values.append(seeds[index]) }
        add(entry, to: &state)
        given = entry.results
        return .known
      }
      number = entry.older
      looked += 1
    }
    return looked < Self.mostEntries ? .unknown : .askEachTime
  }

  /// How many results the record applied last has: one for each operand of a pullback, one of a pushforward.
  var resultCount: Int { given.indices.count }

  func result(_ position: Int) -> NodeID? {
    let value = results[Int(given.start) + position]
    return value == Self.none ? nil : values[Int(value)]
  }

  private func matches(_ known: Range<Int>, _ node: NodeID, _ walk: Differentiation) -> Bool {
    guard known.count == walk.forward.inputCount(of: node) else { return false }
    for index in known {
      let input = walk.forward.input(index - known.lowerBound, of: node)
      if walk.forward.rows[input.int].signature != signatures[index] { return false }
    }
    return true
  }

  /// Adds the rows of a record to `state`. `values` begins with the operands, the result and the seeds of this
  /// application, and ends with all values by number.
  private mutating func add(_ entry: Entry, to state: inout GraphState) {
    for index in entry.literals.indices { values.append(literals[index]) }
    for index in entry.rows.indices {
      let row = rows[index]
      let read = row.operands.indices
      func value(_ position: Int) -> NodeID { values[Int(operands[read.lowerBound + position])] }
      switch read.count {
      case 1: values.append(state.append(row.gate, row.signature, value(0), nil))
      case 2: values.append(state.append(row.gate, row.signature, value(0), value(1)))
      default:
        var inputs: [NodeID] = []
        for position in 0..<read.count { inputs.append(value(position)) }
        values.append(state.append(row.gate, row.signature, inputs: inputs))
      }
    }
  }

  /// Asks the rule about `node`, for all nodes like it.
  mutating func enter(_ node: NodeID, _ isActive: UInt32, in walk: Differentiation) {
    let row = walk.forward.rows[node.int]
    let gate = Int(row.gate.index)
    while newest.count <= gate { newest.append(Self.none) }
    let inputs = walk.forward.inputs(of: node).map { walk.forward.rows[$0.int].signature }
    var entry = Entry(
      older: newest[gate], isActive: isActive, result: row.signature,
      signatures: Self.put(inputs, into: &signatures))
    if let record = RuleRecord(rule, of: node, isActive, in: walk) {
      entry.isRepeated = true
      entry.literals = Self.put(record.literals, into: &literals)
      entry.results = Self.put(record.results.map { $0.map { UInt32($0) } ?? Self.none }, into: &results)
      let added = record.rows.map { row in
        Row(
          gate: row.gate, signature: row.signature,
          operands: Self.put(row.operands.map { UInt32($0) }, into: &operands))
      }
      entry.rows = Self.put(added, into: &rows)
    }
    newest[gate] = UInt32(entries.count)
    entries.append(entry)
  }

  private static func put<Element>(_ elements: [Element], into column: inout Column<Element>) -> Part {
    let start = UInt32(column.count)
    for element in elements { column.append(element) }
    return Part(start: start, end: UInt32(column.count))
  }
}
