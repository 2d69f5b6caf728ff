/// What is computed for each element on its own, from operands broadcast to one shape.
///
/// The raw value is the opcode of the scalar machine. Edges give what IEEE 754 says: `logarithm(0)` is -∞,
/// `squareRoot(-1)` is NaN, `divide(1, 0)` is ∞. A NaN operand makes the result NaN, except in comparisons (0), in
/// `select` and `route`, which pass on only what they choose, in `downstream` and its relatives next to a 0, and in powers
/// of 1 or to 0, which are 1.
package enum ElementwiseOperation: UInt16, CaseIterable, Sendable {
  case copy, negate, square, squareRoot, exponential, logarithm, sine, cosine, tanh
  /// 1 / (1 + e^-a).
  case sigmoid
  /// max(a, 0).
  case relu
  case absolute
  /// 1, 0 or -1, and NaN for NaN; a zero keeps its sign.
  case sign

  case add, subtract, multiply, divide
  /// a to the power of b.
  case power
  /// `maximum` and `minimum` as in IEEE 754-2019: NaN if either operand is, and +0 above -0.
  case maximum, minimum
  /// a > b ? 1 : 0.
  case greater
  /// a == b ? 1 : 0.
  case equal

  /// a != 0 ? b : c.
  case select
  /// What max(b, c) sends back to b from upstream a: a where b > c, a / 2 where they tie, else 0.
  case route

  /// (2 / √π) ∫₀ᵃ e^-t² dt.
  case errorFunction
  /// e^a - 1, as exact near 0 as elsewhere.
  case exponentialMinusOne
  /// ln(1 + e^a).
  case softplus
  /// The slope of the sigmoid, e^-|a| / (1 + e^-|a|)².
  case sigmoidSlope
  /// e^(-a² / 2).
  case bell
  /// The distribution function of the normal distribution, erfc(-a / √2) / 2.
  case normalDistribution
  /// 1 / (1 + e^-t) with t = 2 √(2 / π) (a + 0.044715 a³).
  case tanhNormalDistribution

  /// a · b, and a zero of the sign of a · b where a is 0, whatever b is.
  case downstream
  /// The same where either is 0, whatever the other is.
  case mutualProduct
  /// a / b, and a zero of the sign of a / b where a is 0, whatever b is.
  case downstreamQuotient
  /// a to the power of b - c, c being a small whole number, as if b - c were not rounded: its digits count, and its being
  /// whole or odd where a is negative. Else as `power`.
  case shiftedPower
  /// √(a² + b²), also where a square is too large or too small to be held.
  case hypotenuse

  /// Whether an element takes an exponential, a logarithm or their like.
  package var isTranscendental: Bool {
    switch self {
    case .exponential, .logarithm, .sine, .cosine, .tanh, .sigmoid, .power, .errorFunction, .exponentialMinusOne,
      .softplus, .sigmoidSlope, .bell, .normalDistribution, .tanhNormalDistribution, .shiftedPower:
      true
    default: false
    }
  }

  /// How many operands it reads: 1, 2 or 3.
  package var arity: Int {
    switch self {
    case .copy, .negate, .square, .squareRoot, .exponential, .logarithm, .sine, .cosine, .tanh, .sigmoid, .relu,
      .absolute, .sign, .errorFunction, .exponentialMinusOne, .softplus, .sigmoidSlope, .bell, .normalDistribution,
      .tanhNormalDistribution:
      1
    case .add, .subtract, .multiply, .divide, .power, .maximum, .minimum, .greater, .equal, .downstream, .mutualProduct,
      .downstreamQuotient, .hypotenuse:
      2
    case .select, .route, .shiftedPower: 3
    }
  }

  /// Whether it can be done to elements of `type`: everything to floats, copying and adding to integers.
  package func supports(_ type: ElementType) -> Bool {
    type != .int32 || self == .copy || self == .add
  }
}
