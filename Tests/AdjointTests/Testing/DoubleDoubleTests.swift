import AdjointTesting
import Foundation
import Testing

/// The numbers that judge float64.
@Suite(.timeLimit(.minutes(20))) struct DoubleDoubleTests {
  /// To 2⁻⁹² of the number, 27 decimal places.
  private func isClose(_ a: DoubleDouble, _ b: DoubleDouble) -> Bool {
    (a - b).magnitude <= b.magnitude.scaled(by: -92)
  }

  /// A constant by its decimal digits, in groups of 15 behind the point.
  private func decimal(_ whole: Int, _ groups: Double...) -> DoubleDouble {
    groups.reversed().reduce(DoubleDouble(0)) { ($0 + DoubleDouble($1)) / 1_000_000_000_000_000 }
      + DoubleDouble(Double(whole))
  }

  @Test func `functions have their published digits`() {
    #expect(isClose(.exp(1), decimal(2, 718_281_828_459_045, 235_360_287_471_352)))
    #expect(isClose(.log(2), decimal(0, 693_147_180_559_945, 309_417_232_121_458)))
    #expect(isClose(.squareRoot(2), decimal(1, 414_213_562_373_095, 048_801_688_724_209)))
    #expect(isClose(.tanh(1), decimal(0, 761_594_155_955_764, 888_119_458_282_604)))
    #expect(isClose(.erf(1), decimal(0, 842_700_792_949_714, 869_341_220_635_082)))
    #expect(isClose(.sin(1), decimal(0, 841_470_984_807_896, 506_652_502_321_630)))
    #expect(isClose(.cos(1), decimal(0, 540_302_305_868_139, 717_400_936_607_443)))
    #expect(isClose(.sigmoid(1), decimal(0, 731_058_578_630_004, 879_251_159_241_822)))
  }

  @Test func `sine and cosine of the worst and the largest doubles are right`() {
    // 6381956970095103 · 2⁷⁹⁷ is as close to a multiple of π/2 as a double comes (J.-M. Muller, Elementary Functions,
    // 2016).
    let worst = Double(sign: .plus, exponent: 797, significand: 6_381_956_970_095_103)
    #expect(isClose(DoubleDouble.cos(worst), DoubleDouble(-4.687165924254628e-19) + 4.3720557429382733e-36))
    #expect(DoubleDouble.sin(worst).double == 1)
    #expect(DoubleDouble.sin(.greatestFiniteMagnitude).double == 0.004961954789184062)
    #expect(DoubleDouble.sin(-1e22).double == 0.8522008497671888)
  }

  @Test func `identities hold to 27 digits over the whole range`() {
    for exponent in stride(from: -1000, through: 1000, by: 7) {
      let x = DoubleDouble(Double(sign: .plus, exponent: exponent, significand: 1.2345))
      #expect(isClose(x / 3 * 3, x) && isClose(.squareRoot(x) * .squareRoot(x), x))
      #expect(isClose(.exp(.log(x)), x))
      let (sine, cosine) = (DoubleDouble.sin(x.double), DoubleDouble.cos(x.double))
      #expect(isClose(sine * sine + cosine * cosine, 1))
      guard (-900...3).contains(exponent) else { continue }
      #expect(isClose(.log1p(.expm1(x)), x))
      #expect(isClose(.erf(x) + .erfc(x), 1))
      #expect(isClose(.erfc(-x) + .erfc(x), 2))
      #expect(isClose(.tanh(x), 2 * .sigmoid(2 * x) - 1) || exponent < -4)
    }
  }

  @Test func `nothing between operands and result overflows or underflows`() {
    let huge = DoubleDouble(.greatestFiniteMagnitude), tiny = DoubleDouble(.leastNonzeroMagnitude)
    #expect((huge * huge / huge).double == .greatestFiniteMagnitude)
    #expect((tiny * tiny / tiny).double == .leastNonzeroMagnitude)
    #expect(DoubleDouble.exp(2000).double == .infinity)
    #expect(isClose(.exp(2000) * .exp(-2000), 1))
    #expect(isClose(.pow(1e300, 2), 1e300 * 1e300))
  }

  @Test func `zeros, infinities and NaN are those of IEEE 754`() {
    let zero = DoubleDouble(0), infinity = DoubleDouble(.infinity)
    #expect((1 / -zero).double == -.infinity && (-zero).isNegative)
    #expect((zero / zero).isNaN && (infinity - infinity).isNaN && (zero * infinity).isNaN)
    #expect(DoubleDouble.exp(-infinity).isZero && DoubleDouble.erf(-infinity) == -1)
    #expect(DoubleDouble.log(-1).isNaN && DoubleDouble.log(0).double == -.infinity && DoubleDouble.sin(.infinity).isNaN)
    #expect(DoubleDouble.pow(-2, 3) == -8 && DoubleDouble.pow(-2, 0.5).isNaN && DoubleDouble.pow(0, -1).isInfinite)
  }
}
