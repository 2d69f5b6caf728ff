internal import Kernels

/// A Swift type whose values a node can hold: `Float`, `Double`, `Int32`, `Int64`, `Bool`, `Float16` (where Swift has
/// it) or ``BFloat16``, and no other, since a node's memory is read and written as elements of that type.
public protocol GraphScalar: BitwiseCopyable, Sendable {
  /// Only this package makes such a value, one for each of its types: another type has none to conform with.
  static var _format: _GraphScalarFormat<Self> { get }
  /// The number of this type next to `value`. An integer has what lies before the point, a number beyond its range the
  /// nearest in it, and a NaN, which no integer is next to, 0. A `Bool` is true for whatever is not 0.
  init(rounding value: Double)
  /// This number as a double, to which an integer of 64 bits is rounded; 1 for true and 0 for false.
  var asDouble: Double { get }
}

/// How the elements of `Scalar` lie in memory.
public struct _GraphScalarFormat<Scalar: BitwiseCopyable>: Sendable {
  let elementType: ElementType
}

extension GraphScalar {
  /// The element type of nodes that hold such values. No requirement: a type of one's own cannot claim another.
  public static var elementType: ElementType { _format.elementType }
}

extension Float: GraphScalar {
  public static var _format: _GraphScalarFormat<Float> { _GraphScalarFormat(elementType: .float32) }
  public init(rounding value: Double) { self = Float(value) }
  public var asDouble: Double { Double(self) }
}

extension Double: GraphScalar {
  public static var _format: _GraphScalarFormat<Double> { _GraphScalarFormat(elementType: .float64) }
  public init(rounding value: Double) { self = value }
  public var asDouble: Double { self }
}

extension Int32: GraphScalar {
  public static var _format: _GraphScalarFormat<Int32> { _GraphScalarFormat(elementType: .int32) }
  public init(rounding value: Double) { self.init(saturating: value) }
  public var asDouble: Double { Double(self) }
}

extension Int64: GraphScalar {
  public static var _format: _GraphScalarFormat<Int64> { _GraphScalarFormat(elementType: .int64) }
  public init(rounding value: Double) { self.init(saturating: value) }
  public var asDouble: Double { Double(self) }
}

extension Bool: GraphScalar {
  public static var _format: _GraphScalarFormat<Bool> { _GraphScalarFormat(elementType: .bool) }
  public init(rounding value: Double) { self = value != 0 }
  public var asDouble: Double { self ? 1 : 0 }
}

#if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
  extension Float16: GraphScalar {
    public static var _format: _GraphScalarFormat<Float16> { _GraphScalarFormat(elementType: .float16) }
    public init(rounding value: Double) { self.init(bitPattern: adj_float16_of_f64(value)) }
    public var asDouble: Double { Double(adj_wide_of_float16(bitPattern)) }
  }
#endif

extension FixedWidthInteger {
  /// What lies before the point of `value`, the nearest number where it is out of range, and 0 for a NaN.
  fileprivate init(saturating value: Double) {
    let before = value.rounded(.towardZero)
    self = Self(exactly: before) ?? (value.isNaN ? 0 : value < 0 ? .min : .max)
  }
}
