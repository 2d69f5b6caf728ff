import Adjoint

/// Rosenbrock's valley, (1 - x)² + 100 (y - x²)², whose minimum is at (1, 1): two variables, so the Hessian itself.
func valley() throws {
  let graph = Graph()
  let point = graph.parameter("point", [2], .values([-1.2, 1]), .float64)
  let x = point.sliced(0..<1), y = point.sliced(1..<2)
  let f = (square(1 - x) + 100 * square(y - square(x))).sum()
  let gradient = try graph.gradient(of: f, withRespectTo: point)
  let hessian = try graph.hessian(of: f, withRespectTo: point)
  let session = try Program([f, gradient, hessian], alsoComputing: [point]).makeSession()

  print("Newton's method in Rosenbrock's valley, from (-1.2, 1)\n")
  var convergence = Convergence()
  for _ in 0..<20 {
    try session.forward()
    let at = try session.read(point, as: Double.self)
    convergence.add(length([at[0] - 1, at[1] - 1]), "f = \(try scientific(session.read(f)))")
    if convergence.isComplete { break }
    let g = try session.read(gradient, as: Double.self), h = try session.read(hessian, as: Double.self)
    let determinant = h[0] * h[3] - h[1] * h[2]
    let step = [(h[3] * g[0] - h[1] * g[1]) / determinant, (h[0] * g[1] - h[2] * g[0]) / determinant]
    try session.write(zip(at, step).map(-), to: point)
  }
  try convergence.printTable(ofErrors: "distance")
}
