import Adjoint
import DependencyScheduling
import Testing

@testable import AdjointTraining

/// What a step can be besides the plain one: of micro-batches, of groups with rates of their own, with parameters that
/// stay, with an average of the weights; and beside another trainer of the same graph.
@Suite(.timeLimit(.minutes(20))) struct StepFormTests {
  // MARK: micro-batches

  private func trainer(
    _ toy: Toy, _ optimizer: some Optimizer = AdamW(), microBatches: Int = 1, clippingNorm: Double? = nil,
    averageDecay: Double? = nil, seed: UInt64 = 4
  ) throws -> Trainer {
    try Trainer(
      toy.loss, optimizer: optimizer, rate: .constant(0.02),
      batches: Batches(rowCount: Toy.count, batchSize: toy.x.shape[0], seed: seed), clippingNorm: clippingNorm,
      microBatches: microBatches, averageDecay: averageDecay, on: GraphExecutor(width: 1),
      feed: { try toy.feed($0, $1) })
  }

  @Test(arguments: [2, 4, 5])
  func `the mean of micro-batches' gradients is that of their rows as one batch`(count: Int) throws {
    let toy = Toy(rows: 2), whole = Toy(rows: 2 * count)
    let trainer = try trainer(toy, GradientDescent(momentum: 0.5), microBatches: count, clippingNorm: 0.3)
    let oracle = try self.trainer(whole, GradientDescent(momentum: 0.5), clippingNorm: 0.3)
    for _ in 0..<6 {
      var ahead = trainer.batches
      let rows = (0..<count).flatMap { _ in
        defer { ahead.advance() }
        return Array(ahead.rows)
      }
      let loss = try trainer.takeStep()
      let wanted = try oracle.takeStep { session, _ in try whole.feed(session, rows[...]) }
      #expect(abs(loss - wanted) < 1e-5)
      #expect(trainer.batches.position == ahead.position)
    }
    #expect(trainer.step == 6)
    let store = trainer.session.parameters
    for parameter in whole.graph.parameters {
      let name = parameter.name
      let mine = try store.withBytes(of: name) { $0.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } }
      let wanted = try oracle.session.read(parameter, as: Float.self)
      for (mine, wanted) in zip(mine, wanted) { #expect(abs(mine - wanted) < 2e-5, "\(name)") }
    }
  }

  @Test func `a step that fails in any of its micro-batches was not taken`() throws {
    struct Unreadable: Error {}
    let toy = Toy(rows: 4), same = Toy(rows: 4)
    let trainer = try trainer(toy, microBatches: 3), oracle = try self.trainer(same, microBatches: 3)
    try trainer.takeStep()
    try oracle.takeStep()
    let trained = toy.graph.parameters.map(\.name), before = try bits(of: trainer), position = trainer.batches.position
    for failing in 0..<3 {
      let call = Guarded(0)
      #expect(throws: Unreadable.self) {
        try trainer.takeStep { session, rows in
          let number = call.withLock { number in
            defer { number += 1 }
            return number
          }
          if number == failing { throw Unreadable() }
          // What an interrupted step leaves in the sums is not to be seen later.
          try session.write(rows.flatMap { _ in [1e30, -1e30, 1e30] as [Float] }, to: toy.x)
          try session.write(rows.map { Toy.labels[$0] }, to: toy.y)
        }
      }
      let after = try bits(of: trainer)
      #expect(trained.allSatisfy { after[$0] == before[$0] } && trainer.batches.position == position)
    }
    try trainer.takeSteps(until: 4)
    try oracle.takeSteps(until: 4)
    #expect(try bits(of: trainer) == bits(of: oracle))
  }

  @Test func `a run of micro-batches is resumed with the same bits, without their sums in the file`() async throws {
    let folder = try TemporaryFolder()
    let through = try trainer(Toy(rows: 4), microBatches: 3)
    try await through.takeSteps(until: 3)
    try await through.save(to: folder.file("state"))
    try await through.takeSteps(until: 6)
    let names = try TensorFile(opening: folder.file("state")).tensorsByName.keys.map(\.text)
    #expect(!names.contains { $0.contains("accumulated") } && names.contains("optimizer/moment1/out/bias"))
    let resumed = try trainer(Toy(rows: 4), microBatches: 3, seed: 99)
    try await resumed.resume(from: folder.file("state"))
    try await resumed.takeSteps(until: 6)
    let (mine, theirs) = try (bits(of: resumed), bits(of: through))
    #expect(names.allSatisfy { mine[$0] == theirs[$0] })
    #expect(resumed.batches.position == through.batches.position)
  }

  @Test func `numbers that have no meaning are refused by name`() throws {
    func text(_ body: () throws -> Trainer) -> String {
      do { return "\(try body())" } catch { return "\(error)" }
    }
    #expect(text { try trainer(Toy(), microBatches: 0) } == "microBatches is at least 1, got 0")
    #expect(text { try trainer(Toy(), averageDecay: 1) } == "averageDecay is at least 0 and below 1, got 1.0")
    let batches = try Batches(rowCount: 20, batchSize: 8, seed: 1, keepsShortBatch: true)
    #expect(
      text {
        try Trainer(optimizer: Adam(), rate: .constant(0.1), batches: batches, microBatches: 2) { rows in
          let toy = Toy(rows: rows)
          return TrainingNetwork(toy.loss) { try toy.feed($0, $1) }
        }
      } == "microBatches is 1 where short batches are kept, got 2")
  }

  // MARK: groups and frozen parameters

  @Test func `groups go by rates and optimizers of their own, and frozen parameters stay`() throws {
    let graph = Graph()
    let names = ["body", "head", "still"]
    let (body, head, still) = (
      graph.parameter("body", [2], .ones, .float64), graph.parameter("head", [2], .ones, .float64),
      graph.parameter("still", [2], .ones, .float64)
    )
    let loss = (body + 2 * head + 4 * still).sum()
    let trainer = try Trainer(
      loss, optimizer: GradientDescent(), rate: .linear(from: 1, to: 0, over: 4),
      batches: Batches(rowCount: 1, batchSize: 1, seed: 0), freezing: [still],
      groups: [ParameterGroup("fast", [head], rate: .constant(0.5), optimizer: GradientDescent(momentum: 0.5))],
      feed: { _, _ in })
    try trainer.takeSteps(until: 2)
    // Rates 1 and 0.75 of a slope of 1; 0.5 of velocities 2 and 3; none.
    let values = try [body, head, still].map { try trainer.session.read($0, as: Double.self)[1] }
    #expect(values == [1 - 1.75, 1 - 2.5, 1])
    #expect(graph.parameters.map(\.name) == names)
    #expect(graph.states.map(\.name) == ["optimizer/fast/velocity/head"])
  }

  @Test func `groups that do not fit are errors that name the parameter and its line`() throws {
    let toy = Toy(), other = try LearningRate.constant(0.1)
    let weights = toy.graph.parameters[0], last = toy.graph.parameters.last!
    func text(_ groups: [ParameterGroup], _ frozen: [Node] = []) -> String {
      do {
        _ = try Trainer(
          toy.loss, optimizer: Adam(), rate: other, batches: Batches(rowCount: 40, batchSize: 8, seed: 1),
          freezing: frozen, groups: groups)
        return "made"
      } catch {
        return "\(error)"
      }
    }
    let twice = text([ParameterGroup("a", [weights], rate: other), ParameterGroup("b", [last, weights], rate: other)])
    #expect(twice.hasPrefix("b is a group that shares no parameter, got hidden/weights, made at AdjointTrainingTests/"))
    #expect(
      text([ParameterGroup("a", [weights], rate: other), ParameterGroup("a", [last], rate: other)])
        == "groups is each of another name, got a")
    #expect(
      text([ParameterGroup("a", [weights], rate: other)], [weights])
        .hasPrefix("a is a group of parameters that are trained, got hidden/weights, made at "))
    #expect(text([ParameterGroup("a", [weights], rate: other)]) == "made")
  }

  // MARK: averages

  @Test func `the average of the weights is the mean of what they were, the later the heavier`() async throws {
    let toy = Toy(), decay = 0.75
    let trainer = try trainer(toy, averageDecay: decay)
    #expect(try await trainer.averagedParameters() == nil)
    let names = toy.graph.parameters.map(\.name)
    var sums = names.map { _ in [Double]() }, weight = 0.0
    for _ in 0..<5 {
      try await trainer.takeStep()
      weight = decay * weight + (1 - decay)
      for (place, parameter) in toy.graph.parameters.enumerated() {
        let values = try trainer.session.parameters.withBytes(of: parameter.name) {
          $0.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        }
        if sums[place].isEmpty { sums[place] = values.map { _ in 0 } }
        for (index, value) in values.enumerated() {
          sums[place][index] = decay * sums[place][index] + (1 - decay) * Double(value)
        }
      }
    }
    let averages = try #require(try await trainer.averagedParameters())
    #expect(averages.names == names.sorted())
    for (place, name) in names.enumerated() {
      let values = try averages.withBytes(of: name) { $0.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } }
      for (value, sum) in zip(values, sums[place]) {
        #expect(abs(Double(value) - sum / weight) <= 1e-6 * max(1, abs(sum / weight)), "\(name)")
      }
    }
    // They serve as any other store does.
    let session = try Program(toy.logits).makeSession(parameters: averages)
    try session.write((0..<8).flatMap { Toy.points[$0] }, to: toy.x)
    try await session.forward()
  }

  // MARK: several trainers

  @Test func `a second trainer of one graph has memory of its own, and a program takes gradients for all`() throws {
    let toy = Toy(), alone = Toy()
    let count = toy.graph.parameters.count
    let first = try trainer(toy), second = try trainer(toy, Adam())
    #expect(toy.graph.parameters.count == count)
    _ = try Program(toy.loss, gradientsFor: toy.graph.parameters)
    let oracle = try trainer(alone, Adam())
    try first.takeStep()
    try second.takeSteps(until: 3)
    try oracle.takeSteps(until: 3)
    for (mine, theirs) in zip(toy.graph.parameters, alone.graph.parameters) {
      #expect(
        try second.session.read(mine, as: Float.self) == oracle.session.read(theirs, as: Float.self), "\(mine.name)")
    }
    let folder = try TemporaryFolder()
    try first.save(to: folder.file("first"))
    let stored = try TensorFile(opening: folder.file("first")).tensorsByName.keys.map(\.text)
    #expect(stored.contains("optimizer/moment1/out/bias") && !stored.contains { $0.hasPrefix("optimizer2/") })
  }
}
