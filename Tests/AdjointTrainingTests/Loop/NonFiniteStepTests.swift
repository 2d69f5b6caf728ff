import Adjoint
import DependencyScheduling
import Foundation
import Testing

@testable import AdjointTraining

/// A trainer that refuses steps whose loss or gradients are NaN or infinite: nothing changes, the producer is named,
/// and past the batch the training goes on with the bits of one that never had it.
@Suite(.timeLimit(.minutes(20))) struct NonFiniteStepTests {
  /// What is wrong with the rows of one batch.
  enum Bad: String, CaseIterable, Sendable { case negativeLogarithm, overflow, fedNaN }

  private struct Model {
    static let rowCount = 24, batchSize = 4
    let graph = Graph()
    let x: Node, loss: Node, bad: Bad

    init(_ bad: Bad) {
      self.bad = bad
      x = graph.input("x", [Self.batchSize, 3])
      let hidden = dense(x, "hidden", to: 5, .glorotUniform(seed: 5))
      let value =
        switch bad {
        case .negativeLogarithm: log(x.sum(axes: [1])) * hidden.sum(axes: [1])
        case .overflow: exp(square(x).sum(axes: [1])) * hidden.sum(axes: [1])
        case .fedNaN: square(hidden).sum(axes: [1])
        }
      loss = square(value).mean().named("loss")
    }

    func trainer(
      _ optimizer: some Optimizer, clippingNorm: Double?, width: Int, refuses: Bool = true
    ) throws -> Trainer {
      try Trainer(
        loss, optimizer: optimizer, rate: .cosine(from: 0.01, over: 20),
        batches: Batches(rowCount: Self.rowCount, batchSize: Self.batchSize, seed: 7), clippingNorm: clippingNorm,
        refusesNonFinite: refuses, on: try GraphExecutor(width: width))
    }

    /// Row 11 is the bad one.
    func feed(_ session: Session, _ rows: ArraySlice<Int>) throws {
      let values = rows.flatMap { row -> [Float] in
        if row != 11 { return [1 + Float(row % 3), 0.5, Float(row % 5) / 4] }
        return switch bad {
        case .negativeLogarithm: [-5, 0, 0]
        case .overflow: [30, 0, 0]
        case .fedNaN: [.nan, 0, 0]
        }
      }
      try session.write(values, to: x)
    }
  }

  private func bits(of trainer: Trainer) throws -> [String: [UInt8]] {
    let store = trainer.session.parameters
    return try Dictionary(
      uniqueKeysWithValues: store.names.map { name in
        (name, try store.withBytes(of: name) { bytes in bytes.withUnsafeBytes { Array($0) } })
      })
  }

  /// Takes steps up to a number of batches, going past the one that is refused.
  private func train(
    _ trainer: Trainer, _ model: Model, batches: Int, refusals: inout [(SessionError, [String: [UInt8]])]
  ) throws {
    for _ in 0..<batches {
      let before = try bits(of: trainer)
      let (step, position) = (trainer.step, trainer.batches.position)
      do {
        _ = try trainer.takeStep(feed: model.feed)
      } catch let error as SessionError {
        #expect(try bits(of: trainer) == before)
        #expect(trainer.step == step && trainer.batches.position == position)
        refusals.append((error, before))
        trainer.skipBatch()
        #expect(trainer.step == step && trainer.batches.position != position)
      }
    }
  }

  @Test(arguments: Bad.allCases, [1, 2])
  func `a refused step changes nothing, and past its batch all bits are those of a run without it`(
    bad: Bad, width: Int
  ) throws {
    func check(_ optimizer: some Optimizer, _ clippingNorm: Double?) throws {
      let model = Model(bad), spared = Model(bad)
      let trainer = try model.trainer(optimizer, clippingNorm: clippingNorm, width: width)
      var refusals: [(SessionError, [String: [UInt8]])] = []
      // Two epochs, in each of which one batch has the bad row.
      try train(trainer, model, batches: 12, refusals: &refusals)
      #expect(refusals.count == 2 && trainer.step == 10)

      // Without a guard, and never fed the bad row.
      let other = try spared.trainer(optimizer, clippingNorm: clippingNorm, width: width, refuses: false)
      for _ in 0..<12 {
        if other.batches.rows.contains(11) { other.skipBatch() } else { try other.takeStep(feed: spared.feed) }
      }
      #expect(try bits(of: trainer) == bits(of: other))
      #expect(trainer.batches.position == other.batches.position && trainer.step == other.step)

      guard case .notFinite(let guarded, let producer?) = refusals[0].0 else {
        Issue.record("\(refusals[0].0)")
        return
      }
      #expect(guarded.hasPrefix("loss [] float32, made at AdjointTrainingTests/NonFiniteStepTests"), "\(guarded)")
      #expect(producer.backwardOf == nil, "\(producer)")
      switch bad {
      case .negativeLogarithm: #expect(producer.gate == "log" && producer.value.isNaN, "\(producer)")
      case .overflow: #expect(producer.gate == "exp" && producer.value == .infinity, "\(producer)")
      case .fedNaN: #expect(producer.nodeName == "x", "\(producer)")
      }
    }
    try check(AdamW(), nil)
    try check(GradientDescent(momentum: 0.9), 0.5)
  }

  @Test func `a state saved after a refusal is resumed with the same bits`() throws {
    let folder = try TemporaryFolder()
    let model = Model(.negativeLogarithm), again = Model(.negativeLogarithm)
    let trainer = try model.trainer(Adam(), clippingNorm: 1, width: 2)
    let resumed = try again.trainer(Adam(), clippingNorm: 1, width: 1)
    var refusals: [(SessionError, [String: [UInt8]])] = []
    var taken = 0
    while refusals.isEmpty, taken < 6 {
      try train(trainer, model, batches: 1, refusals: &refusals)
      taken += 1
    }
    #expect(refusals.count == 1)
    try trainer.save(to: folder.file("state"))
    try resumed.resume(from: folder.file("state"))
    #expect(resumed.batches.position == trainer.batches.position && resumed.step == trainer.step)
    try train(trainer, model, batches: 9, refusals: &refusals)
    try train(resumed, again, batches: 9, refusals: &refusals)
    #expect(try bits(of: resumed) == bits(of: trainer))
  }

  @Test func `an asynchronous step is refused alike`() async throws {
    let model = Model(.overflow)
    let trainer = try model.trainer(RMSProp(), clippingNorm: nil, width: 2)
    var refused = 0
    for _ in 0..<6 {
      let before = try bits(of: trainer)
      do {
        _ = try await trainer.takeStep { session, rows in try model.feed(session, rows) }
      } catch SessionError.notFinite(_, let producer) {
        #expect(producer?.gate == "exp")
        #expect(try bits(of: trainer) == before)
        refused += 1
        trainer.skipBatch()
      }
    }
    #expect(refused == 1 && trainer.step == 5)
  }

  @Test func `training without the guard takes the step and loses its parameters`() throws {
    let model = Model(.negativeLogarithm)
    let trainer = try model.trainer(GradientDescent(), clippingNorm: nil, width: 1, refuses: false)
    for _ in 0..<6 { _ = try trainer.takeStep(feed: model.feed) }
    #expect(trainer.step == 6)
    #expect(try trainer.session.firstNonFinite(includingInfinity: true)?.nodeName.hasPrefix("hidden/") == true)
  }
}
