internal import CKernels

/// An index that names no row of an operand that a chain gathers.
package struct ChainIndexOutOfRange: Error, Sendable, Equatable {
  /// The operand, by number.
  package let operand: Int
  package let error: IndexOutOfRange
}

extension ElementwiseChain {
  /// Throws what `fault` stands for, if it is one.
  @inline(__always)
  func check(
    _ fault: adj_chain_fault, _ inputs: UnsafePointer<UnsafeRawPointer>
  ) throws(ChainIndexOutOfRange) {
    if fault.operand >= 0 { throw error(for: fault, inputs) }
  }

  @inline(never)
  private func error(
    for fault: adj_chain_fault, _ inputs: UnsafePointer<UnsafeRawPointer>
  ) -> ChainIndexOutOfRange {
    let gather = gathers.first { Int($0.operand) == fault.operand }!
    let indices = inputs[Int(gather.indices)].assumingMemoryBound(to: Int32.self)
    return ChainIndexOutOfRange(
      operand: fault.operand,
      error: IndexOutOfRange(
        position: fault.position, index: Int(indices[fault.position]), rowCount: gather.rows))
  }
}
