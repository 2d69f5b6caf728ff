public import Adjoint

/// The number format of a tensor in a safetensors file: one of those that the format knows.
public struct StoredType: Hashable, Sendable, CustomStringConvertible {
  /// As the file names it: `F32`, `I64`, `BF16`, …
  public let name: String
  let bitCount: Int

  public static let float32 = StoredType(name: "F32", bitCount: 32)
  public static let float64 = StoredType(name: "F64", bitCount: 64)
  public static let int32 = StoredType(name: "I32", bitCount: 32)
  public static let int64 = StoredType(name: "I64", bitCount: 64)
  public static let bool = StoredType(name: "BOOL", bitCount: 8)
  public static let float16 = StoredType(name: "F16", bitCount: 16)
  public static let bfloat16 = StoredType(name: "BF16", bitCount: 16)

  public var description: String { name }

  private static let bitCounts = [
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64,
    "U64": 64,
  ]

  init?(named name: String) {
    guard let bitCount = Self.bitCounts[name] else { return nil }
    self.init(name: name, bitCount: bitCount)
  }

  private init(name: String, bitCount: Int) {
    self.name = name
    self.bitCount = bitCount
  }

  /// The format that holds elements of `type`.
  public init(_ type: ElementType) { self.init(name: type.storedName, bitCount: 8 * type.byteCount) }

  /// The bytes of a tensor of this shape; `nil` if they are more than any memory has, or no whole number.
  func byteCount(of dimensions: [Int]) -> Int? {
    // An extent of 0 makes the product 0 whatever the others are.
    if dimensions.contains(0) { return 0 }
    var bits = bitCount
    for extent in dimensions {
      let (product, overflow) = bits.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      bits = product
    }
    return bits % 8 == 0 ? bits / 8 : nil
  }
}
