package import CKernels

/// One step of the machine for scalar graphs: `slab[result] = operation(slab[a], slab[b], slab[c])`.
///
/// `operation` is the raw value of an ``ElementwiseOperation``; operands beyond its arity are read and ignored, so they
/// name any element of the slab, such as 0. `flags` belong to whoever made the instruction.
package typealias ScalarInstruction = adj_scalar_instruction

extension adj_scalar_instruction {
  package init(_ operation: ElementwiseOperation, result: UInt32, a: UInt32, b: UInt32 = 0, c: UInt32 = 0) {
    self.init(operation: operation.rawValue, flags: 0, result: result, a: a, b: b, c: c)
  }
}

/// Carries out instructions in order on a slab of elements of `type`, each reading what those before it wrote.
///
/// Gives the same bits as ``runElementwise(_:_:plan:inputs:output:range:)``, with which it shares its definitions. A run
/// of one operation costs a few nanoseconds an instruction; a change of operation a jump more. Opcodes and indices are
/// not checked here but by whoever compiles the list: an unknown opcode traps.
///
/// - Complexity: O(`count`).
package func runScalars(
  _ type: ElementType, _ instructions: UnsafePointer<ScalarInstruction>, count: Int, slab: UnsafeMutableRawPointer
) {
  precondition(type != .int32, "The scalar machine computes with floats")
  adj_scalars(type.rawValue, instructions, count, slab)
}
