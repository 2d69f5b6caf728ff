import DependencyScheduling
import Kernels
import Testing

@Suite(.timeLimit(.minutes(20))) struct CircularConvolutionTests {
  private struct Case: CustomStringConvertible {
    let plan: CircularPlan
    let description: String
  }

  private var cases: [Case] {
    var cases: [Case] = []
    for (length, taps) in [(1, 1), (2, 2), (5, 3), (7, 7), (128, 3), (600, 5), (1100, 2), (260, 257), (300, 300)] {
      for origin in Set([0, taps / 2, taps - 1]) {
        for isReversed in [false, true] {
          cases.append(
            Case(
              plan: CircularPlan(length: length, taps: taps, origin: origin, isReversed: isReversed, rows: 3),
              description: "\(taps) taps around \(origin) on a circle of \(length), reversed: \(isReversed)"))
        }
      }
    }
    return cases
  }

  /// The element that tap `j` reads for element `i`.
  private func place(_ i: Int, _ j: Int, _ plan: CircularPlan) -> Int {
    let shift = plan.isReversed ? j - plan.origin : plan.origin - j
    return ((i + shift) % plan.length + plan.length) % plan.length
  }

  private func run<T: KernelFloat>(
    _ count: Int, _ x: [T], _ y: [T],
    _ body: (UnsafeRawPointer, UnsafeRawPointer, UnsafeMutableRawPointer, Range<Int>) -> Void
  ) -> [T] {
    var output = [T](repeating: 99, count: count)
    x.withUnsafeBytes { x in
      y.withUnsafeBytes { y in
        output.withUnsafeMutableBytes { output in
          for rows in [1..<3, 0..<1] { body(x.baseAddress!, y.baseAddress!, output.baseAddress!, rows) }
        }
      }
    }
    return output
  }

  private func check<T: KernelFloat>(_ test: Case, _: T.Type) {
    let plan = test.plan
    var numbers = SeededGenerator(seed: UInt64(plan.length))
    let a: [T] = randomValues(3 * plan.length, &numbers), u: [T] = randomValues(3 * plan.length, &numbers)
    let b: [T] = randomValues(3 * plan.taps, &numbers)
    let convolved = run(a.count, a, b) {
      runCircularConvolution(T.elementType, plan: plan, a: $0, b: $1, output: $2, rows: $3)
    }
    let correlated = run(b.count, a, u) {
      runCircularCorrelation(T.elementType, plan: plan, a: $0, u: $1, output: $2, rows: $3)
    }
    // Chunks of 256 taps, each one chain of fused multiply-adds, added in order, to +0.
    for row in 0..<3 {
      for i in 0..<plan.length {
        var total = 0 as T
        for first in stride(from: 0, to: plan.taps, by: 256) {
          total += (first..<min(first + 256, plan.taps)).reduce(0 as T) { chunk, j in
            chunk.addingProduct(b[row * plan.taps + j], a[row * plan.length + place(i, j, plan)])
          }
        }
        #expect(same(convolved[row * plan.length + i], total), "\(test) at \(i)")
      }
    }
    // A sum of n terms of at most 4 is within n · ε · Σ|terms|, however it is added.
    let epsilon = Double(T.ulpOfOne)
    for row in 0..<3 {
      for j in 0..<plan.taps {
        let terms = (0..<plan.length).map { i in
          Double(u[row * plan.length + i]) * Double(a[row * plan.length + place(i, j, plan)])
        }
        let error = abs(Double(correlated[row * plan.taps + j]) - terms.reduce(0, +))
        #expect(error <= Double(plan.length) * epsilon * terms.map(abs).reduce(0, +), "\(test) at tap \(j)")
      }
    }
  }

  @Test func `taps go round the circle, and their gradients too`() {
    for test in cases {
      check(test, Float.self)
      check(test, Double.self)
    }
  }

  @Test func `one tap turns the circle, exactly`() {
    let a: [Float] = [1, 2, 3, 4, 5]
    for (taps, origin, isReversed, expected) in [
      ([0, 1] as [Float], 0, false, [5, 1, 2, 3, 4] as [Float]), ([0, 1], 0, true, [2, 3, 4, 5, 1]),
      ([1, 0, 0], 1, false, [2, 3, 4, 5, 1]), ([0, 1, 0], 1, false, a), ([0, 0, 0, 0, 1], 0, false, [2, 3, 4, 5, 1]),
    ] {
      let plan = CircularPlan(length: 5, taps: taps.count, origin: origin, isReversed: isReversed, rows: 1)
      var output = [Float](repeating: 99, count: 5)
      output.withUnsafeMutableBytes {
        runCircularConvolution(.float32, plan: plan, a: a, b: taps, output: $0.baseAddress!, rows: 0..<1)
      }
      #expect(output == expected)
    }
  }
}
