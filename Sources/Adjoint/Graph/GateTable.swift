internal import Kernels

/// What the graph asks of a gate again and again, looked up once when the gate is interned.
struct GateTraits: Sendable {
  enum Source: Sendable { case input, parameter, constant }
  let name: String
  let kernel: Kernel
  /// Where the value comes from if no kernel computes it.
  var source: Source? { brief.source }
  let brief: GateBrief
}

/// What passes ask of each of a million nodes: the traits without anything that is counted when copied.
struct GateBrief: Sendable {
  let source: GateTraits.Source?
  /// Whether equal operands' signature is the result's, so that the shape rule need not be asked. A scalar result has
  /// scalar operands of its type.
  let keepsSignature: Bool
  /// What the machine for scalars does for the gate, if it can do it.
  let scalarOperation: ScalarOperation?
  /// What a scalar costs.
  let scalarCost: Float
}

/// The distinct gates of a graph, each under a number. Equal gates share one, so comparing numbers compares gates.
struct GateTable: Sendable {
  private var gates: [any Gate] = []
  private(set) var traits: [GateTraits] = []
  /// The same in brief: rows of a few bytes.
  private(set) var briefs: [GateBrief] = []
  private var plain: [ObjectIdentifier: GateID] = [:]
  private var parameterised: [AnyGate: GateID] = [:]
  /// The last gates asked for, by the address of their type: hashing it into `plain` costs as much as adding a node.
  private var recent = [Recent](repeating: Recent(type: nil, id: GateID(index: 0)), count: 32)
  private struct Recent {
    let type: ObjectIdentifier?
    let id: GateID
  }

  subscript(id: GateID) -> any Gate { gates[Int(id.index)] }

  mutating func intern<G: Gate>(_ gate: G) -> GateID {
    if MemoryLayout<G>.size == 0 {
      let type = ObjectIdentifier(G.self)
      let seat = UInt(bitPattern: type) >> 4 % 32
      if recent[Int(seat)].type == type { return recent[Int(seat)].id }
      let id = plain[type] ?? add(gate)
      plain[type] = id
      recent[Int(seat)] = Recent(type: type, id: id)
      return id
    }
    if let known = parameterised[AnyGate(gate: gate)] { return known }
    let id = add(gate)
    parameterised[AnyGate(gate: gate)] = id
    return id
  }

  /// Whether the graph has a gate of this type, whatever its parameters.
  func hasAny<G: Gate>(_: G.Type) -> Bool { gates.contains { $0 is G } }

  /// Whether the graph has any node that folds whole axes.
  var hasAnyReduction: Bool { gates.contains { $0 is any ReductionGate } }

  /// The number of a gate without parameters, if the graph has any node of it.
  func number<G: Gate>(of gate: G.Type) -> GateID? { plain[ObjectIdentifier(gate)] }

  private mutating func add<G: Gate>(_ gate: G) -> GateID {
    gates.append(gate)
    let kernel = gate.kernel
    var keepsSignature = false
    if case .elementwise = kernel.form { keepsSignature = true }
    let source: GateTraits.Source? =
      G.self == Input.self || G.self == ScanPlaceholder.self
      ? .input : G.self == Parameter.self ? .parameter : G.self == Constant.self ? .constant : nil
    let brief = GateBrief(
      source: source, keepsSignature: keepsSignature, scalarOperation: ScalarOperation(kernel),
      scalarCost: CostModel.scalarGate(kernel))
    briefs.append(brief)
    traits.append(
      GateTraits(name: G.name, kernel: kernel, brief: brief))
    return GateID(index: UInt32(gates.count - 1))
  }

  private struct AnyGate: Hashable {
    let gate: any Gate
    static func == (left: AnyGate, right: AnyGate) -> Bool {
      func same<G: Gate>(_ gate: G) -> Bool { (right.gate as? G) == gate }
      return same(left.gate)
    }
    func hash(into hasher: inout Hasher) {
      hasher.combine(ObjectIdentifier(type(of: gate)))
      gate.hash(into: &hasher)
    }
  }
}
