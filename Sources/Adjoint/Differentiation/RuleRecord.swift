/// A gate of the package that is computed by a custom kernel, but whose rules are made of gates and literals alone.
protocol RecordedGate: Gate {}

/// What a rule of a gate, its pullback or its pushforward, adds to a graph: recorded once and repeated wherever the
/// gate is applied to operands of the same signatures.
///
/// A rule in terms of gates is a function of its operands' shapes and types and of which of them take part; asking it
/// anew for each of a million multiplications costs more than all other passes of the compiler together. It is asked in
/// a small graph of its own, where every operand is another node, so that what it reads is never in doubt. Gates with a
/// kernel of their own are the user's, may do as they like, and are asked each time; so are a scan and its parts, whose
/// rules look at what is around them.
package struct RuleRecord {
  /// Which rule: backward from the upstream gradient, or forward from the operands' tangents.
  enum Rule { case pullback, pushforward }

  /// A value by number: the gate's operands, its result, the seeds (the upstream gradient, or the tangents of the
  /// operands that have one), the literals, then the rows' results.
  typealias Value = Int

  struct Row {
    let gate: GateID
    let signature: SignatureID
    let operands: [Value]
  }
  let literals: [NodeID]
  let rows: [Row]
  /// What the rule gives, where it gives something: the gradient of each operand, or the tangent of the result.
  let results: [Value?]

  /// The most operands of a gate whose rules are recorded.
  package static let mostOperands = 8  // Decisions/Rewriting.md

  /// Asks a rule about an application of a gate, and notes the answer in the numbers of `walk`'s graph.
  ///
  /// `isActive` has a bit for each operand that takes part: that a gradient is needed of, or that has a tangent.
  ///
  /// - Returns: `nil` where it can't be repeated: it is the user's, or made of more than gates and literals.
  init?(_ rule: Rule, of node: NodeID, _ isActive: UInt32, in walk: Differentiation) {
    let forward = walk.forward
    let inputs = forward.inputs(of: node)
    switch forward.traits(of: node).kernel.form {
    case .custom, .formula: guard forward.gate(of: node) is any RecordedGate else { return nil }
    case .scan, .scanPart, .structured(.ofAuthor, _): return nil
    default: break
    }
    guard inputs.count <= Self.mostOperands else { return nil }

    let sample = SampleApplication(of: node, in: forward, isForward: rule == .pushforward) {
      isActive >> UInt32($0) & 1 == 1
    }
    let results: [NodeID?]
    let given: Int
    switch rule {
    case .pullback:
      let upstream = sample.source(like: node, in: forward)
      given = sample.graph.nodeCount
      results = sample.walk.downstream(of: upstream, through: sample.result)
    case .pushforward:
      let tangents = zip(inputs, sample.isActive).map { $1 ? sample.source(like: $0, in: forward) : nil }
      given = sample.graph.nodeCount
      results = [sample.walk.tangent(of: sample.result, tangents)]
    }
    self.init(sample.graph.snapshot(), given: given, results, in: walk.graph)
  }

  /// The first `given` nodes of `sample` are the operands, the result and the seeds.
  private init?(_ state: GraphState, given: Int, _ results: [NodeID?], in graph: Graph) {
    let storage = state.storage
    guard state.poison.isEmpty else { return nil }
    let added = storage.nodes(from: given, leadingTo: results)
    let sources = added.filter { storage.traits(of: $0).source != nil }
    var values = [NodeID: Value]()
    for (value, node) in ((0..<given).map { NodeID($0) } + sources).enumerated() { values[node] = value }
    var literals: [NodeID] = []
    for node in sources {
      guard state.isLiteral(node), case .repeated(let value) = storage.constants[node] else { return nil }
      let type = storage.signature(of: node).elementType
      literals.append(graph.withState { $0.literal(value, type, at: .unknown) })
    }
    var rows: [Row] = []
    for node in added where storage.traits(of: node).source == nil {
      let signature = storage.signature(of: node)
      rows.append(
        Row(
          gate: graph.number(of: storage.gate(of: node)),
          signature: graph.withState { $0.storage.intern(signature.elementType, signature.shape) },
          operands: storage.inputs(of: node).map { values[$0]! }))
      values[node] = values.count
    }
    self.literals = literals
    self.rows = rows
    self.results = results.map { $0.map { values[$0]! } }
  }
}
