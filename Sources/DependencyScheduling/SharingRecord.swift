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
    /// On the calling thread, which shares the rest out if units turn out to take more than this.
    case aloneExpecting(Expectation)
  }

  /// Nanoseconds a unit.
  struct Expectation: Equatable {
    /// What a lone worker is expected to need.
    var usual: Double
    /// From where on sharing out is worth trying.
    var limit: Double
  }

  /// Nanoseconds a unit of the latest runs of either kind, `nil` before the first.
  private(set) var alone: Double?
  private(set) var shared: Double?

  /// How many runs the slower way rests before it is tried again.
  private(set) var rest = Self.shortestRest
  private var runsSinceTrial = 0

  static let shortestRest = 8
  static let longestRest = 1_024

  /// Nanoseconds that handing a unit to another core takes. Where units take longer, sharing risks little and alone
  /// must be clearly better; where they take less, it is the other way round.
  static let handOver = 250.0

  /// Nanoseconds of a run below which two looks at the clock would matter; one run in ``shortestRest`` looks.
  static let brief = 2_000.0

  /// How to run `unitCount` units with up to `width` workers.
  mutating func choose(unitCount: Int, width: Int) -> Choice {
    runsSinceTrial += 1
    let units = Double(unitCount)
    guard let alone else {
      // What is not known at all may hold a unit that takes a second, and others that should not wait for it.
      guard let shared else { return .shared }
      return .aloneExpecting(Expectation(usual: shared, limit: 1.2 * shared))
    }
    let time = alone * units
    if time < Self.brief && runsSinceTrial % Self.shortestRest != 0 { return .alone }
    let expectation = Expectation(
      usual: alone, limit: max(min(4 * alone, 1.2 * (shared ?? .infinity)), 2 * Self.handOver))
    if time * (1 - 1 / Double(width)) < Estimates.wakeUp { return .aloneExpecting(expectation) }
    guard let shared else { return .shared }
    let isTrial = runsSinceTrial > rest
    switch (isBetterShared(alone, shared), isTrial) {
    case (true, false), (false, true): return .shared
    case (false, false): return .aloneExpecting(expectation)
    case (true, true): return .aloneExpecting(Expectation(usual: alone, limit: 1.2 * shared))
    }
  }

  /// Takes note of a whole run on the calling thread.
  mutating func note(alone measured: Double) {
    endTrial(of: false) { $0.alone = Self.blend($0.alone, measured) }
  }

  /// Takes note of a whole run that was shared out.
  mutating func note(shared measured: Double) {
    endTrial(of: true) { $0.shared = Self.blend($0.shared, measured) }
  }

  /// Takes note of a run that was to stay on the calling thread until units took `measured` nanoseconds there.
  mutating func note(aloneOverLimit measured: Double) {
    if let alone, measured > 4 * alone { self = SharingRecord() }  // what was learned holds no longer
    note(alone: measured)
  }

  private func isBetterShared(_ alone: Double, _ shared: Double) -> Bool {
    shared < (alone > Self.handOver ? 1.1 : 0.9) * alone
  }

  /// Enters a measurement. If it was of the way thought slower, that way rests again: longer if it lost once more.
  private mutating func endTrial(of isShared: Bool, _ enter: (inout Self) -> Void) {
    guard let alone, let shared else { return enter(&self) }
    let wasTrial = isBetterShared(alone, shared) != isShared
    enter(&self)
    guard wasTrial else { return }
    let lost = isBetterShared(self.alone!, self.shared!) != isShared
    runsSinceTrial = 0
    // Trying to share coarse units costs little, and other programs may have been in the way.
    let longest = self.alone! > Self.handOver ? Self.shortestRest : Self.longestRest
    rest = lost ? min(2 * rest, longest) : Self.shortestRest
  }

  /// A run can only be disturbed in one direction: believe less at once, more by and by.
  private static func blend(_ known: Double?, _ measured: Double) -> Double {
    known.map { min(measured, 1.25 * $0) } ?? measured
  }
}
