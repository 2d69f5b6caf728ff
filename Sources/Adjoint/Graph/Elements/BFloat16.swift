internal import Kernels

/// A floating-point number of 16 bits, the upper half of a `Float`: its exponents, and 8 binary digits.
///
/// A format to store and to send numbers in: convert it to compute.
///
/// ```swift
/// let third = BFloat16(rounding: 1.0 / 3)    // 0.333984375
/// ```
public struct BFloat16: Hashable, Sendable, BitwiseCopyable {
  /// Sign, eight bits of exponent, seven of fraction, from the highest bit on.
  public var bitPattern: UInt16

  /// The number of these bits.
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// The number next to `value`, the one whose last digit is 0 if two are: an infinity beyond the greatest, NaN for
  /// NaN.
  public init(_ value: Float) { self.init(bitPattern: adj_bfloat16_of_f32(value)) }

  /// Two numbers are equal if their values are: 0 and -0 are, and a NaN equals nothing.
  public static func == (left: BFloat16, right: BFloat16) -> Bool { Float(left) == Float(right) }

  public func hash(into hasher: inout Hasher) { hasher.combine(Float(self)) }
}

extension BFloat16: GraphScalar {
  public static var _format: _GraphScalarFormat<BFloat16> { _GraphScalarFormat(elementType: .bfloat16) }
  public init(rounding value: Double) { self.init(bitPattern: adj_bfloat16_of_f64(value)) }
  public var asDouble: Double { Double(Float(self)) }
}

extension BFloat16: CustomStringConvertible {
  /// The value in decimal digits: `0.33398438`.
  public var description: String { "\(Float(self))" }
}

extension Float {
  /// The same number.
  public init(_ value: BFloat16) { self = adj_wide_of_bfloat16(value.bitPattern) }
}
