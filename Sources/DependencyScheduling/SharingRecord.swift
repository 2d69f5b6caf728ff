/// What earlier runs of a schedule have taught: what a unit takes when one worker runs them all, and when they are
/// shared out.
///
/// Where a unit is a few instructions, handing it to another core costs more than running it, and a second worker makes
/// the run slower. Nobody can tell in advance, so both ways are tried; then the better one is used, and the other one
/// tried again now and then, less and less often as long as it keeps losing.
///
/// A value without a clock or a lock; guarded by the schedule's lock.
struct SharingRecord: Equatable {
  /// How a run begins.
  enum Choice: Equatable {
    case shared
    /// On the calling thread, too briefly for a clock.
    case alone
    /// On the calling thread, which shares the rest out if units turn out to take much more than expected.
    case aloneExpecting(nanosecondsPerUnit: Double)
  }

  /// Nanoseconds a unit of the latest runs of either kind, `nil` before the first.
  private(set) var alone: Double?
  private(set) var shared: Double?

  /// How many runs the slower way rests before it is tried again.
  private(set) var rest = Self.shortestRest
  private(set) var runsSinceTrial = 0

  static let shortestRest = 8
  static let longestRest = 1_024

  /// Nanoseconds from which handing a unit over hardly matters, so that nothing is risked to find out more.
  static let coarseUnit = 2_000.0

  /// Nanoseconds of a run below which two looks at the clock would matter; one run in ``shortestRest`` looks.
  static let brief = 2_000.0

  /// How to run `unitCount` units with up to `width` workers.
  mutating func choose(unitCount: Int, width: Int) -> Choice {
    runsSinceTrial += 1
    let units = Double(unitCount)
    guard let alone else {
      // What is not known at all may hold a unit that takes a second, and others that should not wait for it.
      guard let shared else { return .shared }
      let mayBeSmall = shared * units * Double(width - 1) < 4 * Estimates.wakeUp
      return shared < Self.coarseUnit || mayBeSmall
        ? .aloneExpecting(nanosecondsPerUnit: shared * Double(width)) : .shared
    }
    let time = alone * units
    if time < Self.brief && runsSinceTrial % Self.shortestRest != 0 { return .alone }
    if time * (1 - 1 / Double(width)) < Estimates.wakeUp { return .aloneExpecting(nanosecondsPerUnit: alone) }
    guard let shared else { return .shared }
    let isTrial = runsSinceTrial > rest
    return (shared < alone) != isTrial ? .shared : .aloneExpecting(nanosecondsPerUnit: alone)
  }

  /// Takes note of a whole run on the calling thread.
  mutating func note(alone measured: Double) {
    endTrial(wasSlower: shared.map { alone != nil && alone! > $0 } ?? false) { $0.alone = Self.blend($0.alone, measured) }
  }

  /// Takes note of a whole run that was shared out.
  mutating func note(shared measured: Double) {
    endTrial(wasSlower: alone.map { shared != nil && shared! >= $0 } ?? false) {
      $0.shared = Self.blend($0.shared, measured)
    }
  }

  /// Takes note that units take `measured` nanoseconds now, whatever they took before.
  mutating func noteChange(alone measured: Double) {
    self = SharingRecord()
    alone = measured
  }

  private mutating func endTrial(wasSlower: Bool, _ update: (inout Self) -> Void) {
    let before = isBetterShared
    update(&self)
    guard wasSlower else { return }
    runsSinceTrial = 0
    rest = isBetterShared == before ? min(2 * rest, Self.longestRest) : Self.shortestRest
  }

  private var isBetterShared: Bool? {
    guard let alone, let shared else { return nil }
    return shared < alone
  }

  /// A run can only be disturbed in one direction: believe less at once, more by and by.
  private static func blend(_ known: Double?, _ measured: Double) -> Double {
    known.map { min(measured, 1.25 * $0) } ?? measured
  }
}
