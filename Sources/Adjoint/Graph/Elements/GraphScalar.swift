/// A Swift type whose values a node can hold: `Float`, `Double` or `Int32`, and no other, since a node's memory is
/// read and written as elements of that type.
public protocol GraphScalar: BitwiseCopyable, Sendable {
  /// Only this package makes such a value, one for each of its types: another type has none to conform with.
  static var _format: _GraphScalarFormat<Self> { get }
  /// The number of this type next to `value`. An integer has what lies before the point, a number beyond its range the
  /// nearest in it, and a NaN, which no integer is next to, 0.
  init(rounding value: Double)
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

extension FixedWidthInteger {
  /// What lies before the point of `value`, the nearest number where it is out of range, and 0 for a NaN.
  fileprivate init(saturating value: Double) {
    let before = value.rounded(.towardZero)
    self = Self(exactly: before) ?? (value.isNaN ? 0 : value < 0 ? .min : .max)
  }
}
