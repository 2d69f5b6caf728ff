package import Adjoint

/// An elementwise gate, or a function composed of them, and the formula that it is judged by.
package struct AccuracySubject: Sendable, CustomStringConvertible {
  package let description: String
  package let formula: ExactFormula
  /// The bound at given operands, of an order of derivative.
  let bound: @Sendable (_ operands: [Double], _ order: Int) -> AccuracyBound
  /// Whether it is a function of several gates.
  let isComposed: Bool
  let apply: @Sendable ([Node]) -> Node

  /// A function composed of gates.
  package init(
    _ name: String, _ formula: ExactFormula,
    bound: @escaping @Sendable (_ operands: [Double], _ order: Int) -> AccuracyBound = { _, _ in AccuracyBound() },
    apply: @escaping @Sendable ([Node]) -> Node
  ) {
    (description, self.formula, self.bound, self.apply) = (name, formula, bound, apply)
    isComposed = true
  }

  /// `gate` with the bound that it states.
  package init(_ gate: any ElementwiseGate, _ formula: ExactFormula) {
    let type = type(of: gate)
    description = type.name
    self.formula = formula
    if let stated = type as? any StatedAccuracy.Type {
      bound = { stated.accuracyBound(at: $0, order: $1) }
    } else {
      bound = { _, _ in AccuracyBound() }
    }
    isComposed = false
    apply = { $0[0].graph.applying(gate, $0) }
  }

  /// The different gates among the samples of `type` that have a formula; none if it is no elementwise gate.
  package static func subjects(of type: any SampledGate.Type) -> [AccuracySubject] {
    var seen: [AnyHashable] = []
    return type.samples.compactMap { sample in
      guard let gate = sample.gate as? any ElementwiseGate, let formula = ExactFormulas.formula(of: gate) else {
        return nil
      }
      let key = AnyHashable(gate)
      if seen.contains(key) { return nil }
      seen.append(key)
      return AccuracySubject(gate, formula)
    }
  }

  /// Of x · F(x): x multiplies what F has lost below the normal numbers, and once more for each derivative of F.
  private static let ofProduct: @Sendable ([Double], Int) -> AccuracyBound = { x, order in
    let factor = max(1, min(x[0].magnitude, 1000))
    return AccuracyBound(subnormals: (0..<order).reduce(4 * factor) { bound, _ in bound * factor })
  }

  /// The elementwise functions that the package composes of gates.
  package static let composed: [AccuracySubject] = [
    AccuracySubject("silu", .product(with: { ExactFormulas.sigmoidTerms($0) }), bound: ofProduct) { silu($0[0]) },
    AccuracySubject("gelu", .product(with: { ExactFormulas.normalTerms($0) }), bound: ofProduct) { gelu($0[0]) },
    AccuracySubject("gelu by tanh", .product(with: { ExactFormulas.tanhNormal($0) }), bound: ofProduct) {
      gelu($0[0], approximation: .tanh)
    },
    AccuracySubject("elu", .exponentialLinear(scale: 1, alpha: 1)) { elu($0[0]) },
    AccuracySubject("elu of scale 2", .exponentialLinear(scale: 1, alpha: 2)) { elu($0[0], scale: 2) },
    AccuracySubject("selu", .exponentialLinear(scale: 1.0507009873554805, alpha: 1.6732632423543772)) { selu($0[0]) },
    AccuracySubject("leakyRelu", .leaky(slope: 0.01)) { leakyRelu($0[0]) },
    AccuracySubject("hardSigmoid", .hardSigmoid(slope: 1.0 / 6, offset: 0.5)) { hardSigmoid($0[0]) },
  ]
}

extension ExactFormulas {
  static func sigmoidTerms(_ x: Real) -> (value: ExactNumber, slope: ExactNumber, curvature: ExactNumber) {
    let (value, other, slope) = sigmoids(x)
    return (ExactNumber(value), ExactNumber(slope), .sum(slope * other, -slope * value))
  }

  static func normalTerms(_ x: Real) -> (value: ExactNumber, slope: ExactNumber, curvature: ExactNumber) {
    let (value, density) = normal(x)
    return (ExactNumber(value), ExactNumber(density), ExactNumber(-x * density))
  }
}

extension ExactFormula {
  /// x · F(x) for a distribution F that falls faster than 1 / x, of F, F′ and F″. At both ends it is the limit, though
  /// ∞ · 0 were NaN.
  fileprivate static func product(
    with distribution: @escaping @Sendable (Real) -> (value: ExactNumber, slope: ExactNumber, curvature: ExactNumber)
  ) -> ExactFormula {
    let (lower, upper) = (ExactDerivatives(0, 0, 0), ExactDerivatives(.infinity, 1, 0))
    return ExactFormula(atMinusInfinity: lower, atInfinity: upper) { x in
      let (value, slope, curvature) = distribution(x)
      let bent = x * curvature.value
      return ExactDerivatives(
        ExactNumber(x * value.value), .sum(value.value, x * slope.value),
        // The terms of F″ cancel within the product.
        .sum(slope.value.scaled(by: 1), bent, x * curvature.largestTerm, -(x * curvature.largestTerm)))
    }
  }

  /// `scale` · x above 0 and `scale` · `alpha` · (eˣ − 1) below; at 0 the two slopes' mean.
  fileprivate static func exponentialLinear(scale: Double, alpha: Double) -> ExactFormula {
    let (scale, factor) = (Real(scale), Real(scale) * Real(alpha))
    return ExactFormula(arity: 1) { x in
      let x = x[0]
      if x.isNaN { return ExactDerivatives(.nan, .free, .free) }
      if x.isZero { return ExactDerivatives(0, ExactNumber((scale + factor).scaled(by: -1)), .free) }
      if x > 0 { return ExactDerivatives(ExactNumber(scale * x), ExactNumber(scale), 0) }
      let bent = ExactNumber(factor * .exp(x))
      return ExactDerivatives(ExactNumber(factor * .expm1(x)), bent, bent)
    }
  }

  fileprivate static func leaky(slope: Double) -> ExactFormula {
    ExactFormula(arity: 1) { x in
      let (x, slope) = (x[0], Real(slope))
      if x.isNaN { return ExactDerivatives(.nan, .free, .free) }
      if x.isZero { return ExactDerivatives(0, ExactNumber((1 + slope).scaled(by: -1)), 0) }
      return x > 0
        ? ExactDerivatives(ExactNumber(x), 1, 0) : ExactDerivatives(ExactNumber(slope * x), ExactNumber(slope), 0)
    }
  }

  /// Next to a kink, where rounding decides on which side a number is, both slopes are right.
  fileprivate static func hardSigmoid(slope: Double, offset: Double) -> ExactFormula {
    ExactFormula(arity: 1, landmarks: [3, 2.9, 3.1]) { x in
      let (x, slope, offset) = (x[0], Real(slope), Real(offset))
      if x.isNaN { return ExactDerivatives(.nan, .free, .free) }
      let line = ExactNumber.sum(slope * x, offset)
      let isAtKink = line.value.magnitude < 0x1p-20 || (line.value - 1).magnitude < 0x1p-20
      if isAtKink { return ExactDerivatives(line, .free, 0) }
      if line.value < 0 { return ExactDerivatives(0, 0, 0) }
      return line.value > 1 ? ExactDerivatives(1, 0, 0) : ExactDerivatives(line, ExactNumber(slope), 0)
    }
  }
}
