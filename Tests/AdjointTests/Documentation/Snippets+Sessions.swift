import Adjoint
import DependencyScheduling
import Foundation
import Synchronization
import Testing

extension SnippetTests {
  @Test func `a session runs a step`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"), z = graph.input("z")
    let f = (x + y) * z
    let program = try Program(f, gradientsFor: [x, y, z])
    let session = program.makeSession()
    try session.write(-2, to: x)
    try session.write(5, to: y)
    try session.write(-4, to: z)
    try session.step()
    print(try session.read(f))  // -12.0
    print(try session.gradient(of: x))  // -4.0
    #expect(try "\(session.read(f)) \(session.gradient(of: x))" == "-12.0 -4.0")

    print(try Program((x + y) * z, gradientsFor: [x, y, z]).explanation)
    #expect(program.explanation.hasPrefix("program: 3 inputs"))
  }

  @Test func `sessions share the parameters of a store`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [], .constant(3))
    let trainer = try compiled(square(w), graph), predictor = try Program(2 * w)
    let training = trainer.makeSession()
    let serving = predictor.makeSession(parameters: training.parameters)
    try training.write(5, to: w)
    try serving.forward()
    #expect(try serving.read(w) == 5)
  }

  private func compiled(_ loss: Node, _ graph: Graph) throws -> Program {
    let program = try Program(loss, gradientsFor: graph.parameters)
    let session = program.makeSession()
    try session.step()
    return program
  }

  @Test func `scopes are checkpointed by name`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [8, 8], .ones)
    let first = graph.scope("block1") { tanh(tanh(w.matmul(w)).matmul(w)) }
    let hidden = graph.scope("block2") { tanh(tanh(first.matmul(w)).matmul(w)) }
    let options = Program.Options(checkpointing: ["block1", "block2"])
    #expect(throws: Never.self) { try Program(hidden.sum(), gradientsFor: [w], options: options) }
    let other = Graph().parameter("w", [8], .ones)
    #expect(throws: GraphError.self) { try Program(other.sum(), gradientsFor: [other], options: options) }
  }

  @Test func `a step whose values must be finite`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [], .constant(-1)), loss = log(w)
    let slope = try graph.gradients(of: [loss], withRespectTo: [w])[0]!
    let program = try Program(
      loss, updating: [ParameterUpdate(w, to: w - 0.1 * slope)], requiringFinite: [loss, slope])
    #expect(throws: SessionError.self) { try program.makeSession().step() }
  }

  @Test func `values are written and read in several forms`() throws {
    let graph = Graph()
    let x = graph.input("x"), v = graph.input("v", [2], .float64), labels = graph.input("labels", [3], .int32)
    let loss = square(x), length = v.sum(), counts = labels.cast(to: .float32).sum()
    let session = try Program([loss, length, counts]).makeSession()
    try session.write(-2, to: x)
    try session.write([1.0, 2.0], to: v)  // float64 or float32: v's own type
    try session.write([3, 0, 7], to: labels)  // int32
    try session.forward()
    let f: Double = try session.read(loss)
    #expect(f == 4)
    #expect(try session.read(length) == 3 && session.read(counts) == 10)
    try weighOutputs()
  }

  private func weighOutputs() throws {
    let graph = Graph()
    let x = graph.input("x"), y = 5 * x
    let session = try Program([y, y], gradientsFor: [x]).makeSession()
    try session.writeUpstream([2] as [Float], ofOutputAt: 0)  // the other stays 1: x̄ = 3 · ∂y/∂x
    try session.write(1, to: x)
    try session.step()
    #expect(try session.gradient(of: x) == 15)
  }

  @Test func `memory is lent for an input and an output`() throws {
    let graph = Graph()
    let images = graph.input("images", [3]), y = 2 * images
    let session = try Program(y).makeSession()
    let pixels: [Float] = [1, 2, 3]
    try session.lending(pixels.span, asInput: images) {
      try session.forward()
    }
    #expect(try session.read(y, as: Float.self) == [2, 4, 6])

    try session.write([4, 5, 6] as [Float], to: images)
    var prediction: [Float] = [0, 0, 0]
    var target = prediction.mutableSpan
    try session.lending(&target, asOutput: y) {
      try session.forward()
    }
    #expect(prediction == [8, 10, 12])
  }

  @Test func `gradients are sent as they are ready`() throws {
    let graph = Graph()
    let (a, b) = (graph.parameter("a", [2], .ones), graph.parameter("b", [], .constant(3)))
    let session = try Program((a * b).sum(), gradientsFor: [a, b]).makeSession()
    let sent = Mutex<[String: [Float]]>([:])
    @Sendable func send(_ values: Span<Float>, as name: String) {
      let copy = values.indices.map { values[$0] }
      sent.withLock { $0[name] = copy }
    }
    try session.forward()
    try session.backward { gradient in
      try gradient.withValues(as: Float.self) { send($0, as: gradient.variable.name) }
    }
    #expect(sent.withLock { $0 } == ["a": [3, 3], "b": [2]])
  }

  @Test func `a step is traced into a file`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let session = try Program(square(x), gradientsFor: [x]).makeSession()
    try session.write(3, to: x)
    let path = FileManager.default.temporaryDirectory.appending(path: "step-\(UUID()).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let trace = try session.trace(.step)
    print(trace.summary)
    try trace.perfettoJSON.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(FileManager.default.fileExists(atPath: path))
  }
}
