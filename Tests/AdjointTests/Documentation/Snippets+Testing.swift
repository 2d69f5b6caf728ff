import Adjoint
import AdjointTesting
import Testing

extension SnippetTests {
  @Test func `all small graphs are enumerated`() {
    var checked: Set<LabelledDAG> = []
    func check(_ dag: LabelledDAG) { checked.insert(dag) }
    for dag in DAGEnumeration(nodeCount: 5) { check(dag) }  // 2^10 = 1,024 of them
    #expect(checked.count == 1_024)
  }

  @Test func `a third has more digits than a double`() {
    let third = DoubleDouble(1) / 3
    let error = DoubleDouble(1.0 / 3) - third  // −1.85 · 10⁻¹⁷
    #expect(abs(error.double + 1.85e-17) < 1e-19)
  }

  @Test func `gradients are compared with finite differences`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 3], .float64), w = graph.parameter("W", [3, 2], .ones, .float64)
    let loss = square(x.matmul(w)).sum()
    let batch = ReferenceTensor([4, 3], .float64, (0..<12).map { Double($0) / 10 })
    let weights = ReferenceTensor([3, 2], .float64, (0..<6).map { Double($0) / 10 })
    let verdicts = try GradientChecker().check(loss, withRespectTo: [w], at: [x: batch, w: weights])
    for verdict in verdicts where !verdict.isCorrect { print(verdict) }
    // gradient of W[2, 3] is 0.51, finite differences (step 1e-05) give 0.48: 5.9 % apart, at most 0.0001 % expected
    #expect(verdicts.count == 1 && verdicts.allSatisfy(\.isCorrect))
  }

  @Test func `a gate is checked in one line`() throws {
    #expect(try GateLaw.violations(on: GateSample(Softsign(), .distinct([2, 3]))) == [])
  }

  @Test func `a random graph is compiled`() throws {
    let random = RandomGraphs(nodeCount: 10_000, maximalFanOut: 1_000).graph(seed: 7)
    let program = try Program(random.output, gradientsFor: random.inputs)
    #expect(program.makeSession().program === program)
  }

  @Test func `the reference engine computes values and gradients`() throws {
    let graph = Graph()
    let x = graph.input("x"), f = square(x)
    let engine = ReferenceEngine(graph)
    let three = ReferenceTensor([], .float32, [3])
    let values = try engine.run(feeding: [x: three])
    print(values[f]!.values)  // [9.0], the one element of f
    let slopes = try engine.gradients(of: [f], withRespectTo: [x], feeding: [x: three])
    #expect("\(values[f]!.values)" == "[9.0]")
    #expect(slopes[0]?.values == [6])
  }
}
