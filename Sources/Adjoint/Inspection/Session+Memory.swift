internal import GradientMemory

/// What a session's values and gradients take up, in bytes.
///
/// On Linux with jemalloc, ``active`` and ``retained`` are jemalloc's own counters of the session's arena.
public struct SessionMemory: Hashable, Sendable, CustomStringConvertible {
  /// In live buffers, as the allocator rounds them.
  public let allocated: Int
  /// In the pages that hold live buffers.
  public let active: Int
  /// The most that live buffers took up at once since the session was made or ``Session/resetPeakMemory()``.
  public let peak: Int
  /// Address space kept for reuse without physical memory behind it.
  public let retained: Int

  public var description: String {
    func kibibytes(_ bytes: Int) -> String { "\((bytes + 1023) / 1024) KiB" }
    return "\(kibibytes(allocated)) allocated, \(kibibytes(active)) active, \(kibibytes(peak)) at the peak, "
      + "\(kibibytes(retained)) retained"
  }
}

extension Session {
  /// What the session's own arena holds now: inputs, values, gradients. Parameters live in their ``ParameterStore``.
  ///
  /// Asks the allocator for its statistics: for reports, not for inner loops.
  public var memory: SessionMemory {
    let statistics = workspace.arena.statistics
    return SessionMemory(
      allocated: statistics.allocated, active: statistics.active, peak: statistics.peak,
      retained: statistics.retained)
  }

  /// Starts a new high-water mark at what is in use now.
  public func resetPeakMemory() { workspace.arena.resetPeak() }

  /// Returns pages that no buffer uses to the operating system; the next run faults them in again.
  public func trimMemory() { workspace.arena.trim() }
}
