import Adjoint
import Testing

extension SnippetTests {
  @Test func `derivatives in both modes, and of second order`() throws {
    let graph = Graph()
    let x = graph.input("x"), f = x * x * x
    let (slope, curvature) = try derivatives(of: f, x)
    let forward = try tangent(of: f, x)
    let session = try Program([slope, curvature, forward]).makeSession()
    try session.write(2, to: x)
    try session.forward()
    #expect(try [slope, curvature, forward].map { try session.read($0) } == [12, 12, 12])
  }

  private func derivatives(of f: Node, _ x: Node) throws -> (Node, Node) {
    let graph = f.graph
    let slope = try graph.gradients(of: [f], withRespectTo: [x])[0]!
    let curvature = try graph.gradients(of: [slope], withRespectTo: [x])[0]!
    return (slope, curvature)
  }

  private func tangent(of f: Node, _ x: Node) throws -> Node {
    let graph = f.graph
    let slope = try graph.jacobianVectorProduct(of: [f], along: [graph.constant(1)], withRespectTo: [x])[0]!
    return slope
  }

  @Test func `a Hessian's product and a Jacobian`() throws {
    let graph = Graph()
    let w = graph.input("w", [2]), v = graph.input("v", [2]), loss = square(w.sum()) + square(w[0])
    let product = try graph.hessianVectorProduct(of: loss, along: [v], withRespectTo: [w])[0]
    let x = graph.input("x", [4]), y = x[0..<3] * x[1...]
    let jacobian = try graph.jacobian(of: y, withRespectTo: x)  // [3, 4] for y of shape [3] and x of shape [4]
    #expect(jacobian.shape == [3, 4])
    let session = try Program([product, jacobian]).makeSession()
    try session.write([1, 2] as [Float], to: w)
    try session.write([1, 10] as [Float], to: v)
    try session.write([1, 2, 3, 4] as [Float], to: x)
    try session.forward()
    #expect(try session.read(product, as: Float.self) == [24, 22])
    #expect(try session.read(jacobian, as: Float.self) == [2, 1, 0, 0, 0, 3, 2, 0, 0, 0, 4, 3])
  }

  @Test func `a scan has the shapes that it says`() throws {
    let graph = Graph()
    let frames = graph.input("frames", [100, 16, 8])
    let weights = graph.parameter("weights", [8, 8], .glorotUniform(seed: 1))
    let run = graph.scan(over: [frames], from: [graph.constant(0, [16, 8])]) { state, frame in  // frames: [100, 16, 8]
      let hidden = tanh(state[0].matmul(weights) + frame[0])
      return (state: [hidden], outputs: [hidden])
    }
    print(run.state[0].shape)  // [16, 8], after the last step
    print(run.outputs[0].shape)  // [100, 16, 8]
    #expect(run.state[0].shape == [16, 8])
    #expect(run.outputs[0].shape == [100, 16, 8])
  }

  @Test func `a scan of one sequence forgets`() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let (last, all) = graph.scan(over: x, from: graph.constant(0)) { sum, x in  // running means that forget
      let mean = 0.9 * sum + 0.1 * x
      return (mean, mean)
    }
    let session = try Program([last, all]).makeSession()
    try session.write([10, 0, 0] as [Float], to: x)
    try session.forward()
    #expect(abs(try session.read(last) - 0.81) < 1e-6)
    #expect(try session.read(all, as: Float.self).first == 1)
  }
}
