import AdjointTesting
import Foundation
import Testing

@testable import Adjoint

/// Functions composed of gates, against their formulas in double precision.
@Suite(.timeLimit(.minutes(20))) struct LinearUnitTests {
  struct Unit: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let apply: @Sendable (Node) -> Node
    let formula: @Sendable (Double) -> Double
    /// Where it has two slopes, and their mean.
    var kinks: [(x: Double, gradient: Double)] = []
    /// How large x may be for its gradient to be a number.
    var largest = Double.greatestFiniteMagnitude
  }

  static let units = [
    Unit(
      testDescription: "leakyRelu", apply: { leakyRelu($0) }, formula: { $0 > 0 ? $0 : 0.01 * $0 }, kinks: [(0, 0.505)]),
    Unit(
      testDescription: "leakyRelu, slope 0", apply: { leakyRelu($0, slope: 0) }, formula: { $0 > 0 ? $0 : 0 },
      kinks: [(0, 0.5)]),
    Unit(
      testDescription: "leakyRelu, slope 3", apply: { leakyRelu($0, slope: 3) }, formula: { $0 > 0 ? $0 : 3 * $0 },
      kinks: [(0, 2)]),
    Unit(
      testDescription: "leakyRelu, slope -1", apply: { leakyRelu($0, slope: -1) }, formula: { abs($0) },
      kinks: [(0, 0)]),
    Unit(testDescription: "elu", apply: { elu($0) }, formula: { $0 > 0 ? $0 : Foundation.expm1($0) }, kinks: [(0, 1)]),
    Unit(
      testDescription: "elu, scale 2", apply: { elu($0, scale: 2) },
      formula: { $0 > 0 ? $0 : 2 * Foundation.expm1($0) }, kinks: [(0, 1.5)]),
    Unit(
      testDescription: "selu", apply: { selu($0) },
      formula: { 1.0507009873554805 * ($0 > 0 ? $0 : 1.6732632423543772 * Foundation.expm1($0)) },
      kinks: [(0, 1.0507009873554805 * (1 + 1.6732632423543772) / 2)]),
    Unit(testDescription: "silu", apply: { silu($0) }, formula: { $0 / (1 + Foundation.exp(-$0)) }),
    Unit(
      testDescription: "gelu", apply: { gelu($0) }, formula: { 0.5 * $0 * (1 + Foundation.erf($0 / 2.squareRoot())) }),
    Unit(
      testDescription: "gelu, by tanh", apply: { gelu($0, approximation: .tanh) },
      formula: { 0.5 * $0 * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) },
      largest: 1.3e154),
    Unit(
      testDescription: "hardSigmoid", apply: { hardSigmoid($0) }, formula: { min(max($0 / 6 + 0.5, 0), 1) },
      kinks: [(3, 1.0 / 12), (-3, 1.0 / 12)]),
    Unit(
      testDescription: "hardSigmoid, slope 0.2", apply: { hardSigmoid($0, slope: 0.2, offset: 0.25) },
      formula: { min(max($0 * 0.2 + 0.25, 0), 1) }),
  ]

  private let points: [Double] = [-30, -7.3, -2.9, -1.1, -0.4, -1e-3, 1e-3, 0.3, 0.9, 2.2, 3.7, 8.1, 40]

  @Test(arguments: units) func `a value is the formula's in both float types`(unit: Unit) throws {
    for type in [ElementType.float64, .float32] {
      let graph = Graph()
      let x = graph.input("x", [points.count], type)
      let y = unit.apply(x)
      let session = try Program(y).makeSession()
      try session.write(ReferenceTensor(x.shape, type, points), to: x)
      try session.forward()
      let values = try session.referenceValue(of: y).values
      for (point, value) in zip(points, values) {
        let point = type.rounded(point)
        // A few roundings, each within half an ulp of a number of at most |x| + 2.
        let allowed = (type == .float64 ? 0x1p-51 : 0x1p-22) * (abs(point) + 2)
        #expect(abs(value - unit.formula(point)) <= allowed, "\(unit.testDescription)(\(point)) in \(type)")
      }
    }
  }

  @Test(arguments: units) func `gradients of first and second order agree with finite differences`(unit: Unit) throws {
    let graph = Graph()
    let x = graph.input("x", [points.count], .float64)
    let y = unit.apply(x)
    let values = [x: ReferenceTensor(x.shape, .float64, points)]
    for verdict in try GradientChecker().check(y, withRespectTo: [x], at: values) {
      #expect(verdict.isCorrect, "\(verdict)")
    }
    let slope = try #require(try graph.gradients(of: [y.sum()], withRespectTo: [x])[0])
    // Piecewise linear functions have a second derivative of 0, which no path need lead to.
    guard try graph.gradients(of: [slope.sum()], withRespectTo: [x])[0] != nil else { return }
    for verdict in try GradientChecker().check(slope, withRespectTo: [x], at: values) {
      #expect(verdict.isCorrect, "\(verdict)")
    }
  }

  @Test func `the approximation by a tanh is within 5 · 10⁻⁴ of the error function's`() throws {
    let graph = Graph()
    let points = (-600...600).map { Double($0) / 100 }
    let x = graph.input("x", [points.count], .float64)
    let difference = abs(gelu(x, approximation: .tanh) - gelu(x, approximation: .none)).max()
    let session = try Program(difference).makeSession()
    try session.write(points, to: x)
    try session.forward()
    #expect(try session.read(difference) < 5e-4 && session.read(difference) > 1e-4)
  }

  private func gradient(_ unit: Unit, at point: Double) throws -> (value: Double, gradient: Double) {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    let y = unit.apply(x)
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.write(point, to: x)
    try session.step()
    return try (session.read(y), session.gradient(of: x))
  }

  @Test(arguments: units) func `two slopes share the gradient at a kink`(unit: Unit) throws {
    for kink in unit.kinks {
      let found = try gradient(unit, at: kink.x).gradient
      #expect(abs(found - kink.gradient) <= 1e-15, "\(unit.testDescription) at \(kink.x) has \(found)")
    }
  }

  @Test(arguments: units) func `a NaN stays one, and huge numbers give none`(unit: Unit) throws {
    #expect(try gradient(unit, at: .nan).value.isNaN)
    for point in [-1e300, -1e150, -1e5, 1e5, 1e150, 1e300] {
      let (value, gradient) = try gradient(unit, at: point)
      #expect(!value.isNaN && (gradient.isFinite || abs(point) > unit.largest), "\(unit.testDescription)(\(point))")
      #expect(value.isInfinite == unit.formula(point).isInfinite)
    }
  }

  @Test(arguments: units) func `each way is one pass over memory`(unit: Unit) throws {
    let graph = Graph()
    let x = graph.input("x", [50, 40])
    let y = unit.apply(x)
    var options = Program.Options()
    options.measuresCosts = false
    func kernels(_ program: Program) -> Int {
      program.plan.calls.count
    }
    #expect(kernels(try Program(y, options: options)) == 1)
    #expect(kernels(try Program(y, gradientsFor: [x], options: options)) <= 2)
  }

  @Test func `softplus, erf and expm1 keep the digits that composing them would lose`() throws {
    let graph = Graph()
    let x = graph.input("x", [4])
    let outputs = [softplus(x), erf(x), expm1(x)]
    let session = try Program(outputs).makeSession()
    try session.write([-50, -1e-6, 1e-6, 200] as [Float], to: x)
    try session.forward()
    let results = try outputs.map { try session.read($0, as: Float.self) }
    #expect(abs(results[0][0] / Float(Foundation.exp(-50.0)) - 1) < 1e-6)
    #expect(results[0][3] == 200)
    #expect(abs(results[1][2] / 1.1283792e-6 - 1) < 1e-6)
    #expect(results[1][3] == 1)
    #expect(abs(results[2][1] / -9.999995e-7 - 1) < 1e-6)
    #expect(results[2][3] == .infinity)
  }

  @Test func `a power's exponent is a node, with its gradient`() throws {
    let graph = Graph()
    let base = graph.input("base", [3], .float64), exponent = graph.input("exponent", [], .float64)
    let y = pow(base, exponent)
    let session = try Program(y.sum(), gradientsFor: [base, exponent], alsoComputing: [y]).makeSession()
    try session.write([0.5, 2, 3], to: base)
    try session.write(2.5, to: exponent)
    try session.step()
    func close(_ a: [Double], _ b: [Double]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 1e-13 * abs($1) } }
    #expect(close(try session.read(y, as: Double.self), [0.5, 2, 3].map { Foundation.pow($0, 2.5) }))
    #expect(
      close(try session.gradient(of: base, as: Double.self), [0.5, 2, 3].map { 2.5 * Foundation.pow($0, 1.5) }))
    let byExponent = [0.5, 2, 3].map { Foundation.pow($0, 2.5) * Foundation.log($0) }.reduce(0, +)
    #expect(try close([session.gradient(of: exponent)], [byExponent]))
  }
}
