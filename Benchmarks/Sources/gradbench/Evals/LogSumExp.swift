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
    sum = logSumExp(x, axes: [0])
    session = try Program(sum, gradientsFor: isDerivative ? [x] : []).makeReadySession(on: executor)
  }

  mutating func run() throws {
    let (session, x, values) = (session, x, values)
    if isDerivative {
      var gradient = result.mutableSpan
      try session.reading(x, from: values.span) {
        try session.writing(gradientOf: x, to: &gradient) { try session.step() }
      }
    } else {
      try session.reading(x, from: values.span) { try session.forward() }
      result[0] = session[sum]
    }
  }

  var output: Output { isDerivative ? .vector(result) : .number(result[0]) }
}

/// log Σ exp x over `axes` as log Σ exp(x − a) + a, which no exponential overflows with a the largest x. The value does
/// not depend on a, so no gradient flows through it.
func logSumExp(_ x: Node, axes: [Int]) -> Node {
  let largest = stopGradient(x.max(axes: axes, keepsAxes: true))
  let sum = exp(x - largest).sum(axes: axes)
  return log(sum) + largest.reshaped(sum.shape)
}
