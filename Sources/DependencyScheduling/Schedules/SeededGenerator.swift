/// Random numbers that a seed decides, on every platform and in every version: SplitMix64 (Steele, Lea and Flood, *Fast
/// Splittable Pseudorandom Number Generators*, OOPSLA 2014).
///
/// ```swift
/// var random = SeededGenerator(seed: 1998)
/// let order = random.permutation(of: 1_797)
/// let training = order[360...], test = order[..<360]
/// ```
/// Methods of the standard library that take a generator, `shuffled(using:)` for example, may change with its version;
/// the methods here do not. Each copy goes on by itself. Good for tests, data and weights, not for secrets.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  @usableFromInline var state: UInt64

  /// The numbers of `seed`, from the first on.
  @inlinable public init(seed: UInt64) { state = seed }

  /// The next 64 bits, each as likely 0 as 1.
  @inlinable public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// Uniform in [0, 1), a multiple of 2⁻⁵³.
  @inlinable public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// An index in `0..<count`, of which there must be one.
  @inlinable public mutating func index(below count: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// The numbers `0..<count` in random order (Fisher and Yates).
  ///
  /// - Complexity: O(count).
  public mutating func permutation(of count: Int) -> [Int] {
    var numbers = Array(0..<count)
    shuffle(&numbers)
    return numbers
  }

  /// Puts `numbers` into random order (Fisher and Yates).
  package mutating func shuffle(_ numbers: inout [Int]) {
    for last in stride(from: numbers.count - 1, to: 0, by: -1) { numbers.swapAt(last, index(below: last + 1)) }
  }
}
