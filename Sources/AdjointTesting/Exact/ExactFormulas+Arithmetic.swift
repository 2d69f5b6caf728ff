internal import Adjoint

extension ExactFormulas {
  /// Sums, products, quotients and powers.
  static let arithmetic: [String: ExactFormula] = [
    "negate": ExactFormula(arity: 1) { x in At(ExactNumber(-x[0]), -1, 0) },
    "add": ExactFormula(arity: 2) { x in At(ExactNumber(x[0] + x[1]), [1, 1], flat(2)) },
    "subtract": ExactFormula(arity: 2) { x in At(ExactNumber(x[0] - x[1]), [1, -1], flat(2)) },
    "multiply": ExactFormula(arity: 2) { x in
      At(ExactNumber(x[0] * x[1]), [ExactNumber(x[1]), ExactNumber(x[0])], [[0, 1], [1, 0]])
    },
    "divide": ExactFormula(arity: 2) { x in
      let (value, first, second) = quotient(x[0], x[1])
      return At(ExactNumber(value), first, second)
    },
    // u · s, and 0 where u = 0 whatever s is. The slope by u is s, never masked.
    "downstream": ExactFormula(arity: 2) { x in
      At(
        ExactNumber(x[0].isZero ? 0 : x[0] * x[1]), [ExactNumber(x[1]), ExactNumber(x[0])], [[0, 1], [1, 0]])
    },
    // a · b, and 0 where either is 0.
    "mutual product": ExactFormula(arity: 2) { x in
      At(
        ExactNumber(x[0].isZero || x[1].isZero ? 0 : x[0] * x[1]), [ExactNumber(x[1]), ExactNumber(x[0])],
        [[0, 1], [1, 0]])
    },
    // u / b, and 0 where u = 0 whatever b is.
    "downstream quotient": ExactFormula(arity: 2) { x in
      let (value, first, second) = quotient(x[0], x[1])
      guard x[0].isZero else { return At(ExactNumber(value), first, second) }
      return At(0, [first[0], 0], [[0, second[0][1]], [second[1][0], x[1].isZero ? .free : 0]])
    },
    // a σ(−t). Of an infinite a and a σ that is beyond any type nothing is asked, nor of derivatives beside a NaN.
    "logisticQuotient": ExactFormula(arity: 2) { x in
      if x[0].isInfinite || x[0].isNaN || x[1].isNaN {
        return At(x[0].isInfinite ? .free : .nan, [.free, .free], free(2))
      }
      let (value, other, slope) = sigmoids(x[1])
      let mixed = ExactNumber(-slope)
      let bend = x[0] * slope
      return At(
        ExactNumber(x[0] * other), [ExactNumber(other), ExactNumber(-bend)],
        [[0, mixed], [mixed, .sum(bend * value, -bend * other)]])
    },
    "atan2": ExactFormula(arity: 2) { x in angle(x[0], x[1]) },
    "power": ExactFormula(arity: 2, landmarks: exponents) { x in power(x[0], x[1]) },
    // aᵇ⁻ᵏ for a small whole k, by which it has no derivative.
    "shiftedPower": ExactFormula(arity: 3, landmarks: exponents, last: [0, 1, 2]) { x in
      let power = power(x[0], x[1] - x[2])
      return At(power.value, power.first + [0], power.second.map { $0 + [0] } + [[0, 0, 0]])
    },
  ]

  /// atan2(y, x). Its slopes are s = x / h² and −t = −y / h², with h² = x² + y², and 0 at the origin and at infinity;
  /// its second derivatives are ∓2st and t² − s².
  private static func angle(_ y: Real, _ x: Real) -> ExactDerivatives {
    if y.isNaN || x.isNaN { return At(.nan, [.free, .free], free(2)) }
    let value = ExactNumber(Real.atan2(y, x))
    if y.isInfinite || x.isInfinite || (y.isZero && x.isZero) { return At(value, [0, 0], flat(2)) }
    let square = x * x + y * y
    let (s, t) = (x / square, y / square)
    let bend = (s * t).scaled(by: 1)
    // Where both slopes may be beyond float32, of their difference nothing is asked: it is 0 on the diagonals.
    let isBeyond = max(x.exponent, y.exponent) < -126 && x.magnitude == y.magnitude
    let mixed = isBeyond ? .free : ExactNumber.sum(t * t, -(s * s))
    return At(
      value, [ExactNumber(s), ExactNumber(-t)], [[ExactNumber(-bend), mixed], [mixed, ExactNumber(bend)]])
  }

  /// Where powers are taken in other ways, or rise and fall in other ways.
  private static let exponents = [0.5, 1, 1.5, 2, 3, 4, 10, 31.5]

  private static func quotient(_ a: Real, _ b: Real) -> (Real, [ExactNumber], [[ExactNumber]]) {
    let value = a / b
    let mixed = ExactNumber(-1 / b / b)
    let bend = ExactNumber((value / b / b).scaled(by: 1))
    return (value, [ExactNumber(1 / b), ExactNumber(-value / b)], [[0, mixed], [mixed, bend]])
  }

  /// aᵇ.
  ///
  /// By a it is 0 where b = 0, whatever a is. By b it is 0 for a < 0, where it has no derivative by b. At a = 0 it is
  /// the limit from above; where that is infinite, or −0 comes from the other side, nothing is asked.
  private static func power(_ a: Real, _ b: Real) -> ExactDerivatives {
    let value = ExactNumber(.pow(a, b))
    let isNoNumber = a.isNegative && value.value.isNaN
    if a.isNaN || b.isNaN || b.isInfinite || (a.isInfinite && a.isNegative) || isNoNumber {
      return At(value, [.free, .free], free(2))
    }
    let byBase = b.isZero ? 0 : ExactNumber(b * lowered(a, b, by: 1))
    let twiceByBase = b.isZero || b == 1 ? 0 : ExactNumber(b * (b - 1) * lowered(a, b, by: 2))
    if a.isZero {
      let isRising = b > 0
      let fromBelow = a.isNegative
      // An upstream gradient times b may be 0, which is strong beside an infinite power.
      let vanishes = b.magnitude < DoubleDouble(0x1p-100)
      return At(
        value, [fromBelow && byBase.value.isInfinite ? .free : byBase, isRising ? 0 : .free],
        [
          [(fromBelow || vanishes) && twiceByBase.value.isInfinite ? .free : twiceByBase, b > 1 ? 0 : .free],
          [b > 1 ? 0 : .free, isRising ? 0 : .free],
        ])
    }
    if a.isNegative {
      return At(value, [byBase, 0], [[twiceByBase, .free], [.free, 0]])
    }
    let (lowered, logarithm) = (Real.pow(a, b - 1), Real.log(a))
    // 1 / a is beyond every type where a is below its normal numbers.
    let mixed = a.isInfinite || a < DoubleDouble(0x1p-1022) ? .free : ExactNumber.sum(lowered, b * lowered * logarithm)
    return At(
      value, [byBase, ExactNumber(value.value * logarithm)],
      [[twiceByBase, mixed], [mixed, ExactNumber(value.value * logarithm * logarithm)]])
  }

  /// aᵇ⁻ᵏ: for a below 0 with the sign that b itself, if it is whole, and k give, also where b − k has more digits
  /// than are kept.
  private static func lowered(_ a: Real, _ b: Real, by k: Int) -> Real {
    guard a.isNegative, !a.isZero, b.isFinite else { return .pow(a, b - Real(Double(k))) }
    let whole = Real.pow(-1, b)  // NaN unless b is whole
    let power = Real.pow(a.magnitude, b - Real(Double(k)))
    return k.isMultiple(of: 2) ? whole * power : -(whole * power)
  }
}
