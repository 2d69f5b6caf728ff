import Adjoint
import DependencyScheduling

/// lse: log Σᵢ exp xᵢ, and its gradient.
struct LogSumExp: Eval {
  static let name = "lse"
  static let functions = ["primal", "gradient"]

  private let values: [Double]
  private let x: Node, sum: Node
  private let session: Session
  private let isDerivative: Bool
  private var result: [Double]

  init(_ function: String, _ input: Any, on executor: GraphExecutor) throws {
    values = try Fields(input).vector("x")
    isDerivative = function == "gradient"
    result = .room(isDerivative ? values.count : 1)

    let graph = Graph()
    x = graph.input("x", [values.count], .float64)
    sum = x.logSumExp()
    session = try Program(sum, gradientsFor: isDerivative ? [x] : []).makeReadySession(on: executor)
  }

  mutating func run() throws {
    let (session, x, values) = (session, x, values)
    if isDerivative {
      var gradient = result.mutableSpan
      try session.lending(values.span, asInput: x) {
        try session.lending(&gradient, asGradientOf: x) { try session.step() }
      }
    } else {
      try session.lending(values.span, asInput: x) { try session.forward() }
      result[0] = try session.read(sum)
    }
  }

  var output: Output { isDerivative ? .vector(result) : .number(result[0]) }
}
