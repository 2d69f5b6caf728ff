internal import CKernels
public import COperations

/// What the elements of a tensor are: a case for each line of the table of element types, `CElementTypes.h`.
package typealias ElementType = adj_element_type

extension adj_element_type {
  private var facts: adj_element_facts { adj_facts_of_element(rawValue) }

  package static let allCases = (0..<UInt8(ADJ_TYPE_COUNT)).map { adj_element_type(rawValue: $0)! }

  package var name: String { String(cString: facts.name) }

  /// Bytes of one element.
  package var byteCount: Int { Int(facts.size) }

  /// Whether elements are floating-point numbers.
  package var isFloating: Bool { facts.kind & UInt8(ADJ_KIND_FLOATING) != 0 }

  /// Binary digits of an element.
  package var precision: Int { Int(facts.precision) }

  /// The exponent of the greatest element.
  package var greatestExponent: Int { Int(facts.exponent) }

  /// The name of this type in safetensors files.
  package var storedName: String { String(cString: facts.stored) }

  /// Whether kernels compute with elements of this type: with others they move, cast and fill, and add int32.
  package var hasArithmetic: Bool { Int(rawValue) < Int(ADJ_ARITHMETIC_TYPE_COUNT) }

  /// Which of the two types with arithmetic it is; any other is a caller's mistake.
  package var isDouble: Bool {
    precondition(hasArithmetic, "Kernels do not compute with \(name)")
    return self == .float64
  }

  /// `value` as an element of this type has it.
  package func rounded(_ value: Double) -> Double { adj_rounded(rawValue, value) }
}

/// output[i] = input[i] as an element of type `to`, for each i of `range`, as `CElementCasts.h` says.
///
/// Both buffers are given at element 0 and share no memory. Allocates nothing.
/// - Complexity: O(`range.count`).
package func runCast(
  _ from: ElementType, to: ElementType, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, range: Range<Int>
) {
  if range.isEmpty { return }
  adj_cast(from.rawValue, to.rawValue, input, output, range.lowerBound, range.upperBound)
}
