/// A real number to about 100 bits, for formulas that judge float64: (`high` + `low`) · 2^`scale`.
///
/// The sum of two doubles that do not overlap carries twice their digits (T. J. Dekker, "A floating-point technique for
/// extending the available precision", 1971; Y. Hida, X. S. Li, D. H. Bailey, "Algorithms for quad-double precision
/// floating point arithmetic", 2001). The exponent is a number of its own, so that nothing between a formula's operands
/// and its result overflows or loses digits among subnormal numbers: only the type that a result is compared in does.
///
/// Zeros of both signs, infinities and NaN are those of `high`, and obey IEEE 754.
///
/// ```swift
/// let third = DoubleDouble(1) / 3
/// let error = DoubleDouble(1.0 / 3) - third    // −1.85 · 10⁻¹⁷
/// ```
package struct DoubleDouble: Sendable {
  /// The leading half: 0, a number whose magnitude is in 1..<2, ±∞ or NaN.
  let high: Double
  /// The rest, at most half an ulp of `high`; 0 if `high` is not finite.
  let low: Double
  let scale: Int

  /// `value`, exactly.
  package init(_ value: Double) {
    // A subnormal number times 2¹⁰⁸ is normal, exactly.
    self =
      value.magnitude < 0x1p-900
      ? DoubleDouble(normalizing: value * 0x1p108, 0, scale: -108) : DoubleDouble(normalizing: value, 0, scale: 0)
  }

  /// A constant by the two doubles that add up to it.
  init(_ high: Double, _ low: Double) { self.init(normalizing: high, low, scale: 0) }

  /// (`high` + `low`) · 2^`scale`, where `high` outweighs `low` and neither is subnormal.
  private init(normalizing high: Double, _ low: Double, scale: Int) {
    let sum = high + low
    guard high.isFinite, sum != 0 else {
      // The sum of −0 and 0 would be 0.
      (self.high, self.low, self.scale) = (low == 0 || !high.isFinite ? high : sum, 0, 0)
      return
    }
    let rest = low - (sum - high)
    let exponent = Int(truncatingIfNeeded: (sum.bitPattern >> 52) & 0x7FF) - 1023
    // Beyond 2^±1022 one power of two is not enough: only `init(_:)` gets there.
    let (half, other) = (exponent / 2, exponent - exponent / 2)
    let (first, second) = (Self.power(of: -half), Self.power(of: -other))
    self.high = sum * first * second
    self.low = rest * first * second
    self.scale = scale + exponent
  }

  private init(high: Double, low: Double, scale: Int) { (self.high, self.low, self.scale) = (high, low, scale) }

  /// 2^`exponent`, for a normal double.
  private static func power(of exponent: Int) -> Double {
    Double(bitPattern: UInt64(truncatingIfNeeded: exponent + 1023) << 52)
  }

  /// The nearest double; ±∞ beyond its range. Among subnormal numbers it may be the next to nearest.
  package var double: Double {
    guard high.isFinite else { return high }
    return Double(sign: .plus, exponent: max(-2000, min(scale, 2000)), significand: high)
  }

  package var isNaN: Bool { high.isNaN }
  package var isInfinite: Bool { high.isInfinite }
  package var isFinite: Bool { high.isFinite }
  package var isZero: Bool { high == 0 }
  package var isNegative: Bool { high.sign == .minus }
  package var magnitude: DoubleDouble { isNegative ? -self : self }

  /// The exponent e of 2ᵉ ≤ |x| < 2ᵉ⁺¹, for a finite x other than 0.
  package var exponent: Int { high.magnitude == 1 && (low < 0) == (high > 0) && low != 0 ? scale - 1 : scale }

  /// x · 2^`exponent`, exactly.
  package func scaled(by exponent: Int) -> DoubleDouble {
    high.isFinite && high != 0 ? DoubleDouble(high: high, low: low, scale: scale + exponent) : self
  }
}

extension DoubleDouble: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  package init(floatLiteral value: Double) { self.init(value) }
  package init(integerLiteral value: Int) { self.init(Double(value)) }
}

extension DoubleDouble: CustomStringConvertible {
  package var description: String {
    high == 0 || !high.isFinite || (-1000...1000).contains(scale)
      ? "\(double)" : "\(DoubleDouble(high: high, low: low, scale: 0).double) · 2^\(scale)"
  }
}

// MARK: arithmetic

extension DoubleDouble {
  package static prefix func - (x: DoubleDouble) -> DoubleDouble {
    DoubleDouble(high: -x.high, low: -x.low, scale: x.scale)
  }

  package static func + (left: DoubleDouble, right: DoubleDouble) -> DoubleDouble {
    if left.high == 0 || right.high == 0 || !left.isFinite || !right.isFinite {
      return left.high == 0 && right.isFinite && right.high != 0
        ? right : right.high == 0 && left.high != 0 ? left : DoubleDouble(left.high + right.high)
    }
    let (large, small) = left.scale >= right.scale ? (left, right) : (right, left)
    let distance = large.scale - small.scale
    if distance > 120 { return large }
    let factor = power(of: -distance)
    let (sum, error) = twoSum(large.high, small.high * factor)
    let (rest, lost) = twoSum(large.low, small.low * factor)
    let (head, tail) = twoSum(sum, error + rest)
    return DoubleDouble(normalizing: head, tail + lost, scale: large.scale)
  }

  package static func - (left: DoubleDouble, right: DoubleDouble) -> DoubleDouble { left + -right }

  package static func * (left: DoubleDouble, right: DoubleDouble) -> DoubleDouble {
    let product = left.high * right.high
    guard product != 0, product.isFinite else { return DoubleDouble(product) }
    let error = (-product).addingProduct(left.high, right.high)
    let cross = left.high * right.low + left.low * right.high
    return DoubleDouble(normalizing: product, error + cross, scale: left.scale + right.scale)
  }

  package static func / (left: DoubleDouble, right: DoubleDouble) -> DoubleDouble {
    let quotient = left.high / right.high
    guard quotient != 0, quotient.isFinite else { return DoubleDouble(quotient) }
    let product = quotient * right.high
    let error = (-product).addingProduct(quotient, right.high)
    let rest = (left.high - product) - error + left.low - quotient * right.low
    return DoubleDouble(normalizing: quotient, rest / right.high, scale: left.scale - right.scale)
  }

  /// √x; NaN below 0.
  package static func squareRoot(_ x: DoubleDouble) -> DoubleDouble {
    guard x.high > 0, x.isFinite else { return DoubleDouble(x.high.squareRoot()) }
    // One step of Newton's method from the root of the leading half doubles its digits.
    let isOdd = x.scale & 1 != 0
    let even = DoubleDouble(high: x.high, low: x.low, scale: isOdd ? 1 : 0)
    let root = DoubleDouble((isOdd ? 2 * x.high : x.high).squareRoot())
    return (root + (even - root * root) / root.scaled(by: 1)).scaled(by: (x.scale - (isOdd ? 1 : 0)) / 2)
  }

  /// The rounded sum and what rounding lost (D. E. Knuth, The Art of Computer Programming 2, §4.2.2).
  private static func twoSum(_ a: Double, _ b: Double) -> (sum: Double, error: Double) {
    let sum = a + b
    let part = sum - a
    return (sum, (a - (sum - part)) + (b - part))
  }
}

extension DoubleDouble: Comparable {
  package static func == (left: DoubleDouble, right: DoubleDouble) -> Bool {
    left.high == right.high && left.low == right.low && (left.scale == right.scale || left.high == 0)
  }
  package static func < (left: DoubleDouble, right: DoubleDouble) -> Bool {
    if left.isInfinite || right.isInfinite || left.isNaN || right.isNaN { return left.high < right.high }
    return (left - right).high < 0
  }
}
