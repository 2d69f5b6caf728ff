import Adjoint
import DependencyScheduling
import Testing

/// The course's own worked examples, from first principles.
@Suite(.timeLimit(.minutes(20))) struct TextbookTests {
  @Test func `(x + y) z at (-2, 5, -4) is -12 with gradients -4, -4, 3`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"), z = graph.input("z")
    let f = (x + y) * z
    let program = try Program(f, gradientsFor: [x, y, z])
    let session = program.makeSession()
    try session.write(-2, to: x)
    try session.write(5, to: y)
    try session.write(-4, to: z)
    try session.forward()
    #expect(try session.read(f) == -12)
    try session.backward()
    #expect(try session.gradient(of: x) == -4)
    #expect(try session.gradient(of: y) == -4)
    #expect(try session.gradient(of: z) == 3)
  }

  @Test func `one gradient step of 0.1 takes f from -12 to -16.34`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64), y = graph.input("y", [], .float64), z = graph.input("z", [], .float64)
    let f = (x + y) * z
    let session = try Program(f, gradientsFor: [x, y, z]).makeSession()
    for (node, value) in [(x, -2.0), (y, 5.0), (z, -4.0)] { try session.write(value, to: node) }
    try session.step()
    for node in [x, y, z] { try session.write(session.read(node) - 0.1 * session.gradient(of: node), to: node) }
    try session.forward()
    // x = -1.6, y = 5.4, z = -4.3: (-1.6 + 5.4) * -4.3
    #expect(try abs(session.read(f) - -16.34) < 1e-12)
  }

  @Test func `the sigmoid neuron's gradients are those of the course`() throws {
    let graph = Graph()
    let w = (0..<3).map { graph.input("w\($0)", [], .float64) }
    let x = (0..<2).map { graph.input("x\($0)", [], .float64) }
    let f = 1 / (1 + exp(-(w[0] * x[0] + w[1] * x[1] + w[2])))
    let session = try Program(f, gradientsFor: w + x).makeSession()
    for (node, value) in zip(w + x, [2.0, -3, -3, -1, -2]) { try session.write(value, to: node) }
    try session.step()
    let value = 1 / (1 + Double.exponential(-1))
    let slope = value * (1 - value)
    #expect(try abs(session.read(f) - value) < 1e-15)
    let expected = [slope * -1, slope * -2, slope, slope * 2, slope * -3]
    for (node, gradient) in zip(w + x, expected) { #expect(try abs(session.gradient(of: node) - gradient) < 1e-15) }
  }

  @Test func `the neuron's gradients are the same through its four gates as through one`() throws {
    let graph = Graph()
    let s = graph.input("s", [], .float64)
    let opposite = -s, power = exp(opposite), bottom = 1 + power
    let f = 1 / bottom
    let nodes = [s, opposite, power, bottom]
    let session = try Program(f, gradientsFor: nodes, alsoComputing: nodes).makeSession()
    try session.write(1, to: s)
    try session.step()
    let e = 1 / Double.exponential(1)
    // d(1/b)/db = -1/b², db/dp = 1, dp/do = p, do/ds = -1
    let below = -1 / ((1 + e) * (1 + e))
    for (node, value) in zip(nodes, [1, -1, e, 1 + e]) { #expect(try abs(session.read(node) - value) < 1e-15) }
    for (node, gradient) in zip(nodes, [-below * e, below * e, below, below]) {
      #expect(try abs(session.gradient(of: node) - gradient) < 1e-15)
    }
    #expect(try abs(session.gradient(of: s) - (1 - session.read(f)) * session.read(f)) < 1e-15)
  }

  @Test func `(x + σ(y)) / (σ(x) + (x + y)²) at (3, -4) gets the gradients of the quotient rule`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64), y = graph.input("y", [], .float64)
    let top = x + sigmoid(y), sum = x + y
    let bottom = sigmoid(x) + square(sum)
    let session = try Program(
      top / bottom, gradientsFor: [x, y, top, bottom, sum], alsoComputing: [top, bottom]
    ).makeSession()
    try session.write(3, to: x)
    try session.write(-4, to: y)
    try session.step()
    let sigmaX = 1 / (1 + 1 / Double.exponential(3)), sigmaY = 1 / (1 + Double.exponential(4))
    let t = 3 + sigmaY, b = sigmaX + 1.0
    #expect(try abs(session.read(top) - t) < 1e-14)
    #expect(try abs(session.read(bottom) - b) < 1e-14)
    let upstreamTop = 1 / b, upstreamBottom = -t / (b * b), upstreamSum = upstreamBottom * 2 * -1
    #expect(try abs(session.gradient(of: top) - upstreamTop) < 1e-14)
    #expect(try abs(session.gradient(of: bottom) - upstreamBottom) < 1e-14)
    #expect(try abs(session.gradient(of: sum) - upstreamSum) < 1e-14)
    // The copy gate x adds what its three readers send: top, σ(x) and x + y.
    let dx = upstreamTop + upstreamBottom * sigmaX * (1 - sigmaX) + upstreamSum
    let dy = upstreamTop * sigmaY * (1 - sigmaY) + upstreamSum
    #expect(try abs(session.gradient(of: x) - dx) < 1e-14)
    #expect(try abs(session.gradient(of: y) - dy) < 1e-14)
  }

  @Test func `the L2 example's gradient at q is 2 q`() throws {
    let graph = Graph()
    let w = graph.parameter("W", [2, 2], .values([0.1, 0.5, -0.3, 0.8] as [Double]), .float64)
    let x = graph.input("x", [2], .float64)
    let q = w.matmul(x)
    let session = try Program(square(q).sum(), gradientsFor: [q, w], alsoComputing: [q]).makeSession()
    try session.write([0.2, 0.4], to: x)
    try session.step()
    for (a, b) in zip(try session.read(q, as: Double.self), [0.22, 0.26]) { #expect(abs(a - b) < 1e-15) }
    for (a, b) in zip(try session.gradient(of: q, as: Double.self), [0.44, 0.52]) { #expect(abs(a - b) < 1e-15) }
  }

  @Test func `max routes the gradient to the larger operand and gives the other none`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"), z = graph.input("z")
    let session = try Program(x * maximum(y, z), gradientsFor: [x, y, z]).makeSession()
    for (node, value) in [(x, 3.0), (y, -4), (z, 2)] { try session.write(value, to: node) }
    try session.step()
    #expect(try [x, y, z].map { try session.gradient(of: $0) } == [2, 0, 3])
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
    #expect(try abs(session.read(f) - 0.116) < 1e-12)
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
