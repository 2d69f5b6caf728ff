package import Kernels

/// The number format of a node's elements.
///
/// Gates compute with ``float32`` and ``float64``, and ``int32`` holds labels and row indices. Elements of any type are
/// stored, moved, taken by ``select(_:_:_:fileID:line:)-(_,Node,Node,_,_)``, and made elements of another type by
/// ``Node/cast(to:fileID:line:)``: cast them to compute with them.
/// A gate that is asked to compute with another type is a ``GraphError`` that says so. Gradients are of their
/// variables' types; integers and truth values have none.
///
/// Everything else about a type stands in one line of a table, `CElementTypes.h`, that Swift and C share.
public struct ElementType: Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// The rows of the table, in its order.
  package enum Row: UInt8, CaseIterable { case float32, float64, int32, int64, bool, float16, bfloat16 }
  package let row: Row

  private init(row: Row) { self.row = row }
  package init?(rawValue: UInt8) {
    guard let row = Row(rawValue: rawValue) else { return nil }
    self.row = row
  }
  package var rawValue: UInt8 { row.rawValue }

  /// All types of this version; a later one may have more.
  public static let allCases = Row.allCases.map { ElementType(row: $0) }

  /// Numbers of 24 binary digits, the `binary32` of IEEE 754.
  public static var float32: ElementType { ElementType(row: .float32) }
  /// Numbers of 53 binary digits, the `binary64` of IEEE 754.
  public static var float64: ElementType { ElementType(row: .float64) }
  /// Integers of 32 bits.
  public static var int32: ElementType { ElementType(row: .int32) }
  /// Integers of 64 bits.
  public static var int64: ElementType { ElementType(row: .int64) }
  /// Truth values: 1 is true and 0 false, in a byte.
  public static var bool: ElementType { ElementType(row: .bool) }
  /// Numbers of 11 binary digits, the `binary16` of IEEE 754, up to 65504.
  public static var float16: ElementType { ElementType(row: .float16) }
  /// Numbers of 8 binary digits, with the exponents of ``float32``: its upper half.
  public static var bfloat16: ElementType { ElementType(row: .bfloat16) }

  // Asked for each of a million nodes, these three read the table here rather than in another module.

  /// The bytes one element takes.
  public var byteCount: Int { Int(adj_facts_of_element(rawValue).size) }

  /// Whether elements are floating-point numbers. A gradient can flow through these alone.
  public var isDifferentiable: Bool { adj_facts_of_element(rawValue).kind & UInt8(ADJ_KIND_FLOATING) != 0 }

  /// Whether gates compute with elements of this type: ``float32`` and ``float64``.
  public var hasArithmetic: Bool { Int(rawValue) < Int(ADJ_ARITHMETIC_TYPE_COUNT) }

  public var description: String { kernelType.name }

  /// `value` as an element of this type would hold it; what lies before the point of one that is in no integer's range.
  public func rounded(_ value: Double) -> Double {
    // One binary digit is a truth value: whatever is not 0 is 1. No integer is -0.
    isDifferentiable || precision == 1 ? nearest(to: value) : value.rounded(.towardZero) + 0
  }
}

extension ElementType {
  package var kernelType: Kernels.ElementType { Kernels.ElementType(rawValue: rawValue)! }

  /// The types that gates compute with.
  package static let ofArithmetic = allCases.filter(\.hasArithmetic)

  /// Itself, or for a type without arithmetic the one to which its elements are cast to be computed with.
  package var computed: ElementType { hasArithmetic ? self : .float32 }

  /// Which of the two types with arithmetic it is; any other is a precondition failure, since it is neither.
  package var isDouble: Bool {
    precondition(hasArithmetic, "\(self) is neither float32 nor float64")
    return self == .float64
  }

  /// The name of this type in safetensors files.
  package var storedName: String { kernelType.storedName }

  /// Binary digits of an element.
  package var precision: Int { kernelType.precision }

  /// The exponent of the greatest element.
  package var greatestExponent: Int { kernelType.greatestExponent }

  /// The exponent of the least element above 0, of a floating-point type.
  package var leastExponent: Int { 2 - greatestExponent - precision }

  package var greatestFiniteMagnitude: Double { (2 - ulpOfOne) * Self.power(greatestExponent) }
  /// The smallest normal number above 0, of a floating-point type.
  package var leastNormalMagnitude: Double { Self.power(1 - greatestExponent) }
  /// The smallest number above 0, of a floating-point type.
  package var leastNonzeroMagnitude: Double { Self.power(leastExponent) }
  /// By how much the number next to 1 differs from it.
  package var ulpOfOne: Double { Self.power(1 - precision) }

  private static func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }

  /// `value` cast to this type.
  package func nearest(to value: Double) -> Double { kernelType.rounded(value) }

  /// True for a number that an integer type cannot hold: a fraction, one out of range, or NaN. False for every number
  /// of a floating-point type, which rounds.
  package func lacks(_ value: Double) -> Bool {
    if isDifferentiable { return false }
    return value != nearest(to: value) || value >= Self.power(greatestExponent + 1)
  }

  /// Whether `value` is a finite number as an element of this type, a floating-point one: neither NaN, nor infinite,
  /// nor so large that it becomes infinite when it is rounded.
  package func holdsFinite(_ value: Double) -> Bool {
    // What is less than half a last place above the greatest number is rounded down to it.
    value.magnitude < (2 - ulpOfOne / 2) * Self.power(greatestExponent)
  }

  /// The first of `values` that is out of the range of integers; `nil` for floating-point types, which have infinities.
  package func firstOutOfRange(_ values: [Double]) -> Double? {
    isDifferentiable ? nil : values.first { lacks(rounded($0)) }
  }

  /// Makes bytes from outside elements: a truth value that is not 0 is 1, as Swift needs it to be.
  func makeElements(of bytes: UnsafeMutableRawBufferPointer) {
    guard precision == 1 else { return }
    for place in bytes.indices where bytes[place] > 1 { bytes[place] = 1 }
  }

  /// The element at `base` as a double, to which it is rounded.
  package func double(at base: UnsafeRawPointer) -> Double {
    var value = 0.0
    runCast(kernelType, to: .float64, input: base, output: &value, range: 0..<1)
    return value
  }

  /// The elements from `base` on as doubles, to which they are rounded.
  package func doubles(at base: UnsafeRawPointer, count: Int) -> [Double] {
    [Double](unsafeUninitializedCapacity: count) { values, initialized in
      if count > 0 {
        runCast(kernelType, to: .float64, input: base, output: values.baseAddress!, range: 0..<count)
      }
      initialized = count
    }
  }

  /// Writes `values`, each as an element of this type, from `base` on.
  package func write(_ values: UnsafeBufferPointer<Double>, to base: UnsafeMutableRawPointer) {
    guard let start = values.baseAddress else { return }
    runCast(.float64, to: kernelType, input: start, output: base, range: 0..<values.count)
  }

  /// Writes `values`, each as an element of this type, from `base` on.
  func write(_ values: UnsafeBufferPointer<Float>, to base: UnsafeMutableRawPointer) {
    guard let start = values.baseAddress else { return }
    runCast(.float32, to: kernelType, input: start, output: base, range: 0..<values.count)
  }

  /// True for an integer that an integer type cannot hold; false for a floating-point type, which rounds.
  func lacks(_ value: Int) -> Bool {
    // Whatever is out of the range of 32 bits still is as a double. All integers here have at most 64 bits.
    !isDifferentiable && self != .int64 && lacks(Double(value))
  }

  /// Writes `values`, each as an element of this type, from `base` on: rounded once, however large they are.
  func write(_ values: UnsafeBufferPointer<Int>, to base: UnsafeMutableRawPointer) {
    guard let start = values.baseAddress else { return }
    runCast(Self.holding(Int.self), to: kernelType, input: start, output: base, range: 0..<values.count)
  }

  /// The type whose elements lie in memory as integers of this width.
  private static func holding<I: FixedWidthInteger>(_: I.Type) -> Kernels.ElementType {
    I.bitWidth == 64 ? .int64 : .int32
  }
}
