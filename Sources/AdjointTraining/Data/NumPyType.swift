internal import Adjoint
internal import func Kernels.runCast

/// A type of NumPy's numbers: `<f4` is a floating-point number of four bytes, the least significant first.
struct NumPyType: Hashable, Sendable {
  enum Kind: Character { case bool = "b", signed = "i", unsigned = "u", floating = "f" }
  let kind: Kind
  let byteCount: Int
  let isBigEndian: Bool

  /// `nil` for what is not a real number of at most eight bytes: texts, complex numbers, records, objects.
  init?(_ name: String) {
    let parts = Array(name)
    guard parts.count == 3, name.utf8.count == 3, let kind = Kind(rawValue: parts[1]),
      let byteCount = parts[2].wholeNumberValue
    else { return nil }
    let sizes: [Int] =
      switch kind {
      case .bool: [1]
      case .signed, .unsigned: [1, 2, 4, 8]
      case .floating: [2, 4, 8]
      }
    guard sizes.contains(byteCount), byteCount == 1 ? "|<>".contains(parts[0]) : "<>".contains(parts[0]) else {
      return nil
    }
    (self.kind, self.byteCount, isBigEndian) = (kind, byteCount, parts[0] == ">")
  }

  var name: String { "\(byteCount == 1 ? "|" : isBigEndian ? ">" : "<")\(kind.rawValue)\(byteCount)" }

  private func bits(of bytes: [UInt8], _ place: Int) -> UInt64 {
    let element = bytes[place * byteCount..<(place + 1) * byteCount]
    var bits: UInt64 = 0
    for byte in isBigEndian ? Array(element) : element.reversed() { bits = bits << 8 | UInt64(byte) }
    return bits
  }

  fileprivate enum Number {
    case whole(Int64)
    /// Beyond what 64 bits with a sign hold.
    case large(UInt64)
    case real(Double)
  }

  private func number(of bytes: [UInt8], _ place: Int) -> Number {
    let bits = bits(of: bytes, place)
    switch kind {
    case .bool: return .whole(bits == 0 ? 0 : 1)
    case .unsigned: return Int64(exactly: bits).map(Number.whole) ?? .large(bits)
    case .signed:
      let unused = 64 - 8 * byteCount
      return .whole(Int64(bitPattern: bits << UInt64(unused)) >> Int64(unused))
    case .floating:
      switch byteCount {
      case 2: return .real(Self.half(UInt16(bits)))
      case 4: return .real(Double(Float(bitPattern: UInt32(bits))))
      default: return .real(Double(bitPattern: bits))
      }
    }
  }

  /// The value of a floating-point number of 11 binary digits, of which Swift has none on every platform.
  private static func half(_ bits: UInt16) -> Double {
    var value = 0.0
    withUnsafePointer(to: bits) { runCast(.float16, to: .float64, input: $0, output: &value, range: 0..<1) }
    return value
  }

  /// An element as a number of another type; `nil` if that is an integer's and does not have it.
  func element<Scalar: GraphScalar>(of bytes: [UInt8], _ place: Int) -> Scalar? {
    let number = number(of: bytes, place)
    switch Scalar.self {
    case is Float.Type: return number.rounded(to: Float.self) as? Scalar
    case is Double.Type: return number.rounded(to: Double.self) as? Scalar
    case is Int32.Type: return number.exactly(as: Int32.self) as? Scalar
    case is Int64.Type: return number.exactly(as: Int64.self) as? Scalar
    case is Bool.Type:
      let value = number.exactly(as: Int64.self)
      return value == 0 ? false as? Scalar : value == 1 ? true as? Scalar : nil
    default: return Scalar(rounding: number.rounded(to: Double.self))
    }
  }

  /// An element in decimal digits.
  func text(of bytes: [UInt8], _ place: Int) -> String {
    switch number(of: bytes, place) {
    case .whole(let value): "\(value)"
    case .large(let value): "\(value)"
    case .real(let value): "\(value)"
    }
  }
}

extension NumPyType.Number {
  fileprivate func rounded<Real: BinaryFloatingPoint>(to _: Real.Type) -> Real {
    switch self {
    case .whole(let value): Real(value)
    case .large(let value): Real(value)
    case .real(let value): Real(value)
    }
  }

  fileprivate func exactly<Integer: FixedWidthInteger>(as _: Integer.Type) -> Integer? {
    switch self {
    case .whole(let value): Integer(exactly: value)
    case .large(let value): Integer(exactly: value)
    case .real(let value): Integer(exactly: value)
    }
  }
}
