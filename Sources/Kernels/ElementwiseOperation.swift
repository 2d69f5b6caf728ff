/// What is computed for each element on its own, from operands broadcast to one shape.
///
/// The raw value is the opcode of the scalar machine. Edges give what IEEE 754 says: `logarithm(0)` is -∞,
/// `squareRoot(-1)` is NaN, `divide(1, 0)` is ∞. A NaN operand makes the result NaN, except in comparisons (0), and in
/// `select` and `route`, which pass on only what they choose.
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

  /// How many operands it reads: 1, 2 or 3.
  package var arity: Int {
    switch self {
    case .copy, .negate, .square, .squareRoot, .exponential, .logarithm, .sine, .cosine, .tanh, .sigmoid, .relu,
      .absolute, .sign, .errorFunction, .exponentialMinusOne, .softplus:
      1
    case .add, .subtract, .multiply, .divide, .power, .maximum, .minimum, .greater, .equal: 2
    case .select, .route: 3
    }
  }

  /// Whether it can be done to elements of `type`: everything to floats, copying and adding to integers.
  package func supports(_ type: ElementType) -> Bool {
    type != .int32 || self == .copy || self == .add
  }
}
