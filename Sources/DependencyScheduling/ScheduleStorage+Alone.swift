extension ScheduleStorage {
  /// Runs the units at `positions` of the serial order on the calling thread: no thread, no counter, no atomic
  /// operation. Returns the error that ended it early, if one did.
  @inline(__always)
  func runAlone(
    _ positions: Range<Int>, of order: UnsafePointer<UInt32>, _ cancellation: CancellationToken?, _ body: Run.Body
  ) -> (any Error)? {
    for position in positions {
      if let cancellation, cancellation.isCancelled { return CancellationError() }
      do {
        try body(UnitID(order[position]))
      } catch {
        return error
      }
    }
    return nil
  }

  /// Every unit after its predecessors, in the order of a ``SerialWalk``: the dependencies of a lone worker are
  /// settled once and for all.
  ///
  /// - Complexity: O(units + edges) at the first call, O(1) afterwards.
  func serialOrder() -> UnsafePointer<UInt32> {
    if let order = lock.withLock({ order }) { return UnsafePointer(order) }
    let run = takeRun()
    let found = UnsafeMutablePointer<UInt32>.allocate(capacity: unitCount)
    var walk = SerialWalk(run)
    var count = 0
    while let unit = walk.next() {
      (found + count).initialize(to: unit)
      count += 1
    }
    assert(count == unitCount && run.counters.areArmed)
    giveBack(run)
    // Another thread may have been faster.
    let kept = lock.withLock {
      if order == nil { order = found }
      return order!
    }
    if kept != found { found.deallocate() }
    return UnsafePointer(kept)
  }
}
