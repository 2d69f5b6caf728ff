import Adjoint
import DependencyScheduling
import Testing

@testable import AdjointTraining

/// Measures on other data: the best is kept, patience ends, rates fall, and all of it is resumed.
@Suite(.timeLimit(.minutes(20))) struct ValidationTests {
  /// Measures as given, one after the other.
  private func given(
    _ measures: [Double], every steps: Int = 1, better: Validation.Direction = .lower, patience: Int? = nil,
    factor: Double = 0.5, ratePatience: Int? = nil
  ) throws -> Validation {
    let left = Guarded(measures)
    return try Validation(
      every: steps, better: better, patience: patience, keepsBest: true, multiplyingRateBy: factor,
      afterPatience: ratePatience
    ) { _ in left.withLock { $0.isEmpty ? .nan : $0.removeFirst() } }
  }

  private func trainer(_ validation: Validation, seed: UInt64 = 9) throws -> Trainer {
    let toy = Toy()
    return try Trainer(
      toy.loss, optimizer: GradientDescent(momentum: 0.9), rate: .constant(0.02),
      batches: Batches(rowCount: Toy.count, batchSize: 8, seed: seed), validation: validation,
      on: GraphExecutor(width: 1), feed: { try toy.feed($0, $1) })
  }

  @Test func `patience ends the training, and the parameters of the best measure are there`() async throws {
    let trainer = try trainer(given([3, 2, 2.5, 2, 9, 1], every: 2, patience: 3))
    #expect(try trainer.bestParameters() == nil)
    var atBest: [String: [UInt8]] = [:]
    trainer.afterStep = { [unowned trainer] step, _ in if step == 4 { atBest = try bits(of: trainer) } }
    try await trainer.takeSteps(until: 100)
    for try await _ in trainer.train(until: 100) { Issue.record("a step after the end") }
    #expect(trainer.step == 10 && trainer.hasStopped)
    #expect(trainer.validation.best == 2 && trainer.validation.bestStep == 4 && trainer.validation.last == 9)
    let best = try #require(try trainer.bestParameters())
    #expect(best.names == ["hidden/bias", "hidden/weights", "norm/bias", "norm/gain", "out/bias", "out/weights"])
    for name in best.names {
      let kept = try best.withBytes(of: name) { $0.withUnsafeBytes { Array($0) } }
      #expect(kept == atBest[name])
      let now = try trainer.session.parameters.withBytes(of: name) { $0.withUnsafeBytes { Array($0) } }
      #expect(name.hasPrefix("norm/bias") || kept != now)
    }
  }

  @Test func `a higher measure is better where it is said to be, and one that is no number is worse than any`() throws {
    let trainer = try trainer(given([0.1, .nan, 0.3, .infinity, 0.2], better: .higher))
    try trainer.takeSteps(until: 5)
    #expect(trainer.validation.best == 0.3 && trainer.validation.bestStep == 3)
    #expect(trainer.validation.countSinceBest == 2)
  }

  @Test func `rates fall on a plateau`() throws {
    let validation = try given([1, 1, 1, 1, 0.5, 2, 2], ratePatience: 2)
    var record = ValidationRecord(), factors: [Double] = []
    for (step, measure) in [1, 1, 1, 1, 0.5, 2, 2].enumerated() {
      _ = record.note(measure, after: step + 1, validation)
      factors.append(record.rateFactor)
    }
    #expect(factors == [1, 1, 0.5, 0.5, 0.5, 0.5, 0.25])

    // A trainer does so: w ← w − η f g, of a slope of 1.
    let graph = Graph(), w = graph.parameter("w", [], .zeros, .float64)
    let trainer = try Trainer(
      w * 1, optimizer: GradientDescent(), rate: .constant(1), batches: Batches(rowCount: 1, batchSize: 1, seed: 0),
      validation: validation, feed: { _, _ in })
    try trainer.takeSteps(until: 8)
    #expect(try trainer.session.read(w) == -(1 + 1 + 1 + 0.5 + 0.5 + 0.5 + 0.5 + 0.25))
  }

  @Test(arguments: [1, 2, 3, 5, 6])
  func `a run saved after some step is resumed with its measures, its best and its rate`(step: Int) throws {
    let folder = try TemporaryFolder()
    let measures = [3, 2, 2.5, 2, 4, 5, 6, 7.0]
    let through = try trainer(given(measures, ratePatience: 2))
    try through.takeSteps(until: step)
    try through.save(to: folder.file("state"))
    try through.takeSteps(until: 8)
    let resumed = try trainer(given(Array(measures[step...]), ratePatience: 2), seed: 77)
    try resumed.resume(from: folder.file("state"))
    try resumed.takeSteps(until: 8)
    #expect(resumed.validation == through.validation)
    #expect(try bits(of: resumed) == bits(of: through))
  }

  @Test func `measures in a file that no training has are refused`() throws {
    let folder = try TemporaryFolder()
    let trainer = try trainer(given([1, 2]))
    try trainer.takeSteps(until: 1)
    for (name, value) in [
      ("rateFactor", (-1.0).bitPattern), ("best", Double.nan.bitPattern), ("countSinceBest", UInt64.max),
    ] {
      try trainer.save(to: folder.file("state"))
      let metadata = try TensorFile(opening: folder.file("state")).metadata
      try trainer.session.parameters.save(
        trainer.savedNames, to: folder.file("state"),
        metadata: metadata.merging(["adjoint.validation.\(name)": "\(value)"]) { $1 })
      #expect {
        try trainer.resume(from: folder.file("state"))
      } throws: { "\($0)".contains("adjoint.validation") }
    }
    #expect(trainer.step == 1)
  }

  @Test func `a measure is an element of the run, and is made of one version of the parameters`() async throws {
    let toy = Toy()
    let evaluated = try Program(toy.logits)
    let validation = try Validation(every: 3) { parameters in
      let session = evaluated.makeSession(parameters: parameters)
      try session.write((0..<8).flatMap { Toy.points[$0] }, to: toy.x)
      try session.forward()
      return Double(try session.read(toy.logits, as: Float.self).reduce(0, +))
    }
    let trainer = try Trainer(
      toy.loss, optimizer: Adam(), rate: .constant(0.01), batches: Batches(rowCount: Toy.count, batchSize: 8, seed: 2),
      validation: validation, feed: { try toy.feed($0, $1) })
    var seen: [(Int, Bool)] = []
    for try await progress in trainer.train(until: 7, every: 100) {
      seen.append((progress.step, progress.measure != nil))
      if progress.measure != nil {
        #expect("\(progress)".contains("  measure "))
        let again = try validation.measure(trainer.session.parameters)
        #expect(progress.measure == again)
      }
    }
    #expect(seen.map(\.0) == [3, 6, 7] && seen.map(\.1) == [true, true, false])
  }

  @Test func `numbers of a validation that have no meaning are refused by name`() throws {
    func text(_ body: () throws -> Validation) -> String {
      do { return "\(try body())" } catch { return "\(error)" }
    }
    #expect(text { try given([], every: 0) } == "steps is at least 1 step, got 0")
    #expect(text { try given([], patience: 0) } == "patience is at least 1, got 0")
    #expect(text { try given([], ratePatience: 0) } == "ratePatience is at least 1, got 0")
    #expect(text { try given([], factor: 0) } == "rateFactor is above 0 and at most 1, got 0.0")
  }
}
