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
}
