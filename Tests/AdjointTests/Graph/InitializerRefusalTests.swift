import Adjoint
import Testing

/// A first value of a parameter that is NaN or infinite is refused where the parameter is made, with its line.
@Suite(.timeLimit(.minutes(20))) struct InitializerRefusalTests {
  private struct Refused: Sendable {
    let rule: Initializer
    let type: ElementType
    let sentence: String
  }

  private static let finite = Double(Float.greatestFiniteMagnitude)

  private static let refused = [
    Refused(rule: .constant(.nan), type: .float32, sentence: "the initial value is nan"),
    Refused(rule: .constant(.infinity), type: .float64, sentence: "the initial value is inf"),
    Refused(rule: .constant(-.infinity), type: .bfloat16, sentence: "the initial value is -inf"),
    Refused(rule: .constant(1e39), type: .float32, sentence: "the initial value is 1e+39"),
    Refused(rule: .constant(65_520), type: .float16, sentence: "the initial value is 65520.0"),
    Refused(
      rule: .uniform(-Double.infinity...0, seed: 1), type: .float32, sentence: "a bound of the initial values is -inf"),
    Refused(rule: .uniform(0...1e39, seed: 1), type: .float32, sentence: "a bound of the initial values is 1e+39"),
    Refused(
      rule: .uniform(-1e308...1e308, seed: 1), type: .float64, sentence: "are too far apart for a float64"),
    Refused(rule: .normal(mean: .nan, seed: 1), type: .float32, sentence: "the mean of the initial values is nan"),
    Refused(
      rule: .normal(deviation: .infinity, seed: 1), type: .float32,
      sentence: "the deviation of the initial values is inf"
    ),
    Refused(
      rule: .normal(mean: finite, deviation: finite / 8, seed: 1), type: .float32, sentence: "an initial value may be"),
    Refused(rule: .values([1, .nan, 3] as [Float]), type: .float32, sentence: "initial value 1 is nan"),
    Refused(rule: .values([1, 2, -Double.infinity]), type: .float64, sentence: "initial value 2 is -inf"),
    Refused(rule: .values([1, 2, 1e39]), type: .float32, sentence: "initial value 2 is 1e+39"),
    Refused(rule: .values([1, 70_000, 3] as [Int32]), type: .float16, sentence: "initial value 1 is 70000.0"),
  ]

  @Test(arguments: refused.indices) func `it is refused with the line of the parameter`(row: Int) throws {
    let row = Self.refused[row]
    let graph = Graph()
    let p = graph.parameter("p", [3], row.rule, row.type); let line = #line
    let error = #expect(throws: GraphError.self) { try Program(p.cast(to: .float32).sum()) }
    #expect(error?.kind == .wrongValue && error?.nodeName == "p")
    let text = error?.description ?? "no error"
    #expect(text.hasPrefix("parameter at AdjointTests/InitializerRefusalTests.swift:\(line): "), "\(text)")
    #expect(text.contains(row.sentence), "\(text)")
    let made = #expect(throws: GraphError.self) { try ParameterStore().makeParameters(of: graph) }
    #expect(made == error)
  }

  @Test func `a long list is looked through to its end`() {
    var values = [Float](repeating: 0, count: 10_000)
    values[9_999] = .nan
    let error = #expect(throws: GraphError.self) {
      try Program(Graph().parameter("p", [10_000], .values(values)).sum())
    }
    #expect(error?.description.contains("initial value 9999 is nan") == true)
  }

  @Test func `the largest numbers are first values, and infinities are constants`() throws {
    let graph = Graph()
    let largest = graph.parameter("largest", [2], .constant(Self.finite))
    let rounded = graph.parameter("rounded", [2], .constant(Self.finite * (1 + 0x1p-26)))
    let half = graph.parameter("half", [2], .constant(65_519), .float16)
    let brain = graph.parameter("brain", [2], .constant(3.3e38), .bfloat16)
    let wide = graph.parameter("wide", [2], .uniform(-8e307...8e307, seed: 1), .float64)
    let session = try Program([largest, rounded, half, brain, wide, graph.constant(-.infinity, [2])]).makeSession()
    try session.forward()
    #expect(try session.read(rounded, as: Float.self) == [.greatestFiniteMagnitude, .greatestFiniteMagnitude])
    #expect(try session.read(wide, as: Double.self).allSatisfy(\.isFinite))
  }
}
