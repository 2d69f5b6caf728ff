private import Foundation

// Sine and cosine of doubles of any size, and the angle of a point.

extension DoubleDouble {
  /// sin x, x in radians; NaN of an infinite x.
  package static func sin(_ x: Double) -> DoubleDouble { turned(x, by: 0) }

  /// cos x, x in radians; NaN of an infinite x.
  package static func cos(_ x: Double) -> DoubleDouble { turned(x, by: 1) }

  /// sin(x + `quarters` · π/2).
  private static func turned(_ x: Double, by quarters: Int) -> DoubleDouble {
    if !x.isFinite { return DoubleDouble(.nan) }
    if x == 0 { return quarters == 0 ? DoubleDouble(x) : 1 }
    let (whole, rest) = QuarterTurns.divide(x.magnitude)
    // sin(−x) = −sin x and cos(−x) = cos x.
    let isNegative = x < 0 && quarters == 0
    let angle = rest * pi.scaled(by: -1)
    let square = -(angle * angle)
    let quadrant = (whole + quarters) & 3
    let result = quadrant & 1 == 0 ? angle * alternating(square, from: 1) : alternating(square, from: 0)
    return (quadrant >= 2) != isNegative ? -result : result
  }

  /// Σ squareⁿ / (2n + `first`)!, for |square| < 0.62.
  private static func alternating(_ square: DoubleDouble, from first: Int) -> DoubleDouble {
    (0..<14).reversed().reduce(0) { $0 * square + inverseFactorials[2 * $1 + first] }
  }
}

extension DoubleDouble {
  /// The angle in −π...π of the point (x, y); of zeros and infinities as in C.
  package static func atan2(_ y: DoubleDouble, _ x: DoubleDouble) -> DoubleDouble {
    if y.isNaN || x.isNaN { return DoubleDouble(.nan) }
    if y.isZero || x.isZero || y.isInfinite || x.isInfinite {
      let eighths =
        y.isZero || (x.isInfinite && !y.isInfinite)
        ? (x.isNegative ? 4 : 0) : x.isZero || !x.isInfinite ? 2 : x.isNegative ? 3 : 1
      let angle = pi.scaled(by: -2) * DoubleDouble(Double(eighths))
      return y.isNegative ? -angle : angle
    }
    // Turned back by the angle of the leading halves, the point lies so near the axis that its tangent is its angle.
    let scale = -max(y.exponent, x.exponent)
    let (y, x) = (y.scaled(by: scale), x.scaled(by: scale))
    let angle = Foundation.atan2(y.double, x.double)
    let (sine, cosine) = (sin(angle), cos(angle))
    return DoubleDouble(angle) + (y * cosine - x * sine) / (x * cosine + y * sine)
  }
}

/// Division by π/2 that is right however many turns there are: x · 2/π to 318 bits behind the point, from as many bits
/// of 2/π as x has turns (M. H. Payne, R. N. Hanek, "Radian reduction for trigonometric functions", 1983).
private enum QuarterTurns {
  /// The bits of 2/π behind its point, from the highest on.
  private static let twoOverPi: [UInt64] = [
    0xA2F9_836E_4E44_1529, 0xFC27_57D1_F534_DDC0, 0xDB62_9599_3C43_9041, 0xFE51_63AB_DEBB_C561,
    0xB724_6E3A_424D_D2E0, 0x0649_2EEA_09D1_921C, 0xFE1D_EB1C_B129_A73E, 0xE882_35F5_2EBB_4484,
    0xE99C_7026_B45F_7E41, 0x3991_D639_8353_39F4, 0x9C84_5F8B_BDF9_283B, 0x1FF8_97FF_DE05_980F,
    0xEF2F_118B_5A0A_6D1F, 0x6D36_7ECF_27CB_09B7, 0x4F46_3F66_9E5F_EA2D, 0x7527_BAC7_EBE5_F17B,
    0x3D07_39F7_8A52_92EA, 0x6BFB_5FB1_1F8D_5D08, 0x5603_3046_FC7B_6BAB, 0xF0CF_BC20_9AF4_361D,
    0xA9E3_9161_5EE6_1B08,
  ]

  /// The nearest whole number of quarter turns in x > 0, modulo 4, and what is left, in −½...½ of a quarter turn.
  static func divide(_ x: Double) -> (whole: Int, rest: DoubleDouble) {
    let exponent = Int(x.exponent) - 52
    if exponent < -54 { return (0, DoubleDouble(x) / DoubleDouble.pi.scaled(by: -1)) }
    // x = mantissa · 2^exponent; bits of 2/π that count whole turns in the product are left out.
    let mantissa = (x.bitPattern & 0xF_FFFF_FFFF_FFFF) | 0x10_0000_0000_0000
    var words = (0..<5).map { word(atBit: exponent - 2 + 64 * $0) }
    var carry: UInt64 = 0
    for index in (0..<5).reversed() {
      let (upper, lower) = words[index].multipliedFullWidth(by: mantissa)
      let (sum, overflows) = lower.addingReportingOverflow(carry)
      words[index] = sum
      carry = upper &+ (overflows ? 1 : 0)
    }
    // Two bits before the point, 318 behind.
    var whole = Int(words[0] >> 62)
    words[0] &= (1 << 62) - 1
    let isPastHalf = words[0] >> 61 != 0
    if isPastHalf {
      whole += 1
      var borrows = false
      for index in (0..<5).reversed() {
        let (difference, overflows) = (borrows ? UInt64.max : 0).subtractingReportingOverflow(words[index])
        words[index] = difference
        borrows = borrows || overflows
      }
      words[0] &= (1 << 62) - 1
    }
    let rest = words.enumerated().reduce(DoubleDouble(0)) { sum, word in
      let (upper, lower) = (Double(word.element >> 32), Double(word.element & 0xFFFF_FFFF))
      let place = 2 - 64 * (word.offset + 1)
      return sum + DoubleDouble(upper).scaled(by: place + 32) + DoubleDouble(lower).scaled(by: place)
    }
    return (whole & 3, isPastHalf ? -rest : rest)
  }

  /// 64 bits of 2/π from the bit at `offset` behind the point on; bits before the point are 0.
  private static func word(atBit offset: Int) -> UInt64 {
    let (index, shift) = (offset >> 6, offset & 63)
    func at(_ index: Int) -> UInt64 { twoOverPi.indices.contains(index) ? twoOverPi[index] : 0 }
    return shift == 0 ? at(index) : at(index) << UInt64(shift) | at(index + 1) >> UInt64(64 - shift)
  }
}
