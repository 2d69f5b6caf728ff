import CDependencyScheduling

/// Notices when the units of a run take far longer than those of earlier runs.
struct Watch {
  private let expected: Double
  private let start = adj_nanoseconds()
  private var last: Int64
  private var slowStretches = 0

  /// - Parameter expected: Nanoseconds a unit.
  init(expected: Double) {
    self.expected = expected
    last = start
  }

  /// What a unit takes by now, if it is more than four times what was expected in two stretches of `count` units
  /// running, so that a thread that lost its processor for a moment passes, and sharing out what is `left` is worth it.
  mutating func hasChanged(after count: Int, left: Int, width: Int) -> Double? {
    let now = adj_nanoseconds()
    let measured = Double(now &- last) / Double(count)
    last = now
    let gain = measured * Double(left) * (1 - 1 / Double(width))
    guard measured > max(4 * expected, 500), gain > 4 * Estimates.wakeUp else {
      slowStretches = 0
      return nil
    }
    slowStretches += 1
    return slowStretches == 2 ? measured : nil
  }

  func nanosecondsPerUnit(_ count: Int) -> Double {
    Double(adj_nanoseconds() &- start) / Double(count)
  }
}
