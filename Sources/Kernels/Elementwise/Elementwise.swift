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
  precondition(
    operation.supports(type),
    "Elements of \(type.name) are copied and selected, but \(operation) needs float32 or float64")
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
///
/// - Parameter elementSize: bytes of an element: 1, 2, 4 or 8.
package func runBroadcast(
  elementSize: Int, plan: BroadcastPlan, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, range: Range<Int>
) {
  precondition(plan.operandCount == 1, "A broadcast reads 1 operand, but the plan is for \(plan.operandCount)")
  checkElementSize(elementSize)
  checkRange(range, within: plan.count)
  if range.isEmpty { return }
  plan.layout.withC {
    adj_strided_copy(
      elementSize, $0, input, output + range.lowerBound * elementSize, range.lowerBound, range.upperBound)
  }
}

/// Elements are moved by their bytes, whatever they are.
@inline(__always)
func checkElementSize(_ size: Int) {
  precondition((1...8).contains(size) && size & (size - 1) == 0, "Elements have 1, 2, 4 or 8 bytes, got \(size)")
}

/// A range of outputs that do not exist would write past a buffer.
@inline(__always)
func checkRange(_ range: Range<Int>, within count: Int) {
  precondition(
    range.lowerBound >= 0 && range.upperBound <= count, "The range \(range) is outside of 0..<\(count)")
}
