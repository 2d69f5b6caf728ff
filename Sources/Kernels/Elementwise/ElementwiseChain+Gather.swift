internal import CKernels

/// An index that names no row of an operand that a chain gathers.
package struct ChainIndexOutOfRange: Error, Sendable, Equatable {
  /// The operand, by number.
  package let operand: Int
  package let error: IndexOutOfRange

  @inline(never)
  init(_ fault: adj_chain_fault, _ reading: adj_chain_reading, _ inputs: UnsafePointer<UnsafeRawPointer>) {
    let gathers = UnsafeBufferPointer(start: reading.gathers, count: reading.gather_count)
    let gather = gathers.first { Int($0.operand) == fault.operand }!
    let indices = inputs[Int(gather.indices)].assumingMemoryBound(to: Int32.self)
    operand = fault.operand
    error = IndexOutOfRange(position: fault.position, index: Int(indices[fault.position]), rowCount: gather.rows)
  }
}

extension ElementwiseChain {
  /// Throws what `fault` stands for, if it is one.
  @inline(__always)
  func check(
    _ fault: adj_chain_fault, _ inputs: UnsafePointer<UnsafeRawPointer>
  ) throws(ChainIndexOutOfRange) {
    if fault.operand >= 0 { throw ChainIndexOutOfRange(fault, code.pointee.reading, inputs) }
  }
}
