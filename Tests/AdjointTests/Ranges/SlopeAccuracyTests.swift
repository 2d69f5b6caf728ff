import Adjoint
import AdjointTesting
import Foundation
import Testing

/// Slopes are right where outputs have rounded, on every road.
@Suite(.timeLimit(.minutes(20))) struct SlopeAccuracyTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let function: @Sendable (Node) -> Node
    /// The first and the second derivative in double precision, right to a few units in the last place.
    let slope: @Sendable (Double) -> Double, curvature: @Sendable (Double) -> Double
  }

  private static func sigmoidSlope(_ x: Double) -> Double {
    let power = Foundation.exp(-abs(x))
    return power / ((1 + power) * (1 + power))
  }
  private static func sigmoid(_ x: Double) -> Double {
    x > 0 ? 1 / (1 + Foundation.exp(-x)) : Foundation.exp(x) / (1 + Foundation.exp(x))
  }
  private static func bell(_ x: Double) -> Double { Foundation.exp(-x * x / 2) / (2 * Double.pi).squareRoot() }
  private static func distribution(_ x: Double) -> Double { Foundation.erfc(-x / 2.0.squareRoot()) / 2 }

  static let smooth = [
    Case(testDescription: "expm1", function: { expm1($0) }, slope: Foundation.exp, curvature: Foundation.exp),
    Case(
      testDescription: "sigmoid", function: { Adjoint.sigmoid($0) }, slope: sigmoidSlope,
      curvature: { -sigmoidSlope($0) * Foundation.tanh($0 / 2) }),
    Case(
      testDescription: "tanh", function: { Adjoint.tanh($0) }, slope: { 4 * sigmoidSlope(2 * $0) },
      curvature: { -8 * sigmoidSlope(2 * $0) * Foundation.tanh($0) }),
    Case(testDescription: "softplus", function: { softplus($0) }, slope: sigmoid, curvature: sigmoidSlope),
    Case(
      testDescription: "erf", function: { erf($0) }, slope: { 2 / Double.pi.squareRoot() * Foundation.exp(-$0 * $0) },
      curvature: { -4 / Double.pi.squareRoot() * $0 * Foundation.exp(-$0 * $0) }),
    Case(testDescription: "exp", function: { Adjoint.exp($0) }, slope: Foundation.exp, curvature: Foundation.exp),
    Case(
      testDescription: "silu", function: { silu($0) }, slope: { sigmoid($0) + $0 * sigmoidSlope($0) },
      curvature: { sigmoidSlope($0) * (2 - $0 * Foundation.tanh($0 / 2)) }),
    Case(
      testDescription: "gelu", function: { gelu($0) }, slope: { distribution($0) + $0 * bell($0) },
      curvature: { (2 - $0 * $0) * bell($0) }),
    Case(
      testDescription: "1 / (1 + exp(-x))", function: { 1 / (1 + Adjoint.exp(-$0)) }, slope: sigmoidSlope,
      curvature: { -sigmoidSlope($0) * Foundation.tanh($0 / 2) }),
  ]

  /// Points far from 0 where neither slope nor terms cancel much.
  private let points: [Double] = [
    -100, -66.7, -50, -20, -10, -6, -2.5, -0.5, -1e-3, 1e-3, 0.75, 2.5, 6, 10, 13, 20, 66.7, 80,
  ]

  @Test(arguments: smooth, DerivativeRoad.allCases)
  func `first and second derivatives are right far from 0, in float32`(smooth: Case, road: DerivativeRoad) throws {
    for (order, formula) in [smooth.slope, smooth.curvature].enumerated() {
      let found = try road.derivatives(order: order + 1, at: points, .float32, of: smooth.function)
      for (point, found) in zip(points, found) {
        let expected = formula(Double(Float(point)))
        // A product's derivatives are sums of terms as large as the slope times x, and what multiplies x may be
        // subnormal.
        let isProduct = smooth.testDescription.hasSuffix("lu")
        let terms = isProduct ? abs(expected * point) : abs(expected)
        let allowed = ElementType.float32.tolerance(at: terms) + (isProduct ? abs(point) * 0x1p-149 : 0)
        #expect(
          ElementType.float32.isClose(found, expected) || abs(found - expected) <= allowed,
          "order \(order + 1) at \(point) is \(found), not \(expected)")
      }
    }
  }

  @Test(arguments: DerivativeRoad.allCases)
  func `derivatives in float64 are right where outputs have rounded to 1`(road: DerivativeRoad) throws {
    let cases: [(Double, Double, @Sendable (Node) -> Node)] = [
      (-40, 4.248354255291589e-18, { expm1($0) }), (-40, 4.248354255291589e-18, { elu($0) }),
      (-40, 4.248354255291589e-18 * 1.7580993408473766, { selu($0) }),
      (40, 4.248354255291589e-18, { Adjoint.sigmoid($0) }), (-40, 4.248354255291589e-18, { Adjoint.sigmoid($0) }),
      (20, 1.6993417021166355e-17, { Adjoint.tanh($0) }), (-20, 1.6993417021166355e-17, { Adjoint.tanh($0) }),
      (40, 4.248354255291589e-18, { 1 / (1 + Adjoint.exp(-$0)) }),
    ]
    for (point, expected, function) in cases {
      let found = try road.derivatives(at: [point], of: function)[0]
      #expect(ElementType.float64.isClose(found, expected), "at \(point): \(found), not \(expected)")
    }
    let curvature = try road.derivatives(order: 2, at: [40]) { softplus($0) }[0]
    #expect(ElementType.float64.isClose(curvature, 4.248354255291589e-18))
  }

  @Test func `gelu has digits far below 0, in both forms`() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let units = [gelu(x), gelu(x, approximation: .tanh), silu(x)]
    let session = try Program(units).makeSession()
    try session.write([-6, -40, -.infinity] as [Float], to: x)
    try session.forward()
    let found = try units.map { try session.read($0, as: Float.self) }
    #expect(abs(found[0][0] - -5.9195258e-09) <= 8 * (5.9195258e-09 as Float).ulp)
    #expect(abs(found[1][0] - -8.4396467e-11) <= 8 * (8.4396467e-11 as Float).ulp)
    for values in found { #expect(values[2] == 0 && values[2].sign == .minus) }
    #expect(found[0][1] == 0 && found[1][1] == 0)
  }

  @Test(arguments: DerivativeRoad.allCases)
  func `units have their limits' slopes at infinity`(road: DerivativeRoad) throws {
    let units: [(low: Double, high: Double, @Sendable (Node) -> Node)] = [
      (0, 1, { silu($0) }), (0, 1, { gelu($0) }), (0, 1, { gelu($0, approximation: .tanh) }),
      (0, 1, { elu($0) }), (0.01, 1, { leakyRelu($0) }), (3, 1, { leakyRelu($0, slope: 3) }),
      (0, 0, { hardSigmoid($0) }),
      (0, 1, { softplus($0) }), (0, 0, { Adjoint.tanh($0) }), (0, 0, { erf($0) }), (0, 0, { Adjoint.sigmoid($0) }),
    ]
    for type in [ElementType.float32, .float64] {
      let largest = type == .float32 ? Double(Float.greatestFiniteMagnitude) : .greatestFiniteMagnitude
      for (number, (low, high, unit)) in units.enumerated() {
        let points = [-.infinity, -largest, largest, .infinity]
        #expect(
          try road.derivatives(at: points, type, of: unit) == [low, low, high, high].map(type.rounded),
          "unit \(number) in \(type)")
        #expect(
          try road.derivatives(order: 2, at: points, type, of: unit) == [0, 0, 0, 0], "unit \(number) in \(type)")
      }
    }
  }

  @Test(arguments: [DerivativeRoad.program, .unfused, .scalars, .graph, .scan])
  func `the slope of a square does not overflow where the gradient does not`(road: DerivativeRoad) throws {
    // 2x is beyond the largest number, as is the tangent of x² in forward mode.
    #expect(try road.derivatives(at: [3e38], .float32) { square($0) * 0.125 } == [Double(Float(3e38)) / 4])
    #expect(try road.derivatives(at: [1.5e308]) { square($0) * 0.125 } == [1.5e308 / 4])
  }

  @Test(arguments: DerivativeRoad.allCases)
  func `slopes do not overflow before they are divided`(road: DerivativeRoad) throws {
    // 1 / b is beyond the largest number.
    let quotient = try road.derivatives(at: [0x1p-129], .float32) { $0.graph.constant(0x1p-149, [], .float32) / $0 }
    #expect(quotient == [-0x1p109])
    #expect(try road.derivatives(order: 2, at: [2e38], .float32) { erf($0) } == [0])
    #expect(try road.derivatives(at: [0x1p-149], .float32) { leakyRelu($0, slope: 0.9) } == [1])
  }
}
