// Its cases are members of a type of C, which a file sees only if it imports the module that they are declared in:
// whoever imports these kernels has them, and nothing else of C.
@_exported public import COperations

/// A case for each line of the table of elementwise operations, `COperations.h`, which says what it computes; the raw
/// value is the opcode.
extension ElementwiseOperation {
  /// How many there are.
  package static let count = Int(ADJ_OPERATION_COUNT)

  package static let allCases = (0..<UInt8(ADJ_OPERATION_COUNT)).map { ElementwiseOperation(opcode: $0)! }

  /// `nil` if the table has no such line.
  package init?(opcode: UInt8) {
    guard opcode < Self.count else { return nil }
    self.init(rawValue: opcode)
  }

  private var facts: adj_operation_facts { adj_facts_of(rawValue) }

  /// How many operands it reads: 1, 2 or 3.
  package var arity: Int { Int(facts.arity) }

  /// Whether an element takes an exponential, a logarithm or their like.
  package var isTranscendental: Bool { facts.traits & UInt8(ADJ_FUNCTION) != 0 }

  /// Whether the bits of the result are the same with operands exchanged.
  package var isCommutative: Bool { facts.traits & UInt8(ADJ_COMMUTATIVE) != 0 }

  /// By how many units in the last place the result may be off; 0 if it is the exact one, rounded once.
  package var ulps: Int { Int(facts.ulps) }

  /// Whether it can be done to elements of `type`: everything to those that kernels compute with, copying and selecting
  /// to any, and adding to int32.
  package func supports(_ type: ElementType) -> Bool {
    type.hasArithmetic || self == .copy || self == .select || self == .add && type == .int32
  }
}

extension ElementwiseOperation: @retroactive CustomStringConvertible {
  public var description: String { String(cString: facts.name) }
}
