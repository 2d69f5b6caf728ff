/// How far an elementwise gate's value or a derivative of it may be from exact mathematics: so many units in the last
/// place of the larger of the result and its largest term, and so many smallest subnormal numbers.
///
/// A gate that mathematics forces to a larger bound states it in its own file, with the reason, by ``StatedAccuracy``:
/// ``Exponential`` does.
package struct AccuracyBound: Hashable, Sendable {
  package var ulps: Double
  package var subnormals: Double
  /// Whether a derivative times an upstream gradient may be infinite although it should not be, where the derivative
  /// alone is beyond the largest number, or the upstream gradient times the value.
  package var overflowsOnTheWay: Bool

  package init(ulps: Double = 8, subnormals: Double = 4, overflowsOnTheWay: Bool = false) {
    self.ulps = ulps
    self.subnormals = subnormals
    self.overflowsOnTheWay = overflowsOnTheWay
  }
}

/// An elementwise gate with an accuracy bound of its own.
package protocol StatedAccuracy: ElementwiseGate {
  /// The bound at `operands` of the value, where `order` is 0, of its first derivatives, or of its second ones.
  static func accuracyBound(at operands: [Double], order: Int) -> AccuracyBound
}
