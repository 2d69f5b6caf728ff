@testable import DependencyScheduling

/// The beginnings and ends of runs, and what outsiders do.
extension WakingWorld {
  // MARK: the ends of runs

  mutating func endRun(_ actor: Int) {
    let target = actors[actor].target
    switch actors[actor].at {
    case .requestStop:
      runs[target].isStopping = true
      actors[actor].at = .close
    case .close: follow(actor, runs[target].attendance.close())
    case .signalCaller:
      signal(target)
      goOn(actor, after: actors[actor].then)
    case .finish:
      if scenario.plans[target].hasCaller { violation = "a run that has a caller is finished by a seat" }
      runs[target].isListed = false
      takeOutcome(target)
      goOn(actor, after: actors[actor].then)
    default:  // .countCompleted
      runs[target].remaining -= 1
      actors[actor].at = .close
      if runs[target].remaining != 0 { goOn(actor, after: .event) }
    }
  }

  /// Nobody may be inside any more.
  mutating func takeOutcome(_ run: Int) {
    runs[run].ends += 1
    if runs[run].ends > 1 { violation = "run \(run) ends twice" }
    if !runs[run].attendance.isClosed { violation = "run \(run) ends before it is over" }
    if !runs[run].isStopping && runs[run].done != 1 << UInt64(scenario.plans[run].successors.count) - 1 {
      violation = "run \(run) ends before all its units have run"
    }
    if actors.indices.contains(where: { isSeat($0) && actors[$0].at != .gone && actors[$0].run == run }) {
      violation = "run \(run) ends while a seat is inside"
    }
    // What is left of it concerns nobody: fewer states.
    runs[run].deques = [0, 0, 0, 0]
    runs[run].begun = 0
    runs[run].done = 0
    runs[run].inbox = 0
    runs[run].nextRoot = 0
    if scenario.plans[run].suspending.isEmpty { runs[run].remaining = 0 }
    runs[run].placesInUse = 0
    runs[run].freePlaces = 0
  }

  // MARK: a caller's first and last steps

  mutating func attend(_ actor: Int) -> Bool {
    let run = actors[actor].run
    switch actors[actor].at {
    case .open:
      runs[run].isListed = true
      beginCall(actor, for: run, units: pickUnits(run), then: .searchAsCaller)
    case .remove:
      runs[run].isListed = false
      actors[actor].at = .leaveCaller
    case .leaveCaller: actors[actor].at = runs[run].attendance.leaveCaller() ? .awaitSeats : .takeOutcome
    case .awaitSeats:
      guard runs[run].signals > 0 else { return false }
      runs[run].signals -= 1
      actors[actor].at = .takeOutcome
    default:
      takeOutcome(run)
      actors[actor] = Actor()
    }
    return true
  }

  // MARK: outsiders

  func nextEventNeedsLock(_ actor: Int) -> Bool {
    let events = scenario.outsiders[actor - firstOutsider]
    guard actors[actor].position < events.count else { return false }
    switch events[actors[actor].position] {
    case .open, .setWidth: return true
    case .complete, .cancel, .enqueue: return false
    }
  }

  mutating func beginEvent(_ actor: Int) -> Bool {
    let events = scenario.outsiders[actor - firstOutsider]
    guard actors[actor].position < events.count else { return false }
    actors[actor].then = .event
    switch events[actors[actor].position] {
    case .open(let run):
      runs[run].isListed = true
      beginCall(actor, for: run, units: pickUnits(run), then: .event)
    case .complete(let run, let unit):
      guard runs[run].suspended >> UInt64(unit) & 1 == 1 else {
        // The unit may never run.
        guard runs[run].isStopping && runs[run].ends > 0 else { return false }
        goOn(actor, after: .event)
        return true
      }
      let ready = arrive(run, unit)
      for unit in ready { runs[run].inbox |= 1 << UInt64(unit) }
      beginCall(
        actor, for: run, units: ready.count, from: ready.isEmpty ? .countCompleted : .callRun, then: .countCompleted)
    case .cancel(let run):
      // Under the run's lock, so that nobody takes the outcome meanwhile.
      actors[actor].target = run
      if runs[run].ends > 0 || runs[run].attendance.isClosed {
        goOn(actor, after: .event)
      } else {
        runs[run].isStopping = true
        follow(actor, runs[run].attendance.close())
      }
    case .setWidth(let newWidth):
      counts.add(seats: newWidth - width)
      width = newWidth
      if counts.isOvercrowded { isWanted = true }
      beginLookForOthers(actor, then: .call)
    case .enqueue:
      jobs += 1
      beginCall(actor, for: -1, units: 1, from: .callSeat, then: .event)
    }
    return true
  }
}
