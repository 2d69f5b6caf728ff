import Dispatch
import StressScale
import Testing
import VirtualExecution

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct CancellationTests {
  @Test(arguments: [1, 2, 4]) func `cancelled at a random unit, a run stops; the next one is right`(width: Int) throws {
    var random = SeededGenerator(seed: UInt64(100 + width))
    let executor = GraphExecutor.sharing(width: width)
    let witness = OrderWitness(TestGraphs.wavefront(20))
    for attempt in 0..<StressScale.repetitions(1_000) {
      let token = CancellationToken()
      // One of the last units ends the run before the cancellation is looked at: stay below.
      let canceller = UnitID(UInt32(random.below(380)))
      let run = 2 * attempt + 1
      #expect(throws: CancellationError.self) {
        try executor.run(witness.schedule, cancellation: token) { unit in
          witness.visit(unit, run: run)
          if unit == canceller { token.cancel() }
        }
      }
      #expect(!witness.sawCompleteRun(run))
      #expect(try witness.check(on: executor, run: run + 1))
    }
  }

  @Test(arguments: [1, 2, 4]) func `cancelled from outside at any moment, a run ends whole or not at all`(width: Int)
    throws
  {
    var random = SeededGenerator(seed: UInt64(200 + width))
    let executor = GraphExecutor.sharing(width: width)
    let witness = OrderWitness(TestGraphs.wavefront(30))
    let outside = DispatchQueue(label: "canceller")
    for run in 1...StressScale.repetitions(1_000) {
      let token = CancellationToken()
      let delay = random.below(3_000)
      outside.async {
        for _ in 0..<delay { _ = token.isCancelled }
        token.cancel()
      }
      do {
        try executor.run(witness.schedule, cancellation: token) { unit in witness.visit(unit, run: run) }
        #expect(witness.sawCompleteRun(run))
      } catch is CancellationError {
        #expect(!witness.sawCompleteRun(run))
      }
      #expect(witness.sawOrder)
    }
    #expect(try witness.check(on: executor, run: -1))
  }

  @Test func `a token that is cancelled already lets nothing start`() {
    let token = CancellationToken()
    token.cancel()
    for width in [1, 2] {
      #expect(throws: CancellationError.self) {
        try GraphExecutor.sharing(width: width).run(TestGraphs.chain(3), cancellation: token) { _ in
          Issue.record("a unit started")
        }
      }
    }
    #expect(throws: CancellationError.self) {
      try SeededExecutor(seed: 1).run(TestGraphs.chain(3), cancellation: token) { _ in Issue.record("a unit started") }
    }
  }

  @Test func `cancelling in the last unit changes nothing`() throws {
    let token = CancellationToken()
    try GraphExecutor.sharing(width: 2).run(TestGraphs.chain(100), cancellation: token) { unit in
      if unit.index == 99 { token.cancel() }
    }
    #expect(token.isCancelled)
  }

  @Test(arguments: [1, 2, 4]) func `cancelling a task cancels its run`(width: Int) async throws {
    let executor = GraphExecutor.sharing(width: width)
    let schedule = TestGraphs.chain(1_000)
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    let cancelled = DispatchSemaphore(value: 0)
    let count = Tally()
    let task = Task {
      try await executor.run(schedule) { unit in
        count.add()
        guard unit.index == 500 else { return }
        start.finish()
        cancelled.wait()
      }
    }
    for await _ in started {}
    task.cancel()
    cancelled.signal()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(count.value == 501)
    // And the schedule is as good as new.
    let after = Tally()
    try await executor.run(schedule) { _ in after.add() }
    #expect(after.value == 1_000)
  }

  @Test func `a token given to an asynchronous run cancels it too`() async throws {
    let token = CancellationToken()
    let executor = GraphExecutor.sharing(width: 2)
    await #expect(throws: CancellationError.self) {
      try await executor.run(TestGraphs.chain(1_000), cancellation: token) { unit in
        if unit.index == 10 { token.cancel() }
      }
    }
  }
}

/// Occupies the thread.
func spin(microseconds: UInt64) {
  let end = DispatchTime.now().uptimeNanoseconds + microseconds * 1_000
  while DispatchTime.now().uptimeNanoseconds < end {}
}
