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

struct SignatureID: Hashable, Sendable, BitwiseCopyable {
  let index: UInt32
  static func scalar(_ type: ElementType) -> SignatureID { SignatureID(index: UInt32(type.rawValue)) }
  var isScalar: Bool { index < 3 }
  var isFloatingScalar: Bool { index < 2 }
}

struct GateID: Hashable, Sendable, BitwiseCopyable { let index: UInt32 }

/// A graph as columns: one row a node, inputs in compressed rows.
///
/// An edge always goes from a lower to a higher index, so the graph is acyclic by construction, walking it needs no
/// recursion, and releasing a million nodes releases a few hundred pages. It does not know values: those live in sessions.
struct GraphStorage: Sendable {
  private(set) var rows = SharedColumn<Row>()
  private(set) var inputColumn = SharedColumn<NodeID>()
  typealias Inputs = SharedColumn<NodeID>.SubSequence

  struct Row: BitwiseCopyable {
    let gate: GateID
    let signature: SignatureID
    /// Where the node's inputs end in the column of all inputs; they begin where those of the node before it end.
    let inputEnd: UInt32
  }

  private(set) var gates = GateTable()
  private(set) var signatures: [Signature] = ElementType.allCases.map { Signature(elementType: $0, shape: .scalar) }
  private var signatureNumbers: [Signature: SignatureID] = [:]

  /// The values of constants and the first values of parameters, by node.
  var constants: [NodeID: TensorValues] = [:]
  var initializers: [NodeID: Initializer] = [:]

  var count: Int { rows.count }

  init() {
    for (index, signature) in signatures.enumerated() {
      signatureNumbers[signature] = SignatureID(index: UInt32(index))
    }
  }

  /// No nodes, but the same gates and signatures under the same numbers: what a rewriting pass starts from.
  func emptyCopy() -> GraphStorage {
    var copy = GraphStorage()
    copy.gates = gates
    copy.signatures = signatures
    copy.signatureNumbers = signatureNumbers
    return copy
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
    rows.append(Row(gate: gate, signature: signature, inputEnd: UInt32(inputColumn.count)))
    return id
  }

  func isConstant(_ node: NodeID) -> Bool { brief(of: node).source == .constant }

  func isDifferentiable(_ signature: SignatureID) -> Bool { signatures[Int(signature.index)].elementType != .int32 }

  func inputRange(of node: NodeID) -> Range<Int> {
    (node.int == 0 ? 0 : Int(rows[node.int - 1].inputEnd))..<Int(rows[node.int].inputEnd)
  }
  func inputs(of node: NodeID) -> Inputs { inputColumn[inputRange(of: node)] }
  func gate(of node: NodeID) -> any Gate { gates[rows[node.int].gate] }
  func traits(of node: NodeID) -> GateTraits { gates.traits[Int(rows[node.int].gate.index)] }
  func brief(of node: NodeID) -> GateBrief { gates.traits[Int(rows[node.int].gate.index)].brief }
  func signature(of node: NodeID) -> Signature { signatures[Int(rows[node.int].signature.index)] }

  /// Every edge runs upwards, every number names a row of its table. Checked where internal checks are on.
  func _checkInvariants() {
    #if DEBUG
      precondition(Int(rows.last?.inputEnd ?? 0) == inputColumn.count)
      for index in 0..<count {
        let node = NodeID(index)
        precondition(rows[index].gate.index < gates.traits.count && rows[index].signature.index < signatures.count)
        precondition(inputRange(of: node).lowerBound <= inputRange(of: node).upperBound)
        for input in inputs(of: node) { precondition(input < node, "an edge runs from a lower to a higher index") }
      }
    #endif
  }
}

extension GraphStorage {
  /// The same graph with each of `nodes` (ascending) an application of `gate` to the one input given, under the index it
  /// has.
  func replacing(_ nodes: [(node: NodeID, x: NodeID)], gate: GateID) -> GraphStorage {
    var replacements = nodes[...]
    var result = self
    result.rows = SharedColumn()
    result.inputColumn = SharedColumn()
    for index in 0..<count {
      let signature = rows[index].signature
      if let next = replacements.first, next.node.int == index {
        replacements.removeFirst()
        _ = result.append(gate, signature, next.x, nil)
      } else {
        _ = result.append(rows[index].gate, signature, inputs: inputs(of: NodeID(index)))
      }
    }
    result._checkInvariants()
    return result
  }
}
