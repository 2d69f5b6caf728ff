extension FormulaSearch {
  /// log(1 + eˣ), whose eˣ overflows where the result is x, and is lost beside 1 where the result is eˣ.
  func softplus(_ node: NodeID) -> Formula? {
    guard let sum = operand(of: node, if: gates.logarithm),
      let (_, exponential) = operands(of: sum, if: gates.add, with: 1),
      let x = operand(of: exponential, if: gates.exponential), haveSameSignature(node, x)
    else { return nil }
    return Formula(node, Softplus(), of: x, inner: [sum, exponential], givesValue: true)
  }
}
