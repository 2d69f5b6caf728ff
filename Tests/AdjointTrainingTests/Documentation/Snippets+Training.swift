import Adjoint
import AdjointTraining
import Testing

extension SnippetTests {
  @Test func `a trainer takes steps and is saved`() async throws {
    let folder = try TemporaryFolder(), path = folder.file("digits.safetensors"), data = Rows(count: 64)
    let graph = Graph()
    let images = graph.input("images", [32, 64]), labels = graph.input("labels", [32], .int32)
    let loss = crossEntropy(logits: dense(images, "digits", to: 10, .zeros), labels: labels)
    let trainer = try Trainer(
      loss, optimizer: Adam(), rate: .cosine(from: 0.001, over: 2_000),
      batches: Batches(rowCount: data.count, batchSize: 32, seed: 1)
    ) { session, rows in
      try session.write(data.pixels(of: rows), to: images)
      try session.write(data.labels(of: rows), to: labels)
    }
    for try await progress in trainer.train(until: 2_000, every: 500) { print(progress) }
    try await trainer.save(to: path)
    #expect(trainer.step == 2_000 && folder.contents == ["digits.safetensors"])
    #expect(try trainer.session.read(loss) < 2)
  }

  @Test func `a training is left when its loss is small`() async throws {
    let loss = square(Graph().parameter("w", [4], .constant(0.01))).mean()
    let trainer = try Trainer(
      loss, optimizer: Adam(), rate: .constant(0.001), batches: Batches(rowCount: 1, batchSize: 1, seed: 1),
      feed: { _, _ in })
    for try await progress in trainer.train(until: 10_000, every: 500) {
      print(progress)  // step 500/10000  loss 0.4213  830 steps/s  11 s left
      if progress.loss < 0.01 { break }
    }
    #expect(trainer.step == 500)
  }

  @Test func `a trainer builds its network for each size of batch`() async throws {
    let steps = try await Task.detached { try self.trainEpochs() }.value
    #expect(steps == 1_000)
  }

  private func trainEpochs() throws -> Int {
    let data = Rows(count: 1_437)
    let trainer = try Trainer(
      optimizer: Adam(), rate: .constant(0.001),
      batches: Batches(rowCount: 1_437, batchSize: 32, seed: 1, keepsShortBatch: true)
    ) { rowCount in
      let graph = Graph()
      let images = graph.input("images", [rowCount, 64]), labels = graph.input("labels", [rowCount], .int32)
      let loss = crossEntropy(logits: dense(images, "digits", to: 10, .zeros), labels: labels)
      return TrainingNetwork(loss) { session, rows in
        try session.write(data.pixels(of: rows), to: images)
        try session.write(data.labels(of: rows), to: labels)
      }
    }
    try trainer.takeSteps(until: 1_000)
    return trainer.step
  }

  @Test func `a batch that is not finite is left out`() throws {
    let graph = Graph()
    let x = graph.input("x", [1]), loss = (graph.parameter("w", [1], .ones) * x).sum()
    let trainer = try Trainer(
      loss, optimizer: Adam(), rate: .constant(0.001), batches: Batches(rowCount: 3, batchSize: 1, seed: 1),
      refusesNonFinite: true)
    func feed(_ session: Session, _ rows: ArraySlice<Int>) throws { try session.write([Float.nan], to: x) }
    do {
      try trainer.takeStep(feed: feed)
    } catch SessionError.notFinite(let name, _) {
      print("\(name) is not finite: left out the batch at \(trainer.batches.position)")
      trainer.skipBatch()
    }
    #expect(trainer.step == 0 && trainer.batches.position.batch == 1)
  }

  @Test func `batches come in their order, at a rate`() throws {
    var batches = try Batches(rowCount: 1_437, batchSize: 32, seed: 1)
    for rows in batches.prefix(100) { print(rows) }  // 32 row numbers
    #expect(batches.next()?.count == 32)

    let rate = try LearningRate.cosine(from: 0.01, to: 0.0001, over: 10_000).warmedUp(over: 500)
    #expect(rate.value(at: 0) < rate.value(at: 499))

    let graph = Graph()
    let w = dense(graph.input("x", [1, 2]), "head", to: 3)
    let head = ParameterGroup("head", graph.parameters.filter { $0.name.hasPrefix("head/") }, rate: try .constant(0.01))
    let trainer = try Trainer(w.sum(), optimizer: Adam(), rate: rate, batches: batches, groups: [head])
    #expect(trainer.step == 0)
  }

  @Test func `an evaluation measures what is trained`() throws {
    let test = try Dataset([
      "images": Dataset.Column([Float](repeating: 1, count: 64 * 4), rowShape: [64]),
      "labels": Dataset.Column([0, 0, 1, 2] as [Int32]),
    ])
    let graph = Graph(), images = graph.input("images", [4, 64])
    func classifier(_ images: Node) -> Node { dense(images, "digits", to: 10, .zeros) }
    let loss = crossEntropy(logits: classifier(images), labels: graph.input("labels", [4], .int32))
    let trainer = try Trainer(
      loss, optimizer: Adam(), rate: .constant(0.001), batches: test.batches(of: 4, seed: 1), feed: test.feed)
    try trainer.takeSteps(until: 100)
    let evaluation = try Evaluation(of: test) { rows in
      let graph = Graph()
      return classifier(graph.input("images", [rows, 64]))  // logits [rows, 10]
    }
    print(try evaluation.accuracy(labels: "labels", with: trainer.session.parameters))
    #expect(try evaluation.accuracy(labels: "labels", with: trainer.session.parameters) == 0.5)

    let parameters = trainer.session.parameters
    print(try evaluation.confusion(labels: "labels", with: parameters))
    //        0    1    2   recall
    //   0   35    1    0    97.2 %
    //   1    0   36    0   100.0 %

    let validation = try Validation(every: 200, better: .higher, patience: 5) { parameters in
      try evaluation.accuracy(labels: "labels", with: parameters)
    }
    let measured = try Trainer(
      loss, optimizer: Adam(), rate: .constant(0), batches: test.batches(of: 4, seed: 1), validation: validation,
      feed: test.feed)
    try measured.takeStep()
    #expect(measured.step == 1)
  }
}

/// Images of 64 pixels, and labels.
private struct Rows: Sendable {
  let count: Int
  func pixels(of rows: ArraySlice<Int>) -> [Float] {
    rows.flatMap { row in (0..<64).map { Float(row * $0 % 10) / 10 } }
  }
  func labels(of rows: ArraySlice<Int>) -> [Int32] { rows.map { Int32($0 % 10) } }
}
