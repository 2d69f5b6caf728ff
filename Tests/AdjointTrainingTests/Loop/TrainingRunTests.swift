import Adjoint
import DependencyScheduling
import Testing

@testable import AdjointTraining

/// A training as a sequence: steps are taken as it is iterated, by whoever owns the trainer.
@Suite(.timeLimit(.minutes(20))) struct TrainingRunTests {
  private func fed(_ toy: Toy, _ rate: LearningRate? = nil, validation: Validation? = nil) throws -> Trainer {
    try Trainer(
      toy.loss, optimizer: AdamW(), rate: rate ?? .constant(0.05),
      batches: Batches(rowCount: Toy.count, batchSize: 8, seed: 9), validation: validation,
      on: GraphExecutor(width: 1), feed: { try toy.feed($0, $1) })
  }

  @Test func `elements say the mean loss of their steps, and the bits are those of single steps`() async throws {
    let trainer = try fed(Toy()), oracle = try fed(Toy())
    var seen: [TrainingProgress] = []
    for try await progress in trainer.train(until: 11, every: 4) { seen.append(progress) }
    #expect(seen.map(\.step) == [4, 8, 11] && seen.allSatisfy { $0.lastStep == 11 && $0.measure == nil })
    var losses: [Double] = []
    for _ in 0..<11 { losses.append(try await oracle.takeStep()) }
    let means = [losses[..<4], losses[4..<8], losses[8...]].map { $0.reduce(0, +) / Double($0.count) }
    #expect(seen.map(\.loss) == means)
    #expect(try bits(of: trainer) == bits(of: oracle))
  }

  @Test func `whoever stops iterating has stopped the training, and another iteration goes on`() async throws {
    let trainer = try fed(Toy())
    for try await progress in trainer.train(until: 100) where progress.step == 3 { break }
    #expect(trainer.step == 3)
    var steps: [Int] = []
    for try await progress in trainer.train(until: 5) { steps.append(progress.step) }
    #expect(steps == [4, 5])
    for try await _ in trainer.train(until: 5) { Issue.record("no step is left") }
  }

  private actor Owner {
    private let trainer: Trainer
    init(_ make: @Sendable () throws -> Trainer) throws { trainer = try make() }
    func train(until last: Int) async throws -> [Int] {
      var steps: [Int] = []
      for try await progress in trainer.train(until: last) { steps.append(progress.step) }
      try await trainer.takeStep()
      return steps + [trainer.step]
    }
  }

  @Test func `an actor owns a trainer`() async throws {
    let owner = try Owner {
      let toy = Toy()
      return try Trainer(
        toy.loss, optimizer: GradientDescent(), rate: .constant(0.1),
        batches: Batches(rowCount: Toy.count, batchSize: 8, seed: 1), feed: { try toy.feed($0, $1) })
    }
    #expect(try await owner.train(until: 3) == [1, 2, 3, 4])
  }

  @MainActor private final class Model {
    let trainer: Trainer
    init() throws {
      let toy = Toy()
      trainer = try toy.trainer()
    }
  }

  @Test @MainActor func `a main-actor type owns a trainer`() async throws {
    let model = try Model(), toy = Toy()
    #expect(toy.graph !== model.trainer.loss.graph)
    let inputs = model.trainer.loss.graph
    let x = try #require(inputs.node(named: "x")), y = try #require(inputs.node(named: "y"))
    for try await progress in model.trainer.train(
      until: 2,
      feed: { session, rows in
        try session.write(rows.flatMap { Toy.points[$0] }, to: x)
        try session.write(rows.map { Toy.labels[$0] }, to: y)
      })
    {
      MainActor.assertIsolated()
      #expect(progress.step <= 2)
    }
    #expect(model.trainer.step == 2)
  }

  @Test func `a hook sees each step, and what it throws ends the training after it`() throws {
    struct Enough: Error {}
    let trainer = try fed(Toy())
    let seen = Guarded<[Int]>([])
    trainer.afterStep = { step, loss in
      seen.withLock { $0.append(step) }
      if step == 3 || !loss.isFinite { throw Enough() }
    }
    #expect(throws: Enough.self) { try trainer.takeSteps(until: 10) }
    #expect(seen.withLock { $0 } == [1, 2, 3] && trainer.step == 3)
  }

  @Test func `a trainer that nobody told how to feed says so`() async throws {
    let trainer = try Toy().trainer()
    await #expect(throws: TrainingError.notFed) { for try await _ in trainer.train(until: 2) {} }
    #expect(trainer.step == 0)
  }
}
