import Synchronization
internal import Threads

/// The jobs of Swift tasks that prefer this executor, first come, first served.
///
/// **Who must see what.** As with ``UnitInbox``: the count takes part in the one total order of calls and
/// announcements.
final class JobQueue: @unchecked Sendable {  // because `lock` guards the jobs
  struct Job {
    let job: UnownedJob
    let executor: GraphExecutor

    func run() { job.runSynchronously(on: executor.asUnownedTaskExecutor()) }
  }

  private let count = PaddedAtomic(0)
  private let lock = PlatformLock()
  /// In order from `first` on.
  private var jobs: [Job?] = []
  private var first = 0

  /// Adds a job; any thread. It must then call a seat.
  func add(_ job: Job) {
    lock.withLock {
      jobs.append(job)
      count.word.pointee.store(jobs.count - first, ordering: .sequentiallyConsistent)
    }
  }

  func take() -> Job? {
    if isEmpty { return nil }
    return lock.withLock {
      guard first < jobs.count else { return nil }
      let job = jobs[first]
      jobs[first] = nil
      first += 1
      if first > jobs.count / 2 {
        jobs.removeFirst(first)
        first = 0
      }
      count.word.pointee.store(jobs.count - first, ordering: .relaxed)
      return job
    }
  }

  var isEmpty: Bool { count.word.pointee.load(ordering: .sequentiallyConsistent) == 0 }
}
