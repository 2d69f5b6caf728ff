/// Running products along each lane of `lanes`: output[k] = input[0] · … · input[k], or from the last element on if
/// `fromTheEnd`.
///
/// Multiplied one after the other, as doubles: those of floats are rounded once each, and a product that leaves the
/// range of floats on the way may come back.
///
/// The output may be the memory of the input. Allocates nothing.
/// - Complexity: O(`lanes.count` · `plan.length`).
package func runCumulativeProduct(
  _ type: ElementType, plan: AxisPlan, fromTheEnd: Bool, input: UnsafeRawPointer, output: UnsafeMutableRawPointer,
  lanes: Range<Int>
) {
  precondition(type.hasArithmetic, "Running products need floats")
  checkRange(lanes, within: plan.laneCount)
  func run<T: RunningFloat>(_: T.Type) {
    let x = input.assumingMemoryBound(to: T.self), y = output.assumingMemoryBound(to: T.self)
    plan.goAlong(lanes, fromTheEnd: fromTheEnd, startingWith: 1) { product, place, _ in
      product *= x[place].wide
      y[place] = T(product)
    }
  }
  if type.isDouble { run(Double.self) } else { run(Float.self) }
}

/// First-order recurrences along each lane of `lanes`: r[k] = terms[k] + factors[k] · r[k − 1], beginning with
/// r[0] = terms[0], or from the last element on if `fromTheEnd`. With `factorsBehind` the factor is that of the element
/// before: r[k] = terms[k] + factors[k − 1] · r[k − 1].
///
/// A zero is strong: r[k] = terms[k] where r[k − 1] is 0, whatever the factor is. Computed in doubles, one element
/// after the other.
///
/// The output may be the memory of the terms. Allocates nothing.
/// - Complexity: O(`lanes.count` · `plan.length`).
package func runLinearRecurrence(
  _ type: ElementType, plan: AxisPlan, fromTheEnd: Bool, factorsBehind: Bool, factors: UnsafeRawPointer,
  terms: UnsafeRawPointer, output: UnsafeMutableRawPointer, lanes: Range<Int>
) {
  precondition(type.hasArithmetic, "A recurrence needs floats")
  checkRange(lanes, within: plan.laneCount)
  func run<T: RunningFloat>(_: T.Type) {
    let a = factors.assumingMemoryBound(to: T.self), b = terms.assumingMemoryBound(to: T.self)
    let r = output.assumingMemoryBound(to: T.self)
    plan.goAlong(lanes, fromTheEnd: fromTheEnd, startingWith: 0) { sum, place, before in
      let factor = a[factorsBehind ? before : place].wide
      sum = sum == 0 ? b[place].wide : b[place].wide + factor * sum
      r[place] = T(sum)
    }
  }
  if type.isDouble { run(Double.self) } else { run(Float.self) }
}

/// The floats that running products are of.
private protocol RunningFloat {
  init(_ value: Double)
  var wide: Double { get }
}

extension Float: RunningFloat {
  fileprivate var wide: Double { Double(self) }
}

extension Double: RunningFloat {
  fileprivate var wide: Double { self }
}

extension AxisPlan {
  /// Lanes of which the running values are kept at a time.
  private static let strip = 64

  /// Goes along each lane of `lanes` from one end to the other, lanes next to one another side by side. `body` gets the
  /// lane's running value, at first `start`, to go on with, the place of the element, and that of the one before it.
  /// The first element of a lane comes before itself.
  @inline(__always)
  fileprivate func goAlong(
    _ lanes: Range<Int>, fromTheEnd: Bool, startingWith start: Double,
    _ body: (_ running: inout Double, _ place: Int, _ before: Int) -> Void
  ) {
    let step = fromTheEnd ? -inner : inner
    withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.strip) { running in
      var lane = lanes.lowerBound
      while lane < lanes.upperBound {
        let count = min(Self.strip, inner - lane % inner, lanes.upperBound - lane)
        let first = lane / inner * length * inner + lane % inner + (fromTheEnd ? (length - 1) * inner : 0)
        for index in 0..<count { running[index] = start }
        for k in 0..<length {
          let place = first + k * step, before = k == 0 ? place : place - step
          for index in 0..<count { body(&running[index], place + index, before + index) }
        }
        lane += count
      }
    }
  }
}
