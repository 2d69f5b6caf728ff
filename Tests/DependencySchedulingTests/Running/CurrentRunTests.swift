import StressScale
import Testing

@testable import DependencyScheduling

/// What a unit learns of the end of its run.
@Suite(.timeLimit(.minutes(20)), .watched()) struct CurrentRunTests {
  private struct Failure: Error {}

  /// A width, and whether the run is shared out: runs alone keep their books elsewhere.
  static let kinds: [(width: Int, sharing: Sharing)] = [(1, .automatic), (2, .never), (2, .always), (4, .always)]

  @Test(arguments: kinds) func `a unit sees that its run's token is cancelled`(width: Int, sharing: Sharing)
    async throws
  {
    let executor = try GraphExecutor(width: width, sharing: sharing)
    let seen = Tally()
    // The last unit, so that the run ends well.
    let body: @Sendable (CancellationToken) -> @Sendable (UnitID) -> Void = { token in
      { unit in
        guard unit.index == 2 else { return }
        if CurrentRun.isCancelled { Issue.record("too early") }
        token.cancel()
        if CurrentRun.isCancelled { seen.add() }
      }
    }
    try await withWatchdog(executor: executor) {
      let (first, second) = (CancellationToken(), CancellationToken())
      try runBlocking(TestGraphs.chain(3), on: executor, options: RunOptions(cancellation: first), body(first))
      try await executor.run(TestGraphs.chain(3), cancellation: second, body(second))
    }
    #expect(seen.value == 2)
    #expect(!CurrentRun.isCancelled)
  }

  @Test(arguments: kinds) func `a unit sees that the task of its run is cancelled`(width: Int, sharing: Sharing)
    async throws
  {
    let executor = try GraphExecutor(width: width, sharing: sharing)
    let began = Tally()
    await withWatchdog(executor: executor) {
      let task = Task {
        try await executor.run(TestGraphs.chain(2)) { _ in
          began.add()
          while !CurrentRun.isCancelled { doze(microseconds: 100) }
        }
      }
      await eventually { began.value == 1 }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    #expect(began.value == 1)
  }

  @Test(arguments: [2, 4]) func `a unit sees that another one has failed`(width: Int) async throws {
    let executor = GraphExecutor.sharing(width: width)
    await withWatchdog(executor: executor) {
      for _ in 1...StressScale.repetitions(50) {
        let (first, second) = (Meeting(of: 2), Meeting(of: 2))
        let body: @Sendable (Meeting) -> @Sendable (UnitID) throws -> Void = { meeting in
          { unit in
            meeting.attend()
            if unit.index == 0 { throw Failure() }
            while !CurrentRun.isCancelled { doze(microseconds: 10) }
          }
        }
        #expect(throws: Failure.self) { try runBlocking(TestGraphs.independent(2), on: executor, body(first)) }
        await #expect(throws: Failure.self) { try await executor.run(TestGraphs.independent(2), body(second)) }
      }
    }
  }

  @Test(arguments: kinds) func `a run within a run has an end of its own`(width: Int, sharing: Sharing) throws {
    let executor = try GraphExecutor(width: width, sharing: sharing)
    try withWatchdog(executor: executor) {
      let (outer, inner) = (CancellationToken(), CancellationToken())
      try executor.run(TestGraphs.chain(1), cancellation: outer) { _ in
        #expect(!CurrentRun.isCancelled)
        try executor.run(TestGraphs.chain(2), cancellation: inner) { unit in
          if unit.index == 1 { inner.cancel() }
          #expect(CurrentRun.isCancelled == (unit.index == 1))
        }
        // The inner one is over, and was not this one.
        #expect(!CurrentRun.isCancelled)
        outer.cancel()
        #expect(CurrentRun.isCancelled)
        // A run without a token of its own is nobody else's.
        try executor.run(TestGraphs.chain(2)) { _ in #expect(!CurrentRun.isCancelled) }
        #expect(CurrentRun.isCancelled)
      }
    }
    #expect(!CurrentRun.isCancelled)
  }

  @Test(arguments: kinds) func `a run that failed leaves nothing behind for the next`(width: Int, sharing: Sharing)
    throws
  {
    let executor = try GraphExecutor(width: width, sharing: sharing)
    let schedule = TestGraphs.wavefront(5)
    try withWatchdog(executor: executor) {
      for _ in 1...StressScale.repetitions(100) {
        #expect(throws: Failure.self) { try executor.run(schedule) { if $0.index == 7 { throw Failure() } } }
        try executor.run(schedule) { _ in #expect(!CurrentRun.isCancelled) }
      }
    }
  }

  @Test func `a job in a seat asks its task, and a unit its run`() async throws {
    let executor = GraphExecutor.sharing(width: 2)
    try await withWatchdog(executor: executor) {
      try await Task(executorPreference: executor) {
        #expect(!CurrentRun.isCancelled)
        withUnsafeCurrentTask { $0?.cancel() }
        #expect(CurrentRun.isCancelled)
        try runBlocking(TestGraphs.independent(4), on: executor) { _ in #expect(!CurrentRun.isCancelled) }
        #expect(CurrentRun.isCancelled)
      }.value
    }
  }
}
