import Adjoint
import Testing

extension SnippetTests {
  @Test func `requests are gathered into batches`() async throws {
    let store = ParameterStore(), pixels = [Float](repeating: 0.5, count: 784)
    let batcher = try Batcher(
      sizes: [1, 8, 32], patience: .microseconds(200), queueLimit: 256, parameters: store
    ) { size in
      let graph = Graph()
      let images = graph.input("images", [size, 784])
      let weights = graph.parameter("weights", [784, 10], .heNormal(seed: 1))
      let scores = softmax(images.matmul(weights))
      return BatchProgram(try Program(scores), input: images, output: scores)
    }
    let scores: [Float] = try await batcher.answer(pixels)
    #expect(scores.count == 10 && abs(scores.reduce(0, +) - 1) < 1e-5)
    await batcher.stop()
  }

  @Test func `a family has a program for each batch size`() async throws {
    let store = ParameterStore(), rows = 3, pixels = [Float](repeating: 0.5, count: 3 * 784)
    let family = try ProgramFamily(capacity: 16, parameters: store) { (batch: Int) in
      let graph = Graph()
      let images = graph.input("images", [batch, 784])
      let weights = graph.parameter("weights", [784, 10], .heNormal(seed: 1))
      let logits = images.matmul(weights)
      return (try Program(logits), (images: images, logits: logits))
    }
    let scores = try await family.withSession(for: rows) { session, ports in
      try session.write(pixels, to: ports.images)
      try await session.forward()
      return try session.read(ports.logits, as: Float.self)
    }
    #expect(scores.count == 30 && Array(scores[..<10]) == Array(scores[20...]))
  }

  @Test func `warm sessions serve requests`() async throws {
    let images = Graph().input("images", [1, 4]), logits = 2 * images
    let program = try Program(logits), store = ParameterStore(), pixels: [Float] = [1, 2, 3, 4]
    #expect(try await pooled(program, store, images, logits, pixels) == [2, 4, 6, 8])

    let scores = try await program.withSession(parameters: store) { session in
      try session.write(pixels, to: images)
      try await session.forward()
      return try session.read(logits, as: Float.self)
    }
    #expect(scores == [2, 4, 6, 8])
  }

  private func pooled(
    _ program: Program, _ store: ParameterStore, _ images: Node, _ logits: Node, _ pixels: [Float]
  ) async throws -> [Float] {
    let pool = try SessionPool(program, limit: 8, parameters: store)

    // for each request, in any task
    let scores = try await pool.withSession(deadline: .now + .milliseconds(50)) { session in
      try session.write(pixels, to: images)
      try await session.forward()
      return try session.read(logits, as: Float.self)
    }
    return scores
  }

  @Test func `a batcher takes a gate that says it keeps rows apart`() async throws {
    let batcher = try Batcher(sizes: [1, 2], patience: .zero, queueLimit: 4, parameters: ParameterStore()) { size in
      let x = Graph().input("x", [size, 2])
      let y = x.graph.apply(Standardize(), to: [x])
      return BatchProgram(try Program(y), input: x, output: y)
    }
    let answer: [Float] = try await batcher.answer([1, 5] as [Float])
    #expect(answer == [-1, 1])
    await batcher.stop()
  }
}

/// Each of two elements by the mean and deviation of both.
private struct Standardize: Gate {
  static let name = "standardize"
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }

  var kernel: Kernel {
    .custom { arguments in
      let x = try arguments.input(0, as: Float.self), y = try arguments.output(as: Float.self)
      for row in 0..<x.count / 2 {
        let (a, b) = (x[2 * row], x[2 * row + 1])
        (y[2 * row], y[2 * row + 1]) = (a < b ? -1 : 1, a < b ? 1 : -1)
      }
    }
  }
}

extension Standardize: RowwiseGate {  // each row of x by its own mean and deviation
  func keepsRowsApart(_ application: RowApplication) -> Bool { application.hasRowsOnlyAlongFirstAxis(of: [0]) }
}
