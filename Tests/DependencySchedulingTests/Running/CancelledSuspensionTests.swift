import StressScale
import Testing

@testable import DependencyScheduling

/// Cancelling while nobody works on a run.
@Suite(.timeLimit(.minutes(20)), .watched()) struct CancelledSuspensionTests {
  @Test(arguments: [1, 2, 4]) func `cancelled while all units are suspended, a run ends at once`(width: Int)
    async throws
  {
    let executor = try GraphExecutor(width: width)
    let schedule = TestGraphs.independent(20)
    await withWatchdog(executor: executor) {
      for _ in 1...StressScale.repetitions(300) {
        let held = HeldCompletions()
        let token = CancellationToken()
        let task = Task { try await executor.run(schedule, held.body(), cancellation: token) }
        await eventually { held.count == 20 }
        token.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        held.finishAll()
      }
    }
  }

  @Test(arguments: [1, 2, 4]) func `cancelled while all units are suspended, a synchronous run ends at once`(
    width: Int
  ) throws {
    let executor = try GraphExecutor(width: width)
    let schedule = TestGraphs.independent(20)
    withWatchdog(executor: executor) {
      for _ in 1...StressScale.repetitions(300) {
        let held = HeldCompletions()
        let token = CancellationToken()
        let canceller = TestThread {
          while held.count < 20 { spin(microseconds: 1) }
          token.cancel()
        }
        #expect(throws: CancellationError.self) { try executor.run(schedule, held.body(), cancellation: token) }
        canceller.join()
        held.finishAll()
      }
    }
  }

  @Test func `a deadline ends a run whose units are all suspended`() async throws {
    let executor = try GraphExecutor(width: 2)
    let held = HeldCompletions()
    await withWatchdog(executor: executor) {
      let token = CancellationToken(deadline: .now + .milliseconds(20))
      await #expect(throws: CancellationError.self) {
        try await executor.run(TestGraphs.independent(5), held.body(), cancellation: token)
      }
      let second = CancellationToken(deadline: .now + .milliseconds(20))
      #expect(throws: CancellationError.self) {
        try runBlocking(TestGraphs.independent(5), on: executor, held.body(), cancellation: second)
      }
    }
    held.finishAll()
  }

  @Test(arguments: [1, 2]) func `a task that is cancelled at any moment never leaves its run behind`(width: Int)
    async throws
  {
    let executor = try GraphExecutor(width: width)
    var random = SeededGenerator(seed: 9)
    await withWatchdog(executor: executor) {
      for attempt in 1...StressScale.repetitions(3_000) {
        // New ones have no run state yet, and old ones have one of an earlier run.
        let schedule = attempt % 2 == 0 ? TestGraphs.independent(2) : Self.schedule
        let held = HeldCompletions()
        let task = Task { try await executor.run(schedule, held.body()) }
        for _ in 0..<random.below(400) { _ = held.count }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        held.finishAll()
      }
    }
  }

  private static let schedule = TestGraphs.independent(2)
}
