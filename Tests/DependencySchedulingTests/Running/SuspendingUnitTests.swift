import Dispatch
import StressScale
import Testing
import VirtualExecution

@testable import DependencyScheduling

/// Units that suspend, and are completed by somebody else.
@Suite(.timeLimit(.minutes(20)), .watched()) struct SuspendingUnitTests {
  private struct Failure: Error, Equatable {}

  @Test(arguments: [1, 2, 4]) func `completed by another thread in any order, units run in theirs`(width: Int) throws {
    let executor = try GraphExecutor(width: width)
    try withWatchdog(executor: executor) {
      for seed in 1...StressScale.repetitions(20) {
        let witness = try randomWitness(seed)
        let outside = Completer(seed: UInt64(seed))
        for run in 1...3 {
          try executor.run(witness.schedule, witness.suspendingBody(run, completedBy: outside))
          #expect(witness.sawCompleteRun(run), "seed \(seed)")
        }
        outside.stop()
      }
    }
  }

  @Test(arguments: [1, 2, 4]) func `completed in any order, units of asynchronous runs run in theirs`(width: Int)
    async throws
  {
    let executor = try GraphExecutor(width: width)
    try await withWatchdog(executor: executor) {
      for seed in 1...StressScale.repetitions(20) {
        let witness = try randomWitness(100 + seed)
        let outside = Completer(seed: UInt64(seed))
        for run in 1...3 {
          try await executor.run(witness.schedule, witness.suspendingBody(run, completedBy: outside))
          #expect(witness.sawCompleteRun(run), "seed \(seed)")
        }
        outside.stop()
      }
    }
  }

  @Test func `an executor that knows nothing of suspending waits for each unit`() throws {
    let witness = try randomWitness(7)
    let outside = Completer(seed: 7)
    try SeededExecutor(seed: 7).run(witness.schedule, witness.suspendingBody(1, completedBy: outside))
    #expect(witness.sawCompleteRun(1))
    outside.stop()
  }

  private func randomWitness(_ seed: Int) throws -> OrderWitness {
    OrderWitness(
      try Schedule(
        unitCount: 300, dependencies: TestGraphs.random(unitCount: 300, fanOut: 40, seed: UInt64(seed))))
  }

  @Test(arguments: [1, 2]) func `a thousand units are suspended at once, and nobody sits`(width: Int) async throws {
    let executor = try GraphExecutor(width: width)
    let held = HeldCompletions()
    let count = 1_000
    try await withWatchdog(executor: executor) {
      async let run: Void = executor.run(TestGraphs.independent(count), held.body())
      await eventually { held.count == count && executor.statistics.seatsTaken == 0 }
      // The only seat of width 1 is free for others.
      try await executor.run(TestGraphs.chain(10)) { _ in }
      held.finishAll()
      try await run
    }
  }

  @Test(arguments: [1, 2]) func `a unit that fails later ends its run`(width: Int) async throws {
    let executor = try GraphExecutor(width: width)
    let outside = DispatchQueue(label: "outside")
    let after = Tally()
    let body = UnitBody(suspending: { unit, context in
      if unit.index > 5 { after.add() }
      guard unit.index == 5 else { return }
      let completion = context.suspend()
      outside.async { completion.fail(Failure()) }
    })
    let schedule = TestGraphs.chain(10)
    await withWatchdog(executor: executor) {
      await #expect(throws: Failure.self) { try await executor.run(schedule, body) }
      #expect(throws: Failure.self) { try runBlocking(schedule, on: executor, body) }
    }
    #expect(after.value == 0)
  }

  @Test func `a unit that throws after it has suspended ends its run with that error`() throws {
    let executor = GraphExecutor.sharing(width: 2)
    withWatchdog(executor: executor) {
      _ = #expect(throws: Failure.self) {
        try executor.run(
          TestGraphs.chain(3),
          UnitBody(suspending: { _, context in
            _ = context.suspend()
            throw Failure()
          }))
      }
    }
  }

  @Test(arguments: [1, 2, 4]) func `a completion that is dropped ends the run, as abandoned`(width: Int) async throws {
    let executor = try GraphExecutor(width: width)
    let outside = DispatchQueue(label: "outside")
    let schedule = TestGraphs.chain(10)
    await withWatchdog(executor: executor) {
      for isDroppedAtOnce in [true, false] {
        let body = UnitBody(suspending: { unit, context in
          guard unit.index == 4 else { return }
          let completion = context.suspend()
          if !isDroppedAtOnce { outside.async { withExtendedLifetime(completion) {} } }
        })
        let abandoned = UnitAbandoned(unit: UnitID(4))
        await #expect(throws: abandoned) { try await executor.run(schedule, body) }
        #expect(throws: abandoned) { try runBlocking(schedule, on: executor, body) }
      }
    }
  }

  @Test func `a unit completed twice ends the process with a sentence`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let body = UnitBody(suspending: { _, context in
        let completion = context.suspend()
        completion.finish()
        completion.finish()
      })
      try runBlocking(TestGraphs.chain(1), on: GraphExecutor(width: 2), body)
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("unit 0 was completed twice: a completion is given once"))
  }

  @Test func `a unit that suspends twice ends the process with a sentence`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let body = UnitBody(suspending: { _, context in
        let completion = context.suspend()
        withExtendedLifetime((completion, context.suspend())) {}
      })
      try runBlocking(TestGraphs.chain(3), on: GraphExecutor(width: 2), body)
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("unit 0 suspends twice: it has been handed its completion already"))
  }

  @Test func `what a run was completed with cannot disturb the next one`() async throws {
    let executor = try GraphExecutor(width: 2)
    let schedule = TestGraphs.wavefront(10)
    try await withWatchdog(executor: executor) {
      for run in 1...StressScale.repetitions(300) {
        // Unit 0 alone is ready, and suspends, so the others are never called.
        let held = HeldCompletions()
        let task = Task { try await executor.run(schedule, held.body()) }
        await eventually { held.count == 1 }
        // Late completions come about when the run ends, and when the next begins.
        let finisher = TestThread { held.finishAll() }
        task.cancel()
        if run % 2 == 0 { finisher.join() }
        let witness = OrderWitness(schedule)
        try await executor.run(schedule) { unit in witness.visit(unit, run: run) }
        #expect(witness.sawCompleteRun(run))
        // If unit 0 was completed first, the next ones may be suspended now: cancelled, the run has ended without them.
        await #expect(throws: CancellationError.self) { try await task.value }
        if run % 2 == 1 { finisher.join() }
        held.finishAll()
      }
    }
  }
}

extension OrderWitness {
  /// Half of the units suspend, and are visited when `completer` completes them.
  fileprivate func suspendingBody(_ run: Int, completedBy completer: Completer) -> UnitBody {
    UnitBody(suspending: { unit, context in
      guard unit.index % 2 == 0 else { return self.visit(unit, run: run) }
      let completion = context.suspend()
      completer.add {
        self.visit(unit, run: run)
        completion.finish()
      }
    })
  }
}
