extension FormulaSearch {
  /// The sigmoid, and a quotient by 1 + eᵗ, in any spelling: `1 / (1 + exp(-x))`, `exp(x) / (1 + exp(x))`,
  /// `pow(1 + exp(-x), -1)`, `a / (exp(t) + 1)`.
  ///
  /// As written, eᵗ overflows, and in the slope −y / (1 + eᵗ) · eᵗ the first factor is 0 long before the product is.
  /// The textbook groups these gates into one because its slope σ (1 − σ) needs no more than σ.
  func sigmoid(_ node: NodeID) -> Formula? {
    guard let (numerator, sum) = quotient(node), let (one, exponential) = operands(of: sum, if: gates.add, with: 1),
      let t = operand(of: exponential, if: gates.exponential)
    else { return reciprocalSigmoid(node) }
    var inner = [sum, exponential]
    guard let numerator else {  // pow(1 + exp(t), -1)
      return reflected(node, of: t, one, inner)
    }
    if let copies = nodes(of: numerator, like: exponential) {
      inner += copies
      return haveSameSignature(node, t) ? Formula(node, Sigmoid(), of: t, inner: inner, givesValue: true) : nil
    }
    if number(numerator) == 1 { return reflected(node, of: t, numerator, inner) }
    return Formula(node, LogisticQuotient(), of: numerator, t, inner: inner, givesValue: false).ifShapesFit(in: storage)
  }

  /// 1 / (1 + eᵗ): the sigmoid of x where t is −x.
  private func reflected(_ node: NodeID, of t: NodeID, _ one: NodeID, _ inner: [NodeID]) -> Formula? {
    if let x = negated(t), haveSameSignature(node, x) {
      return Formula(node, Sigmoid(), of: x, inner: inner + [t], givesValue: true)
    }
    return Formula(node, LogisticQuotient(), of: one, t, inner: inner, givesValue: false).ifShapesFit(in: storage)
  }

  /// 1 / (1 + 1 / eˣ).
  private func reciprocalSigmoid(_ node: NodeID) -> Formula? {
    guard let (numerator, sum) = quotient(node), numerator.map({ number($0) == 1 }) ?? true,
      let (_, reciprocal) = operands(of: sum, if: gates.add, with: 1),
      let (above, exponential) = quotient(reciprocal), above.map({ number($0) == 1 }) ?? true,
      let x = operand(of: exponential, if: gates.exponential), haveSameSignature(node, x)
    else { return nil }
    return Formula(node, Sigmoid(), of: x, inner: [sum, reciprocal, exponential], givesValue: true)
  }

  /// Numerator and divisor of a quotient; no numerator where it is a power of −1.
  private func quotient(_ node: NodeID) -> (numerator: NodeID?, divisor: NodeID)? {
    if let (numerator, divisor) = operands(of: node, if: gates.divide) { return (numerator, divisor) }
    if let (base, exponent) = operands(of: node, if: gates.power), number(exponent) == -1 { return (nil, base) }
    return nil
  }
}

extension Formula {
  /// This formula, if its gate gives what its last node does: an operand between may have a larger shape than its own.
  fileprivate func ifShapesFit(in storage: GraphStorage) -> Formula? {
    let shapes = operands.map { storage.signature(of: $0).shape }
    return (try? gate.shape(shapes)) == storage.signature(of: node).shape ? self : nil
  }
}
