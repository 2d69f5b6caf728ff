internal import CKernels

/// The words of the machine for graphs of scalars: which operation, how often, on which elements of a slab.
///
/// Code is a sequence of runs. A run is a head, then the slab's elements that its gates read: all first operands, all
/// second ones, all third ones. The results of a program lie next to one another, in the order of its gates; a gate
/// reads results of runs before its own.
///
/// A few gates are cheaper one by one, as *singles*, than as a run: shorter runs than ``shortestRun`` are written so. What
/// the two singles right before a single made is kept in registers: operands that are these are left out.
package enum ScalarCode {
  package enum Form: UInt32, Sendable {
    case run
    case single
    /// The first operand is the result of the single right before.
    case firstIsLast
    /// For operations of two operands.
    case secondIsLast
    /// The first operand is the result of the last single but one.
    case firstIsBefore
    /// For operations of two operands: the first is the last result, the second the one before it, or the other way round.
    case lastAndBefore
    case beforeAndLast
    /// Several gates of two operands, each of which has the result of the one before it as its first. Their second ones
    /// follow.
    case series
  }

  /// A head from its lowest bit on: the form, the opcode, and in all other bits the count.
  @inlinable package static var formBits: UInt32 { 3 }
  @inlinable package static var kindBits: UInt32 { 11 }

  package static let shortestRun = 4  // Decisions/Scalars.md
  /// The most gates that one head can stand for.
  package static let longestRun = 1 << (32 - Int(kindBits)) - 1
  /// The bytes of the slab that are fetched as one.
  package static let lineByteCount = 64
  /// What stands in place of an opcode where lines are fetched.
  package static let fetching = UInt8(ElementwiseOperation.count)

  @inlinable package static func head(_ operation: UInt8, _ form: Form, count: Int = 1) -> UInt32 {
    form.rawValue | UInt32(operation) << formBits | UInt32(truncatingIfNeeded: count) << kindBits
  }

  /// The operation that a head stands for.
  @inlinable package static func operation(of head: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: head >> formBits) }

  /// How the gates of a head read their operands.
  @inlinable package static func form(of head: UInt32) -> Form { Form(rawValue: head & (1 << formBits - 1))! }

  /// The number of gates, or of lines, that a head stands for.
  @inlinable package static func count(of head: UInt32) -> Int { Int(head >> kindBits) }

  /// The head of the numbers of `count` lines of the slab that will be read soon, and should be on their way from memory.
  package static func fetch(count: Int) -> UInt32 { head(fetching, .run, count: count) }
}

/// Carries out `words` words of ``ScalarCode`` on a slab of elements of `type`, each run reading what those before it
/// wrote; `firstResult` is the element that the first gate's result goes to.
///
/// Gives the same bits as ``runElementwise(_:_:plan:inputs:output:range:)``, with which it shares its definitions. A gate
/// in a run costs about a nanosecond, a single what its operation takes or a jump, whichever is longer. Indices are not
/// checked here but by whoever writes the code: an unknown head traps.
///
/// - Complexity: O(`words`).
package func runScalars(
  _ type: ElementType, _ code: UnsafePointer<UInt32>, words: Int, slab: UnsafeMutableRawPointer, firstResult: Int
) {
  precondition(type.hasArithmetic, "The scalar machine computes with floats")
  adj_scalars(type.rawValue, code, words, slab, firstResult)
}
