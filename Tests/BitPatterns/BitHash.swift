internal import DependencyScheduling
internal import Notation

/// A hash of the bits of numbers in their order, of 64 bits. All NaNs are alike: their bits are not promised.
public struct BitHash: Sendable {
  public private(set) var value: UInt64 = 0

  public init() {}

  /// Mixes as the generator does.
  public mutating func add(_ word: UInt64) {
    var mixed = SeededGenerator(seed: value ^ word)
    value = mixed.next()
  }

  public mutating func add(_ numbers: some Sequence<Double>) {
    for number in numbers { add(number.isNaN ? 0x7FF8_0000_0000_0000 : number.bitPattern) }
  }

  /// Sixteen digits.
  public var text: String { NumberText.hexadecimal(value, digits: 16) }
}
