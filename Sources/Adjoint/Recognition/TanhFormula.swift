extension FormulaSearch {
  /// tanh in exponentials: (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), (e²ˣ − 1) / (e²ˣ + 1) and (1 − e⁻²ˣ) / (1 + e⁻²ˣ), whose parts
  /// overflow.
  func tanh(_ node: NodeID) -> Formula? {
    guard let (above, below) = operands(of: node, if: gates.divide),
      let (a, b) = operands(of: above, if: gates.subtract), let (c, d) = operands(of: below, if: gates.add),
      let copies = nodes(of: c, d, like: a, b) ?? nodes(of: d, c, like: a, b), let x = halfDifference(a, b),
      haveSameSignature(node, x.node)
    else { return nil }
    return Formula(node, Tanh(), of: x.node, inner: [above, below, a, b] + copies + x.inner, givesValue: true)
  }

  private func nodes(of c: NodeID, _ d: NodeID, like a: NodeID, _ b: NodeID) -> [NodeID]? {
    guard let first = areOne(a, c) ? [] : nodes(of: c, like: a), let second = areOne(b, d) ? [] : nodes(of: d, like: b)
    else { return nil }
    return first + second
  }

  private func areOne(_ a: NodeID, _ b: NodeID) -> Bool { number(a) == 1 && number(b) == 1 }

  /// x, if a / b = e²ˣ, and the nodes between.
  private func halfDifference(_ a: NodeID, _ b: NodeID) -> (node: NodeID, inner: [NodeID])? {
    let (above, below) = (operand(of: a, if: gates.exponential), operand(of: b, if: gates.exponential))
    switch (above, below) {
    case (let x?, let t?):
      guard let opposite = negated(t), let copies = nodes(of: opposite, like: x) else { return nil }
      return (x, [t] + copies)
    case (let t?, nil): return number(b) == 1 ? half(t).map { ($0, [t]) } : nil
    case (nil, let t?):
      guard number(a) == 1 else { return nil }
      if let (_, x) = operands(of: t, if: gates.multiply, with: -2) { return (x, [t]) }
      return negated(t).flatMap { doubled in half(doubled).map { ($0, [t, doubled]) } }
    case (nil, nil): return nil
    }
  }

  /// x, if `node` is 2x.
  private func half(_ node: NodeID) -> NodeID? {
    if let (_, x) = operands(of: node, if: gates.multiply, with: 2) { return x }
    return operands(of: node, if: gates.add).flatMap { $0 == $1 ? $0 : nil }
  }
}
