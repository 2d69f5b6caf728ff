import Adjoint
import DependencyScheduling
import Testing

@testable import AdjointTraining

/// A trainer that builds its network for the size of a batch trains the rows left over as it trains the others.
@Suite(.timeLimit(.minutes(20))) struct ShortBatchTests {
  private static let rowCount = 20

  private func batches(size: Int = 8, seed: UInt64 = 3) throws -> Batches {
    try Batches(rowCount: Self.rowCount, batchSize: size, seed: seed, keepsShortBatch: true)
  }

  private func trainer(
    _ optimizer: some Optimizer = AdamW(), size: Int = 8, seed: UInt64 = 3, width: Int = 1,
    store: ParameterStore = ParameterStore()
  ) throws -> Trainer {
    try Trainer(
      optimizer: optimizer, rate: .constant(0.05), batches: try batches(size: size, seed: seed), clippingNorm: 0.8,
      on: try GraphExecutor(width: width), store: store
    ) { rowCount in
      let toy = Toy(rows: rowCount)
      return TrainingNetwork(toy.loss) { session, rows in try toy.feed(session, rows) }
    }
  }

  @Test(arguments: [(8, 1), (8, 2), (7, 1), (5, 1), (20, 1)])
  func `steps have the bits of trainers of each size that take turns on one store`(size: Int, width: Int) throws {
    let ours = try trainer(size: size, width: width)
    // The oracle: a trainer of one graph for each size of batch, fed with the same rows.
    var rows = try batches(size: size), bySize: [Int: Trainer] = [:]
    var toys: [Int: Toy] = [:]
    let store = ParameterStore()
    var oracle: [Double] = []
    for _ in 0..<9 {
      let current = Array(rows.rows)
      if bySize[current.count] == nil {
        let toy = Toy(rows: current.count)
        toys[current.count] = toy
        bySize[current.count] = try Trainer(
          toy.loss, optimizer: AdamW(), rate: .constant(0.05),
          batches: Batches(rowCount: Self.rowCount, batchSize: current.count, seed: 1), clippingNorm: 0.8,
          on: try GraphExecutor(width: 1), store: store)
      }
      let toy = toys[current.count]!
      oracle.append(
        try bySize[current.count]!.takeStep { session, _ in try toy.feed(session, current[...]) })
      rows.advance()
    }
    let losses = try (0..<9).map { _ in try ours.takeStep() }
    #expect(losses == oracle)
    #expect(Set(bySize.keys) == (Self.rowCount.isMultiple(of: size) ? [size] : [size, Self.rowCount % size]))
    #expect(try bits(of: ours) == bits(of: bySize[size]!))
  }

  @Test(arguments: [1, 2, 3, 5])
  func `a run saved before, at and after a short batch is resumed with the same bits`(step: Int) throws {
    let folder = try TemporaryFolder()
    let through = try trainer()
    try through.takeSteps(until: step)
    try through.save(to: folder.file("state"))
    try through.takeSteps(until: 11)
    let resumed = try trainer(seed: 77, width: 2)
    try resumed.takeSteps(until: 4)  // to be forgotten
    try resumed.resume(from: folder.file("state"))
    try resumed.takeSteps(until: 11)
    #expect(try bits(of: resumed) == bits(of: through))
    #expect(resumed.batches.position == through.batches.position)
  }

  @Test func `asynchronous steps have the same bits`() async throws {
    let blocking = try trainer(), other = try trainer()
    try Self.train(blocking, until: 8)
    try await other.takeSteps(until: 8)
    #expect(try bits(of: other) == bits(of: blocking))
  }

  private static func train(_ trainer: Trainer, until last: Int) throws {
    try trainer.takeSteps(until: last)
  }

  // MARK: what does not fit

  @Test func `a trainer of one graph refuses short batches, and says what it needs`() throws {
    let toy = Toy(rows: 8)
    #expect {
      try Trainer(toy.loss, optimizer: Adam(), rate: .constant(0.1), batches: batches())
    } throws: { "\($0)" == "batches.keepsShortBatch is false where the trainer has one graph, got true" }
  }

  @Test func `a step that nobody feeds is an error, and was not taken`() throws {
    let toy = Toy(rows: 8)
    let trainer = try toy.trainer()
    #expect(throws: TrainingError.notFed) { try trainer.takeStep() }
    #expect(trainer.step == 0 && trainer.batches.position == Batches.Position(epoch: 0, batch: 0))
    try trainer.takeStep(feed: toy.feed)
    #expect(trainer.step == 1)
  }

  @Test func `a file of whole batches is not resumed with short ones, nor the reverse`() throws {
    let folder = try TemporaryFolder()
    let short = try trainer(size: 8)
    try short.save(to: folder.file("short"))
    let toy = Toy(rows: 8)
    let whole = try Trainer(
      toy.loss, optimizer: AdamW(), rate: .constant(0.05),
      batches: Batches(rowCount: Self.rowCount, batchSize: 8, seed: 1), clippingNorm: 0.8)
    try whole.save(to: folder.file("whole"))
    #expect {
      try whole.resume(from: folder.file("short"))
    } throws: { "\($0)".contains("adjoint.shortBatch: 'true' in the file, wanted 'false'") }
    let other = try trainer(size: 8)
    #expect {
      try other.resume(from: folder.file("whole"))
    } throws: { "\($0)".contains("adjoint.shortBatch: 'false' in the file, wanted 'true'") }
  }

  @Test func `a network of another shape for a short batch is an error, and the step can be tried again`() throws {
    let wrong = Wrong()
    let trainer = try Trainer(
      optimizer: GradientDescent(), rate: .constant(0.1), batches: batches()
    ) { rowCount in
      let graph = Graph()
      let x = graph.input("x", [rowCount, 3])
      let width = rowCount < 8 && wrong.isWrong ? 4 : 5
      let y = x.matmul(graph.parameter("w", Shape([3, width]), .glorotUniform(seed: 2)))
      return TrainingNetwork(square(y).mean()) { session, rows in
        try session.write(rows.flatMap { Toy.points[$0] }, to: x)
      }
    }
    try trainer.takeSteps(until: 2)
    let before = try bits(of: trainer)
    #expect(throws: (any Error).self) { try trainer.takeStep() }
    #expect(trainer.step == 2)
    #expect(try bits(of: trainer) == before)
    wrong.isWrong = false
    try trainer.takeStep()
    #expect(trainer.step == 3)
  }

  private final class Wrong: @unchecked Sendable {
    /// Changed while no step is taken.
    var isWrong = true
  }
}
