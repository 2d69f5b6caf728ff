import Dispatch
internal import Threads

/// The Swift tasks of one synchronous run: all are cancelled when it stops, and it waits for them before it throws.
final class LiveTasks: @unchecked Sendable {  // because `lock` guards what changes
  private let lock = PlatformLock()
  private var tasks: [UnitID: Task<Void, Never>] = [:]
  private var failure: (any Error)?
  /// Entered once for each task that runs.
  private let running = DispatchGroup()

  /// Starts a task for `unit`, cancelled if the run has stopped.
  func start(_ unit: UnitID, on executor: GraphExecutor, _ work: @escaping @Sendable () async -> Void) {
    running.enter()
    // Under the lock, so that the task is here before it ends.
    lock.withLock {
      let task = Task.detached(executorPreference: executor) { [self] in
        await work()
        remove(unit)
      }
      tasks[unit] = task
      if failure != nil { task.cancel() }
    }
  }

  private func remove(_ unit: UnitID) {
    lock.withLock { tasks[unit] = nil }
    running.leave()
  }

  /// Cancels all tasks, and those to come. The first error counts.
  func stop(because error: any Error) {
    let cancelled = lock.withLock { () -> [UnitID: Task<Void, Never>] in
      if failure == nil { failure = error }
      return tasks
    }
    for task in cancelled.values { task.cancel() }
  }

  var isStopped: Bool { lock.withLock { failure != nil } }

  /// Waits until no task runs, and returns what stopped the run.
  func waitUntilEmpty() -> (any Error)? {
    CurrentRun.lendingSeat { running.wait() }
    return lock.withLock { failure }
  }
}
