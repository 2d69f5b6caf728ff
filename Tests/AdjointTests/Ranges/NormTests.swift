import Adjoint
import AdjointTesting
import Testing

@Suite(.timeLimit(.minutes(20))) struct NormTests {
  /// The vectors of two rows, one of them 0 in the tests of edges.
  private struct Case {
    let graph = Graph()
    let a: Node, b: Node
    init(_ type: ElementType = .float64) {
      a = graph.input("a", [2, 3], type)
      b = graph.input("b", [2, 3], type)
    }
  }
  private let a = [0.3, -1.2, 2, 0.7, 0.1, -0.4], b = [1.5, 0.2, -0.6, -0.3, 2.1, 0.9]

  private func lengths(_ values: [Double]) -> [Double] {
    [0, 3].map { row in (0..<3).reduce(0) { $0 + values[row + $1] * values[row + $1] }.squareRoot() }
  }

  @Test func `lengths, unit vectors and cosines are what their formulas give`() throws {
    let c = Case()
    let outputs = [c.a.l2Norm(axes: [1]), c.a.l2Norm(), c.a.l2Normalized(), cosineSimilarity(c.a, c.b)]
    let session = try Program(outputs).makeSession()
    try session.write(a, to: c.a)
    try session.write(b, to: c.b)
    try session.forward()
    let (la, lb) = (lengths(a), lengths(b))
    let inner = [0, 3].map { row in (0..<3).reduce(0) { $0 + a[row + $1] * b[row + $1] } }
    let expected = [
      la, [(la[0] * la[0] + la[1] * la[1]).squareRoot()], a.indices.map { a[$0] / la[$0 / 3] },
      [inner[0] / (la[0] * lb[0]), inner[1] / (la[1] * lb[1])],
    ]
    for (output, values) in zip(outputs, expected) {
      #expect(zip(try session.read(output, as: Double.self), values).allSatisfy { abs($0 - $1) < 1e-15 })
    }
  }

  @Test func `gradients of first and second order agree with finite differences`() throws {
    let builders: [(Case) -> Node] = [
      { $0.a.l2Norm(axes: [-1], keepsAxes: true) }, { $0.a.l2Norm() }, { $0.a.l2Normalized() },
      { $0.a.l2Normalized(axes: [0]) }, { cosineSimilarity($0.a, $0.b) },
      { cosineSimilarity($0.a, $0.b.sliced(0..<1), keepsAxis: true) },
    ]
    for build in builders {
      let c = Case()
      let y = build(c)
      let values = [c.a: ReferenceTensor([2, 3], .float64, a), c.b: ReferenceTensor([2, 3], .float64, b)]
      let slopes = try c.graph.gradients(of: [(y * y).sum()], withRespectTo: [c.a])
      for output in [y, try #require(slopes[0])] {
        for verdict in try GradientChecker().check(output, withRespectTo: [c.a], at: values) {
          #expect(verdict.isCorrect, "\(verdict)")
        }
      }
    }
  }

  /// The value and the gradients of a and b where the first row of a is `row`.
  private func edge(_ row: [Float], _ build: (Case) -> Node) throws -> (value: [Float], a: [Float], b: [Float]) {
    let c = Case(.float32)
    let y = build(c) + 0 * c.b.sum()  // every function reads b
    let session = try Program(y, gradientsFor: [c.a, c.b]).makeSession()
    try session.write(row + [0, 3, 4], to: c.a)
    try session.write([1, 2, 2, 0, 3, -4] as [Float], to: c.b)
    try session.writeUpstream([Float](repeating: 1, count: y.shape.elementCount), of: y)
    try session.step()
    return (
      try session.read(y, as: Float.self), try session.gradient(of: c.a, as: Float.self),
      try session.gradient(of: c.b, as: Float.self)
    )
  }

  @Test func `a vector of length 0 gives 0 and sends back 0`() throws {
    let norm = try edge([0, 0, 0]) { $0.a.l2Norm(axes: [1]) }
    #expect(norm.value == [0, 5] && Array(norm.a[..<3]) == [0, 0, 0])
    #expect(zip(norm.a[3...], [0, 0.6, 0.8] as [Float]).allSatisfy { abs($0 - $1) < 1e-6 })
    for row in [[0, 0, 0], [1e-9, 0, -1e-9]] as [[Float]] {
      let unit = try edge(row) { $0.a.l2Normalized() }
      #expect(Array(unit.value[..<3]) == [0, 0, 0] && Array(unit.a[..<3]) == [0, 0, 0])
      #expect(zip(unit.value[3...], [0, 0.6, 0.8] as [Float]).allSatisfy { abs($0 - $1) < 1e-6 })
      let cosine = try edge(row) { cosineSimilarity($0.a, $0.b) }
      #expect(cosine.value[0] == 0 && Array(cosine.a[..<3]) == [0, 0, 0] && Array(cosine.b[..<3]) == [0, 0, 0])
      #expect(abs(cosine.value[1] - (9 - 16) / 25.0) < 1e-6)
      #expect(cosine.a.allSatisfy(\.isFinite) && cosine.b.allSatisfy(\.isFinite))
    }
  }

  @Test func `a repeated element is a vector of the other's length`() throws {
    let graph = Graph()
    let a = graph.input("a", [2, 1], .float64), b = graph.input("b", [3, 1, 4], .float64)
    let y = cosineSimilarity(a, b), z = cosineSimilarity(a.broadcast(to: [2, 4]), b, keepsAxis: true)
    #expect(y.shape == [3, 2] && z.shape == [3, 2, 1])
    let session = try Program([y, z]).makeSession()
    try session.write([0.5, -3], to: a)
    try session.write((0..<12).map { Double(($0 * 5) % 7) - 2 }, to: b)
    try session.forward()
    #expect(try session.read(y, as: Double.self) == session.read(z, as: Double.self))
    let first = (-2 + 3 + 1 - 1) / (2 * (4 + 9 + 1 + 1 as Double).squareRoot())
    #expect(abs(try session.read(y, as: Double.self)[0] - first) < 1e-15)
  }

  @Test func `a NaN is not taken for a short vector`() throws {
    for build in [{ $0.a.l2Norm(axes: [1]) }, { $0.a.l2Normalized() }, { cosineSimilarity($0.a, $0.b) }]
      as [(Case) -> Node]
    {
      #expect(try edge([.nan, 0, 0], build).value[0].isNaN)
    }
  }

  @Test func `operands that do not fit are refused with their names and the caller's line`() {
    let graph = Graph()
    let key = graph.input("key", [4]), memory = graph.input("memory", [128, 20])
    let bad = cosineSimilarity(key, memory); let line = #line
    let error = #expect(throws: GraphError.self) { try Program(bad) }
    #expect(error?.description.contains("multiply at AdjointTests/NormTests.swift:\(line)") == true)
    #expect(error?.description.contains("key [4] float32") == true)
    #expect(error?.description.contains("memory [128, 20] float32") == true)
    #expect(throws: GraphError.self) { try Program(memory.l2Normalized(axes: [2])) }
    #expect(throws: GraphError.self) { try Program(memory.l2Norm(axes: [0, 0])) }
  }
}
