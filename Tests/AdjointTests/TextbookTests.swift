import Adjoint
import DependencyScheduling
import Testing

/// The course's own worked examples, from first principles.
@Suite struct TextbookTests {
  @Test func `(x + y) z at (-2, 5, -4) is -12 with gradients -4, -4, 3`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"), z = graph.input("z")
    let f = (x + y) * z
    let program = try Program(f, gradientsFor: [x, y, z])
    let session = program.makeSession()
    session[x] = -2
    session[y] = 5
    session[z] = -4
    try session.forward()
    #expect(session[f] == -12)
    try session.backward()
    #expect(session.gradient(of: x) == -4)
    #expect(session.gradient(of: y) == -4)
    #expect(session.gradient(of: z) == 3)
  }

  @Test func `one gradient step of 0.1 takes f from -12 to -16.34`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64), y = graph.input("y", [], .float64), z = graph.input("z", [], .float64)
    let f = (x + y) * z
    let session = try Program(f, gradientsFor: [x, y, z]).makeSession()
    for (node, value) in [(x, -2.0), (y, 5.0), (z, -4.0)] { session[node] = value }
    try session.step()
    for node in [x, y, z] { session[node] -= 0.1 * session.gradient(of: node) }
    try session.forward()
    // x = -1.6, y = 5.4, z = -4.3: (-1.6 + 5.4) * -4.3
    #expect(abs(session[f] - -16.34) < 1e-12)
  }

  @Test func `the sigmoid neuron's gradients are those of the course`() throws {
    let graph = Graph()
    let w = (0..<3).map { graph.input("w\($0)", [], .float64) }
    let x = (0..<2).map { graph.input("x\($0)", [], .float64) }
    let f = 1 / (1 + exp(-(w[0] * x[0] + w[1] * x[1] + w[2])))
    let session = try Program(f, gradientsFor: w + x).makeSession()
    for (node, value) in zip(w + x, [2.0, -3, -3, -1, -2]) { session[node] = value }
    try session.step()
    let value = 1 / (1 + Double.exponential(-1))
    let slope = value * (1 - value)
    #expect(abs(session[f] - value) < 1e-15)
    let expected = [slope * -1, slope * -2, slope, slope * 2, slope * -3]
    for (node, gradient) in zip(w + x, expected) { #expect(abs(session.gradient(of: node) - gradient) < 1e-15) }
  }

  @Test func `a linear layer trained a step in float32 matches by hand`() throws {
    let graph = Graph()
    let w = graph.parameter("W", [2, 2], .values([0.1, 0.5, -0.3, 0.8] as [Double]), .float64)
    let x = graph.input("x", [2], .float64)
    let f = square(w.matmul(x)).sum()
    let session = try Program(f, gradientsFor: [w, x]).makeSession()
    try session.write([0.2, 0.4], to: x)
    try session.step()
    // q = [0.22, 0.26]; f = 0.116; dW = 2 q xᵀ; dx = 2 Wᵀ q
    #expect(abs(session[f] - 0.116) < 1e-12)
    let dW = try session.gradient(of: w, as: Double.self)
    for (a, b) in zip(dW, [0.088, 0.176, 0.104, 0.208]) { #expect(abs(a - b) < 1e-12) }
    let dx = try session.gradient(of: x, as: Double.self)
    for (a, b) in zip(dx, [-0.112, 0.636]) { #expect(abs(a - b) < 1e-12) }
  }
}

extension Double {
  /// eˣ by its series, for tests that must not lean on the kernels.
  fileprivate static func exponential(_ x: Double) -> Double {
    var term = 1.0, sum = 1.0
    for n in 1..<40 {
      term *= x / Double(n)
      sum += term
    }
    return sum
  }
}
