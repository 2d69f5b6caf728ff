import Adjoint
import AdjointTesting
import Testing

@Suite(.timeLimit(.minutes(20))) struct LowerTriangularTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let leading: [Int], d: Int
    let order: TriangleOrder
    var diagonal: Shape { Shape(leading + [d]) }
    var below: Shape { Shape(leading + [d * (d - 1) / 2]) }
    var testDescription: String { "\(leading) of \(d) by \(order)" }
  }

  static let cases = [[], [1], [3], [2, 3]].flatMap { leading in
    [2, 3, 5].flatMap { d in [TriangleOrder.rows, .columns].map { Case(leading: leading, d: d, order: $0) } }
  }

  private func numbers(_ shape: Shape, from start: Int) -> ReferenceTensor {
    ReferenceTensor(shape, .float64, (0..<shape.elementCount).map { Double(start + $0) })
  }

  /// Filled one element after the other, as the order says.
  private func definition(_ diagonal: ReferenceTensor, _ below: ReferenceTensor, _ kase: Case) -> [Double] {
    let d = kase.d
    var result: [Double] = []
    for matrix in 0..<diagonal.values.count / d {
      var elements = [[Double]](repeating: [Double](repeating: 0, count: d), count: d)
      for i in 0..<d { elements[i][i] = diagonal.values[matrix * d + i] }
      var next = matrix * d * (d - 1) / 2
      for outer in 0..<d {
        for inner in kase.order == .rows ? 0..<outer : outer + 1..<d {
          let (row, column) = kase.order == .rows ? (outer, inner) : (inner, outer)
          elements[row][column] = below.values[next]
          next += 1
        }
      }
      result += elements.joined()
    }
    return result
  }

  @Test(arguments: cases) func `every element goes to its place`(kase: Case) throws {
    let graph = Graph()
    let diagonal = graph.input("diagonal", kase.diagonal, .float64), below = graph.input("below", kase.below, .float64)
    let y = lowerTriangular(diagonal: diagonal, below: below, order: kase.order)
    #expect(y.shape == Shape(kase.leading + [kase.d, kase.d]))
    let session = try Program(y).makeSession()
    let (first, second) = (numbers(kase.diagonal, from: 1), numbers(kase.below, from: 1000))
    try session.write(first, to: diagonal)
    try session.write(second, to: below)
    try session.forward()
    #expect(try session.read(y, as: Double.self) == definition(first, second, kase))
  }

  @Test(arguments: cases) func `gradients agree with finite differences`(kase: Case) throws {
    let graph = Graph()
    let diagonal = graph.input("diagonal", kase.diagonal, .float64), below = graph.input("below", kase.below, .float64)
    let y = lowerTriangular(diagonal: diagonal, below: below, order: kase.order)
    let slopes = try graph.gradients(of: [(y * y * y).sum()], withRespectTo: [diagonal, below])
    let point = Dictionary(
      uniqueKeysWithValues: [diagonal, below].map { node in
        let values = (0..<node.shape.elementCount).map { 1 + Double(($0 * 5) % 7) / 8 }
        return (node, ReferenceTensor(node.shape, .float64, values))
      })
    let outputs = [(y, [diagonal, below]), (try #require(slopes[0]), [diagonal]), (try #require(slopes[1]), [below])]
    for (output, variables) in outputs {
      for verdict in try GradientChecker().check(output, withRespectTo: variables, at: point) {
        #expect(verdict.isCorrect, "\(verdict)")
      }
    }
  }

  @Test func `float32 is assembled, and integers are refused with their name`() throws {
    let graph = Graph()
    let diagonal = graph.input("diagonal", [2]), below = graph.input("below", [1])
    let y = lowerTriangular(diagonal: diagonal, below: below)
    let session = try Program(y).makeSession()
    try session.write([1, 2] as [Float], to: diagonal)
    try session.write([3] as [Float], to: below)
    try session.forward()
    #expect(try session.read(y, as: Float.self) == [1, 0, 3, 2])
    let counts = graph.input("counts", [2], .int32), count = graph.input("count", [1], .int32)
    let bad = lowerTriangular(diagonal: counts, below: count); let line = #line
    let error = #expect(throws: GraphError.self) { try Program(bad) }
    #expect(error?.description.contains("LowerTriangularTests.swift:\(line)") == true)
    #expect(error?.description.contains("counts [2] int32") == true)
  }

  @Test func `vectors that do not go together are refused with their names, shapes and the caller's line`() {
    let graph = Graph()
    let diagonal = graph.input("diagonal", [5, 4]), below = graph.input("below", [5, 6])
    let many = graph.input("many", [5, 7]), flat = graph.input("flat", [6]), one = graph.input("one", [1])
    let scalar = graph.input("scalar"), double = graph.input("double", [5, 6], .float64)
    let bad = [
      (lowerTriangular(diagonal: diagonal, below: many), #line, "elements below it of shape [5, 6], not [5, 7]"),
      (lowerTriangular(diagonal: diagonal, below: flat), #line, "elements below it of shape [5, 6], not [6]"),
      (lowerTriangular(diagonal: one, below: one), #line, "a diagonal of shape [1] has nothing below it"),
      (lowerTriangular(diagonal: scalar, below: one), #line, "a diagonal of shape [] has nothing below it"),
      (lowerTriangular(diagonal: diagonal, below: double), #line, "element types differ"),
    ]
    for (node, line, reason) in bad {
      let error = #expect(throws: GraphError.self) { try Program(node) }
      #expect(error?.description.contains("AdjointTests/LowerTriangularTests.swift:\(line)") == true)
      #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }
    let error = #expect(throws: GraphError.self) { try Program(bad[0].0) }
    #expect(error?.description.contains("operand diagonal [5, 4] float32") == true)
    #expect(error?.description.contains("operand many [5, 7] float32") == true)
    let earlier = #expect(throws: GraphError.self) {
      try Program(lowerTriangular(diagonal: diagonal, below: many + flat))
    }
    #expect(earlier?.description.contains("do not broadcast") == true)
    #expect(throws: Never.self) { try Program(lowerTriangular(diagonal: diagonal, below: below)) }
  }
}
