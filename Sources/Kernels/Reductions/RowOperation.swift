internal import CKernels

/// What is computed of each row, the elements along the last axis, by itself: softmax and its relatives.
///
/// The greatest element of a row is subtracted first, so no power overflows, and stays out of the sum of the others'
/// powers, which is pairwise: beside its 1 they would be rounded away. With p the softmax of a row x, m its greatest
/// element and s the sum of e^(xⱼ − m) over all others, ln Σ e^x = m + ln(1 + s), and 1 − p = s / (1 + s) at m.
///
/// A row of −∞ gives NaN, but as its ``logSumExp`` −∞. An element of +∞ has a p of NaN, and all others 0. A NaN makes
/// its own row NaN and no other.
package enum RowOperation: UInt16, Sendable, CaseIterable {
  /// pᵢ = e^xᵢ / Σ e^x.
  case softmax
  /// xᵢ − ln Σ e^x.
  case logSoftmax
  /// One element a row: ln Σ e^x.
  case logSumExp
  /// Of x and a label a row, one element: ln Σ e^x − x[label], in nats.
  case crossEntropy
  /// Of one element u a row, of x, and of a label a row: u · (pᵢ − 1 at the label), and 0 where u is 0.
  case crossEntropyGradient
  /// Of x and t, one element a row: Σ t · (ln Σ e^x − x). A t of 0 counts 0 whatever its x is.
  case softCrossEntropy
  /// Of p, which counts as p / Σp, and v: pᵢ · (vᵢ − Σ p v). A row of v that is 0 stays 0 whatever p is, here and
  /// below.
  case softmaxGradient
  /// Of p and v: vᵢ − Σ p v.
  case centred
  /// Of p and v: vᵢ − pᵢ · Σ v.
  case logSoftmaxGradient
  /// Of x and a number k for all rows, one element a row: ln Σ e^x − x[k].
  case entryLoss
  /// The same with the opposite sign: ln p[k].
  case entryLogProbability

  /// Whether the result has rows, not one element for each.
  package var givesRows: Bool {
    switch self {
    case .logSumExp, .crossEntropy, .softCrossEntropy, .entryLoss, .entryLogProbability: false
    default: true
    }
  }

  /// Whether operand `position` has rows, not one element for each.
  package func readsRows(of position: Int) -> Bool { position != labelPosition && position != upstreamPosition }

  /// The operand that holds labels.
  fileprivate var labelPosition: Int? {
    switch self {
    case .crossEntropy: 1
    case .crossEntropyGradient: 2
    default: nil
    }
  }

  /// Whether it takes one element of each row, whose number is no operand.
  fileprivate var takesEntry: Bool { self == .entryLoss || self == .entryLogProbability }

  private var upstreamPosition: Int? { self == .crossEntropyGradient ? 0 : nil }

  /// Whether powers are computed.
  package var isTranscendental: Bool {
    switch self {
    case .softmaxGradient, .centred, .logSoftmaxGradient: false
    default: true
    }
  }
}

/// Computes the rows in `rows` of the result. A result that has rows may be the memory of an operand that has some.
///
/// - Parameter entry: the element that an operation takes of each row, if it takes one.
/// - Throws: at the first label that is not in `0..<columns`; results of rows before it are written.
/// - Complexity: O(`rows.count` · `columns`). Allocates nothing.
package func runRows(
  _ operation: RowOperation, _ type: ElementType, inputs: UnsafePointer<UnsafeRawPointer>,
  output: UnsafeMutableRawPointer, columns: Int, rows: Range<Int>, entry: Int = 0
) throws(IndexOutOfRange) {
  precondition(type.hasArithmetic, "Softmax needs floats")
  precondition(columns >= 1, "Softmax needs at least one column, got \(columns)")
  if operation.takesEntry {
    precondition(entry >= 0 && entry < columns, "A row of \(columns) columns has no element \(entry)")
    withUnsafePointer(to: Int32(entry)) { entry in
      withUnsafePointer(to: (inputs[0], UnsafeRawPointer(entry))) { pair in
        let inputs = UnsafeRawPointer(pair).assumingMemoryBound(to: UnsafeRawPointer.self)
        _ = adj_rows(operation.rawValue, type.rawValue, inputs, output, columns, rows.lowerBound, rows.upperBound)
      }
    }
    return
  }
  let wrong = adj_rows(
    operation.rawValue, type.rawValue, inputs, output, columns, rows.lowerBound, rows.upperBound)
  guard wrong >= 0, let position = operation.labelPosition else { return }
  let label = inputs[position].assumingMemoryBound(to: Int32.self)[wrong]
  throw IndexOutOfRange(position: wrong, index: Int(label), rowCount: columns)
}
