/// A record of how long earlier runs of a schedule took, alone and shared out, that decides how the next one is run.
///
/// Where a unit is a few instructions, handing it to another core costs more than running it, and a second worker makes
/// the run slower. Nobody can tell in advance, so both ways are measured two or three times. Afterwards the better one
/// is used; the other one is measured again
/// - now and then, ever more rarely, if it is nearly as good;
/// - when the load has moved (``KnownTime/hasMoved(by:)``), which makes what is known of it worthless.
///
/// Coarse units are not tried alone at all: the time the workers were busy tells what a lone worker would need.
///
/// ```swift
/// switch record.choose(facts) {
/// case .shared: runShared()                                       // and note(shared:work:)
/// case .alone: runAlone()                                         // without a look at the clock
/// case .watched(let expected): runAlone(Watch(expected, facts))   // and note(alone:) or note(sharedHalfWay:)
/// }
/// ```
/// A value without a clock or a lock, all times in nanoseconds for whole runs. Whoever owns it guards it. Runs that
/// were not chosen here (see ``Sharing``) may be noted just the same.
///
/// - Complexity: O(1) for every call, without allocation.
package struct SharingRecord: Equatable, Sendable {
  private(set) var alone: KnownTime?
  private(set) var shared: KnownTime?

  /// The busy time of all workers of a shared run together.
  private var work: KnownTime?

  /// False once a run took far longer than its estimate.
  private var trustsEstimate = true

  /// How many runs the slower way rests before it is tried again, if it is nearly as good.
  private var rest = Self.shortestRest
  private var runsSinceTrial = 0

  private var unitCount = 0
  private var width = 0

  // Of the numbers below: Decisions/Sharing.md

  static let shortestRest = 8
  static let longestRest = 1_024

  /// How often each way is measured before the slower one is given up: the first shared run creates threads, and runs
  /// are disturbed. A way that takes more than ``hopeless`` times the other's time costs too much for a third.
  static let enoughSamples = 3
  static let enoughHopelessSamples = 2
  static let hopeless = 8.0

  /// What a shared run may take of a lone worker's time to be preferred: it occupies more processors.
  static let worthSharing = 0.97

  /// Duration of a run below which two looks at the clock would matter, and which of these runs are timed.
  static let brief = 2_000.0
  static let briefRunsPerTimedOne = 4

  /// Units are coarse from this duration on, 200 times a hand-over, or if fewer than so many fill a shared run.
  static let coarse = 50_000.0
  static let coarseUnitsPerRun = 20.0

  /// Nothing is known yet.
  package init() {}

  /// How to run a schedule of which `facts` are known.
  package mutating func choose(_ facts: Facts) -> Choice {
    if min(facts.width, facts.unitCount) < 2 { return .alone }
    adapt(to: facts)
    runsSinceTrial += 1
    guard let alone else {
      guard let shared else { return first(facts) }
      return isKeptShared ? .shared : trialAlone(shared)
    }
    guard let shared else { return mayGain(alone, facts) ? .shared : settledAlone(alone) }
    if min(alone.samples, shared.samples) < samplesNeeded {
      if shared.samples <= alone.samples {
        return isSharedBetter || mayGain(alone, facts) ? .shared : settledAlone(alone)
      }
      return isKeptShared ? .shared : isSharedBetter ? trialAlone(shared) : settledAlone(alone)
    }
    let triesTheOther = isNearTie && runsSinceTrial > rest
    if isSharedBetter {
      return triesTheOther ? trialAlone(shared) : .shared
    }
    return triesTheOther ? .shared : settledAlone(alone)
  }

  /// Takes note of a whole run on the calling thread.
  package mutating func note(alone measured: Double) {
    let wasTrial = isSharedBetter
    if alone == nil { alone = KnownTime(measured) } else { alone!.note(measured) }
    shared?.rebase()
    work?.rebase()
    if alone!.hasMoved() {
      alone!.startAgain()
      forgetShared()
    }
    if wasTrial { endTrial(won: !isSharedBetter) }
  }

  /// Takes note of a run that was shared out from its beginning.
  ///
  /// - Parameter busy: The time that workers spent on units, summed over the workers.
  package mutating func note(shared measured: Double, work busy: Double) {
    let wasTrial = !isSharedBetter
    if shared == nil { shared = KnownTime(measured) } else { shared!.note(measured) }
    if work == nil { work = KnownTime(busy) } else { work!.note(busy) }
    alone?.rebase()
    if isAloneInDoubt {
      shared!.startAgain()
      work!.startAgain()
      alone = nil
      rest = Self.shortestRest
    }
    if wasTrial { endTrial(won: isSharedBetter) }
  }

  /// Takes note of a run that began on the calling thread and, after `elapsed`, shared the rest out.
  package mutating func note(sharedHalfWay elapsed: Double) {
    let wasTrial = isSharedBetter
    if alone == nil {
      trustsEstimate = shared != nil && trustsEstimate
      if shared != nil { alone = KnownTime(.infinity) }
    } else if alone!.note(givenUpAfter: elapsed), !wasTrial {
      // What was learned holds no longer, and nothing is known of the new load.
      forgetShared()
      trustsEstimate = false
    }
    if wasTrial { endTrial(won: false) }
  }
}

extension SharingRecord {
  /// The choice while nothing has been measured: what is not known at all may hold a unit that takes a second, and
  /// others that should not wait for it.
  private func first(_ facts: Facts) -> Choice {
    guard trustsEstimate, let estimate = facts.estimate, estimate.alone - estimate.shared < SharingPrices.wakeUp else {
      return .shared
    }
    return .watched(Expectation(limit: Watch.limit(expecting: estimate.alone), shared: nil))
  }

  private func settledAlone(_ alone: KnownTime) -> Choice {
    let isTimed = alone.isContradicted || runsSinceTrial % Self.briefRunsPerTimedOne == 0
    if alone.time < Self.brief && !isTimed { return .alone }
    return .watched(Expectation(limit: Watch.limit(expecting: alone.time), shared: shared?.time))
  }

  /// A run alone that is given up when it has lost; one that is known to lose narrowly may end.
  private func trialAlone(_ shared: KnownTime) -> Choice {
    let toBeat = isNearTie ? max(shared.time, alone?.time ?? 0) : shared.time
    return .watched(Expectation(limit: KnownTime.tolerance * toBeat, shared: shared.time))
  }

  /// Whether so long a run alone could gain by sharing what is left of it when the first worker has woken.
  ///
  /// How much of it several workers can do at once, costs tell if they are about right, otherwise the width.
  private func mayGain(_ alone: KnownTime, _ facts: Facts) -> Bool {
    var remaining = 1 / Double(facts.width)
    if let estimate = facts.estimate, estimate.alone > 0, (0.5...2).contains(alone.time / estimate.alone) {
      remaining = estimate.shared / estimate.alone
    }
    return (alone.time - SharingPrices.wakeUp) * (1 - remaining) > (1 - Self.worthSharing) * alone.time
  }

  /// Whether shared runs are so good that a run alone need not be tried to know that it would lose.
  ///
  /// Units are coarse, a lone worker would take as long as all workers were busy, and that is more. If it is not, for
  /// instance because each unit waits for the one before, a run alone risks next to nothing.
  private var isKeptShared: Bool {
    guard let shared, let work, unitCount > 0 else { return false }
    let unit = work.time / Double(unitCount)
    guard unit >= Self.coarse || unit * Self.coarseUnitsPerRun > shared.time else { return false }
    return shared.samples < Self.enoughHopelessSamples || shared.time < Self.worthSharing * work.time
  }

  private var isSharedBetter: Bool {
    guard let shared else { return false }
    guard let alone else { return true }
    return shared.time < Self.worthSharing * alone.time
  }

  private var isNearTie: Bool {
    guard let shared, let alone else { return false }
    return max(shared.time, alone.time) <= KnownTime.move * min(shared.time, alone.time)
  }

  /// Whether the load of shared runs has moved so far since the latest run alone that this might now be the better way.
  ///
  /// What sharing itself costs hides changes of the load: they show less in the time of a shared run, but fully in the
  /// work, which grows by as much as a run alone.
  private var isAloneInDoubt: Bool {
    guard let alone, let shared, let work else { return false }
    if shared.hasMoved() || work.hasMoved() { return true }
    guard work.hasMoved(by: KnownTime.tolerance) else { return false }
    return isNearTie || alone.time + work.growth < shared.time
  }

  private var samplesNeeded: Int {
    guard let alone, let shared else { return Self.enoughSamples }
    // To give a run alone up costs less than another shared run.
    let isHopeless = shared.time > Self.hopeless * alone.time
    return isHopeless ? Self.enoughHopelessSamples : Self.enoughSamples
  }

  /// The way thought slower was measured: it rests again, longer if it lost once more.
  private mutating func endTrial(won: Bool) {
    runsSinceTrial = 0
    rest = won ? Self.shortestRest : min(2 * rest, Self.longestRest)
  }

  private mutating func forgetShared() {
    shared = nil
    work = nil
    rest = Self.shortestRest
    // That it is slower than what is forgotten now tells nothing.
    if alone?.time == .infinity { alone = nil }
  }

  /// A different number of units changes all times in proportion if it is not too different. The width matters to
  /// shared runs only.
  private mutating func adapt(to facts: Facts) {
    if width != facts.width {
      if width != 0 { forgetShared() }
      width = facts.width
    }
    guard unitCount != facts.unitCount else { return }
    let factor = Double(facts.unitCount) / Double(unitCount)
    if unitCount == 0 {
      // The first choice; runs may have been noted before.
    } else if (0.5...2).contains(factor) {
      alone?.scale(by: factor)
      shared?.scale(by: factor)
      work?.scale(by: factor)
    } else {
      self = SharingRecord()
      width = facts.width
    }
    unitCount = facts.unitCount
  }
}
