private import Foundation

// Functions of double-double numbers: series where they converge at once, from arguments made small without rounding.

extension DoubleDouble {
  static let logarithmOfTwo = DoubleDouble(0.6931471805599453, 2.3190468138462996e-17)
  static let pi = DoubleDouble(3.141592653589793, 1.2246467991473532e-16)
  /// 2 / √π.
  static let twoOverRootPi = DoubleDouble(1.1283791670955126, 1.533545961316588e-17)
  static let rootOfHalf = DoubleDouble(0.7071067811865476, -4.833646656726457e-17)

  /// 1 / n! for n in 0...30.
  static let inverseFactorials: [DoubleDouble] = (1...30).reduce(into: [1]) { inverses, n in
    inverses.append(inverses[n - 1] / DoubleDouble(Double(n)))
  }

  /// Beyond this, eˣ is outside of every type by so much that how much no longer matters.
  private static let farthest = DoubleDouble(0x1p40)

  // MARK: exponentials and logarithms

  /// eˣ.
  package static func exp(_ x: DoubleDouble) -> DoubleDouble {
    if x.isNaN || x.isInfinite { return DoubleDouble(Foundation.exp(x.high)) }
    let x = x > farthest ? farthest : x < -farthest ? -farthest : x
    let count = (x.double / logarithmOfTwo.double).rounded()
    return (1 + smallExpm1(x - DoubleDouble(count) * logarithmOfTwo)).scaled(by: Int(count))
  }

  /// eˣ − 1, to as many digits near 0 as elsewhere.
  package static func expm1(_ x: DoubleDouble) -> DoubleDouble {
    x.magnitude < 0.35 ? (x.isZero ? x : smallExpm1(x)) : exp(x) - 1
  }

  /// eˣ − 1 for |x| < 0.36: its series at x / 256, doubled eight times by (1 + p)² − 1 = 2p + p².
  private static func smallExpm1(_ x: DoubleDouble) -> DoubleDouble {
    let part = x.scaled(by: -8)
    var result = part * series(part, from: 1, through: 10)
    for _ in 0..<8 { result = result.scaled(by: 1) + result * result }
    return result
  }

  /// Σ xⁿ⁻ᶠⁱʳˢᵗ / n! over n in `first`...`last`.
  private static func series(_ x: DoubleDouble, from first: Int, through last: Int) -> DoubleDouble {
    (first..<last).reversed().reduce(inverseFactorials[last]) { $0 * x + inverseFactorials[$1] }
  }

  /// Natural logarithm: −∞ at 0, NaN below.
  package static func log(_ x: DoubleDouble) -> DoubleDouble {
    guard x.high > 0, x.isFinite else { return DoubleDouble(Foundation.log(x.high)) }
    // Between √½ and √2, times a power of two.
    let power = x.high > 2.0.squareRoot() ? x.scale + 1 : x.scale
    return DoubleDouble(Double(power)) * logarithmOfTwo + smallLog1p(x.scaled(by: -power) - 1)
  }

  /// log(1 + x), to as many digits near 0 as elsewhere.
  package static func log1p(_ x: DoubleDouble) -> DoubleDouble {
    x.magnitude < 0.25 ? smallLog1p(x) : log(1 + x)
  }

  /// log(1 + x) for |x| < 0.42: one step of Halley's method for eʸ = 1 + x, which triples the platform's digits.
  private static func smallLog1p(_ x: DoubleDouble) -> DoubleDouble {
    if x.isZero { return x }
    // Where doubles are too small to hold x, log(1 + x) = x − x²/2 to 100 bits.
    if x.exponent < -200 { return x - x * x.scaled(by: -1) }
    let start = DoubleDouble(Foundation.log1p(x.double))
    let reached = expm1(start)
    return start + (x - reached).scaled(by: 1) / (2 + x + reached)
  }

  /// aᵇ as C's `pow` has it: of a negative a for whole b alone.
  package static func pow(_ a: DoubleDouble, _ b: DoubleDouble) -> DoubleDouble {
    guard a.isFinite, b.isFinite, !a.isZero, !b.isZero else {
      return DoubleDouble(Foundation.pow(a.double, b.double))
    }
    let magnitude = exp(b * log(a.magnitude))
    guard a.isNegative else { return magnitude }
    let (high, low) = (b.double, (b - DoubleDouble(b.double)).double)
    guard high == high.rounded(), low == low.rounded() else { return DoubleDouble(.nan) }
    let isOdd = (high.truncatingRemainder(dividingBy: 2) + low.truncatingRemainder(dividingBy: 2)).magnitude == 1
    return isOdd ? -magnitude : magnitude
  }

  /// tanh x.
  package static func tanh(_ x: DoubleDouble) -> DoubleDouble {
    if x.isZero { return x }
    let fallen = expm1(-x.magnitude.scaled(by: 1))
    let result = -fallen / (2 + fallen)
    return x.isNegative ? -result : result
  }

  /// 1 / (1 + e⁻ˣ).
  package static func sigmoid(_ x: DoubleDouble) -> DoubleDouble {
    let small = exp(-x.magnitude)
    return x.isNegative ? small / (1 + small) : 1 / (1 + small)
  }

  // MARK: the error function

  /// erf x = (2/√π) ∫₀ˣ e^−t² dt.
  package static func erf(_ x: DoubleDouble) -> DoubleDouble {
    if x.isNaN || x.isZero { return x }
    let size = x.magnitude
    let result = size < 2 ? smallErf(size) : 1 - largeErfc(size)
    return x.isNegative ? -result : result
  }

  /// 1 − erf x, to as many digits where it is small as elsewhere.
  package static func erfc(_ x: DoubleDouble) -> DoubleDouble {
    x.isNaN ? x : x < 2 ? 1 - erf(x) : largeErfc(x)
  }

  /// (2/√π) e^−x² Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!!: all of one sign (Abramowitz, Stegun, 7.1.6).
  private static func smallErf(_ x: DoubleDouble) -> DoubleDouble {
    let square = x * x
    var (sum, term, odd) = (x, x, 1.0)
    while term.scale > sum.scale - 110 {
      odd += 2
      term = term * square.scaled(by: 1) / DoubleDouble(odd)
      sum = sum + term
    }
    return twoOverRootPi * exp(-square) * sum
  }

  /// erfc x for x ≥ 2 by its continued fraction, e^−x² / √π / (x + ½ / (x + 1 / (x + 1½ / …))) (ibid., 7.1.14), which
  /// needs about 700 / x² levels.
  private static func largeErfc(_ x: DoubleDouble) -> DoubleDouble {
    if x.isInfinite { return 0 }
    let levels = 12 + Int(750 / Swift.min(x.double * x.double, 750))
    let fraction = (1...levels).reversed().reduce(x) { x + DoubleDouble(0.5 * Double($1)) / $0 }
    return (twoOverRootPi * exp(-(x * x)) / fraction).scaled(by: -1)
  }
}
