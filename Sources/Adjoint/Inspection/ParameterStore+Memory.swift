internal import GradientMemory

extension ParameterStore {
  /// What the parameters take, of all versions that are there: once for each parameter, once more for each that steps
  /// update, and besides for what older versions hold that somebody reads.
  ///
  /// Asks the allocator for its statistics: for reports, not for inner loops.
  public var memory: SessionMemory {
    let statistics = arena.statistics
    return SessionMemory(
      allocated: statistics.allocated, active: statistics.active, peak: statistics.peak,
      retained: statistics.retained)
  }

  /// Starts a new high-water mark at what is in use now.
  public func resetPeakMemory() { arena.resetPeak() }
}
