import Adjoint
import DependencyScheduling

/// hello: x², and its derivative, which the suite calls `double`.
struct Hello: Eval {
  static let name = "hello"
  static let functions = ["square", "double"]

  private let value: Double
  private let x: Node, y: Node
  private let session: Session
  private let isDerivative: Bool
  private var result = 0.0

  init(_ function: String, _ input: Any, on executor: GraphExecutor) throws {
    value = try Fields.number(input, "the input")
    isDerivative = function == "double"
    let graph = Graph()
    x = graph.input("x", [], .float64)
    y = square(x)
    session = try Program(y, gradientsFor: isDerivative ? [x] : []).makeSession(on: executor)
  }

  mutating func run() throws {
    try session.write(value, to: x)
    if isDerivative { try session.step() } else { try session.forward() }
    result = try isDerivative ? session.gradient(of: x) : session.read(y)
  }

  var output: Output { .number(result) }
}
