internal import Adjoint

/// Holds computed numbers against exact ones.
struct AccuracyJudge {
  let type: ElementType

  private var precision: Int { type.precision }
  private var leastExponent: Int { type.leastExponent }
  /// The first power of two that is beyond the type.
  private var end: DoubleDouble { DoubleDouble(1).scaled(by: type.greatestExponent + 1) }

  /// Which results are right: all of `range`, and NaN if it says so.
  struct Allowed {
    var range: (lower: Double, upper: Double)
    var allowsNaN: Bool

    static let anything = Allowed(range: (-.infinity, .infinity), allowsNaN: true)

    func contains(_ value: Double) -> Bool {
      value.isNaN ? allowsNaN : range.lower <= value && value <= range.upper
    }
  }

  /// What is right where `exact` is multiplied by 2^`scale`, and the numbers on the way may have been multiplied by as
  /// much as 2^`largestScale`, with what they had lost among subnormal numbers.
  func allowed(
    _ exact: ExactNumber, _ bound: AccuracyBound, scale: Int = 0, largestScale: Int = 0, overflowsOnTheWay: Bool = false
  ) -> Allowed {
    if exact.isFree { return .anything }
    let expected = exact.value.scaled(by: scale)
    if expected.isNaN { return Allowed(range: (.infinity, -.infinity), allowsNaN: true) }
    if expected.isInfinite { return Allowed(range: (expected.double, expected.double), allowsNaN: false) }
    let unit = unit(of: exact, scale: scale)
    let distance = DoubleDouble(bound.ulps) * unit + DoubleDouble(bound.subnormals) * smallest(largestScale)
    let (lower, upper) = (expected - distance, expected + distance)
    var range = (
      lower: lower.magnitude >= end && lower.isNegative ? -.infinity : lower.double,
      upper: upper.magnitude >= end && !upper.isNegative ? .infinity : upper.double
    )
    if overflowsOnTheWay {
      // With the right sign at least.
      if !expected.isNegative { range.upper = .infinity } else { range.lower = -.infinity }
    }
    // Of two infinite terms of different signs comes a NaN.
    return Allowed(range: range, allowsNaN: overflowsOnTheWay && expected.magnitude >= end)
  }

  /// How far `value` is from `exact`, in units in the last place of the larger of it and its largest term; ∞ for a NaN
  /// or an infinity in the wrong place.
  func ulps(of value: Double, from exact: ExactNumber, scale: Int = 0) -> Double {
    let expected = exact.value.scaled(by: scale)
    if exact.isFree || (value.isNaN && expected.isNaN) { return 0 }
    if value.isInfinite && value == expected.double { return 0 }
    if value.isNaN || expected.isNaN || expected.isInfinite { return .infinity }
    if expected.magnitude >= end && value.isInfinite && (value < 0) == expected.isNegative { return 0 }
    let reached = value.isInfinite ? (value < 0 ? -end : end) : DoubleDouble(value)
    return ((reached - expected).magnitude / unit(of: exact, scale: scale)).double
  }

  /// Whether `number` · 2^`scale` is beyond the type.
  func overflows(_ number: ExactNumber, scale: Int = 0) -> Bool {
    !number.isFree && number.value.scaled(by: scale).magnitude >= end
  }

  private func unit(of exact: ExactNumber, scale: Int) -> DoubleDouble {
    let reference = exact.value.magnitude < exact.largestTerm ? exact.largestTerm : exact.value.magnitude
    let scaled = reference.scaled(by: scale)
    guard !scaled.isZero, scaled.isFinite else { return smallest(0) }
    return DoubleDouble(1).scaled(by: max(scaled.exponent - precision + 1, leastExponent))
  }

  private func smallest(_ scale: Int) -> DoubleDouble { DoubleDouble(1).scaled(by: leastExponent + max(scale, 0)) }
}
