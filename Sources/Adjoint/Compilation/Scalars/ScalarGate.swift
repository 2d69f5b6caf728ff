internal import Kernels

/// What the machine for scalars does for a gate: an opcode and how many operands it reads.
struct ScalarOperation: BitwiseCopyable, Sendable {
  let code: UInt8
  let arity: UInt8
  /// Whether the bits of the result are the same with operands exchanged.
  let isCommutative: Bool

  static let copy = ScalarOperation(.copy)

  init(_ operation: ElementwiseOperation) {
    code = operation.rawValue
    arity = UInt8(operation.arity)
    isCommutative = operation.isCommutative
  }

  /// `nil` if the machine can't do what the kernel does. An accumulate node is an addition, or several.
  init?(_ kernel: Kernel) {
    switch kernel.form {
    case .elementwise(let operation): self.init(operation)
    case .accumulate: self.init(.add)
    case .broadcast: self.init(.copy)
    default: return nil
    }
  }
}

/// What a scalar gate reads: a slot, or the result of a gate of the same step.
struct ScalarOperand: BitwiseCopyable {
  private let bits: UInt32
  private static let stepBit: UInt32 = 1 << 31
  /// In place of an operand that the operation doesn't have.
  static let none = ScalarOperand(bits: 0)

  private init(bits: UInt32) { self.bits = bits }
  init(gate: Int) { bits = UInt32(truncatingIfNeeded: gate) | Self.stepBit }

  @inline(__always)
  init(_ place: Placement.Place) {
    bits = UInt32(truncatingIfNeeded: place.index) | (place.isAwaited ? Self.stepBit : 0)
  }

  @inline(__always) var isOfStep: Bool { bits & Self.stepBit != 0 }
  /// The slot, or the number of the gate.
  @inline(__always) var index: Int { Int(bits & ~Self.stepBit) }
}

/// One scalar gate of a step under construction.
struct ScalarGate: BitwiseCopyable {
  let operation: ScalarOperation
  /// How many gates of this step must come before it, one after the other.
  let depth: UInt32
  private let operands: (ScalarOperand, ScalarOperand, ScalarOperand)

  @inline(__always)
  init(_ operation: ScalarOperation, depth: UInt32, _ operands: (ScalarOperand, ScalarOperand, ScalarOperand)) {
    self.operation = operation
    self.depth = depth
    self.operands = operands
  }

  var code: UInt8 { operation.code }
  var arity: UInt8 { operation.arity }

  @inline(__always)
  subscript(operand: Int) -> ScalarOperand { operand == 0 ? operands.0 : operand == 1 ? operands.1 : operands.2 }
}

extension ScalarOperation: CustomStringConvertible {
  /// `multiply`.
  var description: String { ElementwiseOperation(opcode: code).map { "\($0)" } ?? "operation \(code)" }
}

extension ScalarOperand: CustomStringConvertible {
  /// `slot 5`, or `gate 3 of its step`.
  var description: String { isOfStep ? "gate \(index) of its step" : "slot \(index)" }
}

extension ScalarGate: CustomStringConvertible {
  /// `multiply of slot 5, gate 3 of its step`.
  var description: String {
    "\(operation) of " + (0..<Int(arity)).map { "\(self[$0])" }.joined(separator: ", ")
  }
}
