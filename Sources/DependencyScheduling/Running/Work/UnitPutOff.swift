import Dispatch

/// A unit that may not run yet; see ``UnitContext/putOff()``. To be retried once, by any thread; one that is dropped
/// without that never runs, and its run never ends unless it is stopped.
struct UnitPutOff: Sendable {
  private let unit: UnitID
  /// The run and what it needs, kept alive: it may be stopped, and over, when the unit is retried.
  private let run: Run?, schedule: ScheduleStorage?, seats: Seats?
  /// Signalled at the retry, for a worker that waits because its executor knows no better.
  private let isRetried: DispatchSemaphore?

  init(_ unit: UnitID, _ run: Run?) {
    (self.unit, self.run) = (unit, run)
    schedule = run?.schedule
    seats = run?.order?.seats
    isRetried = run == nil ? DispatchSemaphore(value: 0) : nil
  }

  /// Makes the unit ready again: a worker calls its body once more.
  func retry() {
    run?.makeReady(unit.index, seats)
    isRetried?.signal()
  }

  func wait() { CurrentRun.lendingSeat { isRetried!.wait() } }
}
