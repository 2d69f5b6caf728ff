/// One application of a gate within its graph: a typed 32-bit index.
struct NodeID: Hashable, Sendable, Comparable, BitwiseCopyable {
  let index: UInt32
  init(_ index: Int) { self.index = UInt32(index) }
  init(index: UInt32) { self.index = index }
  var int: Int { Int(index) }
  static func < (left: NodeID, right: NodeID) -> Bool { left.index < right.index }
}

/// An interned pair of element type and shape. The first three are the scalars.
struct Signature: Hashable, Sendable {
  let elementType: ElementType
  let shape: Shape
}

struct SignatureID: Hashable, Sendable {
  let index: UInt32
  static func scalar(_ type: ElementType) -> SignatureID { SignatureID(index: UInt32(type.rawValue)) }
  var isScalar: Bool { index < 3 }
  var isFloatingScalar: Bool { index < 2 }
}

struct GateID: Hashable, Sendable { let index: UInt32 }

/// A graph as arrays: one column a property, one row a node, inputs in compressed rows.
///
/// An edge always goes from a lower to a higher index, so the graph is acyclic by construction, walking it needs no
/// recursion, and releasing a million nodes releases a dozen arrays. It does not know values: those live in sessions.
struct GraphStorage: Sendable {
  private(set) var gateColumn: [GateID] = []
  private(set) var signatureColumn: [SignatureID] = []
  private(set) var inputEnds: [UInt32] = []
  private(set) var inputColumn: [NodeID] = []

  private(set) var gates = GateTable()
  private(set) var signatures: [Signature] = ElementType.allCases.map { Signature(elementType: $0, shape: .scalar) }
  private var signatureNumbers: [Signature: SignatureID] = [:]

  /// The values of constants and the first values of parameters, by node.
  var constants: [NodeID: TensorValues] = [:]
  var initializers: [NodeID: Initializer] = [:]

  var count: Int { gateColumn.count }

  init() {
    for (index, signature) in signatures.enumerated() {
      signatureNumbers[signature] = SignatureID(index: UInt32(index))
    }
  }

  /// No nodes, but the same gates and signatures under the same numbers: what a rewriting pass starts from.
  func emptyCopy(reserving count: Int) -> GraphStorage {
    var copy = GraphStorage()
    copy.gates = gates
    copy.signatures = signatures
    copy.signatureNumbers = signatureNumbers
    copy.gateColumn.reserveCapacity(count)
    copy.signatureColumn.reserveCapacity(count)
    copy.inputEnds.reserveCapacity(count)
    copy.inputColumn.reserveCapacity(2 * count)
    return copy
  }

  /// Makes room, so that adding `count` nodes to these moves none.
  mutating func reserve(_ count: Int) {
    gateColumn.reserveCapacity(self.count + count)
    signatureColumn.reserveCapacity(self.count + count)
    inputEnds.reserveCapacity(self.count + count)
    inputColumn.reserveCapacity(inputColumn.count + 2 * count)
  }

  mutating func intern(_ type: ElementType, _ shape: Shape) -> SignatureID {
    if shape.rank == 0 { return .scalar(type) }
    let signature = Signature(elementType: type, shape: shape)
    if let known = signatureNumbers[signature] { return known }
    let id = SignatureID(index: UInt32(signatures.count))
    signatures.append(signature)
    signatureNumbers[signature] = id
    return id
  }

  mutating func intern<G: Gate>(_ gate: G) -> GateID { gates.intern(gate) }

  /// Adds a node whose inputs all exist already.
  mutating func append(_ gate: GateID, _ signature: SignatureID, inputs: some Collection<NodeID>) -> NodeID {
    let id = NodeID(count)
    for input in inputs {
      assert(input < id, "an edge runs from a lower to a higher index")
      inputColumn.append(input)
    }
    return finish(id, gate, signature)
  }

  /// The same without a collection, for the gates of one or two operands that most graphs consist of.
  mutating func append(_ gate: GateID, _ signature: SignatureID, _ first: NodeID, _ second: NodeID?) -> NodeID {
    let id = NodeID(count)
    inputColumn.append(first)
    if let second { inputColumn.append(second) }
    return finish(id, gate, signature)
  }

  private mutating func finish(_ id: NodeID, _ gate: GateID, _ signature: SignatureID) -> NodeID {
    precondition(count < UInt32.max >> 2, "A graph holds at most 2^30 nodes")
    gateColumn.append(gate)
    signatureColumn.append(signature)
    inputEnds.append(UInt32(inputColumn.count))
    return id
  }

  func isConstant(_ node: NodeID) -> Bool { brief(of: node).source == .constant }

  func isDifferentiable(_ signature: SignatureID) -> Bool { signatures[Int(signature.index)].elementType != .int32 }

  func inputRange(of node: NodeID) -> Range<Int> {
    (node.int == 0 ? 0 : Int(inputEnds[node.int - 1]))..<Int(inputEnds[node.int])
  }
  func inputs(of node: NodeID) -> ArraySlice<NodeID> { inputColumn[inputRange(of: node)] }
  func gate(of node: NodeID) -> any Gate { gates[gateColumn[node.int]] }
  func traits(of node: NodeID) -> GateTraits { gates.traits[Int(gateColumn[node.int].index)] }
  func brief(of node: NodeID) -> GateBrief { gates.traits[Int(gateColumn[node.int].index)].brief }
  func signature(of node: NodeID) -> Signature { signatures[Int(signatureColumn[node.int].index)] }

  /// Every edge runs upwards, every number names a row of its table. Checked where internal checks are on.
  func _checkInvariants() {
    #if DEBUG
      precondition(gateColumn.count == signatureColumn.count && gateColumn.count == inputEnds.count)
      precondition(Int(inputEnds.last ?? 0) == inputColumn.count)
      for index in 0..<count {
        let node = NodeID(index)
        precondition(gateColumn[index].index < gates.traits.count && signatureColumn[index].index < signatures.count)
        precondition(inputRange(of: node).lowerBound <= inputRange(of: node).upperBound)
        for input in inputs(of: node) { precondition(input < node, "an edge runs from a lower to a higher index") }
      }
    #endif
  }
}

extension GraphStorage {
  /// Makes each of `rows` (ascending) a node of `gate` with the one input given, under the index it has.
  mutating func replaceRows(_ rows: [(node: NodeID, x: NodeID)], gate: GateID) {
    var replacements = rows[...]
    var ends: [UInt32] = []
    var inputs: [NodeID] = []
    ends.reserveCapacity(count)
    inputs.reserveCapacity(inputColumn.count)
    for index in 0..<count {
      if let next = replacements.first, next.node.int == index {
        replacements.removeFirst()
        gateColumn[index] = gate
        inputs.append(next.x)
      } else {
        inputs.append(contentsOf: self.inputs(of: NodeID(index)))
      }
      ends.append(UInt32(inputs.count))
    }
    inputEnds = ends
    inputColumn = inputs
    _checkInvariants()
  }
}
