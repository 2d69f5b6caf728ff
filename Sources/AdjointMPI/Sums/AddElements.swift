internal import Adjoint
internal import Kernels

/// target = left + right of float32 or float64 elements, of which either operand may be the target.
func addElements(
  _ type: Adjoint.ElementType, _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, to target: UnsafeMutableRawPointer,
  count: Int
) {
  precondition(type == .float32 || type == .float64, "Only floating-point elements are summed, got \(type)")
  withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: 2) { operands in
    operands.initializeElement(at: 0, to: left)
    operands.initializeElement(at: 1, to: right)
    runAccumulate(type.kernelType, inputs: UnsafeBufferPointer(operands), output: target, range: 0..<count)
  }
}
