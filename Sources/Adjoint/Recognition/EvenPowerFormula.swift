internal import Kernels

extension FormulaSearch {
  /// The square of an absolute value, of a norm, or of the root of a sum of squares, in any spelling, and an even power
  /// of an absolute value: smooth, where what is squared has a kink and so a second derivative of its own that is not
  /// the square's.
  func evenPower(_ node: NodeID) -> Formula? {
    guard let (base, inner, exponent) = evenPowerOperand(node) else { return nil }
    if let x = operand(of: base, if: gates.absolute) {
      guard let exponent else { return Formula(node, Square(), of: x, inner: inner, givesValue: false) }
      return Formula(node, Power(), of: x, exponent, inner: inner, givesValue: false)
    }
    guard exponent.map({ number($0) == 2 }) ?? true else { return nil }
    if let norm = norm(base) {
      return Formula(
        node, SquaredNorm(axes: norm.axes, keepsAxes: norm.keepsAxes), of: storage.input(0, of: base), inner: inner,
        givesValue: false)
    }
    if let sum = operand(of: base, if: gates.squareRoot), isSumOfSquares(sum), haveSameSignature(node, sum) {
      return Formula(node, Reshape(storage.signature(of: sum).shape), of: sum, inner: inner, givesValue: false)
    }
    return nil
  }

  /// The gate of `node`, if it is a norm.
  private func norm(_ node: NodeID) -> EuclideanNorm? {
    gates.hasNorms ? storage.gate(of: node) as? EuclideanNorm : nil
  }

  /// What is squared, as one node and all nodes that are the same; or what is raised to an even number, with that.
  private func evenPowerOperand(_ node: NodeID) -> (base: NodeID, all: [NodeID], exponent: NodeID?)? {
    if let x = operand(of: node, if: gates.square) { return (x, [x], nil) }
    if let (a, b) = operands(of: node, if: gates.multiply) {
      let gate = storage.rows[a.int].gate
      guard gate == gates.absolute || gate == gates.squareRoot || norm(a) != nil else {
        return nil
      }
      return nodes(of: b, like: a).map { (a, [a] + $0, nil) }
    }
    guard let (base, exponent) = operands(of: node, if: gates.power), haveSameSignature(node, base),
      let number = number(exponent), number > 0, number.truncatingRemainder(dividingBy: 2) == 0
    else { return nil }
    return (base, [base], exponent)
  }

  /// How deep a sum of squares is looked into.
  private static let deepestSum = 8  // Decisions/Rewriting.md

  /// Whether `node` is a square, or a sum or mean of such, or one times a number that is not negative.
  private func isSumOfSquares(_ node: NodeID, depth: Int = deepestSum) -> Bool {
    guard depth > 0 else { return false }
    func isOfSquares(_ node: NodeID) -> Bool { isSumOfSquares(node, depth: depth - 1) }
    func isWeight(_ node: NodeID) -> Bool { number(node).map { $0 >= 0 && $0 < .infinity } ?? false }
    if operand(of: node, if: gates.square) != nil { return true }
    if let (a, b) = operands(of: node, if: gates.multiply) {
      return nodes(of: a, like: b) != nil || isWeight(a) && isOfSquares(b) || isWeight(b) && isOfSquares(a)
    }
    if let (a, b) = operands(of: node, if: gates.divide) { return isOfSquares(a) && isWeight(b) }
    if let (_, exponent) = operands(of: node, if: gates.power) {
      return number(exponent).map { $0 > 0 && $0.truncatingRemainder(dividingBy: 2) == 0 } ?? false
    }
    if let (a, b) = operands(of: node, if: gates.add) {
      return (isOfSquares(a) || isWeight(a)) && (isOfSquares(b) || isWeight(b))
    }
    switch storage.traits(of: node).kernel.form {
    case .reduce(.meanSquare, _): return true
    case .alias, .broadcast, .reduce(.sum, _), .reduce(.mean, _): return isOfSquares(storage.input(0, of: node))
    default: return false
    }
  }
}
