@testable import DependencyScheduling

/// What holds in every state, and what holds at the end.
extension WakingWorld {
  /// What is wrong with this state, if anything is.
  func brokenInvariant() -> String? {
    brokenCounts() ?? brokenAttendance() ?? brokenCall()
  }

  // MARK: the counts

  private func brokenCounts() -> String? {
    var searching = submitted.nonzeroBitCount
    for actor in 0..<actorCount {
      if actors[actor].at == .submit { searching += 1 }
      if isSeat(actor) && actors[actor].isCounted { searching += 1 }
    }
    for actor in firstStay..<actorCount where actors[actor].isCounted {
      switch actors[actor].at {
      case .begin, .body, .runLone, .runJob: return "\(describe(actor)): it works, and counts as searching"
      default: break
      }
    }
    if Int(counts.vacant) + takenSeats != width { return "\(counts): \(takenSeats) of \(width) are taken" }
    if Int(counts.searching) != searching { return "\(counts): it is \(searching)" }
    return nil
  }

  /// The seats that somebody sits in or was called to, by what everybody does.
  var takenSeats: Int {
    var taken = submitted.nonzeroBitCount
    for actor in 0..<actorCount {
      if actors[actor].at == .submit { taken += 1 }
      if isSeat(actor) && actors[actor].at != .gone && !hasAnnounced(actor) { taken += 1 }
    }
    return taken
  }

  private func action(_ actor: Int) -> Search.Action { table.actions[actors[actor].search] }

  private func isInSearch(_ actor: Int) -> Bool {
    switch actors[actor].at {
    case .act: true
    case .popOwn, .takeInbox, .claimRoot, .steal: !actors[actor].isWorking
    case .peek: actors[actor].then == .found
    default: actors[actor].search != 0
    }
  }

  private func hasAnnounced(_ actor: Int) -> Bool {
    isInSearch(actor) && (action(actor) == .lookOnceMore || action(actor) == .stayAwake)
  }

  // MARK: the attendance

  private func brokenAttendance() -> String? {
    for run in runs.indices {
      let attendance = runs[run].attendance
      var inside = 0
      for actor in firstStay..<actorCount where actors[actor].at != .gone && actors[actor].run == run { inside += 1 }
      if attendance.seats != inside { return "run \(run): \(attendance), but \(inside) are inside" }
      if inside > attendance.seatLimit { return "run \(run): more seats inside than may be" }
      var entered = attendance
      if entered.enter() != attendance.hasRoom { return "run \(run): \(attendance), and room and entry disagree" }
      if attendance.isClosed && attendance.caller == .parked { return "run \(run): over, and its caller is parked" }
      if runs[run].isLone && inside > 1 { return "run \(run): two seats run what one is to run alone" }
    }
    for actor in 0..<firstOutsider {
      switch actors[actor].at {
      case .gone, .open, .remove, .leaveCaller, .awaitSeats, .takeOutcome: continue
      default: break
      }
      let caller = runs[actors[actor].run].attendance.caller
      if (caller == .searching || caller == .parked) != actors[actor].isCounted {
        return "\(describe(actor)): it is said to be \(caller)"
      }
    }
    return nil
  }

  // MARK: the invariant of the protocol

  /// Whether somebody is between leaving a unit and the end of its call, or looks whether there is something to call
  /// for, or is about to.
  private var isCallUnderWay: Bool {
    for actor in 0..<actorCount {
      switch actors[actor].at {
      case .peek, .callRun, .wakeCaller, .callSeat, .submit, .askRun, .askCounts, .wish, .lookForJobs, .lookForRoom,
        .lookForUnits, .admit, .withdrawWish, .refreshWish:
        return true
      case .act:
        switch action(actor) {
        case .lookForMore, .call, .lookOnceMore, .stayAwake: return true
        case .countSearching where actors[actor].search == table.leavingSeat: return true
        default: break
        }
      case .countUnits where actors[actor].gaveWay: return true
      default: break
      }
    }
    return false
  }

  private func brokenCall() -> String? {
    if counts.searching > 0 || isCallUnderWay { return brokenParking() }
    if jobs > 0 && counts.vacant > 0 { return "a job waits, a seat is vacant, and nobody searches" }
    if jobs > 0 && !isWanted && counts.vacant == 0 { return "a job waits, and nobody is asked to give way" }
    for run in runs.indices where runs[run].isListed && runs[run].attendance.hasRoom && hasVisibleUnit(run) {
      let attendance = runs[run].attendance
      if attendance.caller == .searching { continue }
      if counts.vacant > 0 { return "run \(run) has a unit and room, a seat is vacant, and nobody searches" }
      if attendance.seats == 0 && !isWanted { return "nobody sits in run \(run), and nobody is asked to give way" }
    }
    return brokenParking()
  }

  private func brokenParking() -> String? {
    for run in runs.indices {
      guard runs[run].attendance.caller == .parked, !runs[run].attendance.isClosed, hasVisibleUnit(run) else {
        continue
      }
      if !isCallUnderWay { return "the caller of run \(run) sleeps beside a unit, and nobody wakes it" }
    }
    return nil
  }

  // MARK: the end

  /// What is wrong with a state in which nobody can move.
  func brokenEnd() -> String? {
    for actor in 0..<actorCount where actors[actor].at != .gone {
      if isOutsider(actor), actors[actor].position == scenario.outsiders[actor - firstOutsider].count { continue }
      return "nobody moves, and \(describe(actor)) is not at its end"
    }
    if submitted != 0 { return "a seat that was called does not come" }
    if counts != SeatCounts(seats: width) { return "everybody sleeps, and \(counts) of \(width)" }
    if jobs > 0 { return "everybody sleeps, and \(jobs) jobs wait" }
    for run in runs.indices {
      if runs[run].ends != 1 { return "everybody sleeps, and run \(run) has not ended" }
      if runs[run].signals != 0 { return "the caller of run \(run) was signalled for nothing" }
    }
    return nil
  }

  func describe(_ actor: Int) -> String {
    let state = actors[actor]
    let name = isSeat(actor) ? "seat \(state.seat)" : isOutsider(actor) ? "outsider" : "caller of run \(state.run)"
    if isOutsider(actor), state.at == .event, state.position < scenario.outsiders[actor - firstOutsider].count {
      return "outsider: \(scenario.outsiders[actor - firstOutsider][state.position])"
    }
    let target = state.target != 0 || state.at == .callRun ? " target \(state.target)" : ""
    let unit = state.unit >= 0 ? " unit \(state.unit)" : ""
    let inRun = isSeat(actor) && state.run >= 0 ? " in run \(state.run)" : ""
    return state.at == .act
      ? "\(name)\(inRun): \(action(actor))\(unit)" : "\(name)\(inRun): \(state.at)\(target)\(unit)"
  }
}
