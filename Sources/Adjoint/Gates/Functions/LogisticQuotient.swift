/// Logistic quotient: y = a / (1 + eᵗ) = a σ(−t).   ā = ȳ · σ(−t),  t̄ = −ȳ · a σ′(t), and 0 where a factor is 0.
///
/// It is what such a quotient is recognised as when it is differentiated; the quotient as written computes the value.
struct LogisticQuotient: ElementwiseGate, RecordedGate, SampledGate {
  static let name = "logisticQuotient"
  func value(_ x: ElementOperands) -> Double { x[0] * Sigmoid.logistic(-x[1]) }

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    return try .broadcast(inputs[0], inputs[1])
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (a, t) = (node.inputs[0], node.inputs[1])
    return [
      node.needsGradient(0) ? downstream(upstream, sigmoid(-t)) : nil,
      node.needsGradient(1) ? -mutualProduct(upstream, mutualProduct(a, sigmoidSlope(t))) : nil,
    ]
  }

  static let samples = [
    GateSample(LogisticQuotient(), .uniform([2, 3]), .uniform([2, 3])),
    GateSample(LogisticQuotient(), .uniform([]), .uniform([3])),
  ]
}
