internal import Threads

/// A walk along the serial order by one worker who looks at the clock now and then, for a ``Watch``.
struct WatchedWalk {
  let order: UnsafePointer<UInt32>
  private let schedule: ScheduleStorage
  private var watch: Watch
  private var position = 0
  private var stride = 1
  private var costDone = 0.0
  /// When the first unit began.
  private var start = MonotonicClock.now
  /// Whether others had the seat in between, so that the time says nothing.
  private(set) var wasInterrupted = false

  init(_ schedule: ScheduleStorage, _ expectation: SharingRecord.Expectation, width: Int) {
    self.schedule = schedule
    order = schedule.serialOrder
    watch = Watch(expectation, schedule.facts(width: width))
  }

  /// Goes on at an earlier position: what comes from there on has not run.
  mutating func goBack(to position: Int) {
    self.position = position
    wasInterrupted = true
  }

  /// The positions to run before the next look at the clock; `nil` when all have run.
  mutating func next() -> Range<Int>? {
    if position == schedule.unitCount { return nil }
    if position == 0 { start = MonotonicClock.now }
    let end = min(position + stride, schedule.unitCount)
    defer { position = end }
    return position..<end
  }

  /// How long the walk has taken if what is left after `positions` should be shared out.
  mutating func sharesRest(after positions: Range<Int>) -> Double? {
    if positions.upperBound == schedule.unitCount { return nil }
    let elapsed = MonotonicClock.now - start
    latest = Double(elapsed)
    var done: Double?
    if let costs = schedule.estimates?.costs {
      for position in positions { costDone += Double(costs[Int(order[position])]) }
      done = costDone
    }
    switch watch.look(elapsed: elapsed, done: positions.upperBound, costDone: done) {
    case .goOn(let units):
      stride = units
      return nil
    case .shareRest: return Double(elapsed)
    }
  }

  /// Nanoseconds from the beginning to the latest look at the clock.
  private(set) var latest = 0.0

  /// Nanoseconds since the walk began.
  var elapsed: Double { Double(MonotonicClock.now - start) }
}
