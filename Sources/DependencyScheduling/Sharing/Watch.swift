/// A judge of a run that began alone: whether it goes on, or the rest of its units is shared out among all workers.
///
/// The worker runs one unit, then as many as the verdict says before it reads the clock again:
///
/// ```swift
/// var watch = Watch(expectation, facts)
/// // after the first unit, then after `units` more
/// switch watch.look(elapsed: 1_000, done: 1, costDone: nil) {
/// case .goOn(let units): runAlone(units)
/// case .shareRest: shareRest()
/// }
/// ```
/// A value without a clock.
///
/// - Complexity: O(1) a look, without allocation.
package struct Watch: Equatable, Sendable {
  package enum Verdict: Equatable, Sendable {
    /// Run so many units, and look again if any are left then.
    case goOn(units: Int)
    case shareRest
  }

  private let expectation: SharingRecord.Expectation
  private let unitCount: Int
  private let width: Double

  /// The sum of all units' costs, if given.
  private let cost: Double?

  private var stride = 1
  private var previous = Progress(elapsed: 0, done: 0, costDone: 0)
  private var looksOverLimit = 0

  private struct Progress: Equatable {
    var elapsed: Double
    var done: Int
    var costDone: Double
  }

  // Of the numbers below: Decisions/Sharing.md

  /// Looks that come faster are spaced out, by ``growth``; a look takes 25 ns.
  static let shortestInterval = 10_000.0

  /// Time between looks at the present pace, once they come no faster than ``shortestInterval``.
  static let interval = 20_000.0

  /// The first look comes after one unit, so that units that suddenly take a millisecond are noticed after one. Four
  /// times the distance each time keeps looks below a tenth of the shortest run that is watched.
  static let growth = 4
  static let longestStride = 1_024

  /// Factor of the limit beyond which one look is enough. Below, the thread may have lost its processor for a moment.
  static let obvious = 10.0

  /// Wake-ups that sharing the rest out must gain, given that the estimate of the rest is rough.
  static let wakeUpsToGain = 4.0

  /// Factor of the usual time beyond which a run takes too long.
  static let slack = 1.3

  package init(_ expectation: SharingRecord.Expectation, _ facts: SharingRecord.Facts) {
    self.expectation = expectation
    unitCount = facts.unitCount
    width = Double(facts.width)
    cost = facts.estimate?.alone
  }

  /// From when on a run that should take `usual` takes too long: a third more, and four wake-ups.
  static func limit(expecting usual: Double) -> Double {
    slack * usual + wakeUpsToGain * SharingPrices.wakeUp
  }

  /// The verdict when `done` units, at least one more than at the previous look, have taken `elapsed` nanoseconds.
  ///
  /// - Parameter costDone: The sum of the costs of these units, `nil` if not known.
  package mutating func look(elapsed: Int64, done: Int, costDone: Double?) -> Verdict {
    let now = Progress(elapsed: Double(elapsed), done: done, costDone: costDone ?? 0)
    let isOverLimit = now.elapsed > expectation.limit && gain(now) > Self.wakeUpsToGain * SharingPrices.wakeUp
    looksOverLimit = isOverLimit ? looksOverLimit + 1 : 0
    if looksOverLimit == 2 || isOverLimit && now.elapsed > Self.obvious * expectation.limit { return .shareRest }
    setStride(now)
    previous = now
    return .goOn(units: max(min(stride, unitCount - done), 1))
  }

  /// What sharing out the rest would gain over going on alone.
  private func gain(_ now: Progress) -> Double {
    // A stop of the thread slows the pace of one stretch, units that take long the pace of all.
    let start = Progress(elapsed: 0, done: 0, costDone: 0)
    let rest = min(remaining(now, since: start), remaining(now, since: previous))
    let left = Double(unitCount - now.done)
    guard let shared = expectation.shared else { return rest * (1 - 1 / width) - SharingPrices.perUnit * left }
    return rest - max(rest / width, shared * left / Double(unitCount))
  }

  /// What the rest would take alone at the pace since `earlier`: by costs where they are known, otherwise by units.
  private func remaining(_ now: Progress, since earlier: Progress) -> Double {
    let elapsed = now.elapsed - earlier.elapsed
    if let cost, now.costDone > earlier.costDone {
      return elapsed * max(cost - now.costDone, 0) / (now.costDone - earlier.costDone)
    }
    return elapsed * Double(unitCount - now.done) / Double(max(now.done - earlier.done, 1))
  }

  private mutating func setStride(_ now: Progress) {
    let stretch = now.elapsed - previous.elapsed
    let longest = min(Self.growth * stride, Self.longestStride)
    if stretch < Self.shortestInterval {
      stride = longest
    } else {
      let units = Self.interval / stretch * Double(max(now.done - previous.done, 1))
      stride = max(min(Int(units), longest), 1)
    }
  }
}
