internal import CKernels

/// A row-major tensor as lanes along one of its axes: what a running sum or a search goes through from end to end.
///
/// Lane l has the elements at l / `inner` before the axis and l % `inner` behind it, `inner` elements apart.
package struct AxisPlan: Sendable, Equatable {
  /// Elements of a lane.
  package let length: Int
  /// Lanes next to one another.
  package let inner: Int
  package let laneCount: Int

  package init(input: [Int], axis: Int) {
    precondition(input.indices.contains(axis), "The axis \(axis) is not one of the shape \(input)")
    length = input[axis]
    inner = input[(axis + 1)...].reduce(1, *)
    laneCount = input[..<axis].reduce(1, *) * inner
  }
}

/// Running sums along each lane of `lanes`: output[k] = input[0] + … + input[k], or from the last element on if
/// `fromTheEnd`.
///
/// Added one after the other, floats as doubles and doubles with what is lost: no error grows with the length.
///
/// The output may be the memory of the input. Allocates nothing.
/// - Complexity: O(`lanes.count` · `plan.length`).
package func runCumulativeSum(
  _ type: ElementType, plan: AxisPlan, fromTheEnd: Bool, input: UnsafeRawPointer, output: UnsafeMutableRawPointer,
  lanes: Range<Int>
) {
  precondition(type.hasArithmetic, "Running sums need floats")
  checkRange(lanes, within: plan.laneCount)
  adj_cumulative_sum(
    type.rawValue, input, output, plan.length, plan.inner, fromTheEnd ? 1 : 0, lanes.lowerBound, lanes.upperBound)
}

/// Where the greatest element of each lane of `lanes` stands along it: the first of equal ones, and the first NaN if
/// there is one.
///
/// - Complexity: O(`lanes.count` · `plan.length`). Allocates nothing.
package func runArgmax(
  _ type: ElementType, plan: AxisPlan, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, lanes: Range<Int>
) {
  precondition(type.hasArithmetic, "The greatest element is looked for among floats")
  precondition(plan.length - 1 <= Int(Int32.max), "An index of \(plan.length) elements does not fit an Int32")
  checkRange(lanes, within: plan.laneCount)
  adj_argmax(
    type.rawValue, input, output.assumingMemoryBound(to: Int32.self), plan.length, plan.inner, lanes.lowerBound,
    lanes.upperBound)
}
