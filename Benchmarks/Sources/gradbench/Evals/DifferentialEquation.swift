import Adjoint
import DependencyScheduling

/// ode: y at time 2 of y₀' = x₀, yᵢ' = xᵢ yᵢ₋₁, y(0) = 0, by the classic Runge–Kutta scheme in s steps, and the gradient
/// of its last component in x.
struct DifferentialEquation: Eval {
  static let name = "ode"
  static let functions = ["primal", "gradient"]

  private let values: [Double]
  private let x: Node, y: Node
  private let session: Session
  private let isDerivative: Bool
  private var result: [Double]

  init(_ function: String, _ input: Any, on executor: GraphExecutor) throws {
    let fields = try Fields(input)
    values = try fields.vector("x")
    let steps = try fields.count("s", atMost: 1 << 16)
    isDerivative = function == "gradient"
    result = .room(values.count)

    let graph = Graph()
    let n = values.count
    x = graph.input("x", [n], .float64)
    y = Self.rungeKutta(from: graph.constant(0, [n], .float64), step: 2 / Double(steps), count: steps) { [x] y in
      x * Self.shifted(y)
    }
    let program =
      isDerivative
      ? try Program(y.sliced(n - 1..<n).reshaped([]), gradientsFor: [x]) : try Program(y)
    session = try program.makeReadySession(on: executor)
  }

  /// 1, y₀, y₁, … yₙ₋₂.
  private static func shifted(_ y: Node) -> Node {
    let one = y.graph.constant(1, [1], .float64), n = y.shape[0]
    return n == 1 ? one : concatenate([one, y.sliced(0..<n - 1)])
  }

  private static func rungeKutta(from start: Node, step h: Double, count: Int, _ rate: (Node) -> Node) -> Node {
    (0..<count).reduce(start) { y, _ in
      let k1 = rate(y)
      let k2 = rate(y + h / 2 * k1)
      let k3 = rate(y + h / 2 * k2)
      let k4 = rate(y + h * k3)
      return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    }
  }

  mutating func run() throws {
    try session.feed(values, to: x)
    if isDerivative { try session.step() } else { try session.forward() }
    if isDerivative { try session.copyGradient(of: x, to: &result) } else { try session.copy(y, to: &result) }
  }

  var output: Output { .vector(result) }
}
