import Foundation
import Testing

@testable import Adjoint

/// First values of parameters: the distribution that each rule states, for every layout that has inputs and outputs.
@Suite(.timeLimit(.minutes(20))) struct InitializerTests {
  /// A shape with what one output reads and how many outputs read one input.
  struct Layout: Sendable, CustomTestStringConvertible {
    let shape: Shape
    let isKernel: Bool
    let fanIn: Double, fanOut: Double
    var testDescription: String { "\(shape), kernels: \(isKernel)" }
  }

  private static let layouts = [
    Layout(shape: [90, 160], isKernel: false, fanIn: 90, fanOut: 160),
    Layout(shape: [3, 30, 160], isKernel: false, fanIn: 90, fanOut: 160),
    Layout(shape: [14_400], isKernel: false, fanIn: 1, fanOut: 14_400),
    Layout(shape: [160, 90], isKernel: true, fanIn: 90, fanOut: 160),
    Layout(shape: [40, 24, 3, 5], isKernel: true, fanIn: 24 * 15, fanOut: 40 * 15),
    Layout(shape: [14_400], isKernel: true, fanIn: 1, fanOut: 14_400),
  ]

  /// Variance and the largest magnitude that any element may have.
  private enum Spread { case normal(Double), uniform(Double) }

  private func check(_ initializer: Initializer, _ layout: Layout, mean: Double = 0, _ spread: Spread, _ name: String) {
    let initializer = layout.isKernel ? initializer.forKernels : initializer
    let count = layout.shape.elementCount
    let values = initializer.elements(shape: layout.shape).doubles(count: count)
    #expect(values.count == count)
    let average = values.reduce(0, +) / Double(count)
    let variance = values.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(count)
    let (expected, bound): (Double, Double) =
      switch spread {
      case .normal(let variance): (variance, 6 * variance.squareRoot())
      case .uniform(let bound): (bound * bound / 3, bound)
      }
    // Of 14,400 elements the mean is within 5 / 120 of its deviation, the variance within 5 √(2 / 14,400) of itself.
    #expect((average - mean).magnitude < expected.squareRoot() / 24, "\(name): the mean is \(average)")
    #expect((variance / expected - 1).magnitude < 0.06, "\(name): the variance is \(variance), not \(expected)")
    #expect(values.allSatisfy { ($0 - mean).magnitude <= bound }, "\(name): an element is beyond its bound")
    // As many on either side.
    let above = values.count { $0 > mean }
    #expect((Double(above) / Double(count) - 0.5).magnitude < 0.025, "\(name): \(above) elements above the mean")
    #expect(initializer.elements(shape: layout.shape) == TensorValues(values), "\(name): other values the second time")
  }

  @Test(arguments: layouts) func `each rule has its mean and its variance`(layout: Layout) {
    let (fanIn, fanOut) = (layout.fanIn, layout.fanOut)
    check(.heNormal(seed: 1), layout, .normal(2 / fanIn), "He, normal")
    check(.heUniform(seed: 2), layout, .uniform((6 / fanIn).squareRoot()), "He, uniform")
    check(.glorotNormal(seed: 3), layout, .normal(2 / (fanIn + fanOut)), "Glorot, normal")
    check(.glorotUniform(seed: 4), layout, .uniform((6 / (fanIn + fanOut)).squareRoot()), "Glorot, uniform")
    check(.normal(mean: 3, deviation: 0.5, seed: 5), layout, mean: 3, .normal(0.25), "normal")
    check(.uniform(-1...5, seed: 6), layout, mean: 2, .uniform(3), "uniform")
  }

  @Test func `seeds give different values, and rules without fans the same for kernels`() {
    let shape: Shape = [4, 6]
    let rules: [(UInt64) -> Initializer] = [
      { .heNormal(seed: $0) }, { .heUniform(seed: $0) }, { .glorotNormal(seed: $0) }, { .glorotUniform(seed: $0) },
      { .normal(seed: $0) }, { .uniform(0...1, seed: $0) },
    ]
    for rule in rules { #expect(rule(1).elements(shape: shape) != rule(2).elements(shape: shape)) }
    let plain: [Initializer] = [
      .zeros, .ones, .constant(3), .values([Float](repeating: 2, count: 24)), .normal(seed: 1),
      .uniform(0...1, seed: 1),
    ]
    for rule in plain { #expect(rule.forKernels.elements(shape: shape) == rule.elements(shape: shape)) }
  }

  // MARK: integers

  private static let least = Double(Int32.min), largest = Double(Int32.max)

  @Test func `an int32 parameter is refused if any value that its rule can give is no int32`() throws {
    let (least, largest) = (Self.least, Self.largest)
    let good: [Initializer] = [
      .constant(least), .constant(largest), .uniform(least...largest, seed: 1), .uniform(-0.5...0.5, seed: 1),
      .normal(mean: 0, deviation: largest / 6, seed: 1), .values([least, largest, -0.0]), .values([Int32.min, .max]),
      .values([-8, 16_777_216] as [Float]),
    ]
    for (number, rule) in good.enumerated() {
      #expect(throws: Never.self, "\(number)") { try Self.program(rule, rule.rule.valueCount) }
    }
    let bad: [(Initializer, String)] = [
      (.constant(largest + 1), "2147483648.0"), (.constant(least - 1), "-2147483649.0"), (.constant(0.5), "0.5"),
      (.constant(.nan), "nan"), (.constant(-.infinity), "-inf"),
      (.uniform(0...largest + 1, seed: 1), "2147483648.0"), (.uniform(least - 1...0, seed: 1), "-2147483649.0"),
      (.normal(mean: largest - 50, deviation: 10, seed: 1), "2147483657.0"),
      (.normal(mean: least + 50, deviation: 10, seed: 1), "-2147483658.0"),
      (.values([1, 0.5]), "0.5"), (.values([1, largest + 1]), "2147483648.0"), (.values([1, .nan]), "nan"),
      (.values([1, 0.5] as [Float]), "0.5"), (.values([1, 0x1p31] as [Float]), "2147483648.0"),
      (.values([1, -.infinity] as [Float]), "-inf"),
    ]
    for (rule, value) in bad {
      let error = #expect(throws: GraphError.self) { try Self.program(rule, rule.rule.valueCount) }
      #expect(error?.kind == .wrongValue)
      #expect(error?.description.contains("\(value) is no int32") == true, "\(error?.description ?? "no error")")
    }
  }

  private static func program(_ rule: Initializer, _ count: Int) throws -> Program {
    try Program(Graph().parameter("p", [count], rule, .int32))
  }

  @Test func `values of each type are written as those of each other that can hold them`() {
    let values: [[Double]] = [[0, -3, 16_777_217, Self.largest], [0.1, -0.0, 1e-40, 1e30], [1.5, -2.5, 7, 0x1p-149]]
    func check<T: GraphScalar, U: GraphScalar & Equatable>(_ values: [T], as _: U.Type, _ expected: (T) -> U) {
      let memory = UnsafeMutablePointer<U>.allocate(capacity: values.count)
      defer { memory.deallocate() }
      TensorValues(values).write(to: memory, count: values.count, as: U.elementType)
      for (index, value) in values.enumerated() { #expect(memory[index] == expected(value), "\(value) as \(U.self)") }
    }
    for list in values {
      let floats = list.map { Float($0) }
      check(floats, as: Float.self) { $0 }
      check(floats, as: Double.self) { Double($0) }
      check(list, as: Float.self) { Float($0) }
      check(list, as: Double.self) { $0 }
    }
    let integers = values[0].map { Int32($0) }
    check(integers, as: Int32.self) { $0 }
    check(integers, as: Float.self) { Float($0) }
    check(integers, as: Double.self) { Double($0) }
    check(values[0], as: Int32.self) { Int32($0) }
  }
}

extension Initializer.Rule {
  /// How many elements the rule is for, 1 if any.
  fileprivate var valueCount: Int {
    if case .values(let values) = self { return values.elementCount ?? 1 }
    return 1
  }
}
