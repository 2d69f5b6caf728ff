import AdjointTesting
import Testing

@testable import Adjoint

/// Layer and batch normalisation of numbers that are far from 0 and close together, huge or tiny.
@Suite(.timeLimit(.minutes(20))) struct NormalizationRangeTests {
  /// What a normalisation of rows gives for `values` of the type, and its gradient for upstream gradients that vary.
  private func run(
    _ values: [Double], _ type: ElementType, epsilon: Double, rows: Int = 1, _ build: (Node, Double) -> Node
  ) throws -> (value: [Double], gradient: [Double]) {
    let graph = Graph()
    let shape = Shape([rows, values.count / rows])
    let x = graph.input("x", shape, type)
    let y = build(x, epsilon)
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.write(ReferenceTensor(shape, type, values), to: x)
    try session.writeUpstream(ReferenceTensor(shape, type, upstream(values.count)), of: y)
    try session.step()
    return (try session.referenceValue(of: y).values, try session.referenceGradient(of: x).values)
  }

  private func upstream(_ count: Int) -> [Double] { (0..<count).map { Double(($0 * 5) % 7) / 4 - 0.5 } }

  /// Layer normalisation, and batch normalisation of one channel a row.
  private static let normalisations: [@Sendable (Node, Double) -> Node] = [
    { layerNormalization($0, epsilon: $1) },
    { x, epsilon in
      let graph = x.graph, count = x.shape[0], type = x.elementType
      let seen = RunningStatistics(mean: graph.constant(0, [count], type), variance: graph.constant(1, [count], type))
      return batchNormalization(
        x, scale: graph.constant(1, [count], type), shift: graph.constant(0, [count], type), updating: seen, axis: 0,
        epsilon: epsilon
      ).output
    },
  ]

  @Test(arguments: [2, 3, 9, 13, 100, 1000, 4097, 20_003])
  func `a constant is normalised to exactly 0`(count: Int) throws {
    for build in Self.normalisations {
      for (type, constants) in [
        (ElementType.float32, [100_000.1, 0.1, -7.3e-5, 1e30, 3.3e38, 1e-30, 12_345.678]),
        (.float64, [100_000.1, 1e300, -1.7e308]),
      ] {
        let values = constants.flatMap { [Double](repeating: type.rounded($0), count: count) }
        let (value, gradient) = try run(values, type, epsilon: 1e-5, rows: constants.count, build)
        #expect(value.allSatisfy { $0 == 0 }, "\(count) of \(type)")
        #expect(gradient.allSatisfy { $0.isFinite })
      }
    }
  }

  /// The formula and its gradient in double precision, of numbers that are not too large for it.
  private func formula(_ x: [Double], epsilon: Double) -> (value: [Double], gradient: [Double]) {
    let count = Double(x.count)
    let rough = x.reduce(0) { $0 + $1 / count }
    let mean = rough + x.reduce(0) { $0 + ($1 - rough) / count }
    let centred = x.map { $0 - mean }
    let deviation = (centred.reduce(0) { $0 + $1 * $1 } / count + epsilon).squareRoot()
    let y = centred.map { $0 / deviation }
    let u = upstream(x.count)
    let (along, across) = (u.reduce(0, +) / count, zip(u, y).reduce(0) { $0 + $1.0 * $1.1 } / count)
    return (y, zip(u, y).map { ($0 - along - $1 * across) / deviation })
  }

  private static let rows: [(mean: Double, step: Double)] = [
    (1e4, 1e-3), (1e4, 0.5), (-1e6, 0.25), (0, 1), (1e30, 1e24), (1e4, 1e6), (0, 1e30), (0, 1e38),
  ]

  @Test func `rows far from 0 that differ little are right to their own rounding`() throws {
    let type = ElementType.float32
    for build in Self.normalisations {
      for (mean, step) in Self.rows {
        let x = (0..<64).map { type.rounded(mean + step * (Double(($0 * 29) % 64) / 19 - 1.6)) }
        let (value, gradient) = try run(x, type, epsilon: 1e-10, build)
        let expected = formula(x, epsilon: 1e-10)
        let scale = expected.gradient.map(\.magnitude).max()!
        #expect(zip(value, expected.value).allSatisfy { abs($0 - $1) < 2e-6 }, "\(mean), \(step)")
        let isRight = zip(gradient, expected.gradient).allSatisfy { abs($0 - $1) <= 4e-6 * scale + 0x1p-145 }
        #expect(isRight, "gradients at \(mean), \(step)")
      }
    }
  }

  @Test func `rows of both ends of the type are right, in both types`() throws {
    for build in Self.normalisations {
      for (type, size) in [(ElementType.float32, 1e30), (.float32, 3.4e38), (.float64, 1e200), (.float64, 1.7e308)] {
        let signs: [Double] = [1, 1, 1, -1, 1, 1, 1, -1]
        let (value, _) = try run(signs.map { type.rounded($0 * size) }, type, epsilon: 1e-5, build)
        let expected = formula(signs, epsilon: 0).value
        #expect(zip(value, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(size)")
      }
    }
  }

  @Test func `tiny rows are divided by the root of epsilon`() throws {
    for build in Self.normalisations {
      let x = [1e-30, -1e-30, 2e-30, 0].map(ElementType.float32.rounded)
      let (value, gradient) = try run(x, .float32, epsilon: 1e-5, build)
      let expected = formula(x, epsilon: 1e-5)
      #expect(zip(value, expected.value).allSatisfy { abs($0 - $1) < 1e-6 * 1e-27 })
      #expect(zip(gradient, expected.gradient).allSatisfy { abs($0 - $1) < 1e-6 * 300 })
    }
  }

  @Test func `second derivatives agree with finite differences`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 5], .float64)
    for build in Self.normalisations {
      let y = build(x, 0.1)
      let weights = graph.constant(upstream(10), [2, 5])
      let slope = try #require(try graph.gradients(of: [(y * y * weights).sum()], withRespectTo: [x])[0])
      let values = (0..<10).map { 3 + Double(($0 * 7) % 5) / 2 }
      for verdict in try GradientChecker().check(
        slope, withRespectTo: [x], at: [x: ReferenceTensor(x.shape, .float64, values)])
      {
        #expect(verdict.isCorrect, "\(verdict)")
      }
    }
  }

  @Test func `a running variance survives a batch whose variance is beyond the type`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 1, 2])
    let seen = RunningStatistics(mean: graph.parameter("mean", [1]), variance: graph.parameter("variance", [1], .ones))
    let (y, updates) = batchNormalization(
      x, scale: graph.constant(1, [1]), shift: graph.constant(0, [1]), updating: seen)
    let session = try Program([y] + updates.map(\.value)).makeSession()
    try session.write([1e30, -1e30, 1e30, -1e30] as [Float], to: x)
    try session.forward()
    #expect(try zip(session.read(y, as: Float.self), [1, -1, 1, -1]).allSatisfy { abs($0 - $1) < 1e-6 })
    let variance = try session.read(updates[1].value, as: Float.self)[0]
    #expect(variance.isFinite && variance > 1e37)
    // Squares overflow here, and the variance does not.
    try session.write([2e19, 0, 0, 0] as [Float], to: x)
    try session.forward()
    #expect(abs(try session.read(updates[1].value, as: Float.self)[0] / (0.1 * 1e38) - 1) < 1e-6)
  }

  @Test func `inference with huge statistics is right`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 1, 2])
    let seen = RunningStatistics(
      mean: graph.constant([-3e38] as [Float], [1]), variance: graph.constant([1e38] as [Float], [1]))
    let y = batchNormalization(x, scale: graph.constant(1, [1]), shift: graph.constant(0, [1]), using: seen)
    let session = try Program(y).makeSession()
    try session.write([3e38, -3e38] as [Float], to: x)
    try session.forward()
    let value = try session.read(y, as: Float.self)
    #expect(abs(value[0] / 6e19 - 1) < 1e-6 && value[1] == 0)
  }
}
