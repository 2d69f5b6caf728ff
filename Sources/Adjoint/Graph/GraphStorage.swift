internal import DependencyScheduling
internal import Kernels

/// One application of a gate within its graph: a typed 32-bit index.
package struct NodeID: Hashable, Sendable, Comparable, BitwiseCopyable {
  let index: UInt32
  package init(_ index: Int) { self.index = UInt32(index) }
  init(index: UInt32) { self.index = index }
  package var int: Int { Int(index) }
  package static func < (left: NodeID, right: NodeID) -> Bool { left.index < right.index }
}

/// What a value is, apart from its elements.
public struct Signature: Hashable, Sendable {
  /// The number format of each element.
  public let elementType: ElementType
  /// The extents, counted in elements.
  public let shape: Shape

  package init(elementType: ElementType, shape: Shape) { (self.elementType, self.shape) = (elementType, shape) }
}

/// An interned signature. The first ones are the scalars, one of each type; of these those of types with arithmetic.
struct SignatureID: Hashable, Sendable, BitwiseCopyable {
  let index: UInt32
  static func scalar(_ type: ElementType) -> SignatureID { SignatureID(index: UInt32(type.rawValue)) }
  var isScalar: Bool { Int(index) < Int(ADJ_TYPE_COUNT) }
  var isArithmeticScalar: Bool { Int(index) < Int(ADJ_ARITHMETIC_TYPE_COUNT) }
}

struct GateID: Hashable, Sendable, BitwiseCopyable { let index: UInt32 }

extension NodeID: CustomStringConvertible {
  /// `node 7`.
  package var description: String { "node \(index)" }
}

extension Signature: CustomStringConvertible {
  /// `[2, 3] float32`.
  public var description: String { "\(shape) \(elementType)" }
}

extension SignatureID: CustomStringConvertible {
  /// `signature 3`, and of a scalar its type: `float64`.
  var description: String { isScalar ? "\(ElementType(rawValue: UInt8(index))!)" : "signature \(index)" }
}

extension GateID: CustomStringConvertible {
  /// `gate 3`.
  var description: String { "gate \(index)" }
}

/// A graph as a column of nodes.
///
/// An edge always goes from a lower to a higher index, so the graph is acyclic by construction, walking it needs no
/// recursion, and releasing a million nodes releases a few hundred pages. It does not know values: those live in
/// sessions.
struct GraphStorage: Sendable {
  private(set) var rows = SharedColumn<NodeRow>()
  /// The inputs of the nodes that have more than two.
  private var longInputs = SharedColumn<NodeID>()

  var gates = GateTable()
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

  /// The first `count` nodes, in the same memory, and all gates and signatures under the same numbers: what a rewriting
  /// pass starts from.
  ///
  /// - Complexity: O(constants and parameters), and a few words for each 64 KiB of nodes.
  func copy(ofFirst count: Int) -> GraphStorage {
    var copy = self
    copy.rows = rows.first(count)
    if count == 0 { copy.longInputs = SharedColumn() }
    copy.constants = constants.filter { $0.key.int < count }
    copy.initializers = initializers.filter { $0.key.int < count }
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
    if inputs.count == 2 { return append(gate, signature, inputs.first!, inputs.dropFirst().first) }
    if inputs.count < 2 { return append(gate, signature, inputs.first, nil) }
    let start = longInputs.count
    for input in inputs { longInputs.append(input) }
    return append(NodeRow(gate, signature, longInputs: start, count: inputs.count))
  }

  /// The same with more than two inputs, out of a column that is used again and again.
  mutating func append(_ gate: GateID, _ signature: SignatureID, long inputs: borrowing Column<NodeID>) -> NodeID {
    let start = longInputs.count
    for position in 0..<inputs.count { longInputs.append(inputs[position]) }
    return append(NodeRow(gate, signature, longInputs: start, count: inputs.count))
  }

  /// The same without a collection, for the gates of one or two operands that most graphs consist of.
  @inline(__always)
  mutating func append(_ gate: GateID, _ signature: SignatureID, _ first: NodeID?, _ second: NodeID?) -> NodeID {
    append(NodeRow(gate, signature, first, second))
  }

  /// The same for a row of at most two inputs.
  @inline(__always)
  mutating func append(_ row: NodeRow) -> NodeID {
    let id = NodeID(index: UInt32(truncatingIfNeeded: count))
    demand(count < NodeRow.mostNodes, "A graph holds at most 2^30 nodes")
    rows.append(row)
    forEachInput(of: id) { assert($0 < id, "an edge runs from a lower to a higher index") }
    return id
  }

  /// Puts another row of at most two inputs in the place of a node's.
  mutating func replace(_ node: NodeID, by row: NodeRow) { rows.replace(at: node.int, by: row) }

  /// Has a node of more than two inputs read as many others.
  mutating func replace(inputsOf node: NodeID, by inputs: borrowing Column<NodeID>) {
    let start = rows[node.int].longStart
    for position in 0..<inputs.count { longInputs.replace(at: start + position, by: inputs[position]) }
  }

  /// Leaves nothing of a node but its number.
  mutating func drop(_ node: NodeID) {
    replace(node, by: NodeRow(intern(Dropped()), .scalar(.int32), nil, nil))
  }

  func isConstant(_ node: NodeID) -> Bool { brief(of: node).source == .constant }

  func hasArithmetic(_ signature: SignatureID) -> Bool { signatures[Int(signature.index)].elementType.hasArithmetic }

  @inline(__always)
  func inputCount(of node: NodeID) -> Int { rows[node.int].inputCount }

  @inline(__always)
  func input(_ position: Int, of node: NodeID) -> NodeID {
    let row = rows[node.int]
    return row.isLong ? longInputs[row.longStart + position] : row.input(position)
  }

  /// Calls `body` with each input in the gate's order.
  @inline(__always)
  func forEachInput(of node: NodeID, _ body: (NodeID) -> Void) {
    let row = rows[node.int]
    if row.isLong {
      for position in row.longStart..<row.longStart + row.inputCount { body(longInputs[position]) }
    } else if row.inputCount > 0 {
      body(row.input(0))
      if row.inputCount > 1 { body(row.input(1)) }
    }
  }

  /// The inputs as a collection, for passes that look at few nodes.
  func inputs(of node: NodeID) -> Inputs {
    let row = rows[node.int]
    return Inputs(row: row, longInputs: row.isLong ? longInputs : nil)
  }

  struct Inputs: RandomAccessCollection {
    fileprivate let row: NodeRow
    fileprivate let longInputs: SharedColumn<NodeID>?
    var startIndex: Int { 0 }
    var endIndex: Int { row.inputCount }
    subscript(position: Int) -> NodeID {
      if let longInputs { longInputs[row.longStart + position] } else { row.input(position) }
    }
  }

  func gate(of node: NodeID) -> any Gate { gates[rows[node.int].gate] }
  func traits(of node: NodeID) -> GateTraits { gates.traits[Int(rows[node.int].gate.index)] }
  func brief(of node: NodeID) -> GateBrief { gates.briefs[Int(rows[node.int].gate.index)] }
  func signature(of node: NodeID) -> Signature { signatures[Int(rows[node.int].signature.index)] }

  /// Every edge runs upwards, every number names a row of its table. Checked where internal checks are on.
  func _checkInvariants() {
    #if DEBUG
      for index in 0..<count {
        let node = NodeID(index)
        precondition(rows[index].gate.index < gates.traits.count && rows[index].signature.index < signatures.count)
        forEachInput(of: node) { precondition($0 < node, "an edge runs from a lower to a higher index") }
      }
    #endif
  }
}
