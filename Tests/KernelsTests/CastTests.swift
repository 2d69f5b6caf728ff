import DependencyScheduling
import Kernels
import Testing

/// Every type as every other, held to what the table says of both.
@Suite(.timeLimit(.minutes(20))) struct CastTests {
  static let pairs = ElementType.allCases.flatMap { from in ElementType.allCases.map { (from, $0) } }

  @Test(arguments: pairs) func `elements are the nearest of their new type`(from: ElementType, to: ElementType) {
    let bits = Self.patterns(of: from)
    let cast = Self.cast(bits, from, to)
    var wrong = 0
    for (bits, result) in zip(bits, cast) {
      let value = Exact(bits, of: from), expected = value.rounded(to: to)
      if !Exact(result, of: to).isSame(as: expected) {
        wrong += 1
        if wrong < 5 { Issue.record("\(value) as \(to) is \(Exact(result, of: to)), not \(expected)") }
      }
    }
    #expect(wrong == 0)
  }

  @Test(arguments: pairs) func `a part casts its own elements and no others, whatever it is`(
    from: ElementType, to: ElementType
  ) {
    let patterns = Self.patterns(of: from)
    let bits = (0..<3_000).map { patterns[$0 % patterns.count] }, whole = Self.cast(bits, from, to)
    for range in [0..<0, 0..<1, 5..<6, 3..<515, 511..<1_537, 1..<2_999] {
      let part = Self.cast(bits, from, to, range)
      for index in bits.indices {
        #expect(part[index] == (range.contains(index) ? whole[index] : Self.untouched(to)), "\(range): \(index)")
      }
    }
  }

  @Test(arguments: ElementType.allCases) func `each element that a double has comes back from it`(type: ElementType) {
    for bits in Self.patterns(of: type) {
      guard case .number(let value) = Exact(bits, of: type).asNumber, !value.isNaN else { continue }
      #expect(type.rounded(value) == value)
    }
  }

  @Test(arguments: ElementType.allCases) func `memory is filled with the element that is next to a number`(
    type: ElementType
  ) {
    for value in [0, 1, 0.3, -2.5, 1e30, .infinity, -.infinity, .nan, -0.0] {
      var memory = [UInt8](repeating: 0xA5, count: 12 * type.byteCount)
      memory.withUnsafeMutableBytes { runFill(type, value: value, target: $0.baseAddress!, range: 2..<11) }
      let expected = Exact.number(value).rounded(to: type)
      for (index, bits) in Self.elements(memory, type).enumerated() {
        if (2..<11).contains(index) {
          #expect(Exact(bits, of: type).isSame(as: expected), "\(value)")
        } else {
          #expect(bits == Self.untouched(type))
        }
      }
    }
  }

  // MARK: memory

  private static func untouched(_ type: ElementType) -> UInt64 {
    elements([UInt8](repeating: 0xA5, count: type.byteCount), type)[0]
  }

  private static func elements(_ memory: [UInt8], _ type: ElementType) -> [UInt64] {
    stride(from: 0, to: memory.count, by: type.byteCount).map { start in
      (0..<type.byteCount).reduce(0) { $0 | UInt64(memory[start + $1]) << (8 * UInt64($1)) }
    }
  }

  private static func cast(
    _ bits: [UInt64], _ from: ElementType, _ to: ElementType, _ range: Range<Int>? = nil
  ) -> [UInt64] {
    let source = bits.flatMap { bits in (0..<from.byteCount).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
    }
    var target = [UInt8](repeating: 0xA5, count: bits.count * to.byteCount)
    source.withUnsafeBytes { source in
      target.withUnsafeMutableBytes {
        runCast(
          from, to: to, input: source.baseAddress!, output: $0.baseAddress!, range: range ?? 0..<bits.count)
      }
    }
    return elements(target, to)
  }

  /// All elements of a narrow type; of others each exponent, or length, with digits that lie around ties.
  static func patterns(of type: ElementType) -> [UInt64] {
    let width = UInt64(8 * type.byteCount)
    if width <= 16 { return Array(0..<1 << width) }
    var numbers = SeededGenerator(seed: 7)
    let mask = width == 64 ? UInt64.max : 1 << width - 1
    // The ends, and what lies next to them.
    let edges: [UInt64] = [0, 1, mask, mask >> 1, mask >> 1 + 1, mask >> 1 - 1, mask - 1]
    guard type.isFloating else {
      return edges
        + (0..<20_000).map { _ in
          var bits = numbers.next() >> UInt64.random(in: 0..<width, using: &numbers)
          if numbers.next() & 1 == 0 { bits &= UInt64.max << UInt64.random(in: 0..<width, using: &numbers) }
          if numbers.next() & 3 == 0 { bits |= 1 }
          return (numbers.next() & 1 == 0 ? bits : ~bits &+ 1) & mask
        }
    }
    let digits = UInt64(type.precision - 1), exponents = UInt64(1) << (width - 1 - digits)
    let some = (0..<40_000).map { _ -> UInt64 in
      // Between the exponents of narrow types, mostly.
      let spread = numbers.next() % 3 == 0 ? exponents : min(exponents, 320)
      let exponent = (exponents / 2 + numbers.next() % spread) &- spread / 2
      let kept = UInt64.random(in: 0..<digits, using: &numbers)
      var fraction = numbers.next() & (1 << digits - 1) & (UInt64.max << (digits - kept))
      switch numbers.next() % 4 {
      case 0: fraction |= 1
      case 1: fraction = (fraction &- 1) & (1 << digits - 1)
      default: break
      }
      return (numbers.next() & 1) << (width - 1) | (exponent & (exponents - 1)) << digits | fraction
    }
    return edges + some
      + [0x7F80_0000, 0x7F80_0001, 0xFF80_0000, 0x7FF0_0000_0000_0000, 0x7FF0_0000_0000_0001].map {
        $0 & mask
      }
  }
}

/// An element as the mathematician sees it.
private enum Exact: CustomStringConvertible {
  case number(Double)
  case integer(Int64)

  /// The element of `type` that has these bits.
  init(_ bits: UInt64, of type: ElementType) {
    let width = 8 * type.byteCount
    guard type.isFloating else {
      let shift = Int64(64 - width)
      self = .integer(type.precision == 1 ? (bits == 0 ? 0 : 1) : (Int64(bitPattern: bits) << shift) >> shift)
      return
    }
    let digits = type.precision - 1, bias = type.greatestExponent
    let fraction = Int64(bits & (1 << UInt64(digits) - 1))
    let exponent = Int(bits >> UInt64(digits) & (1 << UInt64(width - 1 - digits) - 1))
    let magnitude: Double =
      if exponent == 2 * bias + 1 {
        fraction == 0 ? .infinity : .nan
      } else {
        Double(sign: .plus, exponent: max(exponent, 1) - bias - digits, significand: 1)
          * Double(exponent == 0 ? fraction : fraction | 1 << Int64(digits))
      }
    self = .number(bits >> UInt64(width - 1) & 1 == 1 ? -magnitude : magnitude)
  }

  /// This number as an element of `type`, by the words of CElementCasts.h.
  func rounded(to type: ElementType) -> Exact {
    switch self {
    case .number(let value) where type.isFloating: .number(Self.nearest(to: value, of: type))
    case .integer(let value) where type.isFloating: .number(Self.nearest(to: value, of: type))
    case .number(let value):
      if type.precision == 1 {
        .integer(value == 0 ? 0 : 1)
      } else if value.isNaN {
        .integer(0)
      } else {
        Exact.integer(value >= 0x1p63 ? .max : value < -0x1p63 ? .min : Int64(value)).rounded(to: type)
      }
    case .integer(let value):
      if type.precision == 1 {
        .integer(value == 0 ? 0 : 1)
      } else {
        .integer(min(max(value, -1 << Int64(type.precision)), Int64(UInt64(1) << UInt64(type.precision) - 1)))
      }
    }
  }

  private static func nearest(to value: Double, of type: ElementType) -> Double {
    if value == 0 || !value.isFinite { return value }
    let least = max(value.exponent, Double.Exponent(1 - type.greatestExponent)) - Int(type.precision - 1)
    // Whole multiples of the last digit, of which a double has each.
    let multiple = Double(sign: .plus, exponent: -least / 2, significand: value)
    let whole = Double(sign: .plus, exponent: -least - -least / 2, significand: multiple)
    let rounded = Double(
      sign: .plus, exponent: least, significand: whole.rounded(.toNearestOrEven))
    return checked(rounded, type)
  }

  private static func nearest(to value: Int64, of type: ElementType) -> Double {
    let magnitude = value.magnitude
    let dropped = max(0, 64 - magnitude.leadingZeroBitCount - type.precision)
    var kept = magnitude >> UInt64(dropped)
    if dropped > 0 {
      let rest = magnitude & (1 << UInt64(dropped) - 1), half = UInt64(1) << UInt64(dropped - 1)
      if rest > half || rest == half && kept & 1 == 1 { kept += 1 }
    }
    let rounded = Double(sign: value < 0 ? .minus : .plus, exponent: dropped, significand: Double(kept))
    return checked(rounded, type)
  }

  private static func checked(_ rounded: Double, _ type: ElementType) -> Double {
    rounded.magnitude < Double(sign: .plus, exponent: type.greatestExponent, significand: 1) * 2
      ? rounded : rounded < 0 ? -.infinity : .infinity
  }

  /// The number, where a double has it.
  var asNumber: Exact {
    guard case .integer(let value) = self else { return self }
    return Double(exactly: value).map { .number($0) } ?? .number(.nan)
  }

  func isSame(as other: Exact) -> Bool {
    switch (self, other) {
    case (.number(let a), .number(let b)): a == b && a.sign == b.sign || a.isNaN && b.isNaN
    case (.integer(let a), .integer(let b)): a == b
    default: false
    }
  }

  var description: String {
    switch self {
    case .number(let value): "\(value)"
    case .integer(let value): "\(value)"
    }
  }
}
