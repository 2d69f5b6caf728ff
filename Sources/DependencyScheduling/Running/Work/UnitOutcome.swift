import Dispatch
internal import Threads

/// What becomes of a unit that has suspended: decided once, by whoever holds its ``UnitCompletion``.
final class UnitOutcome: @unchecked Sendable {  // because `lock` guards what changes
  private let unit: UnitID
  /// The run and what it needs, kept alive: they are used by whoever completes the unit, even when the run is over.
  private let run: Run?, schedule: ScheduleStorage?, seats: Seats?
  private let lock = PlatformLock()
  private var result: Result<Void, any Error>?
  private var isRevoked = false
  /// Signalled at the end, for a worker that waits because its executor knows no better.
  private let isDecided: DispatchSemaphore?

  init(_ unit: UnitID, _ run: Run?) {
    (self.unit, self.run) = (unit, run)
    schedule = run?.schedule
    seats = run?.order?.seats
    isDecided = run == nil ? DispatchSemaphore(value: 0) : nil
  }

  func finish() {
    if decideOnce(.success(())) { run?.finishFromOutside(unit.index, seats) }
  }

  func fail(_ error: any Error) {
    if decideOnce(.failure(error)) { run?.stop(because: error) }
  }

  /// Nobody can decide any more.
  func abandon() {
    let error = UnitAbandoned(unit: unit)
    if decide(.failure(error)) { run?.stop(because: error) }
  }

  /// The unit's body threw, which ended the run: whatever comes later says nothing.
  func revoke() { lock.withLock { isRevoked = true } }

  func wait() throws {
    CurrentRun.lendingSeat { isDecided!.wait() }
    try lock.withLock { result! }.get()
  }

  /// True to the first; there must be no second.
  private func decideOnce(_ result: Result<Void, any Error>) -> Bool {
    if decide(result) { return true }
    demand(lock.withLock { isRevoked }, "\(unit) was completed twice: a completion is given once")
    return false
  }

  /// True to the first.
  private func decide(_ result: Result<Void, any Error>) -> Bool {
    let isFirst = lock.withLock {
      guard self.result == nil, !isRevoked else { return false }
      self.result = result
      return true
    }
    if isFirst { isDecided?.signal() }
    return isFirst
  }
}
