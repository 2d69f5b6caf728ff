import Adjoint
import AdjointTesting
import AdjointTraining
import Foundation
import Testing

/// What somebody writes who has just come: each program as short as it is said to be, and doing what it should.
///
/// The lines between a comment `begin` and its `end` are counted; those of README.md are among them.
@Suite(.timeLimit(.minutes(20))) struct NewcomerTests {
  @Test func `a line through points, in 10 lines`() throws {
    let xs = (0..<64).map { Float($0) / 32 - 1 }, ys = xs.map { 3 * $0 - 0.5 }
    // begin regression
    let graph = Graph()
    let x = graph.input("x", [64, 1]), y = graph.input("y", [64, 1])
    let loss = meanSquaredError(dense(x, "line", to: 1), y)

    let points = try Dataset(["x": .init(xs, rowShape: [1]), "y": .init(ys, rowShape: [1])])
    let trainer = try Trainer(
      loss, optimizer: Adam(), rate: .constant(0.05), batches: points.batches(of: 64, seed: 1), feed: points.feed)
    try trainer.takeSteps(until: 500)
    let line = try graph.parameters.map { try trainer.session.read($0) }
    // end regression
    #expect(abs(line[0] - 3) < 1e-3 && abs(line[1] + 0.5) < 1e-3, "\(line)")
  }

  @Test func `a classifier with its evaluation, in 25 lines`() async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let path = root.appending(path: "Examples/Sources/DigitNetworks/Resources/digits.csv").path
    let folder = try TemporaryFolder()
    let file = folder.file("digits.safetensors")
    // begin classifier
    let digits = try Dataset(csv: path, columns: ["images": .numbers(0..<64, scale: 1 / 16), "labels": .label(64)])
    let (training, test) = try digits.split(holdingOut: 0.2, seed: 1)

    @Sendable func logits(_ rows: Int) -> Node {
      let images = Graph().input("images", [rows, 64])
      return dense(relu(dense(images, "hidden", to: 64)), "out", to: 10)
    }
    let evaluation = try Evaluation(of: test) { rows in logits(rows) }
    let trainer = try Trainer(
      optimizer: AdamW(), rate: .constant(0.003), batches: training.batches(of: 32, seed: 1, keepsShortBatch: true),
      validation: Validation(every: 200, better: .higher, patience: 5, keepsBest: true) { parameters in
        try evaluation.accuracy(labels: "labels", with: parameters)
      }
    ) { rows in
      let logits = logits(rows)
      let labels = logits.graph.input("labels", [rows], .int32)
      return TrainingNetwork(crossEntropy(logits: logits, labels: labels), feed: training.feed)
    }
    for try await progress in trainer.train(until: 1_000, every: 200) { print(progress) }
    let best = try trainer.bestParameters() ?? trainer.session.parameters
    print(try await evaluation.confusion(labels: "labels", with: best))
    try best.save(to: file)
    // end classifier
    #expect(try await evaluation.accuracy(labels: "labels", with: best) > 0.93)
  }

  // begin gate
  /// Softsign: y = x / (1 + |x|), x̄ = ȳ / (1 + |x|)².
  struct Softsign: ElementwiseGate {
    static let name = "softsign"
    func value(_ x: ElementOperands) -> Double { x[0] / (1 + x[0].magnitude) }
    func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
      [downstream(upstream, 1 / square(1 + abs(node.inputs[0])))]
    }
  }
  // end gate

  @Test func `a gate of one's own, in 10 lines`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let y = graph.apply(Softsign(), to: [x])
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.write(-3, to: x)
    try session.step()
    #expect(try session.read(y) == -0.75 && session.gradient(of: x) == 0.0625)
    #expect(try GateLaw.violations(on: GateSample(Softsign(), .distinct([2, 3]))) == [])
  }

  @Test func `an answer to each request, in 25 lines`() async throws {
    let folder = try TemporaryFolder()
    let file = folder.file("digits.safetensors")
    do {
      let images = Graph().input("images", [1, 64])
      let store = ParameterStore()
      let hidden = relu(dense(images, "hidden", to: 64, .glorotUniform(seed: 2)))
      try store.makeParameters(of: dense(hidden, "out", to: 10, .glorotUniform(seed: 3)).graph)
      try store.save(to: file)
    }
    // begin handler
    @Sendable func classifier(_ rows: Int) -> (images: Node, scores: Node) {
      let images = Graph().input("images", [rows, 64])
      return (images, softmax(dense(relu(dense(images, "hidden", to: 64)), "out", to: 10)))
    }

    let weights = try ParameterStore(loading: file, for: Program(classifier(1).scores))
    let batcher = try Batcher(sizes: [1, 8, 32], patience: .microseconds(200), queueLimit: 256, parameters: weights) {
      let network = classifier($0)
      return BatchProgram(try Program(network.scores), input: network.images, output: network.scores)
    }

    @Sendable func answer(_ pixels: [Float]) async -> (status: Int, text: String) {
      do {
        let scores: [Float] = try await batcher.answer(pixels)
        let digit = scores.indices.max { scores[$0] < scores[$1] }!
        return (200, "\(digit)")
      } catch ServingError.overloaded {
        return (503, "try again")
      } catch {
        return (400, "\(error)")
      }
    }
    // end handler
    let statuses = await withTaskGroup(of: Int.self) { group in
      for request in 0..<20 {
        group.addTask { await answer([Float](repeating: Float(request) / 20, count: request == 7 ? 63 : 64)).status }
      }
      return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
    #expect(statuses == [200: 19, 400: 1])
    #expect(await answer([]).text.contains("64"))
    await batcher.stop()
  }

  @Test(arguments: [("regression", 10), ("classifier", 25), ("gate", 10), ("handler", 25)])
  func `programs are as short as they are said to be`(name: String, limit: Int) throws {
    let lines = try String(contentsOfFile: #filePath, encoding: .utf8).components(separatedBy: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }
    let first = try #require(lines.firstIndex(of: "// begin \(name)"))
    let last = try #require(lines.firstIndex(of: "// end \(name)"))
    let count = lines[first + 1..<last].filter { !$0.isEmpty }.count
    #expect(count > 5 && count <= limit, "\(name): \(count) lines")
  }
}
