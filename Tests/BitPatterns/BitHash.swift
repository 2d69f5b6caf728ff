/// A hash of the bits of numbers in their order, of 64 bits. All NaNs are alike: their bits are not promised.
public struct BitHash: Sendable {
  public private(set) var value: UInt64 = 0

  public init() {}

  /// The mixing of SplitMix64 (Steele, Lea, Flood 2014).
  public mutating func add(_ word: UInt64) {
    var z = (value ^ word) &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    value = z ^ (z >> 31)
  }

  public mutating func add(_ numbers: some Sequence<Double>) {
    for number in numbers { add(number.isNaN ? 0x7FF8_0000_0000_0000 : number.bitPattern) }
  }

  /// Sixteen digits.
  public var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
