extension TaskSchedule {
  /// Runs every task once, and returns what they made.
  ///
  /// ```swift
  /// let results = try tasks.run(on: SeededExecutor(seed: 7))
  /// ```
  /// Asynchronous tasks hold no thread while they await something, on a ``GraphExecutor``; others wait for each, and it
  /// runs on ``GraphExecutor/shared``. Tasks see no task-local values of the caller's: that is what the asynchronous
  /// form is for.
  ///
  /// - Parameters:
  ///   - executor: Runs the tasks.
  ///   - cancellation: Stops the run: no task starts any more, and asynchronous tasks that run are cancelled.
  /// - Throws: ``TaskFailure``, for the first task that failed, or `CancellationError`. No task runs any more.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  @discardableResult
  public func run(
    on executor: some ScheduleExecutor = GraphExecutor.shared, cancellation: CancellationToken? = nil
  ) throws -> TaskResults {
    let run = BlockingTaskRun(tasks, cancellation, on: executor)
    return try run.conduct { body in
      if case .plain(let call) = body.kind {
        try executor.run(schedule, cancellation: cancellation, call)
      } else {
        try executor.run(schedule, body, cancellation: cancellation)
      }
    }
  }

  /// Runs every task once and tells what happened, under the tasks' names.
  ///
  /// An asynchronous task holds its worker until it has ended, and so does one that waits for its group: the trace
  /// shows how long each took, and not how many would overlap in a run that is not traced.
  ///
  /// - Throws: ``TaskFailure``, for the first task that failed, or `CancellationError`.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func trace(
    on executor: some ScheduleExecutor, name: String = "run", cancellation: CancellationToken? = nil
  ) throws -> RunTrace {
    var trace: RunTrace?
    try BlockingTaskRun(tasks, cancellation, on: executor).conduct { body in
      trace = try executor.trace(
        schedule, name: name, cancellation: cancellation, naming: { self.name(of: $0) },
        { unit in try body.runBlocking(unit) })
    }
    return trace!
  }
}

/// One synchronous run of a task graph: the values, the limits, and the Swift tasks of asynchronous work.
private final class BlockingTaskRun: Sendable {
  private let tasks: TaskTable
  private let cancellation: CancellationToken?
  private let values: TaskValues
  private let gates: [TaskGate<UnitPutOff>]
  private let live = LiveTasks()
  /// Runs asynchronous work.
  private let executor: GraphExecutor

  init(_ tasks: TaskTable, _ cancellation: CancellationToken?, on executor: some ScheduleExecutor) {
    (self.tasks, self.cancellation) = (tasks, cancellation)
    values = TaskValues(tasks)
    gates = tasks.gates()
    // Not Swift's pool, all of whose threads may be waiting for synchronous runs.
    self.executor = executor as? GraphExecutor ?? .shared
  }

  /// Has `run` run a body that runs each task.
  @discardableResult
  func conduct(_ run: (UnitBody) throws -> Void) throws -> TaskResults {
    if !tasks.hasAsynchronousWork && gates.isEmpty {
      try run(UnitBody(.plain { [self] unit in try perform(unit) }, nil))
      return TaskResults(values: values, tasks: tasks)
    }
    let handler = cancellation?.onCancel { [live] in live.stop(because: CancellationError()) }
    defer { if let handler { cancellation?.forget(handler) } }
    do {
      try run(UnitBody(suspending: { [self] unit, context in try start(unit, &context) }))
    } catch {
      live.stop(because: error)
      throw live.waitUntilEmpty() ?? error
    }
    return TaskResults(values: values, tasks: tasks)
  }

  /// Runs the task of `unit`, or starts it if it is asynchronous, unless its group is at its limit.
  private func start(_ unit: UnitID, _ context: inout UnitContext) throws {
    let gate = tasks[unit].group.map { gates[$0] }
    if let gate, !gate.enter(orPutOff: { context.putOff() }) { return }
    guard case .suspending(let work) = tasks[unit].work else {
      defer { gate?.leave()?.retry() }
      do {
        return try perform(unit)
      } catch {
        live.stop(because: error)
        throw error
      }
    }
    let completion = context.suspend()
    live.start(unit, on: executor) { [self] in
      var failure: (any Error)?
      do {
        try Task.checkCancellation()
        try await work(values)
      } catch {
        failure = describe(error, of: unit)
      }
      // While this unit does not count as run, the run that the other one belongs to goes on.
      gate?.leave()?.retry()
      guard let failure else { return completion.finish() }
      live.stop(because: failure)
      completion.fail(failure)
    }
  }

  /// Runs a task that is not asynchronous.
  private func perform(_ unit: UnitID) throws {
    guard case .blocking(let work) = tasks[unit].work else { preconditionFailure("\(unit) is asynchronous") }
    do {
      try work(values)
    } catch {
      throw describe(error, of: unit)
    }
  }

  private func describe(_ error: any Error, of unit: UnitID) -> any Error {
    tasks.failure(of: unit, error, isCancelled: live.isStopped || cancellation?.isCancelled == true)
  }
}
