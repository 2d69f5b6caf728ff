import Adjoint
import DependencyScheduling

/// kmeans: Σᵢ minⱼ |Cⱼ − Pᵢ|², and Newton's direction J / H in C, with H the diagonal of the Hessian.
struct KMeans: Eval {
  static let name = "kmeans"
  static let functions = ["cost", "dir"]

  private let p: Matrix, c: Matrix
  private let points: Node, centroids: Node, wanted: Node
  private let session: Session
  private let isDerivative: Bool
  private var result: [Double]

  init(_ function: String, _ input: Any, on executor: GraphExecutor) throws {
    let fields = try Fields(input)
    p = try fields.matrix("points")
    c = try fields.matrix("centroids", columns: p.columns)
    isDerivative = function == "dir"
    result = .room(isDerivative ? c.elements.count : 1)

    let graph = Graph()
    points = graph.input("points", [p.rows, p.columns], .float64)
    centroids = graph.input("centroids", [c.rows, c.columns], .float64)
    let cost = Self.cost(points, centroids)
    wanted = isDerivative ? try Self.direction(cost, centroids) : cost
    session = try Program(wanted).makeReadySession(on: executor)
  }

  /// |C − P|² is |C|² − 2 C·P + |P|², of which the last part is the same for every centroid.
  private static func cost(_ points: Node, _ centroids: Node) -> Node {
    let products = points.matmul(centroids.transposed())
    let nearest = -(2 * products - square(centroids).sum(axes: [1])).max(axes: [1])
    return nearest.sum() + square(points).sum()
  }

  /// Only the diagonal of the Hessian is nonzero, so the Hessian times ones is that diagonal: forward over reverse mode.
  private static func direction(_ cost: Node, _ centroids: Node) throws -> Node {
    let graph = cost.graph
    let gradient = try graph.gradients(of: [cost], withRespectTo: [centroids])[0]!
    let ones = graph.constant(1, centroids.shape, .float64)
    let diagonal = try graph.jacobianVectorProduct(of: [gradient], along: [ones], withRespectTo: [centroids])[0]!
    return gradient / diagonal
  }

  mutating func run() throws {
    try session.feed(p.elements, to: points)
    try session.feed(c.elements, to: centroids)
    try session.forward()
    try session.copy(wanted, to: &result)
  }

  var output: Output { isDerivative ? .rows(result, columns: c.columns) : .number(result[0]) }
}
