internal import CKernels

/// output[r] = e^x / (sum of e^x) for each row r of `rows`, `columns` elements each.
///
/// The row's greatest element is subtracted first, so no power overflows; the sum is pairwise. A NaN in a row makes the
/// whole row NaN, as does +∞. The output may be the memory of the input.
/// - Complexity: O(`rows.count` · `columns`). Allocates nothing.
package func runSoftmax(
  _ type: ElementType, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, columns: Int, rows: Range<Int>
) {
  checkRows(type, columns)
  adj_softmax(type.rawValue, input, output, columns, rows.lowerBound, rows.upperBound)
}

/// output[r] = x - ln(sum of e^x), for each row r of `rows`. Otherwise as ``runSoftmax(_:input:output:columns:rows:)``.
package func runLogSoftmax(
  _ type: ElementType, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, columns: Int, rows: Range<Int>
) {
  checkRows(type, columns)
  adj_log_softmax(type.rawValue, input, output, columns, rows.lowerBound, rows.upperBound)
}

/// losses[r] = ln(sum of e^logits[r]) - logits[r][labels[r]], for each row r of `rows`: the cross-entropy in nats.
///
/// - Throws: at the first label that is not in `0..<columns`; losses of rows before it are written.
/// - Complexity: O(`rows.count` · `columns`). Allocates nothing.
package func runCrossEntropy(
  _ type: ElementType, logits: UnsafeRawPointer, labels: UnsafePointer<Int32>, losses: UnsafeMutableRawPointer,
  columns: Int, rows: Range<Int>
) throws(IndexOutOfRange) {
  checkRows(type, columns)
  let wrong = adj_cross_entropy(type.rawValue, logits, labels, losses, columns, rows.lowerBound, rows.upperBound)
  if wrong >= 0 { throw IndexOutOfRange(position: wrong, index: Int(labels[wrong]), rowCount: columns) }
}

private func checkRows(_ type: ElementType, _ columns: Int) {
  precondition(type != .int32, "Softmax needs floats")
  precondition(columns >= 1, "Softmax needs at least one column, got \(columns)")
}
