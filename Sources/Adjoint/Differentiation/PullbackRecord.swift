/// What the pullback of a gate adds to a graph, recorded once and repeated wherever the gate is applied to operands of
/// the same signatures.
///
/// A pullback in terms of gates is a function of its operands' shapes and types and of which of them need a gradient;
/// asking it anew for each of a million multiplications costs more than all other passes of the compiler together. It is
/// asked in a small graph of its own, where every operand is another node, so that what it reads is never in doubt.
/// Gates with a custom kernel are the user's, may do as they like, and are asked each time.
struct PullbackRecord {
  /// A value by number: the gate's operands, its result, the upstream gradient, the literals, then the rows' results.
  typealias Value = Int

  struct Row {
    let gate: GateID
    let signature: SignatureID
    let operands: [Value]
  }
  private let literals: [NodeID]
  private let rows: [Row]
  /// The gradient of each operand, where there is one.
  private let gradients: [Value?]

  /// The most operands of a gate whose pullback is recorded.
  static let mostOperands = 8

  /// Asks the pullback of an application of a gate, and notes the answer in the numbers of `walk`'s graph.
  ///
  /// - Returns: `nil` where it can't be repeated: it is the user's, or made of more than gates and literals.
  init?(of node: NodeID, in walk: Differentiation) {
    let forward = walk.forward
    let inputs = forward.inputs(of: node)
    if case .custom = forward.traits(of: node).kernel.form { return nil }
    guard inputs.count <= Self.mostOperands else { return nil }

    let sample = Graph()
    func source(like node: NodeID) -> NodeID {
      let signature = forward.signature(of: node)
      return sample.withState { $0.addSource(Input(), signature.elementType, signature.shape, name: nil, at: .unknown) }
    }
    let operands = inputs.map(source)
    let result = sample.withState { $0.apply(forward.gate(of: node), to: operands, at: .unknown) }
    let upstream = source(like: node)
    let variables = zip(operands, inputs).filter { walk.isActive[$1.int] }.map(\.0)
    let gradients = Differentiation(sample, sample.snapshot().storage, variables: variables)
      .downstream(of: upstream, through: result)
    self.init(sample.snapshot(), behind: upstream, gradients, in: walk.graph)
  }

  private init?(_ sample: GraphState, behind upstream: NodeID, _ gradients: [NodeID?], in graph: Graph) {
    let storage = sample.storage
    guard sample.poison.isEmpty else { return nil }
    let added = (upstream.int + 1..<storage.count).map { NodeID($0) }
    let sources = added.filter { storage.traits(of: $0).source != nil }
    var values = [NodeID: Value]()
    for (value, node) in ((0...upstream.int).map { NodeID($0) } + sources).enumerated() { values[node] = value }
    var literals: [NodeID] = []
    for node in sources {
      guard sample.isLiteral(node), case .repeated(let value) = storage.constants[node] else { return nil }
      let type = storage.signature(of: node).elementType
      literals.append(graph.withState { $0.literal(value, type, at: .unknown) })
    }
    var rows: [Row] = []
    for node in added where storage.traits(of: node).source == nil {
      let signature = storage.signature(of: node)
      rows.append(
        graph.withState { state in
          Row(
            gate: state.storage.intern(storage.gate(of: node)),
            signature: state.storage.intern(signature.elementType, signature.shape),
            operands: storage.inputs(of: node).map { values[$0]! })
        })
      values[node] = values.count
    }
    self.literals = literals
    self.rows = rows
    self.gradients = gradients.map { $0.map { values[$0]! } }
  }

  /// Adds the rows to `state` for an application of the gate, and the gradients of its operands to `contributions`.
  func apply(
    to node: NodeID, in walk: Differentiation, upstream: NodeID, _ state: inout GraphState,
    _ values: inout Column<NodeID>,
    _ contributions: inout Contributions
  ) {
    let inputs = walk.forward.inputRange(of: node)
    values.removeAll()
    for position in inputs { values.append(walk.forward.inputColumn[position]) }
    values.append(node)
    values.append(upstream)
    for literal in literals { values.append(literal) }
    for row in rows {
      switch row.operands.count {
      case 1: values.append(state.append(row.gate, row.signature, values[row.operands[0]], nil))
      case 2: values.append(state.append(row.gate, row.signature, values[row.operands[0]], values[row.operands[1]]))
      default:
        var operands: [NodeID] = []
        for operand in row.operands { operands.append(values[operand]) }
        values.append(state.append(row.gate, row.signature, inputs: operands))
      }
    }
    for (offset, gradient) in gradients.enumerated() {
      if let gradient { contributions.add(values[gradient], to: walk.forward.inputColumn[inputs.lowerBound + offset]) }
    }
  }
}

/// The records of one walk, by gate.
struct PullbackRecords: ~Copyable {
  private struct Entry {
    let signatures: [SignatureID]
    let isActive: UInt32
    let record: PullbackRecord?
  }
  private var entries: [[Entry]] = []
  /// Room for the values of one application.
  private var values = Column<NodeID>()
  /// A gate of more combinations of signatures than this is asked each time.
  private static let mostEntries = 64

  enum Answer { case known, unknown, askEachTime }

  /// Adds what the pullback of `node` adds, if that is known; `isActive` has a bit for each input that a gradient is
  /// needed of.
  mutating func apply(
    to node: NodeID, _ isActive: UInt32, in walk: Differentiation, _ upstream: NodeID, _ state: inout GraphState,
    _ contributions: inout Contributions
  ) -> Answer {
    let gate = Int(walk.forward.gateColumn[node.int].index)
    guard state.poison.isEmpty, walk.forward.inputRange(of: node).count <= PullbackRecord.mostOperands else {
      return .askEachTime
    }
    guard gate < entries.count else { return .unknown }
    for index in entries[gate].indices where matches(entries[gate][index], node, isActive, walk) {
      guard let record = entries[gate][index].record else { return .askEachTime }
      record.apply(to: node, in: walk, upstream: upstream, &state, &values, &contributions)
      return .known
    }
    return entries[gate].count < Self.mostEntries ? .unknown : .askEachTime
  }

  private func matches(_ entry: Entry, _ node: NodeID, _ isActive: UInt32, _ walk: Differentiation) -> Bool {
    let inputs = walk.forward.inputRange(of: node)
    guard entry.isActive == isActive, entry.signatures.count == inputs.count else { return false }
    for (offset, signature) in entry.signatures.enumerated()
    where walk.forward.signatureColumn[walk.forward.inputColumn[inputs.lowerBound + offset].int] != signature {
      return false
    }
    return true
  }

  /// Asks the pullback of `node`, for all nodes like it.
  mutating func enter(_ node: NodeID, _ isActive: UInt32, in walk: Differentiation) {
    let gate = Int(walk.forward.gateColumn[node.int].index)
    while entries.count <= gate { entries.append([]) }
    entries[gate].append(
      Entry(
        signatures: walk.forward.inputs(of: node).map { walk.forward.signatureColumn[$0.int] },
        isActive: isActive, record: PullbackRecord(of: node, in: walk)))
  }
}
