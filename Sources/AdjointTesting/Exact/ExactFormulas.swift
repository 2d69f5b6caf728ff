package import Adjoint

/// The exact formulas of the catalogue's elementwise gates, one entry a gate, by its name.
package enum ExactFormulas {
  typealias Real = DoubleDouble
  typealias At = ExactDerivatives

  /// The formula of `gate`; `nil` if nobody has written it down.
  package static func formula(of gate: any Gate) -> ExactFormula? {
    let name = type(of: gate).name
    return smooth[name] ?? piecewise[name] ?? arithmetic[name]
  }

  // MARK: smooth functions of one operand

  static let smooth: [String: ExactFormula] = [
    "square": ExactFormula(arity: 1) { x in
      At(ExactNumber(x[0] * x[0]), ExactNumber(x[0].scaled(by: 1)), 2)
    },
    "sqrt": ExactFormula(arity: 1) { x in
      let x = x[0]
      // Of −0 the root is −0, and which infinity its slope is, a question of taste.
      if x.isZero, x.isNegative { return At(ExactNumber(x), .free, .free) }
      let root = Real.squareRoot(x)
      let slope = 0.5 / root
      return At(ExactNumber(root), ExactNumber(slope), x.isZero ? -.infinity : ExactNumber(-0.5 * slope / x))
    },
    "exp": ExactFormula(arity: 1) { x in
      let power = ExactNumber(.exp(x[0]))
      return At(power, power, power)
    },
    "expm1": ExactFormula(arity: 1) { x in
      let power = ExactNumber(.exp(x[0]))
      return At(ExactNumber(.expm1(x[0])), power, power)
    },
    "log": ExactFormula(arity: 1) { x in
      let x = x[0]
      let value = ExactNumber(.log(x))
      if x.isNegative { return At(value, .free, .free) }  // −0 included
      return At(value, ExactNumber(1 / x), ExactNumber(-1 / (x * x)))
    },
    "log1p": ExactFormula(atMinusInfinity: At(.nan, .free, .free), atInfinity: At(.infinity, 0, 0)) { x in
      let sum = 1 + x
      let value = ExactNumber(.log1p(x))
      if sum.isNegative { return At(value, .free, .free) }
      return At(value, ExactNumber(1 / sum), ExactNumber(-1 / (sum * sum)))
    },
    "sin": ExactFormula(atMinusInfinity: At(.nan, .free, .free), atInfinity: At(.nan, .free, .free)) { x in
      let (sine, cosine) = (Real.sin(x.double), Real.cos(x.double))
      return At(ExactNumber(sine), ExactNumber(cosine), ExactNumber(-sine))
    },
    "cos": ExactFormula(atMinusInfinity: At(.nan, .free, .free), atInfinity: At(.nan, .free, .free)) { x in
      let (sine, cosine) = (Real.sin(x.double), Real.cos(x.double))
      return At(ExactNumber(cosine), ExactNumber(-sine), ExactNumber(-cosine))
    },
    "tanh": ExactFormula(atMinusInfinity: At(-1, 0, 0), atInfinity: At(1, 0, 0)) { x in
      let value = Real.tanh(x)
      let slope = sigmoids(x.scaled(by: 1)).slope.scaled(by: 2)  // 4 σ′(2x)
      return At(ExactNumber(value), ExactNumber(slope), ExactNumber((-value * slope).scaled(by: 1)))
    },
    "sigmoid": ExactFormula(atMinusInfinity: At(0, 0, 0), atInfinity: At(1, 0, 0)) { x in
      let (value, other, slope) = sigmoids(x)
      return At(ExactNumber(value), ExactNumber(slope), .sum(slope * other, -slope * value))
    },
    "sigmoidSlope": ExactFormula(atMinusInfinity: At(0, 0, 0), atInfinity: At(0, 0, 0)) { x in
      let (value, other, slope) = sigmoids(x)
      return At(ExactNumber(slope), .sum(slope * other, -slope * value), .sum(slope, -6 * slope * slope))
    },
    "softplus": ExactFormula(atMinusInfinity: At(0, 0, 0), atInfinity: At(.infinity, 1, 0)) { x in
      let (value, _, slope) = sigmoids(x)
      let rest = Real.log1p(.exp(-x.magnitude))
      return At(ExactNumber(x.isNegative ? rest : x + rest), ExactNumber(value), ExactNumber(slope))
    },
    "erf": ExactFormula(atMinusInfinity: At(-1, 0, 0), atInfinity: At(1, 0, 0)) { x in
      let slope = Real.twoOverRootPi * .exp(-(x * x))
      return At(ExactNumber(.erf(x)), ExactNumber(slope), ExactNumber((-x * slope).scaled(by: 1)))
    },
    "bell": ExactFormula(atMinusInfinity: At(0, 0, 0), atInfinity: At(0, 0, 0)) { x in
      let value = Real.exp((-x * x).scaled(by: -1))
      return At(ExactNumber(value), ExactNumber(-x * value), .sum(x * x * value, -value))
    },
    "normalDistribution": ExactFormula(atMinusInfinity: At(0, 0, 0), atInfinity: At(1, 0, 0)) { x in
      let (value, density) = normal(x)
      return At(ExactNumber(value), ExactNumber(density), ExactNumber(-x * density))
    },
    "tanhNormalDistribution": ExactFormula(atMinusInfinity: At(0, 0, 0), atInfinity: At(1, 0, 0)) { x in
      let (value, slope, curvature) = tanhNormal(x)
      return At(value, slope, curvature)
    },
  ]

  // MARK: what several formulas share

  /// σ(x), σ(−x) and their product, the slope.
  static func sigmoids(_ x: Real) -> (value: Real, other: Real, slope: Real) {
    let (value, other) = (Real.sigmoid(x), Real.sigmoid(-x))
    return (value, other, value * other)
  }

  /// Φ(x) = erfc(−x / √2) / 2 and its slope e^(−x²/2) / √(2π).
  static func normal(_ x: Real) -> (value: Real, density: Real) {
    let density = Real.twoOverRootPi * .rootOfHalf * .exp((-x * x).scaled(by: -1))
    return (Real.erfc(-x * .rootOfHalf).scaled(by: -1), density.scaled(by: -1))
  }

  /// σ(g) of g = 2 √(2/π) (x + 0.044715 x³), σ′(g) g′ and σ″(g) g′² + σ′(g) g″.
  static func tanhNormal(_ x: Real) -> (value: ExactNumber, slope: ExactNumber, curvature: ExactNumber) {
    let factor = (Real.twoOverRootPi * .rootOfHalf).scaled(by: 1)
    let cubic = Real(44715) / 1_000_000
    let square = x * x
    let (value, other, slope) = sigmoids(factor * x * (1 + cubic * square))
    let (inner, innerSlope) = (factor * (1 + 3 * cubic * square), 6 * factor * cubic * x)
    let bend = slope * inner * inner
    return (
      ExactNumber(value), ExactNumber(slope * inner), .sum(bend * other, -bend * value, slope * innerSlope)
    )
  }
}

extension ExactNumber {
  static prefix func - (number: ExactNumber) -> ExactNumber { ExactNumber(-number.value) }
}
