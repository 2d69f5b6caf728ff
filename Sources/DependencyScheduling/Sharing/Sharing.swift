/// Whether the units of a run are shared out among several workers.
public enum Sharing: Sendable, Hashable {
  /// As measurements of earlier runs suggest: shared where that is faster, otherwise on the calling thread alone.
  case automatic

  /// Shared in every run, from its first unit on.
  ///
  /// For units that wait for one another: run alone, the first to wait would wait for ever. No more units run at once
  /// than there are workers, and each worker but the caller needs a thread of the system to start on.
  case always

  /// On the calling thread alone: this run has width 1.
  case never
}

/// Prices of sharing a run out, in nanoseconds.
enum SharingPrices {
  /// Waking one worker: 7 µs until it runs, and the system call of the waking thread. Measured on Linux, Dispatch.
  static let wakeUp = 10_000.0  // Decisions/Sharing.md

  /// Queueing and counting a unit in a shared run, wherever it runs. A unit that moves to another core costs up to
  /// 250 ns, but few do: each worker takes from its own queue first.
  static let perUnit = 20.0  // Decisions/Sharing.md
}
