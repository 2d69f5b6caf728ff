import Adjoint
import DependencyScheduling
import Foundation
import Testing

@testable import AdjointTraining

/// A trainer learns, says how far it is, stops when asked, and goes on from a file as if it had never stopped.
@Suite(.timeLimit(.minutes(20))) struct TrainerTests {
  @Test func `training lowers the loss`() throws {
    let toy = Toy()
    let trainer = try toy.trainer()
    func meanOfEpoch() throws -> Double {
      try (0..<5).reduce(0) { sum, _ in try sum + trainer.takeStep(feed: toy.feed) } / 5
    }
    let first = try meanOfEpoch()
    try trainer.takeSteps(until: 120, feed: toy.feed)
    #expect(trainer.step == 120)
    let last = try meanOfEpoch()
    // Half of what guessing one of three classes costs.
    #expect(last < first && last < 0.5 * log(3), "from \(first) to \(last)")
  }

  // MARK: resuming

  @Test(arguments: [0, 1, 4, 5, 6, 17])
  func `a run resumed from step k is the uninterrupted run, bit for bit`(k: Int) throws {
    let folder = try TemporaryFolder()
    let toy = Toy()
    let through = try toy.trainer()
    through.counters["noise"] = 40
    through.counters["\u{301}mark"] = 3  // which joins the dot before it to one character
    try through.takeSteps(until: k, feed: toy.feed)
    through.counters["noise"]! += 2
    try through.save(to: folder.file("state.safetensors"))
    try through.takeSteps(until: 20, feed: toy.feed)

    let again = Toy()
    let resumed = try again.trainer(seed: 1234, width: 3)
    try resumed.takeSteps(until: 3, feed: again.feed)  // to be forgotten
    try resumed.resume(from: folder.file("state.safetensors"))
    #expect(resumed.step == k)
    #expect(resumed.counters == ["noise": 42, "\u{301}mark": 3])
    try resumed.takeSteps(until: 20, feed: again.feed)
    #expect(resumed.batches.position == through.batches.position)
    #expect(Array(resumed.batches.rows) == Array(through.batches.rows))
    #expect(try bits(of: resumed) == bits(of: through))
    let losses = try (resumed.takeStep(feed: again.feed), through.takeStep(feed: toy.feed))
    #expect(losses.0 == losses.1)
  }

  @Test func `every optimizer's memory is in the file`() throws {
    func check(_ optimizer: some Optimizer, _ location: Testing.SourceLocation = #_sourceLocation) throws {
      let folder = try TemporaryFolder()
      let (toy, again) = (Toy(), Toy())
      let through = try toy.trainer(optimizer), resumed = try again.trainer(optimizer)
      try through.takeSteps(until: 5, feed: toy.feed)
      try through.save(to: folder.file("s"))
      try resumed.resume(from: folder.file("s"))
      try through.takeSteps(until: 9, feed: toy.feed)
      try resumed.takeSteps(until: 9, feed: again.feed)
      #expect(try bits(of: resumed) == bits(of: through), sourceLocation: location)
    }
    try check(GradientDescent())
    try check(GradientDescent(momentum: 0.9, isNesterov: true))
    try check(RMSProp(momentum: 0.5))
    try check(Adam())
  }

  @Test func `a file of an earlier version, with squares instead of their roots, is resumed`() throws {
    func check(
      _ optimizer: some Optimizer, _ squares: Int, _ location: Testing.SourceLocation = #_sourceLocation
    ) throws {
      let folder = try TemporaryFolder()
      let toy = Toy()
      let through = try toy.trainer(optimizer)
      try through.takeSteps(until: 5, feed: toy.feed)
      try through.save(to: folder.file("now"))
      let before = try bits(of: through)

      let renamed = ["rootMoment2": "moment2", "rootCorrection2": "correction2", "rootMeanSquare": "meanSquare"]
      let earlier = Graph(), store = through.session.parameters
      var found = 0
      for name in store.names {
        var parts = name.split(separator: "/").map(String.init)
        let isRoot = parts.count > 1 && renamed[parts[1]] != nil
        if isRoot { parts[1] = renamed[parts[1]]! }
        found += isRoot ? 1 : 0
        let values = try store.withBytes(of: name) { $0.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } }
        let written = isRoot ? values.map { $0 * $0 } : values
        _ = earlier.parameter(parts.joined(separator: "/"), store.signature(of: name)!.shape, .values(written))
      }
      #expect(found == squares, sourceLocation: location)
      let old = ParameterStore()
      try old.makeParameters(of: earlier)
      try old.save(to: folder.file("earlier"), metadata: TensorFile(opening: folder.file("now")).metadata)

      let again = Toy()
      let resumed = try again.trainer(optimizer)
      try resumed.resume(from: folder.file("earlier"))
      for (name, wanted) in before {
        let values = try resumed.session.parameters.withBytes(of: name) {
          $0.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        }
        let expected = wanted.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        for (value, wanted) in zip(values, expected) {
          #expect(abs(value - wanted) <= 2 * wanted.ulp, "\(name)", sourceLocation: location)
        }
      }
      #expect(resumed.step == 5)
      try resumed.takeStep(feed: again.feed)
    }
    try check(AdamW(), 7)
    try check(RMSProp(), 6)
    try check(GradientDescent(momentum: 0.9), 0)
  }

  @Test func `a file of another training is refused with all that does not fit, and nothing changes`() throws {
    let folder = try TemporaryFolder()
    let other = Graph()
    let x = other.input("x", [4, 3])
    let wide = dense(x, "hidden", to: 13, .zeros)  // 12 here
    _ = other.parameter("norm/gain", [12], .zeros, .float64)  // float32 here
    let foreign = try Trainer(
      square(dense(wide, "extra", to: 1, .zeros)).mean(), optimizer: GradientDescent(), rate: .constant(0.1),
      batches: Batches(rowCount: 41, batchSize: 4, seed: 1),
      parameters: other.parameters.filter { $0.elementType == .float32 })
    try foreign.takeStep { session, _ in try session.write([Float](repeating: 1, count: 12), to: x) }
    try foreign.save(to: folder.file("foreign"))

    let toy = Toy()
    let trainer = try toy.trainer(GradientDescent())
    try trainer.takeStep(feed: toy.feed)
    let before = try bits(of: trainer)
    let position = trainer.batches.position
    let error = #expect(throws: StateFileError.self) { try trainer.resume(from: folder.file("foreign")) }
    guard case .mismatch(_, let problems) = error else {
      Issue.record("not a mismatch: \(String(describing: error))")
      return
    }
    #expect(
      problems == [
        "hidden/bias: of shape [13] in the file, wanted [12]",
        "hidden/weights: of shape [3, 13] in the file, wanted [3, 12]",
        "norm/bias: missing in the file",
        "norm/gain: of type F64 in the file, wanted F32",
        "out/bias: missing in the file",
        "out/weights: missing in the file",
        "'extra/bias': in the file, and no parameter of that name",
        "'extra/weights': in the file, and no parameter of that name",
        "adjoint.rows: '41' in the file, wanted '40'",
        "adjoint.batchSize: '4' in the file, wanted '8'",
      ])
    #expect(try bits(of: trainer) == before)
    #expect(trainer.step == 1 && trainer.batches.position == position)
  }

  @Test func `metadata that lies is refused`() throws {
    let folder = try TemporaryFolder()
    let toy = Toy()
    let trainer = try toy.trainer()
    let good = [
      "adjoint.step": "7", "adjoint.epoch": "1", "adjoint.batch": "2", "adjoint.seed": "18446744073709551615",
      "adjoint.rows": "40", "adjoint.batchSize": "8", "adjoint.shuffled": "true",
    ]
    func outcome(_ changes: [String: String?]) throws -> String {
      var metadata = good
      for (key, value) in changes { metadata[key] = value }
      try trainer.session.parameters.save(to: folder.file("s"), metadata: metadata)
      do throws(StateFileError) {
        try trainer.resume(from: folder.file("s"))
        return "resumed"
      } catch {
        guard case .mismatch(_, let problems) = error else { return "\(error)" }
        return problems.joined(separator: "; ")
      }
    }
    #expect(try outcome([:]) == "resumed")
    #expect(trainer.step == 7 && trainer.batches.position == Batches.Position(epoch: 1, batch: 2))
    #expect(try outcome(["adjoint.step": nil]) == "adjoint.step: missing in the file's metadata")
    for lie in ["-1", "1e3", " 1", "+1", "01", "", "9223372036854775808", "99999999999999999999999"] {
      #expect(try outcome(["adjoint.step": lie]).contains("wanted a number from 0 to"))
    }
    #expect(try outcome(["adjoint.batch": "5"]) == "adjoint.batch: '5' in the file, wanted a number from 0 to 4")
    #expect(try outcome(["adjoint.epoch": "9223372036854775807"]).contains("wanted a number from 0 to"))
    #expect(try outcome(["adjoint.epoch": "9007199254740992"]) == "resumed")  // an order of rows like any other
    #expect(try outcome(["adjoint.shuffled": "maybe"]).contains("wanted 'true'"))
    #expect(try outcome(["adjoint.counter.x": "y"]).contains("adjoint.counter.x: 'y'"))
  }

  @Test func `a server loads the weights alone from a training's file`() throws {
    let folder = try TemporaryFolder()
    let toy = Toy()
    let trainer = try toy.trainer()
    try trainer.takeSteps(until: 3, feed: toy.feed)
    try trainer.save(to: folder.file("s"))
    let serving = try Program(Toy(rows: 1).loss)
    #expect(throws: StateFileError.self) { try ParameterStore(loading: folder.file("s"), for: serving) }
    let store = ParameterStore()
    let loaded = try store.load(from: folder.file("s"), for: serving, LoadingOptions(ignoresOthers: true))
    #expect(loaded.metadata["adjoint.step"] == "3")
    #expect(loaded.loaded == store.names && !store.names.isEmpty && loaded.missing.isEmpty)
    #expect(Set(loaded.ignored) == Set(trainer.session.parameters.names).subtracting(store.names))
    for name in store.names {
      let (mine, theirs) = try [store, trainer.session.parameters].map { store in
        try store.withBytes(of: name) { span in span.withUnsafeBytes { Array($0) } }
      }.pair
      #expect(mine == theirs)
    }
  }

  // MARK: stopping

  @Test func `a step that fails or is cancelled was not taken`() throws {
    struct Unreadable: Error {}
    let toy = Toy()
    let trainer = try toy.trainer()
    try trainer.takeSteps(until: 4, feed: toy.feed)
    let before = try bits(of: trainer)
    let rows = Array(trainer.batches.rows)
    let token = CancellationToken()
    #expect(throws: CancellationError.self) {
      try trainer.takeSteps(until: 100, cancellation: token) { session, rows in
        try toy.feed(session, rows)
        token.cancel()
      }
    }
    #expect(throws: Unreadable.self) { try trainer.takeStep { _, _ in throw Unreadable() } }
    #expect(throws: SessionError.self) {
      try trainer.takeStep { session, rows in
        try toy.feed(session, rows)
        try session.write([Int32](repeating: 77, count: 8), to: toy.y)
      }
    }
    #expect(trainer.step == 4 && Array(trainer.batches.rows) == rows)
    #expect(try bits(of: trainer) == before)
    try trainer.takeSteps(until: 20, feed: toy.feed)
    let through = try Toy().trainerAndFeed()
    try through.train(until: 20)
    #expect(try bits(of: trainer) == bits(of: through.trainer))
  }

  @Test func `asynchronous training has the same bits, and ends with its task`() async throws {
    let toy = Toy()
    let trainer = try toy.trainer()
    try await trainer.takeSteps(until: 10) { try toy.feed($0, $1) }
    let through = try Toy().trainerAndFeed()
    try through.train(until: 10)
    #expect(try bits(of: trainer) == bits(of: through.trainer))

    let task = Task { try await toy.trainer().takeSteps(until: .max) { try toy.feed($0, $1) } }
    try await Task.sleep(for: .milliseconds(20))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  // MARK: reporting

  @Test func `reports come at the end, and no more often than asked for`() throws {
    let seen = Guarded<[TrainingProgress]>([])
    let toy = Toy()
    let trainer = try toy.trainer()
    let report = ProgressReport.every(.seconds(3600)) { progress in seen.withLock { $0.append(progress) } }
    try trainer.takeSteps(until: 6, reporting: report, feed: toy.feed)
    let reports = seen.withLock { $0 }
    #expect(reports.count == 1)
    #expect(reports[0].step == 6 && reports[0].lastStep == 6 && reports[0].timeLeft == .zero)
    #expect(reports[0].loss > 0 && reports[0].stepsPerSecond > 0)
    seen.withLock { $0 = [] }
    try trainer.takeSteps(
      until: 9, reporting: .every(.zero) { progress in seen.withLock { $0.append(progress) } }, feed: toy.feed)
    #expect(seen.withLock { $0 }.map(\.step) == [7, 8, 9])
  }

  @Test func `a report reads well at every size`() {
    func text(_ loss: Double, _ speed: Double, _ left: Int) -> String {
      TrainingProgress(step: 10, lastStep: 10 + left, loss: loss, stepsPerSecond: speed).description
    }
    #expect(text(0.12345, 830.4, 2_490) == "step 10/2500  loss 0.1235  830 steps/s  2 s left")
    #expect(text(12.345, 1.5, 300) == "step 10/310  loss 12.3  1.5000 steps/s  3:20 min left")
    #expect(text(1.5e-7, 0.01, 300) == "step 10/310  loss 1.50e-7  0.0100 steps/s  8:20 h left")
    #expect(text(-3e12, 5, 0) == "step 10/10  loss -3.00e12  5.0000 steps/s  0 s left")
    #expect(text(.nan, 0, 5) == "step 10/15  loss nan  0.0000 steps/s  0 s left")
  }

  // MARK: what cannot be trained

  @Test func `a parameter that the loss does not depend on is named with its line`() throws {
    let toy = Toy()
    _ = toy.graph.parameter("idle", [2])
    let error = #expect(throws: TrainingError.self) { try toy.trainer() }
    #expect(
      error?.description.contains("no gradient reaches the parameter idle, made at AdjointTrainingTests/") == true)
    let graph = Graph()
    let batches = try Batches(rowCount: 1, batchSize: 1, seed: 0)
    #expect(throws: TrainingError.noParameters) {
      try Trainer(graph.input("x"), optimizer: Adam(), rate: .constant(1), batches: batches)
    }
    let w = graph.parameter("w", [2]), wide = graph.parameter("wide", [2], .ones, .float64)
    #expect(throws: TrainingError.self) {
      try Trainer(w.sum(), optimizer: Adam(), rate: .constant(1), batches: batches, parameters: [w, wide])
    }
    let vector = #expect(throws: GraphError.self) {
      try Trainer(w * 2, optimizer: Adam(), rate: .constant(1), batches: batches, parameters: [w])
    }
    #expect(vector?.kind == .upstreamMismatch)
  }

  @Test func `a step whose loss another task keeps from being read was taken, and says so`() throws {
    let toy = Toy()
    let trainer = try toy.trainer()
    try trainer.takeStep(feed: toy.feed)
    let rows = trainer.batches.rows, current = try trainer.current()
    try trainer.session.withMutableValues(of: toy.x, as: Float.self) { _ in
      let error = #expect(throws: TrainingError.self) { try trainer.advance(current) }
      #expect(error?.description.hasPrefix("step 2 was taken, and its loss could not be read: ") == true)
    }
    #expect(trainer.step == 2 && trainer.batches.rows != rows)
    let loss = try trainer.takeStep(feed: toy.feed)
    #expect(loss.isFinite && trainer.step == 3)
  }

  @Test func `statistics are updated beside, parameters left out stay, and gradients can be read`() throws {
    let graph = Graph()
    let x = graph.input("x", [4])
    let w = graph.parameter("w", [4], .ones), frozen = graph.parameter("frozen", [4], .ones)
    let mean = graph.parameter("mean", [])
    let loss = square(x * w * frozen).sum()
    let trainer = try Trainer(
      loss, optimizer: GradientDescent(), rate: .constant(0.5), batches: Batches(rowCount: 1, batchSize: 1, seed: 0),
      parameters: [w], clippingNorm: 1e-3, alsoUpdating: [ParameterUpdate(mean, to: 0.5 * mean + 0.5 * x.mean())],
      keepsGradients: true)
    try trainer.takeStep { session, _ in try session.write([1, 2, 3, 4] as [Float], to: x) }
    #expect(try trainer.session.read(try #require(trainer.gradients[w]), as: Float.self) == [2, 8, 18, 32])  // 2 x² w
    #expect(try trainer.session.read(mean) == 1.25)
    let store = trainer.session.parameters
    #expect(store.names == ["frozen", "mean", "w"])
    #expect(try store.withBytes(of: "frozen") { $0.unsafeLoad(as: Float.self) } == 1)
  }
}

extension Array {
  fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}

/// A trainer with what feeds it.
struct FedTrainer {
  let toy: Toy
  let trainer: Trainer
  func train(until last: Int) throws { try trainer.takeSteps(until: last, feed: toy.feed) }
}

extension Toy {
  func trainerAndFeed() throws -> FedTrainer { FedTrainer(toy: self, trainer: try trainer()) }
}

/// A value behind a lock.
final class Guarded<Value>: @unchecked Sendable {  // because `value` is only reached with the lock held
  private var value: Value
  private let lock = NSLock()
  init(_ value: Value) { self.value = value }
  func withLock<R>(_ body: (inout Value) throws -> R) rethrows -> R { try lock.withLock { try body(&value) } }
}
