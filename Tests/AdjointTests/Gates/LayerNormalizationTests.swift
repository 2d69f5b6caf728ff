import Adjoint
import AdjointTesting
import Testing

/// Layer normalisation against its formula in double precision.
@Suite(.timeLimit(.minutes(20))) struct LayerNormalizationTests {
  private let values = (0..<24).map { Double(($0 * 7 + 3) % 11) / 4 - 1.2 }

  /// (x − μ) / √(σ² + ε) of each of the vectors, given by the places of their elements.
  private func formula(_ values: [Double], _ vectors: [[Int]], _ epsilon: Double) -> [Double] {
    var result = values
    for vector in vectors {
      let mean = vector.reduce(0) { $0 + values[$1] } / Double(vector.count)
      let variance = vector.reduce(0) { $0 + (values[$1] - mean) * (values[$1] - mean) } / Double(vector.count)
      for place in vector { result[place] = (values[place] - mean) / (variance + epsilon).squareRoot() }
    }
    return result
  }

  private let layouts: [(axes: [Int], vectors: [[Int]])] = [
    ([-1], (0..<6).map { row in (0..<4).map { row * 4 + $0 } }),
    ([1, 2], (0..<2).map { row in (0..<12).map { row * 12 + $0 } }),
    ([0], (0..<12).map { [$0, $0 + 12] }),
    ([-2], (0..<8).map { lane in (0..<3).map { lane / 4 * 12 + $0 * 4 + lane % 4 } }),
  ]

  @Test func `values are the formula's over any axes, in both float types`() throws {
    for (axes, vectors) in layouts {
      for (type, allowed) in [(ElementType.float64, 1e-14), (.float32, 1e-5)] {  // a dozen roundings of numbers below 4
        let graph = Graph()
        let x = graph.input("x", [2, 3, 4], type)
        let y = layerNormalization(x, axes: axes, epsilon: 1e-3)
        #expect(y.shape == [2, 3, 4])
        let session = try Program(y).makeSession()
        try session.write(ReferenceTensor(x.shape, type, values), to: x)
        try session.forward()
        let expected = formula(values.map(type.rounded), vectors, 1e-3)
        for (found, expected) in zip(try session.referenceValue(of: y).values, expected) {
          #expect(abs(found - expected) < allowed, "over \(axes) in \(type)")
        }
      }
    }
  }

  @Test func `gradients of first and second order agree with finite differences`() throws {
    for (axes, _) in layouts {
      let graph = Graph()
      let x = graph.input("x", [2, 3, 4], .float64)
      let y = layerNormalization(x, axes: axes, epsilon: 0.1)
      let weights = graph.constant((0..<24).map { Double($0 % 5) - 1.7 }, [2, 3, 4])
      let slope = try #require(try graph.gradients(of: [(square(y) * weights).sum()], withRespectTo: [x])[0])
      for output in [y, slope] {
        let verdicts = try GradientChecker().check(
          output, withRespectTo: [x], at: [x: ReferenceTensor(x.shape, .float64, values)])
        for verdict in verdicts { #expect(verdict.isCorrect, "\(verdict)") }
      }
    }
  }

  @Test func `a vector of one value gives 0, and a NaN stays within its vector`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 2])
    let y = layerNormalization(x)
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.write([3, 3, 0, 0, .nan, 1, -1, 1] as [Float], to: x)
    try session.writeUpstream([Float](repeating: 1, count: 8), of: y)
    try session.step()
    let (value, gradient) = (try session.read(y, as: Float.self), try session.gradient(of: x, as: Float.self))
    #expect(Array(value[..<4]) == [0, 0, 0, 0] && Array(gradient[..<4]) == [0, 0, 0, 0])
    #expect(value[4].isNaN && value[5].isNaN)
    #expect(abs(value[6] + 1) < 1e-4 && abs(value[7] - 1) < 1e-4 && gradient[6...].allSatisfy { abs($0) < 1e-6 })
  }

  @Test func `what cannot be normalised is refused at the caller's line`() {
    let graph = Graph()
    let labels = layerNormalization(graph.input("labels", [3], .int32)); let line = #line
    let type = #expect(throws: GraphError.self) { try Program(labels) }
    #expect(type?.description.contains("LayerNormalizationTests.swift:\(line)") == true)
    let axis = #expect(throws: GraphError.self) { try Program(layerNormalization(graph.input("x", [3]), axes: [1])) }
    #expect(axis?.description.contains("axis 1 does not exist in a value of shape [3]") == true)
  }
}
