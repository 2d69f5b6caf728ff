/// Swift tasks run on the executor's seats:
///
/// ```swift
/// let words = await withTaskExecutorPreference(executor) { countWords(text) }
/// ```
/// A task that awaits something holds no seat meanwhile.
extension GraphExecutor: TaskExecutor {
  /// Leaves a job for a seat to do, and calls a seat. Invoked by Swift's runtime when a task that prefers this executor
  /// can go on.
  public func enqueue(_ job: consuming ExecutorJob) {
    seats.jobs.add(JobQueue.Job(job: UnownedJob(job), executor: self))
    seats.callForJob()
  }
}
