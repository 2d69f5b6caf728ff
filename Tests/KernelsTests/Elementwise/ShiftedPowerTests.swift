import DependencyScheduling
import Kernels
import LibC
import Testing

/// a to the power of b - c, where b - c is no float.
@Suite(.timeLimit(.minutes(20))) struct ShiftedPowerTests {
  private func shifted<T: KernelFloat>(_ cases: [(T, T, T)]) -> [T] {
    let shape = [cases.count]
    return elementwise(
      .shiftedPower, output: shape, [(shape, cases.map(\.0)), (shape, cases.map(\.1)), (shape, cases.map(\.2))])
  }

  @Test func `digits of an exponent that its shift would round away are kept`() {
    var numbers = SeededGenerator(seed: 3)
    var cases: [(Double, Double, Double)] = []
    for _ in 0..<4_000 {
      // Neither a^b nor a^-c leaves the range of doubles.
      let base = exp(Double.random(in: -200...200, using: &numbers))
      let exponent = exp(Double.random(in: -80...0, using: &numbers))
      cases.append((base, Bool.random(using: &numbers) ? exponent : -exponent, Double.random(in: 1..<4).rounded(.down)))
    }
    for (value, (base, exponent, shift)) in zip(shifted(cases), cases) {
      let expected = (1...Int(shift)).reduce(pow(base, exponent)) { power, _ in power / base }
      #expect(steps(between: value, and: expected) <= 5, "\(base)^(\(exponent) - \(shift))")
    }
    let floats = cases.map { (Float($0.0.squareRoot().squareRoot()), Float($0.1), Float($0.2)) }
    for (value, (base, exponent, shift)) in zip(shifted(floats), floats) {
      let expected = Float(pow(Double(base), Double(exponent) - Double(shift)))
      #expect(steps(between: value, and: expected) <= 2, "\(base)^(\(exponent) - \(shift))")
    }
  }

  private func checkSigns<T: KernelFloat>(_: T.Type, huge: T) {
    let tiny = T.leastNormalMagnitude
    let cases: [(T, T, T)] = [
      (-1, huge, 1), (-1, huge, 2), (-1, -huge, 3), (-T.infinity, huge, 1), (-0.0, -huge, 1), (-2, -huge, 1),
      (-2, tiny, 1), (-0.0, tiny, 1), (-T.infinity, -tiny, 1), (-2, 0, 1), (-0.0, 3, 2),
    ]
    let expected: [T] = [-1, 1, -1, -.infinity, -.infinity, -0.0, .nan, .infinity, 0, -0.5, -0.0]
    #expect(same(shifted(cases), expected), "\(shifted(cases))")
  }

  @Test func `a negative number to a shifted power has the sign of exponent and shift`() {
    checkSigns(Float.self, huge: 1e30)
    checkSigns(Double.self, huge: 1e300)
  }

  @Test func `infinite exponents and 0 as the exponent give what a power gives`() {
    let infinity = Double.infinity
    let cases: [(Double, Double, Double)] = [
      (2, infinity, 1), (0.5, infinity, 1), (2, -infinity, 2), (-1, infinity, 1), (infinity, 1, 1), (.nan, 1, 1),
      (.nan, 2, 1), (2, .nan, 1), (0, 1, 1), (0, 0.5, 1),
    ]
    let expected = [infinity, 0, 0, 1, 1, 1, .nan, .nan, 1, infinity]
    #expect(same(shifted(cases), expected))
    #expect(same(shifted(cases.map { (Float($0.0), Float($0.1), Float($0.2)) }), expected.map { Float($0) }))
  }

  @Test func `a power that only a rounded exponent makes infinite is finite`() {
    // 2^-54 - 1 rounds to -1, and 2^1024 is infinite. Right is 2^1024 (1 - 1024 · ln 2 · 2^-54), 354 doubles below the
    // greatest.
    let value = shifted([(0x1p-1024, 0x1p-54, 1.0)])[0]
    #expect(steps(between: value, and: Double(bitPattern: Double.greatestFiniteMagnitude.bitPattern - 354)) <= 1)
  }
}
