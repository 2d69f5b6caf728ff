internal import CKernels

/// output[i] = operation(inputs[0][i], …) for each i of `range`, a range of the flat output.
///
/// The result for an element depends on its operands alone, to the bit, however the output is cut into ranges. The
/// output may be the same memory as an input that has the output's shape. Allocates nothing.
///
/// - Parameters:
///   - inputs: as many as the operation's arity, each laid out as its shape in the plan, at element 0.
///   - output: at element 0, of the plan's output shape.
/// - Complexity: O(`range.count`).
package func runElementwise(
  _ operation: ElementwiseOperation, _ type: ElementType, plan: BroadcastPlan,
  inputs: UnsafePointer<UnsafeRawPointer>, output: UnsafeMutableRawPointer, range: Range<Int>
) {
  precondition(operation.supports(type), "Integers can be copied and added, but \(operation) needs floats")
  precondition(
    plan.operandCount == operation.arity,
    "\(operation) reads \(operation.arity) operands, but the plan is for \(plan.operandCount)")
  checkRange(range, within: plan.count)
  if range.isEmpty { return }
  plan.layout.withC {
    adj_elementwise(UInt16(operation.rawValue), type.rawValue, $0, inputs, output, range.lowerBound, range.upperBound)
  }
}

/// Repeats `input`, of the plan's single operand shape, over the output's shape.
package func runBroadcast(
  _ type: ElementType, plan: BroadcastPlan, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, range: Range<Int>
) {
  withUnsafePointer(to: input) {
    runElementwise(.copy, type, plan: plan, inputs: $0, output: output, range: range)
  }
}

/// A range of outputs that do not exist would write past a buffer.
@inline(__always)
func checkRange(_ range: Range<Int>, within count: Int) {
  precondition(
    range.lowerBound >= 0 && range.upperBound <= count, "The range \(range) is outside of 0..<\(count)")
}
