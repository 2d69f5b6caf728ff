import Adjoint
import Shared

/// Logistic regression in 300 dimensions: the Hessian would have 90,000 elements and is never formed.
func regression() throws {
  let points = 600
  let dimensions = 300
  var random = Randomness(seed: 7)
  let truth = (0..<dimensions).map { _ in random.normal() / 10 }
  let features = (0..<points * dimensions).map { _ in random.normal() }
  let labels = (0..<points).map { point in
    let score = (0..<dimensions).reduce(random.normal()) { $0 + truth[$1] * features[point * dimensions + $1] }
    return score > 0 ? 1.0 : -1
  }

  let graph = Graph()
  let x = graph.constant(features, [points, dimensions]), sign = graph.constant(labels, [points])
  let w = graph.parameter("w", [dimensions], .zeros, .float64)
  let v = graph.input("v", [dimensions], .float64)
  let loss = log(1 + exp(-(sign * x.matmul(w)))).mean() + 0.005 * square(w).sum()
  let gradient = try graph.gradient(of: loss, withRespectTo: w)
  let product = try graph.hessianVectorProduct(of: loss, along: [v], withRespectTo: [w])[0]

  let slope = try Program([loss, gradient]).makeSession()
  let curvature = try Program(product).makeSession(parameters: slope.parameters)

  print("\nLogistic regression, \(dimensions) weights: Newton's method by conjugate gradients\n")
  var convergence = Convergence()
  var products = 0
  for _ in 0..<20 {
    try slope.forward()
    let g = try slope.read(gradient, as: Double.self)
    convergence.add(length(g), "loss = \(try slope.read(loss).fixed(10)), \(products) products H v")
    if convergence.isComplete { break }
    // Solving as exactly as the gradient is small keeps the convergence quadratic; far away a rough step will do.
    let (step, count) = try conjugateGradients(g, tolerance: min(0.1, length(g)) * length(g)) { direction in
      try curvature.write(direction, to: v)
      try curvature.forward()
      return try curvature.read(product, as: Double.self)
    }
    products = count
    let weights = try slope.read(w, as: Double.self)
    try slope.write(zip(weights, step).map(-), to: w)
  }
  try convergence.printTable(ofErrors: "|gradient|")
}

/// Solves A x = b for a symmetric positive definite A that is only given as v ↦ A v, up to |A x - b| ≤ `tolerance`.
/// (M. Hestenes, E. Stiefel, 1952.)
func conjugateGradients(
  _ b: [Double], tolerance: Double, product: ([Double]) throws -> [Double]
) rethrows -> (solution: [Double], products: Int) {
  var x = [Double](repeating: 0, count: b.count)
  var residual = b, direction = b
  var count = 0
  while length(residual) > tolerance, count < 2 * b.count {
    let image = try product(direction)
    count += 1
    let old = dot(residual, residual)
    let step = old / dot(direction, image)
    for i in b.indices {
      x[i] += step * direction[i]
      residual[i] -= step * image[i]
    }
    let factor = dot(residual, residual) / old
    for i in b.indices { direction[i] = residual[i] + factor * direction[i] }
  }
  return (x, count)
}
