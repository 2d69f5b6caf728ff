@testable import Adjoint
import Testing

extension SnippetTests {
  @Test func `a graph, its shapes and its constants`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"), z = graph.input("z")
    let f = (x + y) * z
    #expect(f.shape == [] && [x, y, z].allSatisfy { $0.graph === graph })

    let images: Shape = [128, 784]
    print(images.elementCount)  // 100352
    #expect(images.elementCount == 100_352)

    let rotation = graph.constant([[0, -1], [1, 0]])
    #expect(rotation.shape == [2, 2])
    let session = try Program(rotation).makeSession()
    try session.forward()
    #expect(try session.read(rotation, as: Float.self) == [0, -1, 1, 0])

    let third = BFloat16(rounding: 1.0 / 3)  // 0.333984375
    #expect(Float(third) == 0.333984375)
  }

  @Test func `first values differ by name and by seed`() throws {
    let graph = Graph()
    let first = graph.parameter("first", [64, 64], .glorotUniform())
    let second = graph.parameter("second", [64, 64], .glorotUniform())  // begins at other values
    let again = graph.parameter("again", [64, 64], .glorotUniform(seed: 1))
    #expect(try Set([first, second, again].map { try firstValues(of: $0) }).count == 3)

    let kernels = graph.parameter("kernels", [64, 3, 11, 11], .heNormal(seed: 1).forKernels)  // variance 2 / 363
    let values = try firstValues(of: kernels).map(Double.init)
    let variance = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
    #expect(abs(variance * 363 / 2 - 1) < 0.05)  // 23,232 numbers: a standard deviation of 0.9 %
  }

  private func firstValues(of parameter: Node) throws -> [Float] {
    try Program(parameter.sum(), gradientsFor: [parameter]).makeSession().read(parameter, as: Float.self)
  }

  @Test func `a state moves with each step`() throws {
    let graph = Graph()
    let x = graph.input("x", [8, 64])
    let mean = graph.state("mean", [64])
    let update = ParameterUpdate(mean, to: 0.9 * mean + 0.1 * x.mean(axes: [0]))
    let session = try Program(x.sum(), updating: [update]).makeSession()
    try session.write([Float](repeating: 10, count: 8 * 64), to: x)
    try session.step()
    #expect(try session.read(mean, as: Float.self) == [Float](repeating: 1, count: 64))
    #expect(graph.parameters == [])
  }

  @Test func `a parameter is updated after the loss of its old value`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [], .constant(2))
    let loss = square(w)
    let slope = try graph.gradients(of: [loss], withRespectTo: [w])[0]!
    let program = try Program(loss, updating: [ParameterUpdate(w, to: w - 0.1 * slope)])
    let session = program.makeSession()
    try session.step()  // the loss of the old w, and then the new w
    #expect(try session.read(loss) == 4)
    #expect(abs(try session.read(w) - 1.6) < 1e-6)
  }

  @Test func `shape rules calculate with extents, and say how to cast`() {
    func check(_ start: Int, _ count: Int, _ length: Int) throws(ShapeError) {
      let end = Extent(start) + Extent(count)  // Int.max, if it would be more
      guard end <= Extent(length) else { throw ShapeError("elements up to \(end) of \(length)") }
    }
    #expect(throws: Never.self) { try check(1, 2, 3) }
    #expect(throws: ShapeError.self) { try check(.max, 2, 3) }
    #expect(Extent(.max) + Extent(2) == Extent(.max))

    let graph = Graph()
    let x = graph.input("x", [2]), labels = graph.input("labels", [2])
    let error = #expect(throws: GraphError.self) { try Program(graph.apply(Labelled(), to: [x, labels])) }
    #expect(error?.description.contains("labels are int32, got float32; write labels.cast(to: .int32)") == true)
  }
}

private struct Labelled: ElementwiseGate {
  static let name = "labelled"
  func value(_ x: ElementOperands) -> Double { x[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream, nil] }

  func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    if inputs[1] != .int32 {
      throw ShapeError("labels are int32, got \(inputs[1])", casting: 1, to: .int32)
      // … labels are int32, got float32; write labels.cast(to: .int32)
    }
    return inputs[0]
  }
}
