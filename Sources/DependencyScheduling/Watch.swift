import CDependencyScheduling

/// Looks at the clock while a worker runs alone, for units that take too long for that.
struct Watch {
  private let expectation: SharingRecord.Expectation
  private let start = adj_nanoseconds()
  private var last: Int64
  private var slowStretches = 0

  /// How many units to run between two looks: some 20 µs' worth.
  let stride: Int

  init(_ expectation: SharingRecord.Expectation) {
    self.expectation = expectation
    last = start
    stride = max(min(Int(20_000 / max(expectation.usual, 1)), 1_024), 1)
  }

  /// What a unit takes, if the last two stretches were over the limit and sharing out what is `left` is worth it. One
  /// is not enough: the thread may have lost its processor for a moment.
  mutating func isOverLimit(left: Int, width: Int) -> Double? {
    let now = adj_nanoseconds()
    let measured = Double(now &- last) / Double(stride)
    last = now
    let gain = measured * Double(left) * (1 - 1 / Double(width))
    guard measured > expectation.limit, gain > 4 * Estimates.wakeUp else {
      slowStretches = 0
      return nil
    }
    slowStretches += 1
    return slowStretches == 2 ? measured : nil
  }

  /// What a unit took on the average of all `count`.
  func nanosecondsPerUnit(_ count: Int) -> Double {
    Double(adj_nanoseconds() &- start) / Double(count)
  }
}
