import Dispatch
import StressScale
import Testing
import VirtualExecution

@testable import DependencyScheduling

/// Runs that fail, or are cancelled.
@Suite(.timeLimit(.minutes(20)), .watched()) struct TaskFailureTests {
  struct Broken: Error, Equatable {}

  /// A graph whose task "parse" fails.
  private static func broken(asynchronously: Bool) throws -> TaskSchedule {
    var graph = TaskGraph()
    let fetch = graph.task("fetch") { 1 }
    let parse: TaskOutput<Int> =
      asynchronously
      ? graph.task("parse", fetch) { _ in
        await Task.yield()
        throw Broken()
      } : graph.task("parse", fetch) { _ in throw Broken() }
    graph.task("store", parse) { _ in Issue.record("a task ran after the one it waits for failed") }
    return try graph.frozen()
  }

  private static func expectFailure(_ error: TaskFailure?) {
    #expect(error?.task == "parse" && error?.unit == UnitID(1))
    #expect(error?.error as? Broken == Broken())
    #expect(error?.description == "task \"parse\" failed: Broken()")
  }

  @Test(arguments: [false, true]) func `a failing task names itself`(asynchronously: Bool) async throws {
    let tasks = try Self.broken(asynchronously: asynchronously)
    let executor = try GraphExecutor(width: 2)
    for _ in 0..<20 {
      Self.expectFailure(await #expect(throws: TaskFailure.self) { try await tasks.run(on: executor) })
      Self.expectFailure(try await onItsOwnThread { #expect(throws: TaskFailure.self) { try tasks.run(on: executor) } })
      let seeded = SeededExecutor(seed: 1)
      Self.expectFailure(try await onItsOwnThread { #expect(throws: TaskFailure.self) { try tasks.run(on: seeded) } })
    }
  }

  /// A graph with a task that sleeps for an hour, one that looks at its cancellation, and one that calls `disturb`
  /// when both have started.
  private static func sleepers(
    _ ended: Tally, _ disturb: @escaping @Sendable () throws -> Void
  ) throws -> TaskSchedule {
    var graph = TaskGraph()
    let started = graph.task("begin") { Tally() }
    graph.task("sleep", started) { started in
      defer { ended.add() }
      started.add()
      try await Task.sleep(for: .seconds(3_600))
    }
    graph.task("look", started) { started in
      defer { ended.add() }
      started.add()
      while !CurrentRun.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
    }
    graph.task("disturb", started) { started in
      while started.value < 2 { try await Task.sleep(for: .milliseconds(1)) }
      try disturb()
    }
    return try graph.frozen()
  }

  @Test(arguments: [1, 2]) func `a failure cancels the tasks that run, and the run waits for them`(
    width: Int
  ) async throws {
    let ended = Tally()
    let tasks = try Self.sleepers(ended) { throw Broken() }
    let executor = try GraphExecutor(width: width)
    let error = await #expect(throws: TaskFailure.self) { try await tasks.run(on: executor) }
    #expect(error?.task == "disturb" && ended.value == 2)
    let other = try await onItsOwnThread { #expect(throws: TaskFailure.self) { try tasks.run(on: executor) } }
    #expect(other?.task == "disturb" && ended.value == 4)
  }

  @Test(arguments: [1, 2]) func `a token cancels the tasks that run, and the run waits for them`(
    width: Int
  ) async throws {
    let executor = try GraphExecutor(width: width)
    for isAsynchronous in [true, false] {
      let ended = Tally()
      let token = CancellationToken()
      let tasks = try Self.sleepers(ended) { DispatchQueue.global().async { token.cancel() } }
      if isAsynchronous {
        await #expect(throws: CancellationError.self) { try await tasks.run(on: executor, cancellation: token) }
      } else {
        try await onItsOwnThread {
          _ = #expect(throws: CancellationError.self) { try tasks.run(on: executor, cancellation: token) }
        }
      }
      #expect(ended.value == 2)
    }
  }

  @Test func `a token cancels the task that an executor of another kind waits for`() throws {
    let (token, cancelled) = (CancellationToken(), Tally())
    var graph = TaskGraph()
    graph.addTask("sleep") {
      DispatchQueue.global().async { token.cancel() }
      try await withTaskCancellationHandler {
        try await Task.sleep(for: .seconds(8))
      } onCancel: {
        cancelled.add()
      }
    }
    let tasks = try graph.frozen()
    #expect(throws: CancellationError.self) { try tasks.run(on: SeededExecutor(seed: 2), cancellation: token) }
    #expect(cancelled.value == 1)
  }

  @Test func `a task that starts after a failure is cancelled, and waited for`() throws {
    let executor = try GraphExecutor(width: 1)
    let (live, seen) = (LiveTasks(), Tally())
    live.start(UnitID(0), on: executor) { if !Task.isCancelled { seen.add() } }
    #expect(live.waitUntilEmpty() == nil && seen.value == 1)
    live.stop(because: Broken())
    live.start(UnitID(1), on: executor) {
      doze(microseconds: 1_000)
      if Task.isCancelled { seen.add() }
    }
    #expect(live.waitUntilEmpty() is Broken && seen.value == 2)
  }

  @Test func `a failed run leaves no count of tasks behind`() async throws {
    let executor = try GraphExecutor(width: 1)
    let done = Tally()
    var graph = TaskGraph()
    let first = graph.addTask("first") { _ = done.add() }
    // On the only seat it goes on when the first one has been counted.
    let second = graph.addTask("second") { () async throws in
      while done.value == 0 { try await Task.sleep(for: .microseconds(100)) }
      throw Broken()
    }
    let both = graph.addTask("both") {}
    graph.addDependencies(of: both, on: [first, second])
    let tasks = try graph.frozen()
    await #expect(throws: TaskFailure.self) { try await tasks.run(on: executor) }
    let run = tasks.schedule.storage.takeRun()
    let areArmed = run.counters.cells.areArmed
    #expect(areArmed)
    tasks.schedule.storage.giveBack(run)
  }

  @Test func `a deadline ends both kinds of runs`() async throws {
    let executor = try GraphExecutor(width: 1)
    // On a busy machine the deadline may pass before a task has begun.
    let (begun, ended) = (Tally(), Tally())
    var graph = TaskGraph()
    graph.addTask("sleep") {
      begun.add()
      defer { ended.add() }
      try await Task.sleep(for: .seconds(3_600))
    }
    let tasks = try graph.frozen()
    let soon = CancellationToken(deadline: .now + .milliseconds(200))
    await #expect(throws: CancellationError.self) { try await tasks.run(on: executor, cancellation: soon) }
    let later = CancellationToken(deadline: .now + .milliseconds(200))
    try await onItsOwnThread {
      _ = #expect(throws: CancellationError.self) { try tasks.run(on: executor, cancellation: later) }
    }
    #expect(ended.value == begun.value)
  }

  @Test(arguments: [1, 2]) func `tasks that hold all seats learn that their run is cancelled`(width: Int) async throws {
    var graph = TaskGraph()
    let started = DispatchSemaphore(value: 0)
    let spinning = (0..<width).map { index in
      graph.addTask("spin \(index)") {
        started.signal()
        while !CurrentRun.isCancelled {}
      }
    }
    let never = graph.addTask("never") { Issue.record("a task started after its run was cancelled") }
    graph.addDependencies(of: never, on: spinning)
    let tasks = try graph.frozen()
    for isAsynchronous in [true, false] {
      let executor = GraphExecutor.sharing(width: width)
      let token = CancellationToken()
      let canceller = TestThread {
        for _ in 0..<width { started.wait() }
        token.cancel()
      }
      if isAsynchronous {
        await #expect(throws: CancellationError.self) { try await tasks.run(on: executor, cancellation: token) }
      } else {
        try await onItsOwnThread {
          _ = #expect(throws: CancellationError.self) { try tasks.run(on: executor, cancellation: token) }
        }
      }
      canceller.join()
    }
  }

  @Test func `cancelling whoever awaits a run cancels the run and its tasks`() async throws {
    let executor = try GraphExecutor(width: 2)
    let ended = Tally()
    let (ready, signal) = AsyncStream.makeStream(of: Void.self)
    let tasks = try Self.sleepers(ended) { signal.finish() }
    let run = Task { try await tasks.run(on: executor) }
    for await _ in ready {}
    run.cancel()
    await #expect(throws: CancellationError.self) { try await run.value }
    #expect(ended.value == 2)
  }

  @Test func `a task that throws CancellationError in a run that nobody cancelled has failed`() async throws {
    var graph = TaskGraph()
    graph.task("odd") { throw CancellationError() }
    let tasks = try graph.frozen()
    let error = await #expect(throws: TaskFailure.self) { try await tasks.run() }
    #expect(error?.error is CancellationError)
    _ = try await onItsOwnThread { #expect(throws: TaskFailure.self) { try tasks.run() } }
  }

  @Test func `a run that has failed leaves nothing behind for the next`() async throws {
    let fails = Tally()
    var graph = TaskGraph()
    let parts = (0..<40).map { index in
      graph.task("part \(index)") { () -> Int in
        if index % 2 == 0 { await Task.yield() }
        if index == 17 && fails.add() % 2 == 1 { throw Broken() }
        return index
      }
    }
    let sum = graph.task("sum", graph.gather(parts)) { $0.reduce(0, +) }
    let tasks = try graph.frozen()
    let executor = try GraphExecutor(width: 2)
    for _ in 0..<50 {
      await #expect(throws: TaskFailure.self) { try await tasks.run(on: executor) }
      #expect(try await tasks.run(on: executor)[sum] == 780)
      _ = try await onItsOwnThread { #expect(throws: TaskFailure.self) { try tasks.run(on: executor) } }
      #expect(try await onItsOwnThread { try tasks.run(on: executor)[sum] } == 780)
    }
  }
}
