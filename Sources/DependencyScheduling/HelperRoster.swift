import Dispatch

/// The helpers of one executor: blocks on its queue, at most `width - 1` at a time, that enter whichever run asked.
///
/// A helper exists only while it works. It is submitted when a worker has a unit to spare, enters a run if one still
/// wants it when Dispatch starts it, however late that is, works until it finds nothing, and returns its thread.
/// Nobody waits for a block that has not started: a run closes its door and waits for those inside only.
final class HelperRoster: @unchecked Sendable {  // because everything that changes is guarded by `lock`
  private let queue: DispatchQueue
  private let lock = PlatformLock()

  /// How many more blocks may be submitted.
  private var idle: Int

  /// The runs that asked for a helper and are not over.
  private var openRuns: [Run] = []

  /// What is submitted for each helper: kept, since a new block would be two allocations. It keeps the roster alive
  /// for helpers that start late, and is let go by ``retire()``.
  private var block: DispatchWorkItem?

  /// How often `block` may still be submitted. Dispatch counts a work item's executions in 32 bits and ends the process
  /// when they wrap around.
  private var submissionsLeft = mostSubmissions
  private static let mostSubmissions = 1 << 30

  init(helpers: Int, queue: DispatchQueue) {
    idle = helpers
    self.queue = queue
    if helpers > 0 {
      block = makeBlock()
      openRuns.reserveCapacity(4)  // so that a steady run appends without allocating
    }
  }

  /// Ends the roster with its executor. Blocks that have been submitted still find it.
  func retire() {
    lock.withLock { block = nil }
  }

  /// Asks for a helper in `run`: at once if one is idle, otherwise as soon as one is.
  func request(for run: Run) {
    lock.withLock {
      guard run.membership.ask() else {
        run.progress.setWantsHelp(false)
        return
      }
      if !openRuns.contains(where: { $0 === run }) { openRuns.append(run) }
      if idle > 0, block != nil {
        idle -= 1
        submit()
      }
      run.progress.setWantsHelp(run.membership.hasRoom && idle > 0)
    }
  }

  private func makeBlock() -> DispatchWorkItem { DispatchWorkItem { self.serve() } }

  private func submit() {
    if submissionsLeft == 0 { (block, submissionsLeft) = (makeBlock(), Self.mostSubmissions) }
    submissionsLeft -= 1
    queue.async(execute: block!)
  }

  /// Ends the helpers' part in `run`: nobody enters any more. Returns when those inside have left.
  func close(_ run: Run) {
    let waits = lock.withLock {
      openRuns.removeAll { $0 === run }
      return run.membership.close()
    }
    if waits { run.wakeCaller.wait() }
  }

  /// One helper's life: enter the runs that want it, one after the other, then leave.
  private func serve() {
    var current: (run: Run, index: Int)?
    while true {
      current = lock.withLock {
        if let (run, index) = current {
          if run.membership.leave(index) {
            run.wakeCaller.signal()
          } else {
            run.progress.setWantsHelp(run.membership.hasRoom)
          }
        }
        // By position: an iterator would hold the array, and changing it would then copy it.
        for position in openRuns.indices {
          let run = openRuns[position]
          guard let index = run.membership.enter() else { continue }
          // The next helper looks at the others first.
          openRuns.append(openRuns.remove(at: position))
          return (run, index)
        }
        idle += 1
        for run in openRuns { run.progress.setWantsHelp(run.membership.hasRoom) }
        return nil
      }
      guard let (run, index) = current else { return }
      run.workAsHelper(index)
    }
  }
}

extension Run {
  /// Works as helper `index`. When it returns, this thread holds nothing of the caller's closure any more.
  @inline(never)
  fileprivate func workAsHelper(_ index: Int) {
    body!.pointee.recorder?.enter(index)
    work(as: index, body!.pointee.call)
    body!.pointee.recorder?.leave(index)
  }
}
