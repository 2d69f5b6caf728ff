/// A gate that says itself whether rows of a batch stay apart in its result.
///
/// A ``Batcher`` puts the rows of many requests into one run, and refuses a program in which one row could show in the
/// answer to another. Of a gate of your own it knows nothing, unless it is an ``ElementwiseGate``; one that keeps rows
/// apart says so:
///
/// ```swift
/// extension Standardize: RowwiseGate {   // each row of x by its own mean and deviation
///   func keepsRowsApart(_ application: RowApplication) -> Bool { application.hasRowsOnlyAlongFirstAxis(of: [0]) }
/// }
/// ```
public protocol RowwiseGate: Gate {
  /// Whether row r of the result is computed of row r of each operand that has rows, and of the operands that have
  /// none, by a rule in which r itself does not occur: the same bits as if it were the only row. If in doubt, false.
  func keepsRowsApart(_ application: RowApplication) -> Bool
}

/// A gate applied to operands some of which hold rows of a batch.
///
/// A value that has rows has the same number of elements for each, one row's after the other's: `[32, 28, 28]` has 32
/// rows of 784 elements, as have `[32, 784]` and `[896, 28]`.
public struct RowApplication: Sendable {
  /// How many rows the batch has, at least 2.
  public let rowCount: Int
  /// The shape of each operand.
  public let operands: [Shape]
  /// For each operand whether it has rows; at least one has.
  public let hasRows: [Bool]
  /// The result's shape.
  public let result: Shape

  /// Whether exactly these operands have rows, and they and the result have them along their first axis: an extent that
  /// is the number of rows or a multiple of it, and the same for all of them.
  ///
  /// - Parameter positions: of operands.
  public func hasRowsOnlyAlongFirstAxis(of positions: [Int]) -> Bool {
    hasRows.indices.allSatisfy { hasRows[$0] == positions.contains($0) }
      && result.rank > 0 && result[0] % rowCount == 0
      && positions.allSatisfy { operands[$0].rank > 0 && operands[$0][0] == result[0] }
  }
}
