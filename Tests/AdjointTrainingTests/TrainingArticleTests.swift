import Adjoint
import AdjointTesting
import AdjointTraining
import DependencyScheduling
import Foundation
import Testing

/// The code of three articles, compiled and run: on evaluation, on debugging, and for those who know other frameworks.
/// `TrainingDocumentationTests` sees that it is the same.
@Suite(.timeLimit(.minutes(20))) struct TrainingArticleTests {
  private func digits() throws -> Dataset {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let path = root.appending(path: "Examples/Sources/DigitNetworks/Resources/digits.csv").path
    return try Dataset(csv: path, columns: ["images": .numbers(0..<64, scale: 1 / 16), "labels": .label(64)])
  }

  // MARK: evaluation and other batch sizes

  @Test func `a network of any number of rows is trained, evaluated and asked`() async throws {
    let (training, test) = try digits().split(holdingOut: 0.2, seed: 1)

    @Sendable func logits(_ rows: Int) -> Node {
      let images = Graph().input("images", [rows, 64])
      return dense(relu(dense(images, "hidden", to: 64)), "out", to: 10)
    }

    let trainer = try Trainer(
      optimizer: AdamW(), rate: .constant(0.003), batches: training.batches(of: 32, seed: 1, keepsShortBatch: true)
    ) { rows in
      let logits = logits(rows)
      let labels = logits.graph.input("labels", [rows], .int32)
      return TrainingNetwork(crossEntropy(logits: logits, labels: labels), feed: training.feed)
    }

    let loader = try DataLoader(training, from: trainer.batches, ahead: 2) { batch, number in
      try batch.replacing("images") { try shifted($0, by: number % 3 - 1) }
    }
    for try await batch in loader.prefix(200) {
      try await trainer.takeStep { session, _ in try batch.feed(session) }
    }

    let parameters = trainer.session.parameters
    let evaluation = try Evaluation(of: test, batchSize: 100) { rows in logits(rows) }
    let accuracy = try await evaluation.accuracy(labels: "labels", with: parameters)
    let confusion = try await evaluation.confusion(labels: "labels", with: parameters)
    print(confusion, accuracy, confusion.recall(of: 8), confusion.precision(of: 8))

    let unsure = try await evaluation.reduce([Int](), with: parameters) { rows, logits, row in
      let sorted = logits.sorted(by: >)
      if sorted[0] - sorted[1] < 0.5 { rows.append(row) }
    }

    let family = try ProgramFamily(capacity: 8, parameters: parameters) { (rows: Int) in
      let logits = logits(rows)
      return (try Program(logits), logits)
    }
    let few = test.selecting(unsure.prefix(5))
    let scores = try await family.withSession(for: few.count) { session, logits in
      try few.feed(session)
      try await session.forward()
      return try session.read(logits, as: Float.self)
    }

    #expect(trainer.step == 200 && accuracy > 0.6 && confusion.total == 359)
    #expect(scores.count == 50 && unsure.count < 359 / 2)
    // A row's logits are the bits that it has in a batch of another size.
    let all = try await evaluation.reduce([[Float]](), with: parameters) { rows, logits, _ in
      rows.append(logits.map { Float($0) })
    }
    #expect(scores == unsure.prefix(5).flatMap { all[$0] })
  }

  /// Each image moved to the right by so many pixels, around the edge.
  @Sendable private func shifted(_ column: Dataset.Column, by distance: Int) throws -> Dataset.Column {
    let pixels = try column.elements(as: Float.self)
    let moved = pixels.indices.map { place in pixels[place / 8 * 8 + (place % 8 - distance + 8) % 8] }
    return Dataset.Column(moved, rowShape: column.rowShape)
  }

  @Test func `a network that is another in evaluation has the same parameters`() throws {
    func network(_ rows: Int, isTraining: Bool) -> (logits: Node, updates: [ParameterUpdate]) {
      let images = Graph().input("images", [rows, 64])
      let dropout = DropoutLayer(in: images.graph, "dropout", isTraining: isTraining)
      let hidden = dropout(relu(dense(images, "hidden", to: 64)), rate: 0.5)
      return (dense(hidden, "out", to: 10), dropout.updates)
    }
    let training = network(32, isTraining: true)
    let evaluation = network(7, isTraining: false)
    #expect(training.logits.graph.parameters.map(\.name) == evaluation.logits.graph.parameters.map(\.name))
    #expect(training.updates.count == 1 && evaluation.updates.isEmpty)
  }

  // MARK: debugging

  @Test func `a graph, a step and its gradients are printed`() throws {
    let data = try digits()
    let graph = Graph()
    let images = graph.input("images", [32, 64]), labels = graph.input("labels", [32], .int32)
    let hidden = relu(dense(images, "hidden", to: 64)).named("hidden activations")
    let loss = crossEntropy(logits: dense(hidden, "out", to: 10), labels: labels).named("loss")
    print(hidden)
    print(graph.summary())
    #expect("\(hidden)".hasPrefix("hidden activations = relu [32, 64] float32, made at AdjointTrainingTests/"))
    #expect(graph.summary() == (try block("layer ", in: "DebuggingATraining.md")) + "\n")

    let trainer = try Trainer(
      loss, optimizer: Adam(), rate: .constant(0.001), batches: data.batches(of: 32, seed: 1), refusesNonFinite: true,
      keepsGradients: true, feed: data.feed)
    try trainer.takeStep()
    for (parameter, gradient) in trainer.gradients {
      let values = try trainer.session.read(gradient, as: Float.self)
      print(parameter.name, values.map(\.magnitude).max()!)
    }
    #expect(trainer.gradients.count == 4)

    print(trainer.session.report())
    print(trainer.session.drawing(of: loss, depth: 3))
    print(try trainer.session.trace(.step).summary)
    print(trainer.session.program.explanation)
    #expect(trainer.session.report().contains("hidden/weights"))
  }

  @Test func `a batch that a step is refused for is gone past, and its producer named`() throws {
    let data = try Dataset(["x": .init([1, 2, -3, 4] as [Float])])
    let graph = Graph()
    let x = graph.input("x", [1])
    let loss = (log(x).named("logarithm") * graph.parameter("w", [1], .ones)).sum()
    let trainer = try Trainer(
      loss, optimizer: GradientDescent(), rate: .constant(0.01),
      batches: data.batches(of: 1, seed: 1, isShuffled: false), refusesNonFinite: true, feed: data.feed)
    var refused: [String] = []
    while trainer.step < 3 {
      do { try trainer.takeStep() } catch SessionError.notFinite(_, let producer) {
        print("left out the batch at \(trainer.batches.position): \(producer?.description ?? "")")
        trainer.skipBatch()
        refused.append(producer?.nodeName ?? "")
      }
    }
    #expect(refused == ["logarithm"])

    try trainer.session.write([-3] as [Float], to: x)
    if let bad = try trainer.session.firstNonFinite() { print(bad) }
    #expect(try trainer.session.firstNonFinite()?.nodeName == "logarithm")
  }

  @Test func `a loss is checked against finite differences`() throws {
    let values = (0..<12).map { sin(Double($0)) }
    let graph = Graph()
    let x = graph.input("x", [4, 3], .float64)
    let loss = softplus(layerNorm(x, "norm")).sum()
    let verdicts = try GradientChecker().check(
      loss, withRespectTo: graph.parameters + [x], at: [x: ReferenceTensor([4, 3], .float64, values)])
    for verdict in verdicts where !verdict.isCorrect { print(verdict) }
    #expect(verdicts.count == 3 && verdicts.allSatisfy(\.isCorrect))
  }

  @Test func `one batch is learnt by heart`() throws {
    let data = try digits()
    let graph = Graph()
    let images = graph.input("images", [32, 64]), labels = graph.input("labels", [32], .int32)
    let loss = crossEntropy(logits: dense(images, "out", to: 10), labels: labels)
    let few = data.selecting(0..<32)
    let trainer = try Trainer(
      loss, optimizer: Adam(), rate: .constant(0.05), batches: few.batches(of: 32, seed: 1), feed: few.feed)
    try trainer.takeSteps(until: 200)
    #expect(try trainer.session.read(loss) < 0.05)
  }

  // MARK: coming from elsewhere

  @Test func `the first training of those who come is that of the others`() throws {
    let xs = (0..<64 * 8).map { sin(Float($0) * 0.7) }
    let ys = (0..<64).map { xs[8 * $0] - 2 * xs[8 * $0 + 1] }
    let data = try Dataset(["x": .init(xs, rowShape: [8]), "y": .init(ys, rowShape: [1])])

    let graph = Graph()
    let x = graph.input("x", [32, 8]), y = graph.input("y", [32, 1])
    let loss = meanSquaredError(dense(x, "model", to: 1), y)
    let trainer = try Trainer(
      loss, optimizer: Adam(), rate: .constant(0.01), batches: data.batches(of: 32, seed: 1), feed: data.feed)
    try trainer.takeSteps(until: 1_000)
    print(try trainer.session.read(loss))

    #expect(try trainer.session.read(loss) < 1e-2)
  }

  @Test func `kinks and ties have the gradients of the table`() throws {
    let cases: [(name: String, values: [Float], formula: (Node) -> Node)] = [
      ("`relu` at 0", [0], { relu($0) }),
      ("`abs` at 0", [0], { abs($0) }),
      ("`maximum` of 1 and 1", [1, 1], { maximum($0[0], $0[1]) }),
      ("the largest of 1, 1, 0", [1, 1, 0], { $0.max() }),
      ("`clamp` to 0…1 at 1", [1], { clamp($0, 0, 1) }),
      ("0 · √x at 0", [0], { 0 * sqrt($0) }),
    ]
    let text = try page("ComingFromPyTorchAndMLX.md")
    for (name, values, formula) in cases {
      let graph = Graph()
      let x = graph.input("x", [values.count])
      let session = try Program(formula(x).sum(), gradientsFor: [x]).makeSession()
      try session.write(values, to: x)
      try session.step()
      let gradient = try session.gradient(of: x, as: Float.self)
      let shown = gradient.map { $0 == 0.5 ? "½" : "\(Int($0))" }.joined(separator: ", ")
      #expect(text.contains("| \(name) | \(shown) |"), "\(name): \(gradient)")
    }
  }

  @Test func `weights of a dense layer of PyTorch's are turned as they are loaded`() {
    let options = LoadingOptions(
      renaming: ["model/weights": .transposed("model.weight"), "model/bias": "model.bias"])
    #expect(options.storedName("model/weights").isTransposed && options.storedName("model/bias").name == "model.bias")
  }

  // MARK: the pages

  private func page(_ name: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(
      contentsOf: root.appending(path: "Sources/AdjointTraining/AdjointTraining.docc/\(name)"), encoding: .utf8)
  }

  /// The fenced block of a page that begins with `start`.
  private func block(_ start: String, in name: String) throws -> String {
    let blocks = try page(name).components(separatedBy: "```").map { $0.trimmingCharacters(in: .newlines) }
    return try #require(blocks.first { $0.hasPrefix(start) })
  }
}
