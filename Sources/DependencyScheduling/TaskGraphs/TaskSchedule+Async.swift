extension TaskSchedule {
  /// Runs every task once, and returns what they made, without blocking a thread of Swift's cooperative pool.
  ///
  /// ```swift
  /// let results = try await graph.frozen().run()
  /// ```
  /// Each task runs in a child of the Swift task that awaits the run: it sees its task-local values, has its priority,
  /// and is cancelled with it. Tasks run on the executor's seats; one that awaits something holds none.
  ///
  /// - Parameters:
  ///   - executor: Where the tasks run.
  ///   - cancellation: Stops the run as cancelling the awaiting task does: no task starts any more, and those that run
  ///     are cancelled.
  /// - Throws: ``TaskFailure``, for the first task that failed, or `CancellationError`. No task runs any more.
  @discardableResult
  public func run(
    on executor: GraphExecutor = .shared, cancellation: CancellationToken? = nil
  ) async throws -> TaskResults {
    if Task.isCancelled || cancellation?.isCancelled == true { throw CancellationError() }
    let run = AsyncTaskRun(self, cancellation)
    let handler = cancellation?.onCancel { run.stop(because: CancellationError()) }
    defer { if let handler { cancellation?.forget(handler) } }
    await withTaskCancellationHandler {
      await run.conduct(on: executor)
    } onCancel: {
      run.stop(because: CancellationError())
    }
    return try run.takeResults()
  }

  /// Runs every task once and tells what happened, under the tasks' names, without blocking a thread of Swift's
  /// cooperative pool: the run's worker 0 sits in a seat. Cancelling the task cancels the run, as `cancellation` does.
  ///
  /// An asynchronous task holds its worker until it has ended, and so does one that waits for its group: the trace
  /// shows how long each took, and not how many would overlap in a run that is not traced.
  ///
  /// - Parameters:
  ///   - executor: Runs the tasks.
  ///   - name: What the trace calls the run.
  ///   - cancellation: Stops the run.
  /// - Throws: ``TaskFailure``, for the first task that failed, or `CancellationError`.
  public func trace(
    on executor: some ScheduleExecutor, name: String = "run", cancellation: CancellationToken? = nil
  ) async throws -> RunTrace {
    try await executor.awaiting(cancellation) { token in try trace(on: executor, name: name, cancellation: token) }
  }
}
