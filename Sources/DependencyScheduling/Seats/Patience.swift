internal import Threads

/// How long a worker that has run dry goes on looking for work: as long as a wake-up may take, so that waiting never
/// costs more than twice what either choice would. It looks at growing distances, since each look takes the cache
/// lines of those it looks at away from them, and soon offers its processor between two looks to whoever else wants it.
struct Patience {
  /// A thread woken on a virtual processor that has halted runs some 40 µs later.
  private static let limit: Int64 = 40_000  // Decisions/Waking.md
  private static let untilYielding: Int64 = 5_000  // Decisions/Waking.md
  /// The most hints to the processor between two looks.
  private static let mostHints = 16  // Decisions/Waking.md

  private var hints = 1
  private var start: Int64?

  /// When it ran dry, if it has rested since.
  var began: Int64? { start }

  /// Waits a little; false when it is time to give up.
  mutating func rest() -> Bool {
    let now = MonotonicClock.now
    let waited = start.map { now &- $0 } ?? 0
    if start == nil { start = now }
    guard waited < Self.limit else { return false }
    if waited > Self.untilYielding { offerProcessor() }
    for _ in 0..<hints { hintSpinning() }
    hints = min(2 * hints, Self.mostHints)
    return true
  }
}
