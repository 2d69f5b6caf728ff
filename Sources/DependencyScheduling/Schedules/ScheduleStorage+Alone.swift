extension ScheduleStorage {
  /// Runs the units at `positions` of the serial order on the calling thread: no thread, no counter, no atomic
  /// read-modify-write. Returns the error that ended it early, if one did.
  @inline(__always)
  func runAlone(
    _ positions: Range<Int>, of order: UnsafePointer<UInt32>, _ cancellation: CancellationToken?,
    _ body: @Sendable (UnitID) throws -> Void
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
}
