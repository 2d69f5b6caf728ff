import Adjoint
import DependencyScheduling
import Foundation

/// gmm: the logarithm of the posterior of a mixture of k Gaussians in d dimensions with a Wishart prior, for n points,
/// and its gradient in the weights α, the means μ and the inverse covariances' factors (q on the diagonal, l below it).
struct GaussianMixture: Eval {
  static let name = "gmm"
  static let functions = ["objective", "jacobian"]

  private let d: Int, k: Int
  private let gamma: Double, m: Double
  private let x: [Double], alpha: [Double], mu: [Double], q: [Double], l: [Double]
  private let graphInputs: Inputs
  private let objective: Node
  private let session: Session
  private let isDerivative: Bool
  private var value = 0.0
  private var gradients: [[Double]]

  private struct Inputs {
    let x: Node, gamma: Node, m: Node, logGamma: Node
    let alpha: Node, mu: Node, q: Node, l: Node
    var differentiated: [Node] { [alpha, mu, q, l] }

    init(_ graph: Graph, n: Int, d: Int, k: Int) {
      func input(_ name: String, _ shape: Shape = []) -> Node { graph.input(name, shape, .float64) }
      (x, gamma, m, logGamma) = (input("x", [n, d]), input("gamma"), input("m"), input("logGamma"))
      (alpha, mu) = (input("alpha", [k]), input("mu", [k, d]))
      (q, l) = (input("q", [k, d]), input("l", [k, d * (d - 1) / 2]))
    }
  }

  init(_ function: String, _ input: Any, on executor: GraphExecutor) throws {
    let fields = try Fields(input)
    (d, k) = (try fields.count("d", atLeast: 2), try fields.count("k"))
    let n = try fields.count("n")
    (gamma, m) = (try fields.number("gamma"), Double(try fields.count("m", atLeast: 0)))
    x = try fields.matrix("x", rows: n, columns: d).elements
    alpha = try fields.vector("alpha", k)
    mu = try fields.matrix("mu", rows: k, columns: d).elements
    q = try fields.matrix("q", rows: k, columns: d).elements
    l = try fields.matrix("l", rows: k, columns: d * (d - 1) / 2).elements
    isDerivative = function == "jacobian"
    gradients = [alpha, mu, q, l]

    graphInputs = Inputs(Graph(), n: n, d: d, k: k)
    objective = Self.objective(graphInputs)
    session = try Program(objective, gradientsFor: isDerivative ? graphInputs.differentiated : [])
      .makeReadySession(on: executor)
  }

  /// −nd/2 log 2π + Σᵢ LSEₖ(αₖ + Σⱼ qₖⱼ − ½ |Qₖ (xᵢ − μₖ)|²) − n LSE(α) + the prior.
  private static func objective(_ given: Inputs) -> Node {
    let (n, d) = (given.x.shape[0], given.x.shape[1])
    let logDeterminants = given.q.sum(axes: [1])
    let beta = given.alpha + logDeterminants - 0.5 * squaredLengths(given)
    let likelihood = beta.logSumExp(axes: [1]).sum() - Double(n) * given.alpha.logSumExp()
    return likelihood - Double(n * d) / 2 * log(2 * Double.pi) + prior(given, logDeterminants)
  }

  /// |Qₖ (xᵢ − μₖ)|² of shape `[n, k]`: all Qₖ below one another make one matrix product.
  private static func squaredLengths(_ given: Inputs) -> Node {
    let (n, d, k) = (given.x.shape[0], given.x.shape[1], given.q.shape[0])
    let factors = lowerTriangular(diagonal: exp(given.q), below: given.l, order: .columns)
    let points = given.x.matmul(factors.reshaped([k * d, d]).transposed()).reshaped([n, k, d])
    let means = (factors * given.mu.reshaped([k, 1, d])).sum(axes: [2])
    return square(points - means).sum(axes: [2])
  }

  /// k (N d (log γ − ½ log 2) − log Γ_d(N/2)) − Σₖ (½ γ² (|exp qₖ|² + |lₖ|²) − m Σⱼ qₖⱼ) with N = d + m + 1.
  private static func prior(_ given: Inputs, _ logDeterminants: Node) -> Node {
    let (k, d) = (Double(given.q.shape[0]), Double(given.q.shape[1]))
    let normalisation = k * ((given.m + (d + 1)) * d * (log(given.gamma) - 0.5 * log(2.0)) - given.logGamma)
    let squares = square(exp(given.q)).sum() + square(given.l).sum()
    return normalisation - (0.5 * square(given.gamma) * squares - given.m * logDeterminants.sum())
  }

  /// log Γ_d(a), the multivariate gamma function.
  private static func logGamma(_ a: Double, _ d: Int) -> Double {
    (1...d).reduce(Double(d * (d - 1)) / 4 * log(Double.pi)) { $0 + lgamma(a + Double(1 - $1) / 2) }
  }

  mutating func run() throws {
    let given = graphInputs
    try session.feed(x, to: given.x)
    for (values, node) in zip([alpha, mu, q, l], given.differentiated) { try session.feed(values, to: node) }
    try session.write(gamma, to: given.gamma)
    try session.write(m, to: given.m)
    try session.write(Self.logGamma((Double(d) + m + 1) / 2, d), to: given.logGamma)
    if isDerivative {
      try session.step()
      for (position, node) in given.differentiated.enumerated() {
        try session.copyGradient(of: node, to: &gradients[position])
      }
    } else {
      try session.forward()
      value = try session.read(objective)
    }
  }

  var output: Output {
    guard isDerivative else { return .number(value) }
    return .fields([
      ("alpha", .vector(gradients[0])), ("mu", .rows(gradients[1], columns: d)),
      ("q", .rows(gradients[2], columns: d)), ("l", .rows(gradients[3], columns: d * (d - 1) / 2)),
    ])
  }
}
