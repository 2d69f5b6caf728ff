/// A number of elements, pixels, steps or bytes whose sums, differences and products stop at the ends of `Int` instead
/// of ending the process.
///
/// Shape rules calculate with it, and then compare what comes of it with a limit:
///
/// ```swift
/// let end = Extent(start) + Extent(count)     // Int.max, if it would be more
/// guard end <= Extent(length) else { throw ShapeError("elements up to \(end) of \(length)") }
/// ```
/// A result at one of the ends stands for all numbers beyond it, so only comparisons with smaller limits mean anything:
/// ``Shape/mostElements`` is far below.
package struct Extent: Hashable, Sendable, Comparable, ExpressibleByIntegerLiteral {
  package let value: Int

  package init(_ value: Int) { self.value = value }
  package init(integerLiteral value: Int) { self.value = value }

  package static func < (left: Extent, right: Extent) -> Bool { left.value < right.value }

  package static func + (left: Extent, right: Extent) -> Extent {
    let (sum, overflows) = left.value.addingReportingOverflow(right.value)
    return Extent(overflows ? (left.value < 0 ? .min : .max) : sum)
  }

  package static func - (left: Extent, right: Extent) -> Extent {
    let (difference, overflows) = left.value.subtractingReportingOverflow(right.value)
    return Extent(overflows ? (left.value < 0 ? .min : .max) : difference)
  }

  package static func * (left: Extent, right: Extent) -> Extent {
    let (product, overflows) = left.value.multipliedReportingOverflow(by: right.value)
    return Extent(overflows ? ((left.value < 0) != (right.value < 0) ? .min : .max) : product)
  }

  /// The product of all factors; 1 if there is none.
  package static func product(_ factors: some Sequence<Int>) -> Extent { factors.reduce(1) { $0 * Extent($1) } }

  /// The sum of all terms; 0 if there is none.
  package static func sum(_ terms: some Sequence<Int>) -> Extent { terms.reduce(0) { $0 + Extent($1) } }
}
