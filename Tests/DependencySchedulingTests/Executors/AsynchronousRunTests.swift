import Foundation
import StressScale
import Testing

@testable import DependencyScheduling

/// Runs that only seats work on.
@Suite(.timeLimit(.minutes(20)), .watched()) struct AsynchronousRunTests {
  private struct Failure: Error, Equatable {
    var unit: UInt32
  }

  @Test func `while a run keeps every processor busy, Swift tasks of default priority start`() async {
    // In a process of its own, since other tests hold the threads of Swift's pool.
    await #expect(processExitsWith: .success) {
      let width = ProcessInfo.processInfo.activeProcessorCount
      let executor = try GraphExecutor(width: width, sharing: .always)
      let (begun, isOver) = (Tally(), Tally())
      try await withWatchdog(seconds: 30, executor: executor) {
        async let run: Void = executor.run(TestGraphs.independent(width)) { _ in
          begun.add()
          while isOver.value == 0 {}
        }
        await eventually { begun.value == width }
        // The run ends only after these: were they to wait for it, nothing would end.
        for _ in 1...10 { await Task {}.value }
        isOver.add()
        try await run
      }
    }
  }

  @Test(arguments: [1, 2, 4]) func `the first error ends a run, and the next run is right`(width: Int) async throws {
    let executor = GraphExecutor.sharing(width: width)
    let witness = OrderWitness(TestGraphs.wavefront(15))
    var random = SeededGenerator(seed: UInt64(width))
    try await withWatchdog(executor: executor) {
      for attempt in 1...StressScale.repetitions(100) {
        let thrower = UInt32(random.below(225))
        await #expect(throws: Failure(unit: thrower)) {
          try await executor.run(witness.schedule) { unit in
            if unit.index == thrower { throw Failure(unit: thrower) }
          }
        }
        try await executor.run(witness.schedule) { witness.visit($0, run: attempt) }
        #expect(witness.sawCompleteRun(attempt))
      }
    }
  }

  @Test(arguments: [Sharing.always, .never, .automatic]) func `a deadline ends a run`(sharing: Sharing) async throws {
    let executor = try GraphExecutor(width: 2, sharing: sharing)
    let count = Tally()
    await withWatchdog(executor: executor) {
      let token = CancellationToken(deadline: .now + .milliseconds(20))
      await #expect(throws: CancellationError.self) {
        try await executor.run(TestGraphs.chain(100_000), cancellation: token) { _ in
          doze(microseconds: 500)
          count.add()
        }
      }
      #expect(token.isCancelled)
    }
    #expect(count.value < 100_000)
  }

  @Test(arguments: [Sharing.always, .never]) func `nothing starts for a task that is cancelled already`(
    sharing: Sharing
  ) async throws {
    let executor = try GraphExecutor(width: 2, sharing: sharing)
    let count = Tally()
    await withWatchdog(executor: executor) {
      let task = Task {
        while !Task.isCancelled { await Task.yield() }
        try await executor.run(TestGraphs.chain(3)) { _ in count.add() }
      }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    #expect(count.value == 0)
  }

  @Test(arguments: [1, 2]) func `tasks cancelled at any moment end whole or not at all`(width: Int) async throws {
    let executor = try GraphExecutor(width: width)
    let witness = OrderWitness(TestGraphs.wavefront(20))
    var random = SeededGenerator(seed: UInt64(width))
    await withWatchdog(executor: executor) {
      for run in 1...StressScale.repetitions(500) {
        let task = Task { try await executor.run(witness.schedule) { witness.visit($0, run: run) } }
        spin(microseconds: UInt64(random.below(200)))
        task.cancel()
        do {
          try await task.value
          #expect(witness.sawCompleteRun(run))
        } catch {
          #expect(error is CancellationError)
          #expect(witness.sawOrder)
        }
      }
    }
  }

  @Test(arguments: [1, 2]) func `synchronous runs within units and jobs of the same executor end, three deep`(
    width: Int
  ) async throws {
    let executor = GraphExecutor.sharing(width: width)
    let count = Tally()
    let schedule = TestGraphs.wavefront(3)
    @Sendable func nested(_ depth: Int) throws {
      if depth == 0 { return _ = count.add() }
      try runBlocking(schedule, on: executor) { _ in try nested(depth - 1) }
    }
    try await withWatchdog(executor: executor) {
      try await executor.run(schedule) { _ in try nested(2) }
      #expect(count.value == 9 * 81)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 1...3 { group.addTask(executorPreference: executor) { try nested(3) } }
        try await group.waitForAll()
      }
      #expect(count.value == 4 * 9 * 81)
    }
  }

  @Test func `an executor that nobody holds finishes its run`() async throws {
    weak var released: GraphExecutor?
    let schedule = TestGraphs.wavefront(10)
    let (began, count) = (Tally(), Tally())
    let task = try { () throws -> Task<Void, any Error> in
      let executor = try GraphExecutor(width: 2)
      released = executor
      return Task { [executor] in
        try await executor.run(schedule) { _ in
          began.add()
          doze(microseconds: 100)
          count.add()
        }
      }
    }()
    try await withWatchdog(executor: released) {
      await eventually { began.value > 0 }
      try await task.value
      #expect(count.value == 100)
      await eventually { released == nil }
    }
  }

  @Test func `an executor that nobody holds does its jobs`() async throws {
    weak var released: GraphExecutor?
    let count = Tally()
    let tasks = try { () throws -> [Task<Void, Never>] in
      let executor = try GraphExecutor(width: 1)
      released = executor
      return (1...20).map { _ in
        Task(executorPreference: executor) {
          for _ in 1...5 {
            doze(microseconds: 100)
            await Task.yield()
          }
          count.add()
        }
      }
    }()
    await withWatchdog(executor: released) {
      for task in tasks { await task.value }
      #expect(count.value == 20)
      await eventually { released == nil }
    }
  }

  @Test func `an executor that only its run holds lets a unit be completed from outside`() async throws {
    weak var released: GraphExecutor?
    let completion = Locked<UnitCompletion?>(nil)
    let count = Tally()
    let body = UnitBody(suspending: { unit, context in
      if unit.index == 0 {
        let handedOut = context.suspend()
        completion.withLock { $0 = handedOut }
      }
      count.add()
    })
    let task = try { () throws -> Task<Void, any Error> in
      let executor = try GraphExecutor(width: 2)
      released = executor
      return Task { [executor] in try await executor.run(TestGraphs.wavefront(5), body) }
    }()
    try await withWatchdog(executor: released) {
      await eventually { count.value == 1 && released?.statistics.seatsTaken == 0 }
      let handedOut = completion.withLock { completion in
        defer { completion = nil }
        return completion
      }
      handedOut?.finish()
      try await task.value
      #expect(count.value == 25)
    }
  }
}
