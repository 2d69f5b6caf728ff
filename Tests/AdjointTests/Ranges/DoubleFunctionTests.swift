import Adjoint
import AdjointTesting
import DependencyScheduling
import Kernels
import Testing

/// Functions that the package has of its own where others call the system's mathematics library, against numbers of
/// twice the digits: within the bounds that the best libraries keep, and the specials of C's `pow`.
@Suite(.timeLimit(.minutes(20))) struct DoubleFunctionTests {
  private static let count = 4_000

  private func results<T: BinaryFloatingPoint>(_ operation: ElementwiseOperation, _ operands: [[T]]) -> [T] {
    let count = operands[0].count
    let plan = BroadcastPlan(output: [count], operands: operands.map { _ in [count] })
    let inputs = operands.map { UnsafePointer(UnsafeMutablePointer<T>.copy(of: $0)) }
    let output = UnsafeMutablePointer<T>.allocate(capacity: count)
    defer {
      for input in inputs { input.deallocate() }
      output.deallocate()
    }
    runElementwise(
      operation, T.self == Float.self ? .float32 : .float64, plan: plan, inputs: inputs.map { UnsafeRawPointer($0) },
      output: output, range: 0..<count)
    return Array(UnsafeBufferPointer(start: output, count: count))
  }

  /// How far a result is off, in the last place of the exact one.
  private func error(_ result: Double, _ exact: DoubleDouble) -> Double {
    let expected = exact.double
    if result.isNaN || expected.isNaN { return result.isNaN && expected.isNaN ? 0 : .infinity }
    if result.isInfinite || expected.isInfinite { return result == expected ? 0 : .infinity }
    return ((DoubleDouble(result) - exact).magnitude / DoubleDouble(expected.ulp)).double
  }

  private func expect(
    _ operation: ElementwiseOperation, within ulps: Double, _ operands: [[Double]],
    _ exact: ([Double]) -> DoubleDouble, _ location: Testing.SourceLocation = #_sourceLocation
  ) {
    var worst = (error: 0.0, at: [Double]())
    for (index, result) in results(operation, operands).enumerated() {
      let at = operands.map { $0[index] }
      let error = error(result, exact(at))
      if !(error <= worst.error) { worst = (error, at) }
    }
    #expect(worst.error <= ulps, "\(operation) of \(worst.at)", sourceLocation: location)
  }

  private func numbers(_ range: ClosedRange<Double>, seed: UInt64, count: Int = count) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in range.lowerBound + (range.upperBound - range.lowerBound) * generator.unit() }
  }

  /// Of all exponents from `lowest` to `highest`, of both signs.
  private func scales(_ lowest: Int, _ highest: Int, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<Self.count).map { _ in
      let exponent = lowest + Int(generator.next() % UInt64(highest - lowest + 1))
      let magnitude = Double(sign: .plus, exponent: exponent, significand: 1 + generator.unit())
      return generator.next() & 1 == 0 ? magnitude : -magnitude
    }
  }

  @Test func `the error function of doubles is right to nine tenths of the last place`() {
    for range in [-6.5...6.5, 0.8...1.2, -1...1] as [ClosedRange<Double>] {
      expect(.errorFunction, within: 0.92, [numbers(range, seed: 1)]) { .erf(DoubleDouble($0[0])) }
    }
    expect(.errorFunction, within: 0.92, [scales(-1_000, 2, seed: 2)]) { .erf(DoubleDouble($0[0])) }
  }

  @Test func `an exponential less one is right to nine tenths of the last place`() {
    for range in [-1...1, -45...45, 30...710, 0.3...0.4] as [ClosedRange<Double>] {
      expect(.exponentialMinusOne, within: 0.9, [numbers(range, seed: 3)]) { .expm1(DoubleDouble($0[0])) }
    }
    expect(.exponentialMinusOne, within: 0.9, [scales(-1_000, 5, seed: 4)]) { .expm1(DoubleDouble($0[0])) }
  }

  @Test func `a softplus of doubles is right to two last places`() {
    for range in [-40...40, -750 ... -30, -1...1] as [ClosedRange<Double>] {
      expect(.softplus, within: 2, [numbers(range, seed: 5)]) { point in
        let x = DoubleDouble(point[0]), rest = DoubleDouble.log1p(.exp(-x.magnitude))
        return point[0] > 0 ? x + rest : rest
      }
    }
  }

  @Test func `sine and cosine of any angle are right to the last place`() {
    // The last two lie as near to multiples of π/2 as any double (J.-M. Muller, "Elementary Functions", table 11.1).
    let angles = scales(-30, 1_023, seed: 6) + [6_381_956_970_095_103 * 0x1p797, -6_381_956_970_095_103 * 0x1p797]
    expect(.sine, within: 0.9, [angles]) { .sin($0[0]) }
    expect(.cosine, within: 0.9, [angles]) { .cos($0[0]) }
    let singles = scales(20, 127, seed: 7).map { Float($0) }
    for (result, angle) in zip(results(.sine, [singles]), singles) {
      let exact = DoubleDouble.sin(Double(angle)).double
      #expect(abs(Double(result) - exact) <= 0.9 * Double(Float(exact).ulp), "\(angle)")
    }
  }

  /// Bases and exponents whose powers are of every size.
  private func powers(near one: Bool) -> [[Double]] {
    let bases = one ? scales(-50, -2, seed: 8).map { 1 + $0 } : scales(-300, 300, seed: 8).map(\.magnitude)
    let logarithms = numbers(-700...700, seed: 9)
    return [bases, zip(bases, logarithms).map { $1 / DoubleDouble.log(DoubleDouble($0)).double }]
  }

  @Test func `a power of doubles is right to six tenths of the last place, of any size`() {
    for one in [false, true] {
      let operands = powers(near: one)
      expect(.power, within: 0.6, operands) { .pow(DoubleDouble($0[0]), DoubleDouble($0[1])) }
      expect(.shiftedPower, within: 0.6, [operands[0], numbers(-1...1, seed: 10), numbers(1...1, seed: 0)]) {
        .pow(DoubleDouble($0[0]), DoubleDouble($0[1]) - 1)
      }
    }
    // Subnormal bases.
    let tiny = numbers(0...0x1p-1023, seed: 11), exponents = numbers(-0.9...0.9, seed: 12)
    expect(.power, within: 0.6, [tiny, exponents]) { .pow(DoubleDouble($0[0]), DoubleDouble($0[1])) }
  }

  @Test func `a power of floats is the nearest float but for a fiftieth of the last place`() {
    let bases = numbers(0.01...20, seed: 13).map { Float($0) },
      exponents = numbers(-25...25, seed: 14).map { Float($0) }
    for (index, result) in results(.power, [bases, exponents]).enumerated() {
      let exact = DoubleDouble.pow(DoubleDouble(Double(bases[index])), DoubleDouble(Double(exponents[index]))).double
      if Float(exact).isInfinite || Float(exact) == 0 {
        #expect(result == Float(exact))
      } else {
        #expect(abs(Double(result) - exact) <= 0.52 * Double(Float(exact).ulp), "\(bases[index])^\(exponents[index])")
      }
    }
  }

  /// Rows of base, exponent and result: C99, annex F.9.4.4.
  private static let specials: [(Double, Double, Double)] = {
    let infinity = Double.infinity, nan = Double.nan
    var rows: [(Double, Double, Double)] = [
      (0, -3, infinity), (-0.0, -3, -infinity), (0, -2, infinity), (-0.0, -2, infinity), (-0.0, -0.5, infinity),
      (0, 3, 0), (-0.0, 3, -0.0), (0, 2, 0), (-0.0, 2, 0), (-0.0, 0.5, 0), (-0.0, infinity, 0),
      (-0.0, -infinity, infinity),
      (-1, infinity, 1), (-1, -infinity, 1), (1, nan, 1), (1, infinity, 1), (nan, 0, 1), (nan, -0.0, 1),
      (infinity, 0, 1),
      (-2, 0.5, nan), (-0.5, 1.5, nan), (-2, 3, -8), (-2, 4, 16), (-2, -1, -0.5),
      (0.5, -infinity, infinity), (-0.5, -infinity, infinity), (2, -infinity, 0), (-2, -infinity, 0),
      (0.5, infinity, 0), (-0.5, infinity, 0), (2, infinity, infinity), (-2, infinity, infinity),
      (-infinity, -3, -0.0), (-infinity, -2, 0), (-infinity, -0.5, 0), (-infinity, 3, -infinity),
      (-infinity, 2, infinity), (-infinity, 0.5, infinity), (infinity, -0.5, 0), (infinity, 0.5, infinity),
      (nan, 1, nan), (2, nan, nan), (-1, nan, nan), (0, nan, nan), (nan, infinity, nan),
      (-1, 0x1p24, 1), (-1, 0x1p24 - 1, -1), (-1, 0x1p60, 1),
    ]
    rows += rows.filter { $0.1.isFinite }.map { (-$0.0, $0.1, $0.2) }.filter { $0.0.isNaN }
    return rows
  }()

  private func expectSpecials<T: BinaryFloatingPoint>(_ rows: [(T, T, T)]) {
    for ((x, y, expected), result) in zip(rows, results(.power, [rows.map(\.0), rows.map(\.1)])) {
      #expect(
        expected.isNaN ? result.isNaN : result == expected && result.sign == expected.sign, "\(x)^\(y): \(result)")
    }
  }

  @Test func `powers of zeros, infinities, ones, NaNs and negative numbers are those of C`() {
    expectSpecials(Self.specials)
    expectSpecials(Self.specials.map { (Float($0.0), Float($0.1), Float($0.2)) })
    // Odd whole numbers are those up to 2⁵³, and no float from 2²⁴ on is one.
    expectSpecials([
      (-1.0, 0x1p53 - 1, -1), (-1, 0x1p52 + 1, -1), (-1, 0x1p53, 1), (-1, 0x1p51 + 0.5, .nan), (-1, 0x1p52 - 1, -1),
    ])
  }

  @Test func `exponentials less one and error functions keep the signs of zeros and what infinities give`() {
    let infinity = Double.infinity
    let edges = [0, -0.0, infinity, -infinity, 800, -800, .leastNonzeroMagnitude, -.leastNonzeroMagnitude]
    let less = [0, -0.0, infinity, -1, infinity, -1, .leastNonzeroMagnitude, -.leastNonzeroMagnitude]
    let errors = [0, -0.0, 1, -1, 1, -1, .leastNonzeroMagnitude, -.leastNonzeroMagnitude]
    #expect(results(.exponentialMinusOne, [edges]).map(\.bitPattern) == less.map(\.bitPattern))
    #expect(results(.errorFunction, [edges]).map(\.bitPattern) == errors.map(\.bitPattern))
    for operation in [.exponentialMinusOne, .errorFunction, .softplus, .sine, .cosine] as [ElementwiseOperation] {
      #expect(results(operation, [[Double.nan]])[0].isNaN)
    }
    #expect(results(.sine, [[infinity, -infinity]]).allSatisfy { $0.isNaN })
    #expect(results(.cosine, [[Float.infinity, -.infinity]]).allSatisfy { $0.isNaN })
  }
}

extension UnsafeMutablePointer {
  fileprivate static func copy(of elements: [Pointee]) -> UnsafeMutablePointer {
    let memory = allocate(capacity: elements.count)
    memory.initialize(from: elements, count: elements.count)
    return memory
  }
}
