import Adjoint
import AdjointTesting
import Foundation
import Testing

/// Formulas written out are differentiated as the gates that they are, on every road.
@Suite(.timeLimit(.minutes(20))) struct RecognitionTests {
  struct Spelling: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let function: @Sendable (Node) -> Node
  }

  private static func ones(_ x: Node) -> Node {
    x.graph.constant([Double](repeating: 1, count: x.shape.elementCount).map { Float($0) }, x.shape)
  }

  static let sigmoids = [
    Spelling(testDescription: "1 / (1 + exp(-x))") { 1 / (1 + Adjoint.exp(-$0)) },
    Spelling(testDescription: "1 / (exp(-x) + 1)") { 1 / (Adjoint.exp(-$0) + 1) },
    Spelling(testDescription: "1 / (1 + exp(-1 * x))") { 1 / (1 + Adjoint.exp(-1 * $0)) },
    Spelling(testDescription: "1 / (1 + exp(x * -1))") { 1 / (1 + Adjoint.exp($0 * -1)) },
    Spelling(testDescription: "1 / (1 + exp(0 - x))") { 1 / (1 + Adjoint.exp(0 - $0)) },
    Spelling(testDescription: "1 / (1 + 1 / exp(x))") { 1 / (1 + 1 / Adjoint.exp($0)) },
    Spelling(testDescription: "exp(x) / (1 + exp(x))") { Adjoint.exp($0) / (1 + Adjoint.exp($0)) },
    Spelling(testDescription: "exp(x) / (exp(x) + 1), shared") { x in
      let power = Adjoint.exp(x)
      return power / (power + 1)
    },
    Spelling(testDescription: "pow(1 + exp(-x), -1)") { pow(1 + Adjoint.exp(-$0), -1) },
    Spelling(testDescription: "ones of x's shape") { ones($0) / (ones($0) + Adjoint.exp(-$0)) },
    Spelling(testDescription: "a one that is repeated") {
      $0.graph.constant(1).broadcast(to: $0.shape) / ($0.graph.constant(1) + Adjoint.exp(-$0))
    },
  ]

  /// −200 is beyond the range of e⁻ˣ, at −66.7 the slope of the quotient is below it.
  private let points: [Double] = [-200, -66.7, -20, 0, 3, 30, 66.7, 200]

  private static func slope(_ x: Double) -> Double {
    let power = Foundation.exp(-abs(x))
    return power / ((1 + power) * (1 + power))
  }

  @Test(arguments: sigmoids, DerivativeRoad.allCases)
  func `a sigmoid in any spelling has the sigmoid's derivatives`(spelling: Spelling, road: DerivativeRoad) throws {
    let formulas: [(Double) -> Double] = [Self.slope, { -Self.slope($0) * Foundation.tanh($0 / 2) }]
    for (order, formula) in formulas.enumerated() {
      let found = try road.derivatives(order: order + 1, at: points, .float32, of: spelling.function)
      for (point, found) in zip(points, found) {
        let expected = formula(Double(Float(point)))
        #expect(
          ElementType.float32.isClose(found, expected), "order \(order + 1) at \(point): \(found), not \(expected)")
      }
    }
  }

  @Test(arguments: DerivativeRoad.allCases)
  func `quotients by 1 + exp(t) have their derivatives where exp(t) overflows`(road: DerivativeRoad) throws {
    let cases: [(@Sendable (Node) -> Node, (Double) -> Double)] = [
      ({ 1 / (1 + Adjoint.exp($0)) }, { -Self.slope($0) }),
      ({ 3 / (1 + Adjoint.exp(-2 * $0)) }, { 6 * Self.slope(2 * $0) }),
      ({ 2 / (1 + Adjoint.exp(-2 * $0)) - 1 }, { 4 * Self.slope(2 * $0) }),
      ({ (Adjoint.exp($0) - Adjoint.exp(-$0)) / (Adjoint.exp(-$0) + Adjoint.exp($0)) }, { 4 * Self.slope(2 * $0) }),
      ({ (Adjoint.exp(2 * $0) - 1) / (Adjoint.exp(2 * $0) + 1) }, { 4 * Self.slope(2 * $0) }),
      ({ (1 - Adjoint.exp(-2 * $0)) / (1 + Adjoint.exp(-2 * $0)) }, { 4 * Self.slope(2 * $0) }),
      ({ log(1 + Adjoint.exp($0)) }, { $0 < -87 ? Foundation.exp($0) : 1 / (1 + Foundation.exp(-$0)) }),
    ]
    for (number, (function, formula)) in cases.enumerated() {
      let found = try road.derivatives(at: points, .float32, of: function)
      for (point, found) in zip(points, found) {
        let expected = formula(Double(Float(point)))
        #expect(ElementType.float32.isClose(found, expected), "case \(number) at \(point): \(found), not \(expected)")
      }
    }
  }

  @Test func `values that overflow within a formula are the formula's`() throws {
    let graph = Graph()
    let x = graph.input("x", [2])
    let results = [
      Adjoint.exp(x) / (1 + Adjoint.exp(x)), (Adjoint.exp(x) - Adjoint.exp(-x)) / (Adjoint.exp(x) + Adjoint.exp(-x)),
      log(1 + Adjoint.exp(x)),
    ]
    let session = try Program(results).makeSession()
    try session.write([200, -200] as [Float], to: x)
    try session.forward()
    #expect(try results.map { try session.read($0, as: Float.self) } == [[1, 0], [1, -1], [200, 0]])
    let scanned = graph.scan(over: [x], from: []) { _, x in
      (state: [], outputs: [Adjoint.exp(x[0]) / (1 + Adjoint.exp(x[0]))])
    }
    let loop = try Program(scanned.outputs).makeSession()
    try loop.write([200, -200] as [Float], to: x)
    try loop.forward()
    #expect(try loop.read(scanned.outputs[0], as: Float.self) == [1, 0])
  }

  @Test(arguments: [-200.0, -66.7, 1, 20])
  func `a variable within a formula gets its own gradient, and x keeps its`(point: Double) throws {
    let graph = Graph()
    let x = graph.input("x")
    let negative = -x, power = Adjoint.exp(negative), sum = 1 + power
    let y = 1 / sum
    let variables = [x, negative, power, sum]
    let point = Double(Float(point))
    let (slope, sigma) = (Self.slope(point), 1 / (1 + Foundation.exp(-point)))
    let expected = [slope, -slope, -sigma * sigma, -sigma * sigma]

    let session = try Program(y, gradientsFor: variables).makeSession()
    try session.write(point, to: x)
    try session.step()
    let nodes = try graph.gradients(of: [y], withRespectTo: variables).map { try #require($0) }
    let one = graph.constant(1)
    let tangents = try variables.map {
      try #require(try graph.jacobianVectorProduct(of: [y], along: [one], withRespectTo: [$0])[0])
    }
    let all = try #require(
      try graph.jacobianVectorProduct(of: [y], along: [one, one, one, one], withRespectTo: variables)[0])
    let derivatives = try Program(nodes + tangents + [all]).makeSession()
    try derivatives.write(point, to: x)
    try derivatives.forward()
    for (number, variable) in variables.enumerated() {
      let found = try [
        session.gradient(of: variable), derivatives.read(nodes[number]), derivatives.read(tangents[number]),
      ]
      // Of what is within, the gradient is that of the quotient as written, whose e⁻ˣ may be infinite.
      if number == 1, point < -60 { continue }
      for found in found {
        #expect(
          ElementType.float32.isClose(found, expected[number]), "\(variable.name): \(found), not \(expected[number])")
      }
    }
    if point > -60 { #expect(try abs(derivatives.read(all) - expected.reduce(0, +)) < 1e-6) }
  }

  @Test(arguments: DerivativeRoad.allCases) func `squares of kinks are smooth`(road: DerivativeRoad) throws {
    let squares: [@Sendable (Node) -> Node] = [
      { square(Adjoint.abs($0)) }, { pow(Adjoint.abs($0), 2) }, { Adjoint.abs($0) * Adjoint.abs($0) },
      { x in
        let magnitude = Adjoint.abs(x)
        return magnitude * magnitude
      }, { square(Adjoint.sqrt(square($0))) }, { pow(Adjoint.sqrt($0 * $0), 2) },
      { Adjoint.sqrt(square($0)) * Adjoint.sqrt(square($0)) },
    ]
    for (number, function) in squares.enumerated() {
      #expect(try road.derivatives(at: [0, -3], of: function) == [0, -6], "square \(number)")
      #expect(try road.derivatives(order: 2, at: [0, -3], of: function) == [2, 2], "square \(number)")
    }
    #expect(try road.derivatives(order: 4, at: [0]) { pow(Adjoint.abs($0), 4) } == [24])
    #expect(try road.derivatives(order: 2, at: [0]) { Adjoint.exp(-square(Adjoint.abs($0))) } == [-2])
  }

  @Test func `the square of a length has a Hessian at 0`() throws {
    for spelling in 0...4 {
      let graph = Graph()
      let d = graph.input("d", [2], .float64)
      let length = Adjoint.sqrt((d * d).sum())
      let squared = [
        square(length), length * length, pow(length, 2), square(d.l2Norm()),
        (d.l2Norm(keepsAxes: true) * d.l2Norm(keepsAxes: true)).sum(),
      ][spelling]
      let hessian = try graph.hessian(of: Adjoint.exp(-squared), withRespectTo: d)
      let session = try Program(hessian).makeSession()
      try session.write([0, 0], to: d)
      try session.forward()
      #expect(try session.read(hessian, as: Double.self) == [-2, 0, 0, -2])
    }
  }

  @Test func `a number that a formula is made of has the gradient of the formula as written`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    let one = graph.constant(1, [], .float64), four = graph.constant(4, [], .float64)
    let quotient = one / (one + Adjoint.exp(-x)), power = pow(Adjoint.abs(x), four)
    let slopes = [
      try graph.gradient(of: quotient, withRespectTo: one), try graph.gradient(of: power, withRespectTo: four),
    ]
    let session = try Program(slopes).makeSession()
    try session.write([-2.0], to: x)
    try session.forward()
    let found = try slopes.map { try session.read($0, as: Double.self)[0] }
    let e = 7.38905609893065  // e²
    for (found, expected) in zip(found, [1 / (1 + e) - 1 / (1 + e) / (1 + e), 16 * 0.6931471805599453]) {
      #expect(Swift.abs(found - expected) < 1e-12, "\(found), not \(expected)")
    }
  }

  @Test func `of two nodes that are computed alike each has its own gradient`() throws {
    let graph = Graph()
    let w = graph.input("w", [], .float64)
    let (u, v) = (w * 2, w * 2)
    let y = Adjoint.abs(u) * Adjoint.abs(v)
    let gradients = try [w, u, v].map { try graph.gradient(of: y, withRespectTo: $0) }
    let session = try Program(gradients).makeSession()
    try session.write([1.0], to: w)
    try session.forward()
    #expect(try gradients.map { try session.read($0, as: Double.self)[0] } == [8, 2, 2])
  }

  @Test func `second derivatives mix a formula's operand and what is within it`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    let e = Adjoint.exp(-x)
    let y = 1 / (1 + e)
    func product(_ a: Double, _ b: Double) throws -> [Node] {
      try graph.hessianVectorProduct(
        of: y, along: [graph.constant(a, [], .float64), graph.constant(b, [], .float64)], withRespectTo: [x, e])
    }
    let alongX = try product(1, 0), alongE = try product(0, 1)
    let session = try Program(alongX + alongE).makeSession()
    try session.write([1.0], to: x)
    try session.forward()
    let mixed = try [alongX[1], alongE[0]].map { try session.read($0, as: Double.self)[0] }
    // ∂y/∂x = e / (1 + e)², whose slope by e alone is (1 − e) / (1 + e)³; ∂y/∂e = −1 / (1 + e)², and e moves with x.
    let value = 0.36787944117144233, sum = 1 + value
    #expect(Swift.abs(mixed[0] + 2 * value / (sum * sum * sum)) < 1e-12)
    #expect(Swift.abs(mixed[1] - (1 - value) / (sum * sum * sum)) < 1e-12)
  }
}
