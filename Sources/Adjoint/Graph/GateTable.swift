internal import Kernels

/// What the graph asks of a gate again and again, looked up once when the gate is interned.
struct GateTraits: Sendable {
  enum Source: Sendable { case input, parameter, constant }
  let name: String
  let kernel: Kernel
  /// Where the value comes from if no kernel computes it.
  var source: Source? { brief.source }
  let brief: GateBrief

  /// Asks the gate for its name and its kernel.
  init<G: Gate>(_ gate: G) {
    name = G.name
    kernel = gate.kernel
    var keepsSignature = false
    if case .elementwise = kernel.form { keepsSignature = true }
    let source: Source? =
      G.self == Input.self || G.self == ScanPlaceholder.self
      ? .input : G.self == Parameter.self ? .parameter : G.self == Constant.self ? .constant : nil
    brief = GateBrief(
      source: source, keepsSignature: keepsSignature, scalarOperation: ScalarOperation(kernel),
      scalarCost: CostModel.scalarGate(kernel))
  }
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

/// The type and the hash of a gate: all that a table of gates compares by itself. Whether two gates of one key are
/// equal only the gate's own code can say.
struct GateKey: Hashable, Sendable {
  private let type: ObjectIdentifier
  private let hash: Int

  /// Asks the gate for its hash.
  init<G: Gate>(_ gate: G) {
    type = ObjectIdentifier(G.self)
    hash = gate.hashValue
  }
}

/// The distinct gates of a graph, each under a number. Equal gates share one, so comparing numbers compares gates.
///
/// A gate may be a user's, whose code may ask the graph for something. ``intern(_:)`` runs that code, so a table behind
/// a graph's lock is filled step by step by ``Graph/number(of:)`` instead, which calls nothing of the gate's own while
/// it holds the lock.
struct GateTable: Sendable {
  private var gates: [any Gate] = []
  private(set) var traits: [GateTraits] = []
  /// The same in brief: rows of a few bytes.
  private(set) var briefs: [GateBrief] = []
  private var plain: [ObjectIdentifier: GateID] = [:]
  /// The gates with parameters: the newest of each key, and for each gate the one of its key before it.
  private var newestOfKey: [GateKey: GateID] = [:]
  private var olderOfKey: [GateID?] = []
  /// The last gates asked for, by the address of their type: hashing it into `plain` costs as much as adding a node.
  private var recent = [Recent](repeating: Recent(type: nil, id: GateID(index: 0)), count: 32)  // Decisions/Memory.md
  private struct Recent {
    let type: ObjectIdentifier?
    let id: GateID
  }

  subscript(id: GateID) -> any Gate { gates[Int(id.index)] }

  /// The number of a gate, which is added if the table has no equal one. Runs code of the gate's own.
  mutating func intern<G: Gate>(_ gate: G) -> GateID {
    if MemoryLayout<G>.size == 0 { return plainNumber(of: G.self) ?? add(plain: gate, GateTraits(gate)) }
    let key = GateKey(gate)
    let newest = newest(key)
    var known = newest
    while let candidate = known {
      if self[candidate] as? G == gate { return candidate }
      known = older(than: candidate)
    }
    return add(gate, key, GateTraits(gate), after: newest)!
  }

  /// Whether the graph has a gate of this type, whatever its parameters.
  func hasAny<G: Gate>(_: G.Type) -> Bool { gates.contains { $0 is G } }

  /// Whether the graph has any node that folds whole axes.
  var hasAnyReduction: Bool { gates.contains { $0 is any ReductionGate } }

  /// The number of a gate without parameters, if the graph has any node of it.
  func number<G: Gate>(of gate: G.Type) -> GateID? { plain[ObjectIdentifier(gate)] }

  // MARK: without the gate's own code

  /// The number of a gate without parameters, if the table has it.
  @inline(__always)
  mutating func plainNumber<G: Gate>(of gate: G.Type) -> GateID? {
    let type = ObjectIdentifier(gate)
    let seat = Int(UInt(bitPattern: type) >> 4 % 32)
    if recent[seat].type == type { return recent[seat].id }
    guard let id = plain[type] else { return nil }
    recent[seat] = Recent(type: type, id: id)
    return id
  }

  /// Adds a gate without parameters, unless the table has it.
  mutating func add<G: Gate>(plain gate: G, _ traits: GateTraits) -> GateID {
    if let known = plainNumber(of: G.self) { return known }
    let id = append(gate, traits, older: nil)
    plain[ObjectIdentifier(G.self)] = id
    return id
  }

  /// The gate added last of those of a key.
  func newest(_ key: GateKey) -> GateID? { newestOfKey[key] }

  /// The gate of the same key that was added before `gate`.
  func older(than gate: GateID) -> GateID? { olderOfKey[Int(gate.index)] }

  /// Adds a gate that differs from all of its key up to `newest`; `nil` if there are newer ones to compare it with.
  mutating func add(_ gate: some Gate, _ key: GateKey, _ traits: GateTraits, after newest: GateID?) -> GateID? {
    guard newestOfKey[key] == newest else { return nil }
    let id = append(gate, traits, older: newest)
    newestOfKey[key] = id
    return id
  }

  private mutating func append(_ gate: any Gate, _ traits: GateTraits, older: GateID?) -> GateID {
    gates.append(gate)
    self.traits.append(traits)
    briefs.append(traits.brief)
    olderOfKey.append(older)
    return GateID(index: UInt32(gates.count - 1))
  }
}
