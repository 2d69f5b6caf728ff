import Adjoint
import DocumentedCode
import Foundation
import Testing

/// The code of the article *Serving*, compiled and run; the last test sees that it is the same.
@Suite(.timeLimit(.minutes(20))) struct ServingArticleTests {
  private let pixels = (0..<784).map { Float($0 % 7) / 7 }

  @Test func `a row has the same answer by a pool, a family and a batcher`() async throws {
    let graph = Graph()
    let images = graph.input("images", [1, 784])
    let hidden = relu(images.matmul(graph.parameter("hidden", [784, 128], .heNormal(seed: 1))))
    let scores = softmax(hidden.matmul(graph.parameter("output", [128, 10], .heNormal(seed: 2))))
    let program = try Program(scores)
    let store = ParameterStore()

    let pool = try SessionPool(program, limit: 8, parameters: store)

    let answer = try await pool.withSession(deadline: .now + .milliseconds(50)) { session in
      try session.write(pixels, to: images)
      try await session.forward()
      return try session.read(scores, as: Float.self)
    }

    let same = try await program.withSession(parameters: store) { session in
      try session.write(pixels, to: images)
      try await session.forward()
      return try session.read(scores, as: Float.self)
    }
    #expect(answer == same && answer.count == 10)

    let family = try ProgramFamily(capacity: 16, parameters: store) { (rows: Int) in
      let graph = Graph()
      let images = graph.input("images", [rows, 784])
      let hidden = relu(images.matmul(graph.parameter("hidden", [784, 128], .heNormal(seed: 1))))
      let scores = softmax(hidden.matmul(graph.parameter("output", [128, 10], .heNormal(seed: 2))))
      return (try Program(scores), (images: images, scores: scores))
    }

    let three = try await family.withSession(for: 3) { session, ports in
      try session.write(pixels + pixels + pixels, to: ports.images)
      try await session.forward()
      return try session.read(ports.scores, as: Float.self)
    }
    #expect(three == answer + answer + answer)

    let batcher = try Batcher(
      sizes: [1, 8, 32], patience: .microseconds(200), queueLimit: 256, parameters: store
    ) { size in
      let graph = Graph()
      let images = graph.input("images", [size, 784])
      let hidden = relu(images.matmul(graph.parameter("hidden", [784, 128], .heNormal(seed: 1))))
      let scores = softmax(hidden.matmul(graph.parameter("output", [128, 10], .heNormal(seed: 2))))
      return BatchProgram(try Program(scores), input: images, output: scores)
    }

    let row: [Float] = try await batcher.answer(pixels)
    #expect(row == answer)
    await batcher.stop()
  }

  @Test func `every paragraph of Swift in the article is compiled here`() throws {
    let blocks = try DocumentedCode.articleBlocks(of: "Sources/Adjoint/Adjoint.docc/Serving.md")
    #expect(blocks.count == 5)
    #expect(try CompiledCode(of: [#filePath]).missing(of: blocks) == [])
  }
}
