internal import Kernels

/// Bell: y = e^(−x² / 2), the normal distribution's density but for its factor.   x̄ = −ȳ · x y, and 0 where y is 0, x
/// being infinite or not.
struct Bell: ElementwiseGate, SampledGate {
  static let name = "bell"
  func value(_ x: ElementOperands) -> Double {
    guard x[0].magnitude < 40 else { return x[0].isNaN ? x[0] : 0 }
    // x² / 2 rounds to an error of e^−x² / 2 that grows with x²: its high part is exact, and the rest is small.
    let high = Double(Float(x[0]))
    return Libm.exp(-0.5 * high * high) * Libm.exp(0.5 * (high - x[0]) * (high + x[0]))
  }
  var kernel: Kernel { Kernel(.elementwise(.bell)) }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [-mutualProduct(upstream, mutualProduct(node.output, node.inputs[0]))]
  }

  static let samples = [
    GateSample(Bell(), .uniform([2, 3])),
    GateSample(Bell(), .uniform([])),
  ]
}

/// Distribution function of the normal distribution: y = Φ(x) = erfc(−x / √2) / 2.   x̄ = ȳ · e^(−x² / 2) / √(2π), and
/// 0 where either factor is 0.
///
/// (1 + erf(x / √2)) / 2 is the same and rounds to 0 below −5.5 in float32, where Φ is 2 · 10⁻⁸.
struct NormalDistribution: ElementwiseGate, SampledGate {
  static let name = "normalDistribution"
  static let symbol = "Φ"
  func value(_ x: ElementOperands) -> Double {
    let x = x[0]
    guard x.magnitude < 40 else { return x > 0 ? 1 : x < 0 ? 0 : x }
    // -x / √2 rounds: what is lost changes the result by its product with the slope.
    let (root, rest) = (0.5.squareRoot(), -4.833646656726485e-17)
    let z = -root * x
    let lost = (-z).addingProduct(-root, x) - rest * x
    return 0.5 * Libm.erfc(z) - Libm.exp(-z * z) / Double.pi.squareRoot() * lost
  }
  var kernel: Kernel { Kernel(.elementwise(.normalDistribution)) }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [mutualProduct(upstream, bell(node.inputs[0]) * (0.5 / Double.pi).squareRoot())]
  }

  static let samples = [
    GateSample(NormalDistribution(), .uniform([2, 3])),
    GateSample(NormalDistribution(), .uniform([])),
  ]
}

/// What published networks compute in place of Φ: y = q(x) = σ(t(x)), t(x) = 2√(2/π) (x + 0.044715 x³).
/// x̄ = ȳ · q(x) q(−x) t′(x), and 0 where a factor is 0.
///
/// It is (1 + tanh(t / 2)) / 2, which rounds to 0 where q does not.
struct TanhNormalDistribution: ElementwiseGate, SampledGate {
  static let name = "tanhNormalDistribution"
  static let symbol = "Φ"
  private static let scale = 2 * (2 / Double.pi).squareRoot(), cubic = 0.044715
  func value(_ x: ElementOperands) -> Double {
    Sigmoid.logistic(Self.scale * (x[0] + Self.cubic * (x[0] * x[0] * x[0])))
  }
  var kernel: Kernel { Kernel(.elementwise(.tanhNormalDistribution)) }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let x = node.inputs[0]
    let reflected = x.graph.apply(TanhNormalDistribution(), to: [-x])
    let inner = square(x) * (3 * Self.scale * Self.cubic) + Self.scale
    return [mutualProduct(upstream, mutualProduct(mutualProduct(node.output, reflected), inner))]
  }

  static let samples = [
    GateSample(TanhNormalDistribution(), .uniform([2, 3])),
    GateSample(TanhNormalDistribution(), .uniform([])),
  ]
}

/// e^(−x² / 2), elementwise.
func bell(_ x: Node) -> Node { x.graph.apply(Bell(), to: [x]) }

extension Bell: StatedAccuracy {
  /// A derivative is x times the bell, which has lost digits below the normal numbers, once for each order.
  package static func accuracyBound(at x: [Double], order: Int) -> AccuracyBound {
    .magnified(by: x[0].magnitude, order)
  }
}

extension TanhNormalDistribution: StatedAccuracy {
  /// A derivative is t′ ≈ x² / 5 times the distribution, which has lost digits below the normal numbers, once for each
  /// order.
  package static func accuracyBound(at x: [Double], order: Int) -> AccuracyBound { .magnified(by: x[0] * x[0], order) }
}

extension AccuracyBound {
  fileprivate static func magnified(by factor: Double, _ order: Int) -> AccuracyBound {
    AccuracyBound(subnormals: (0..<order).reduce(4.0) { bound, _ in bound * (factor.isFinite ? max(1, factor) : 1) })
  }
}
