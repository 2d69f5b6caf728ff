internal import CKernels

/// Rows reduced in leaves: so that one long row is work for several workers.
///
/// A leaf is a fixed number of elements next to one another, the last of a row what is left. How a row is cut follows from
/// its length alone, and joining the leaves completes the tree of additions that
/// ``runReduction(_:_:plan:input:output:range:)`` goes through, to the bit.
package struct LeafPlan: Hashable, Sendable {
  package let rows: Int
  /// Elements of a row.
  package let columns: Int

  /// Elements of a leaf.
  package static let length = Int(ADJ_LEAF)

  package init(rows: Int, columns: Int) {
    precondition(rows >= 1 && columns >= 1, "Leaves are of rows with elements, got \(rows) rows of \(columns)")
    self.rows = rows
    self.columns = columns
  }

  package var leavesPerRow: Int { (columns + Self.length - 1) / Self.length }
  /// Leaves of all rows.
  package var count: Int { rows * leavesPerRow }

  /// The elements that a range of leaves is of.
  package func elements(of leaves: Range<Int>) -> Range<Int> {
    start(of: leaves.lowerBound)..<start(of: leaves.upperBound)
  }

  private func start(of leaf: Int) -> Int {
    let (row, position) = leaf.quotientAndRemainder(dividingBy: leavesPerRow)
    return row * columns + position * Self.length
  }
}

/// Reduces the leaves in `range` of `input` to one element each: of a mean the sum divided by
/// ``LeafPlan/length``, of squares their sum, in a form in which it neither overflows nor underflows. Allocates nothing.
///
/// - Complexity: O(elements of the leaves).
package func runLeafReduction(
  _ operation: ReduceOperation, _ type: ElementType, plan: LeafPlan, input: UnsafeRawPointer,
  output: UnsafeMutableRawPointer, range: Range<Int>
) {
  precondition(type.hasArithmetic, "Reductions need floats")
  checkRange(range, within: plan.count)
  adj_reduce_leaves(
    operation.rawValue, type.rawValue, plan.columns, input, output, range.lowerBound, range.upperBound)
}

/// Reduces what has become of their leaves to the rows in `range`. Allocates nothing.
///
/// - Complexity: O(leaves of the rows).
package func runLeafJoin(
  _ operation: ReduceOperation, _ type: ElementType, plan: LeafPlan, input: UnsafeRawPointer,
  output: UnsafeMutableRawPointer, range: Range<Int>
) {
  precondition(type.hasArithmetic, "Reductions need floats")
  checkRange(range, within: plan.rows)
  adj_join_leaves(
    operation.rawValue, type.rawValue, plan.columns, input, output, range.lowerBound, range.upperBound)
}
