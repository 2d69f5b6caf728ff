@testable import DependencyScheduling

/// The steps of the shell, one at a time.
extension WakingWorld {
  /// Takes the next step of `actor`; false, with nothing changed, if it must wait.
  mutating func step(_ actor: Int) -> Bool {
    outcomes = 1
    let at = actors[actor].at
    if mustWaitForLock(actor) { return false }
    switch at {
    case .gone: return isSeat(actor) && beginStay(actor)
    case .event: return beginEvent(actor)
    case .act: return act(actor)
    case .popOwn, .takeInbox, .claimRoot, .steal: look(actor)
    case .begin, .body, .giveWay, .countUnits, .runLone, .admit, .runJob: work(actor)
    case .peek, .callRun, .wakeCaller, .callSeat, .submit, .askRun, .askCounts, .wish: call(actor)
    case .lookForJobs, .lookForRoom, .lookForUnits: lookForOthers(actor)
    case .withdrawWish, .refreshWish, .takeJob, .chooseRun, .enterRun: findRun(actor)
    case .requestStop, .close, .signalCaller, .finish, .countCompleted: endRun(actor)
    case .open, .remove, .leaveCaller, .awaitSeats, .takeOutcome: return attend(actor)
    }
    return true
  }

  private func mustWaitForLock(_ actor: Int) -> Bool {
    let needsLock =
      switch actors[actor].at {
      case .submit, .chooseRun, .open, .remove, .finish: true
      case .lookForRoom: actors[actor].then == .call || isSeat(actor)
      case .act:
        switch table.actions[actors[actor].search] {
        case .announce, .stayAwake: isSeat(actor)
        default: false
        }
      case .event: nextEventNeedsLock(actor)
      default: false
      }
    return needsLock && (0..<actorCount).contains { $0 != actor && actors[$0].holdsLock }
  }

  // MARK: what follows

  /// Goes on after a call, a look, or the end of a run.
  mutating func goOn(_ actor: Int, after next: Next) {
    let target = actors[actor].target
    actors[actor].candidate = -1
    (actors[actor].units, actors[actor].candidateUnits) = (0, 0)
    (actors[actor].mayCallAgain, actors[actor].hasCalled) = (false, false)
    actors[actor].holdsLock = false
    actors[actor].index = 0
    actors[actor].target = 0
    actors[actor].then = .event
    switch next {
    case .event:
      actors[actor].position += 1
      actors[actor].at = .event
    case .done: answer(actor, .done)
    case .found: answer(actor, .found)
    case .begin: actors[actor].at = .begin
    case .chain: followChain(actor)
    case .workIsDry: finishWork(actor)
    case .workIsOver: endWork(actor, isOver: true)
    case .searchAsCaller: beginSearch(actor, table.dryCaller)
    case .countCompleted:
      actors[actor].at = .countCompleted
      actors[actor].target = target
    case .answer, .call: violation = "nothing follows a look"
    }
  }

  /// Does what the end of a run, or of a stay in it, asks for.
  mutating func follow(_ actor: Int, _ end: Attendance.End) {
    switch end {
    case .notYet: goOn(actor, after: actors[actor].then)
    case .signalCaller: actors[actor].at = .signalCaller
    case .finish: actors[actor].at = .finish
    }
  }
}
