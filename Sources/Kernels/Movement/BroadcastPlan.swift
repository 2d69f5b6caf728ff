/// How operands of several shapes are laid over one output, by NumPy's rule: shapes are aligned at their last axis, and
/// an axis of size 1, or one that is missing, is repeated.
///
/// Made once when a program is compiled; a run of it allocates nothing. Immutable, and shared by any number of threads.
///
/// ```swift
/// let plan = BroadcastPlan(output: [128, 10], operands: [[128, 10], [10]])   // a matrix and a row
/// ```
package struct BroadcastPlan: Sendable, Equatable {
  let layout: StridedLayout

  /// Elements of the output.
  package let count: Int

  /// Operands over the output.
  package var operandCount: Int { layout.operandCount }

  /// A caller's mistake if an operand does not broadcast to `output`, or if there are not one to three operands.
  package init(output: [Int], operands: [[Int]]) {
    precondition((1...3).contains(operands.count), "A broadcast has one to three operands, got \(operands.count)")
    layout = StridedLayout(output: output, operandStrides: operands.map { Self.strides(of: $0, under: output) })
    count = layout.count
  }

  static func strides(of operand: [Int], under output: [Int]) -> [Int] {
    let missing = output.count - operand.count
    precondition(missing >= 0, "The shape \(operand) has more axes than \(output), to which it should broadcast")
    let own = StridedLayout.rowMajorStrides(of: operand)
    return output.indices.map { axis in
      if axis < missing || operand[axis - missing] == 1 { return 0 }
      precondition(operand[axis - missing] == output[axis], "The shape \(operand) does not broadcast to \(output)")
      return own[axis - missing]
    }
  }
}
