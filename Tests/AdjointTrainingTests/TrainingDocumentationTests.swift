import Adjoint
import AdjointTraining
import Foundation
import Testing

/// The code of the module's page, compiled and run; the last test sees that it is the same.
@Suite(.timeLimit(.minutes(20))) struct TrainingDocumentationTests {
  @Test func `the page's example trains, saves and goes on`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("points.safetensors")
    let points: [[Float]] = (0..<200).map { [sin(Float($0) * 0.7), cos(Float($0) * 1.3)] }

    let graph = Graph()
    let x = graph.input("x", [16, 2]), y = graph.input("y", [16, 1])
    let hidden = tanh(dense(x, "hidden", to: 8, .glorotUniform(seed: 1)))
    let loss = meanSquaredError(dense(hidden, "out", to: 1, .glorotUniform(seed: 2)), y)

    var trainer = try Trainer(
      loss, optimizer: AdamW(), rate: .cosine(from: 0.01, over: 500).warmedUp(over: 20),
      batches: Batches(rowCount: points.count, batchSize: 16, seed: 3), clippingNorm: 1)
    try trainer.train(until: 500) { session, rows in
      try session.write(rows.flatMap { points[$0] }, to: x)
      try session.write(rows.map { points[$0][0] * points[$0][1] }, to: y)
    }
    try trainer.save(to: path)

    #expect(try trainer.session.read(loss) < 0.03)
    try trainer.resume(from: path)
    #expect(trainer.step == 500)
    try serve(hidden, x, path, like: trainer.session)
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

  @Test func `the page's code is compiled here`() throws {
    let here = URL(filePath: #filePath)
    let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    func lines(_ text: String) -> [String] {
      text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let compiled = lines(try String(contentsOf: here, encoding: .utf8))
    let page = root.appending(path: "Sources/AdjointTraining/AdjointTraining.docc/AdjointTraining.md")
    let blocks = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```swift\n").dropFirst()
    #expect(!blocks.isEmpty)
    for block in blocks {
      for paragraph in lines(block.components(separatedBy: "```")[0]).split(separator: "") {
        #expect(compiled.contains(paragraph), "not in this file: \(paragraph.joined(separator: "\n"))")
      }
    }
  }
}
