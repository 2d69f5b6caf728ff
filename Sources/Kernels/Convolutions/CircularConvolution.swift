internal import CKernels

/// Rows of `length` elements in a circle, and `taps` that each read it turned by one more element.
package struct CircularPlan: Sendable, Equatable {
  package let length, taps: Int
  /// The tap that reads the circle as it is.
  package let origin: Int
  /// Whether taps turn the circle the other way round.
  package let isReversed: Bool
  package let rows: Int

  package init(length: Int, taps: Int, origin: Int, isReversed: Bool, rows: Int) {
    precondition(
      taps >= 1 && taps <= length && origin >= 0 && origin < taps,
      "A circle of \(length) has between 1 and \(length) taps and its origin among them, got \(taps) and \(origin)")
    self.length = length
    self.taps = taps
    self.origin = origin
    self.isReversed = isReversed
    self.rows = rows
  }
}

/// y[i] = Σⱼ b[j] · a[i − (j − origin)] in each row of `rows`, indices modulo the length; a[i + (j − origin)] if the
/// plan is reversed. Sums are chunks of 256 fused multiply-adds in order of j, added in order, to +0.
///
/// - Complexity: O(`rows.count` · length · taps). Allocates nothing.
package func runCircularConvolution(
  _ type: ElementType, plan: CircularPlan, a: UnsafeRawPointer, b: UnsafeRawPointer, output: UnsafeMutableRawPointer,
  rows: Range<Int>
) {
  precondition(type.hasArithmetic, "A convolution needs floats")
  checkRange(rows, within: plan.rows)
  adj_circular_convolution(
    type.rawValue, a, b, output, plan.length, plan.taps, plan.origin, plan.isReversed ? 1 : 0, rows.lowerBound,
    rows.upperBound)
}

/// y[j] = Σᵢ u[i] · a[i − (j − origin)] in each row of `rows`: what ``runCircularConvolution(_:plan:a:b:output:rows:)``
/// sends back to b. Sums are pairwise, in an order that the length fixes.
///
/// - Complexity: O(`rows.count` · length · taps). Allocates nothing.
package func runCircularCorrelation(
  _ type: ElementType, plan: CircularPlan, a: UnsafeRawPointer, u: UnsafeRawPointer, output: UnsafeMutableRawPointer,
  rows: Range<Int>
) {
  precondition(type.hasArithmetic, "A correlation needs floats")
  checkRange(rows, within: plan.rows)
  adj_circular_correlation(
    type.rawValue, a, u, output, plan.length, plan.taps, plan.origin, plan.isReversed ? 1 : 0, rows.lowerBound,
    rows.upperBound)
}
