import Adjoint
import DependencyScheduling

/// llsq: ½ Σᵢ (sᵢ − Σⱼ xⱼ tᵢʲ)² for the signs sᵢ of n points tᵢ from −1 to 1, and its gradient in x.
struct LeastSquares: Eval {
  static let name = "llsq"
  static let functions = ["primal", "gradient"]

  private let coefficients: [Double]
  private let n: Int
  private let x: Node, t: Node, loss: Node
  private let session: Session
  private let isDerivative: Bool
  private var result: [Double]

  init(_ function: String, _ input: Any, on executor: GraphExecutor) throws {
    let fields = try Fields(input)
    coefficients = try fields.vector("x")
    n = try fields.count("n", atLeast: 2)
    isDerivative = function == "gradient"
    result = .room(isDerivative ? coefficients.count : 1)

    let graph = Graph()
    x = graph.input("x", [coefficients.count], .float64)
    t = graph.input("t", [n], .float64)
    loss = 0.5 * square(sign(t) - Self.polynomial(x, at: t)).sum()
    session = try Program(loss, gradientsFor: isDerivative ? [x] : []).makeReadySession(on: executor)
  }

  /// Σⱼ xⱼ tʲ by Horner's rule: ((… + x₂) t + x₁) t + x₀.
  private static func polynomial(_ x: Node, at t: Node) -> Node {
    let terms = (0..<x.shape[0]).map { x.sliced($0..<$0 + 1).reshaped([]) }
    return terms.dropLast().reversed().reduce(terms.last!) { sum, term in sum * t + term }
  }

  mutating func run() throws {
    try session.feed(coefficients, to: x)
    try session.withMutableValues(of: t, as: Double.self) { t in
      for i in 0..<n { t[i] = -1 + 2 * Double(i) / Double(n - 1) }
    }
    if isDerivative { try session.step() } else { try session.forward() }
    if isDerivative { try session.copyGradient(of: x, to: &result) } else { result[0] = try session.read(loss) }
  }

  var output: Output { isDerivative ? .vector(result) : .number(result[0]) }
}
