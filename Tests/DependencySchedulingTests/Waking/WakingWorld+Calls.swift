@testable import DependencyScheduling

/// Calling, and looking for what others should do, mirroring `Seats` and `Run.call`.
extension WakingWorld {
  // MARK: calling

  mutating func call(_ actor: Int) {
    let target = actors[actor].target
    switch actors[actor].at {
    case .peek:
      var attendance = runs[target].attendance
      if attendance.call(forUnits: .max) == .nobody { return goOn(actor, after: actors[actor].then) }
      actors[actor].at = .callRun
    case .callRun:
      let before = runs[target].attendance
      let whom = runs[target].attendance.call(forUnits: actors[actor].units)
      checkCall(before, whom, units: actors[actor].units)
      switch whom {
      case .wakeCaller: actors[actor].at = .wakeCaller
      case .nobody: leaveCall(actor)
      case .seat(let forSeats):
        actors[actor].units = forSeats
        if isScanning(actor) {
          noteCandidate(actor)
          nextTarget(actor)
        } else {
          actors[actor].at = .callSeat
        }
      }
    case .wakeCaller:
      signal(target)
      leaveCall(actor)
    case .callSeat:
      if target >= 0 && omission == .heldSeats && runs[target].ends > 0 {
        violation = "run \(target) is over, and is asked for its seats"
      }
      let (before, units) = (counts, actors[actor].units)
      let isCalled = counts.call(forUnits: units)
      if isCalled && before.searching >= units { violation = "a seat is called although enough search for \(units)" }
      if !isCalled && before.searching < units && before.vacant > 0 {
        violation = "no seat is called although \(before) and there are \(units) units"
      }
      if isCalled {
        actors[actor].at = .submit
      } else if actors[actor].hasCalled {
        leaveCall(actor)
      } else {
        actors[actor].at = target < 0 ? .askCounts : .askRun
      }
    case .submit:
      submitSeat()
      if actors[actor].mayCallAgain {
        actors[actor].mayCallAgain = false
        actors[actor].hasCalled = true
        actors[actor].at = .callSeat
      } else {
        leaveCall(actor)
      }
    case .askRun:
      if runs[target].attendance.seats == 0 { actors[actor].at = .askCounts } else { leaveCall(actor) }
    case .askCounts:
      if counts.searching == 0 && counts.vacant <= 0 { actors[actor].at = .wish } else { leaveCall(actor) }
    default:  // .wish
      isWanted = true
      leaveCall(actor)
    }
  }

  /// Whom the run says that somebody should wake.
  private mutating func checkCall(_ before: Attendance, _ whom: Attendance.Call, units: Int) {
    let forSeats = min(units - (before.caller == .searching ? 1 : 0), before.seatLimit - before.seats)
    let expected: Attendance.Call =
      before.isClosed
      ? .nobody
      : before.caller == .parked
        ? .wakeCaller
        : forSeats > 0 ? .seat(forUnits: forSeats) : .nobody
    if whom != expected { violation = "\(before): \(whom) is called for \(units) units" }
  }

  func isScanning(_ actor: Int) -> Bool { actors[actor].holdsLock }

  mutating func leaveCall(_ actor: Int) {
    if isScanning(actor) { return nextTarget(actor) }
    goOn(actor, after: actors[actor].then)
  }

  mutating func signal(_ run: Int) {
    runs[run].signals += 1
    if runs[run].signals > 1 { violation = "the caller of run \(run) is signalled twice" }
    if !scenario.plans[run].hasCaller { violation = "a run without a caller has it signalled" }
  }

  mutating func submitSeat() {
    var seat = madeSeats
    if vacantSeats == 0 {
      madeSeats += 1
      if madeSeats > scenario.mostSeats { violation = "more seats are made than there ever are" }
    } else {
      seat = vacantSeats.trailingZeroBitCount
      vacantSeats &= ~(1 << UInt64(seat))
    }
    if submitted >> UInt64(seat) & 1 == 1 { violation = "a seat is called twice" }
    submitted |= 1 << UInt64(seat)
  }

  // MARK: looking for what others should do

  /// Looks whether there is something for a worker that comes now, to answer the search, or to call for it.
  mutating func beginLookForOthers(_ actor: Int, then: Next) {
    actors[actor].then = then
    actors[actor].index = 0
    actors[actor].candidate = -1
    if isSeat(actor) || isOutsider(actor) {
      actors[actor].target = 0
      actors[actor].at = .lookForJobs
      if jobs == 0 && !hasEventsWithJobs { actors[actor].at = .lookForRoom }
    } else {
      actors[actor].target = actors[actor].run
      // A caller that looks once more asks for units alone.
      actors[actor].at = table.actions[actors[actor].search] == .lookOnceMore ? .lookForUnits : .lookForRoom
    }
  }

  var hasEventsWithJobs: Bool {
    scenario.outsiders.joined().contains { if case .enqueue = $0 { true } else { false } }
  }

  mutating func lookForOthers(_ actor: Int) {
    let target = actors[actor].target
    switch actors[actor].at {
    case .lookForJobs:
      guard jobs > 0 else {
        actors[actor].at = .lookForRoom
        return
      }
      if actors[actor].then == .answer { return answer(actor, .found) }
      beginCall(actor, for: -1, units: 1, from: .callSeat, then: isSeat(actor) ? .done : .event)
    case .lookForRoom:
      let isAnybodys = actors[actor].then == .call || isSeat(actor)
      if isAnybodys { actors[actor].holdsLock = true }
      if runs.isEmpty { return nextTarget(actor) }
      var attendance = runs[target].attendance
      let callsAll = actors[actor].then == .call && omission != .callsForAllRuns
      let mayCome = callsAll ? attendance.call(forUnits: .max) != .nobody : attendance.hasRoom
      if mayCome && (runs[target].isListed || !isAnybodys) {
        actors[actor].at = .lookForUnits
      } else {
        nextTarget(actor)
      }
    default: lookForUnits(actor)
    }
  }

  mutating func lookForUnits(_ actor: Int) {
    let target = actors[actor].target
    let state = runs[target]
    let isVisible =
      switch actors[actor].index {
      case 0: state.isLone || state.nextRoot < scenario.plans[target].roots.count
      case 1: state.inbox != 0
      default: state.deques[actors[actor].index - 2] != 0
      }
    if isVisible {
      if actors[actor].then == .answer { return goOn(actor, seesMore: true) }
      actors[actor].index = 0
      actors[actor].at = .callRun
      actors[actor].units = pickUnits(target)
      if omission == .callsForAllRuns {
        actors[actor].holdsLock = false
        actors[actor].then = isSeat(actor) ? .done : .event
      }
      return
    }
    actors[actor].index += 1
    if actors[actor].index == 1 && scenario.plans[target].suspending.isEmpty { actors[actor].index = 2 }
    if actors[actor].index >= 2 + state.placesInUse { nextTarget(actor) }
  }

  /// How many units of `run` lie about is read place by place, and no more than a hint: it may be any number from one
  /// up to as many as are ever ready. More than there may be workers make no difference.
  mutating func pickUnits(_ run: Int) -> Int {
    let plan = scenario.plans[run]
    let workers = min(plan.seatLimit, scenario.mostSeats) + (plan.hasCaller ? 1 : 0)
    return 1 + pick(max(min(workers, plan.mostReady, Self.mostUnits), 1))
  }

  mutating func nextTarget(_ actor: Int) {
    actors[actor].index = 0
    actors[actor].units = 0
    actors[actor].at = .lookForRoom
    if actors[actor].holdsLock {
      actors[actor].target += 1
      if actors[actor].target < runs.count { return }
    }
    if actors[actor].then == .answer { return goOn(actor, seesMore: false) }
    let next = isSeat(actor) ? Next.done : .event
    if actors[actor].candidate >= 0 {
      actors[actor].holdsLock = false
      beginCall(
        actor, for: actors[actor].candidate, units: actors[actor].candidateUnits, from: .callSeat, then: next)
      actors[actor].mayCallAgain = SeatCounts.callsOfFinder > 1
      actors[actor].candidate = -1
      actors[actor].candidateUnits = 0
    } else {
      goOn(actor, after: next)
    }
  }

  mutating func goOn(_ actor: Int, seesMore: Bool) {
    actors[actor].holdsLock = false
    answer(actor, seesMore ? .found : .nothing)
  }

  mutating func noteCandidate(_ actor: Int) {
    let (target, candidate) = (actors[actor].target, actors[actor].candidate)
    if candidate < 0 || runs[target].attendance.seats < runs[candidate].attendance.seats {
      actors[actor].candidate = target
      actors[actor].candidateUnits = actors[actor].units
    }
  }
}
