/// Looks at a graph for formulas. Each kind has a file of its own, with an extension of this.
struct FormulaSearch {
  let storage: GraphStorage
  let gates: Gates

  /// The numbers of the gates that formulas are made of, where the graph has them.
  struct Gates {
    let add, subtract, multiply, divide, negate: GateID
    let exponential, logarithm, power, square, squareRoot, absolute, logSumExp: GateID
    /// Whether the graph has Euclidean norms, of whatever axes.
    let hasNorms: Bool
    /// In place of the number of a gate that the graph lacks.
    fileprivate static let none = GateID(index: .max)

    init(_ table: GateTable) {
      func number(of gate: (some Gate).Type) -> GateID { table.number(of: gate) ?? Self.none }
      (add, subtract) = (number(of: Add.self), number(of: Subtract.self))
      (multiply, divide) = (number(of: Multiply.self), number(of: Divide.self))
      negate = number(of: Negate.self)
      (exponential, logarithm) = (number(of: Exponential.self), number(of: Logarithm.self))
      (power, square) = (number(of: Power.self), number(of: Square.self))
      (squareRoot, absolute) = (number(of: SquareRoot.self), number(of: Absolute.self))
      logSumExp = number(of: LogSumExp.self)
      hasNorms = table.hasAny(EuclideanNorm.self)
    }

    /// Whether a graph of these can have a formula.
    fileprivate var areEnough: Bool {
      func any(_ gates: GateID...) -> Bool { gates.contains { $0 != Self.none } }
      return any(exponential) && any(add) && any(divide, power, logarithm)
        || (any(squareRoot, absolute) || hasNorms) && any(square, multiply, power)
        || any(logSumExp) && any(subtract)
    }
  }

  /// `nil` if the graph cannot have a formula.
  init?(_ storage: GraphStorage) {
    self.storage = storage
    gates = Gates(storage.gates)
    guard gates.areEnough else { return nil }
  }

  /// The formula whose last node this is.
  @inline(__always)
  func formula(endingWith node: NodeID) -> Formula? {
    let gate = storage.rows[node.int].gate
    if gate == gates.divide { return tanh(node) ?? sigmoid(node) }
    if gate == gates.power { return sigmoid(node) ?? evenPower(node) }
    if gate == gates.logarithm { return softplus(node) }
    if gate == gates.subtract { return logProbability(node) }
    if gate == gates.square || gate == gates.multiply { return evenPower(node) }
    return nil
  }

  // MARK: reading a graph

  /// The operand of `node`, if it is an application of `gate` to one.
  func operand(of node: NodeID, if gate: GateID) -> NodeID? {
    let row = storage.rows[node.int]
    return row.gate == gate && row.inputCount == 1 ? row.input(0) : nil
  }

  /// The operands of `node`, if it is an application of `gate` to two.
  func operands(of node: NodeID, if gate: GateID) -> (first: NodeID, second: NodeID)? {
    let row = storage.rows[node.int]
    return row.gate == gate && row.inputCount == 2 ? (row.input(0), row.input(1)) : nil
  }

  /// The one number that all elements of `node` are: of a constant, or of one that is repeated.
  func number(_ node: NodeID) -> Double? {
    if let values = storage.constants[node] { return values.commonNumber }
    switch storage.traits(of: node).kernel.form {
    case .alias, .broadcast: return number(storage.input(0, of: node))
    default: return nil
    }
  }

  /// The operands of a sum or a product, the number first, if one of the two is `wanted` everywhere.
  func operands(of node: NodeID, if gate: GateID, with wanted: Double) -> (number: NodeID, other: NodeID)? {
    guard let (first, second) = operands(of: node, if: gate) else { return nil }
    if number(first) == wanted { return (first, second) }
    return number(second) == wanted ? (second, first) : nil
  }

  /// x, if `node` is −x in any spelling.
  func negated(_ node: NodeID) -> NodeID? {
    if let x = operand(of: node, if: gates.negate) { return x }
    if let (_, x) = operands(of: node, if: gates.multiply, with: -1) { return x }
    if let (zero, x) = operands(of: node, if: gates.subtract), number(zero) == 0 { return x }
    if let (x, divisor) = operands(of: node, if: gates.divide), number(divisor) == -1 { return x }
    return nil
  }

  /// How deep two formulas are compared.
  private static let deepestComparison = 6  // Decisions/Rewriting.md

  /// The nodes that only one of `copy` and `node` is made of, if both are one node or made alike from the same nodes.
  func nodes(of copy: NodeID, like node: NodeID, depth: Int = deepestComparison) -> [NodeID]? {
    if copy == node { return [] }
    let (left, right) = (storage.rows[copy.int], storage.rows[node.int])
    guard depth > 0, left.gate == right.gate, left.signature == right.signature, left.inputCount > 0,
      left.inputCount == right.inputCount
    else { return nil }
    var nodes = [copy, node]
    for position in 0..<left.inputCount {
      let (input, counterpart) = (storage.input(position, of: copy), storage.input(position, of: node))
      guard let more = self.nodes(of: input, like: counterpart, depth: depth - 1) else { return nil }
      nodes += more
    }
    return nodes
  }

  func haveSameSignature(_ a: NodeID, _ b: NodeID) -> Bool {
    storage.rows[a.int].signature == storage.rows[b.int].signature
  }
}
