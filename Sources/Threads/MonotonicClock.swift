internal import CThreads

/// The clock of schedules and traces.
package enum MonotonicClock {
  /// Nanoseconds that only go up.
  @inlinable package static var now: Int64 { adj_nanoseconds() }
}
