import Synchronization
internal import Threads

/// The units that the children of an asynchronous run have left to their parent, and why the run has stopped, if it
/// has.
final class ReadyTasks: @unchecked Sendable {  // because `lock` guards what is not atomic
  private let progress: TaskProgress
  private let stopped = Atomic(false)

  private let lock = PlatformLock()
  private var units: [UInt32]
  private var parent: CheckedContinuation<[UInt32]?, Never>?
  private var failure: (any Error)?

  init(_ roots: [UInt32], of unitCount: Int) {
    units = roots
    progress = TaskProgress(unitCount: unitCount)
  }

  /// The units to start children for, as soon as there are any; `nil` when all have run, or the run has stopped. By the
  /// parent.
  func next() async -> [UInt32]? {
    await withCheckedContinuation { continuation in
      lock.withLock { parent = continuation }
      wakeParent()
    }
  }

  /// Leaves units to the parent.
  func add(_ others: [UInt32]) {
    lock.withLock { units += others }
    wakeParent()
  }

  /// A unit has run; what became ready by that has been left before.
  func noteEndOfUnit() {
    if progress.noteUnit() { wakeParent() }
  }

  func noteEndOfChild() { progress.noteChild() }

  /// Lets no further unit start; the first error counts.
  func stop(because error: any Error) {
    lock.withLock {
      if failure == nil { failure = error }
      stopped.store(true, ordering: .relaxed)
    }
    wakeParent()
  }

  var isStopped: Bool { stopped.load(ordering: .relaxed) }

  /// Why the run failed; `nil` if every unit has run nevertheless. By the parent, when no child is left.
  func finish() -> (any Error)? {
    progress.join()
    if progress.isComplete { return nil }
    return lock.withLock { failure }
  }

  /// Resumes the parent if it waits, and there is something for it.
  private func wakeParent() {
    lock.lock()
    let isOver = failure != nil || progress.isComplete
    guard let parent, isOver || !units.isEmpty else { return lock.unlock() }
    let found = isOver ? nil : units
    (self.parent, units) = (nil, [])
    lock.unlock()
    parent.resume(returning: found)
  }
}
