import Adjoint
import AdjointTraining
import DocumentedCode
import Foundation
import Testing

/// The code of the module's pages, compiled and run; the last test sees that it is the same.
@Suite(.timeLimit(.minutes(20))) struct TrainingDocumentationTests {
  @Test func `the page's example trains, saves and goes on`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("points.safetensors")
    let points: [[Float]] = (0..<200).map { [sin(Float($0) * 0.7), cos(Float($0) * 1.3)] }

    let graph = Graph()
    let x = graph.input("x", [16, 2]), y = graph.input("y", [16, 1])
    let hidden = tanh(dense(x, "hidden", to: 8))
    let loss = meanSquaredError(dense(hidden, "out", to: 1), y)

    let trainer = try Trainer(
      loss, optimizer: AdamW(), rate: .cosine(from: 0.01, over: 500).warmedUp(over: 20),
      batches: Batches(rowCount: points.count, batchSize: 16, seed: 3), clippingNorm: 1)
    try trainer.takeSteps(until: 500) { session, rows in
      try session.write(rows.flatMap { points[$0] }, to: x)
      try session.write(rows.map { points[$0][0] * points[$0][1] }, to: y)
    }
    try trainer.save(to: path)

    #expect(try trainer.session.read(loss) < 0.03)
    try trainer.resume(from: path)
    #expect(trainer.step == 500)
    try serve(hidden, x, path, like: trainer.session)
  }

  @Test func `the page's trainings with progress and with a data set run`() async throws {
    let values: [Float] = (0..<400).map { sin(Float($0) * 0.7) }
    let points = try Dataset([
      "points": Dataset.Column(values, rowShape: [2]),
      "labels": Dataset.Column((0..<200).map { Int32(values[2 * $0] > values[2 * $0 + 1] ? 1 : 0) }),
    ])
    let accuracy = try await Task.detached { try Self.classify(points) }.value
    #expect(accuracy > 0.9)

    let graph = Graph()
    let w = graph.parameter("w", [4], .ones)
    let trainer = try Trainer(
      square(w).mean(), optimizer: AdamW(), rate: .constant(0.01), batches: points.batches(of: 16, seed: 3),
      feed: { _, _ in })
    for try await progress in trainer.train(until: 500, every: 100) {
      print(progress)  // step 100/500  loss 0.0412  9120 steps/s  0 s left
    }
    #expect(trainer.step == 500)
  }

  private static func classifier(_ rows: Int) -> (labels: Node, logits: Node) {
    let graph = Graph()
    let points = graph.input("points", [rows, 2])
    let hidden = tanh(dense(points, "hidden", to: 16, .glorotUniform(seed: 1)))
    return (graph.input("labels", [rows], .int32), dense(hidden, "out", to: 2, .glorotUniform(seed: 2)))
  }

  private static func classify(_ points: Dataset) throws -> Double {
    let (training, test) = try points.split(holdingOut: 0.25, seed: 1)
    let trainer = try Trainer(
      optimizer: AdamW(), rate: .constant(0.02), batches: training.batches(of: 16, seed: 3, keepsShortBatch: true)
    ) { rows in
      let (labels, logits) = classifier(rows)
      return TrainingNetwork(crossEntropy(logits: logits, labels: labels), feed: training.feed)
    }
    try trainer.takeSteps(until: 300)
    let evaluation = try Evaluation(of: test) { rows in classifier(rows).logits }
    print(try evaluation.confusion(labels: "labels", with: trainer.session.parameters))
    return try evaluation.accuracy(labels: "labels", with: trainer.session.parameters)
  }

  private func serve(_ prediction: Node, _ x: Node, _ path: String, like trained: Session) throws {
    let predictor = try Program(prediction)
    let weights = try ParameterStore(loading: path, for: predictor, LoadingOptions(ignoresOthers: true))
    let serving = predictor.makeSession(parameters: weights)

    let shared = predictor.makeSession(parameters: trained.parameters)
    for session in [serving, shared] {
      try session.write((0..<32).map { Float($0) / 32 }, to: x)
      try session.forward()
    }
    #expect(try serving.read(prediction, as: Float.self) == shared.read(prediction, as: Float.self))
  }

  @Test(arguments: [
    "AdjointTraining.md", "GettingStarted.md", "EvaluationAndBatchSizes.md", "DebuggingATraining.md",
    "ComingFromPyTorchAndMLX.md",
  ])
  func `the pages' code is compiled here, in what newcomers write, or in tests of the articles`(page: String) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let others = ["NewcomerTests.swift", "TrainingArticleTests.swift"].map { folder.appending(path: $0).path }
    let blocks = try DocumentedCode.articleBlocks(of: "Sources/AdjointTraining/AdjointTraining.docc/\(page)")
    #expect(!blocks.isEmpty)
    #expect(try CompiledCode(of: [#filePath] + others).missing(of: blocks) == [])
  }
}
