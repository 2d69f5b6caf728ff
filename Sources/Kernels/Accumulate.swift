internal import CKernels

/// The copy gate's adder: output = ((inputs[0] + inputs[1]) + inputs[2]) + …, in that order for every element.
///
/// All buffers have the output's shape and are given at element 0; the output may be the memory of `inputs[0]`.
/// - Complexity: O(`range.count` · `inputs.count`), each buffer passing through memory once.
package func runAccumulate(
  _ type: ElementType, inputs: UnsafeBufferPointer<UnsafeRawPointer>, output: UnsafeMutableRawPointer, range: Range<Int>
) {
  precondition(!inputs.isEmpty, "An accumulation needs at least one contribution")
  precondition(ElementwiseOperation.add.supports(type), "Contributions are floats or int32")
  if range.isEmpty { return }
  adj_accumulate(type.rawValue, inputs.baseAddress!, inputs.count, output, range.lowerBound, range.upperBound)
}

/// target += source, element by element.
package func addInto(
  _ type: ElementType, source: UnsafeRawPointer, target: UnsafeMutableRawPointer, range: Range<Int>
) {
  withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: 2) { inputs in
    inputs.initializeElement(at: 0, to: UnsafeRawPointer(target))
    inputs.initializeElement(at: 1, to: source)
    runAccumulate(type, inputs: UnsafeBufferPointer(inputs), output: target, range: range)
  }
}

/// target = value, as an element of any type has it.
package func runFill(
  _ type: ElementType, value: Double, target: UnsafeMutableRawPointer, range: Range<Int>
) {
  if range.isEmpty { return }
  adj_fill(type.rawValue, value, target, range.lowerBound, range.upperBound)
}

/// target = 0.
package func runFillZero(_ type: ElementType, target: UnsafeMutableRawPointer, range: Range<Int>) {
  (target + range.lowerBound * type.byteCount)
    .initializeMemory(as: UInt8.self, repeating: 0, count: range.count * type.byteCount)
}
