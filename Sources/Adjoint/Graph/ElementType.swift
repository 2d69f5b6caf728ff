package import Kernels

/// The number format of a node's elements.
///
/// Gradients flow through ``float32`` and ``float64``; ``int32`` holds labels and row indices and has no gradient.
public enum ElementType: UInt8, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  case float32, float64, int32

  /// The bytes one element takes.
  public var byteCount: Int { self == .float64 ? 8 : 4 }

  /// Whether a gradient can flow through elements of this type.
  public var isDifferentiable: Bool { self != .int32 }

  public var description: String {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .int32: "int32"
    }
  }

  /// `value` as an element of this type would hold it.
  public func rounded(_ value: Double) -> Double {
    switch self {
    case .float32: Double(Float(value))
    case .float64: value
    case .int32: value.rounded(.towardZero)
    }
  }

  package var kernelType: Kernels.ElementType {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .int32: .int32
    }
  }
}

/// A Swift type whose values a node can hold: `Float`, `Double` or `Int32`, and no other, since a node's memory is
/// read and written as elements of that type.
public protocol GraphScalar: BitwiseCopyable, Sendable {
  /// Only this package makes such a value, one for each of its three types: another type has none to conform with.
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
  public init(rounding value: Double) {
    let (least, most) = (Double(Int32.min), Double(Int32.max))
    self = value.isNaN ? 0 : Int32(Swift.min(Swift.max(value, least), most))
  }
  public var asDouble: Double { Double(self) }
}
