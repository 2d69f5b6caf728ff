@testable import DependencyScheduling

/// Looking for units, and running them, mirroring `Worker`.
extension WakingWorld {
  // MARK: looking for a unit

  mutating func beginLook(_ actor: Int, isWorking: Bool) {
    actors[actor].isWorking = isWorking
    actors[actor].at = .popOwn
    actors[actor].unit = -1
    actors[actor].index = 0
    skipLooks(actor)
  }

  /// Goes past looks that must find nothing, whoever moves.
  mutating func skipLooks(_ actor: Int) {
    let run = actors[actor].run
    let state = runs[run]
    if actors[actor].at == .popOwn && state.deques[actors[actor].place] == 0 { actors[actor].at = .takeInbox }
    if actors[actor].at == .takeInbox && scenario.plans[run].suspending.isEmpty { actors[actor].at = .claimRoot }
    if actors[actor].at == .claimRoot && state.nextRoot >= scenario.plans[run].roots.count { passOnToThieving(actor) }
  }

  mutating func passOnToThieving(_ actor: Int) {
    if actors[actor].isWorking || runs[actors[actor].run].placesInUse <= 1 { return foundNoUnit(actor) }
    actors[actor].at = .steal
    actors[actor].index = 1
  }

  mutating func look(_ actor: Int) {
    let run = actors[actor].run
    switch actors[actor].at {
    case .popOwn:
      if let unit = runs[run].pop(at: actors[actor].place) { return found(actor, unit) }
      actors[actor].at = .takeInbox
      skipLooks(actor)
    case .takeInbox:
      if runs[run].inbox != 0 {
        let unit = 63 - runs[run].inbox.leadingZeroBitCount
        runs[run].inbox &= ~(1 << UInt64(unit))
        return found(actor, unit)
      }
      actors[actor].at = .claimRoot
      skipLooks(actor)
    case .claimRoot:
      let roots = scenario.plans[run].roots
      guard runs[run].nextRoot < roots.count else { return passOnToThieving(actor) }
      let unit = roots[runs[run].nextRoot]
      runs[run].nextRoot += 1
      guard runs[run].nextRoot < roots.count else { return found(actor, unit) }
      actors[actor].unit = unit
      let units = 1 + pick(roots.count - runs[run].nextRoot + runs[run].unitCount(at: actors[actor].place))
      beginCall(actor, for: run, units: units, from: .peek, then: actors[actor].isWorking ? .begin : .found)
    default:
      let count = runs[run].placesInUse
      let victim = (actors[actor].place + actors[actor].index) % count
      if let unit = runs[run].steal(at: victim) { return found(actor, unit) }
      actors[actor].index += 1
      if actors[actor].index >= count { foundNoUnit(actor) }
    }
  }

  mutating func found(_ actor: Int, _ unit: Int) {
    actors[actor].unit = unit
    if actors[actor].isWorking {
      actors[actor].at = .begin
      actors[actor].index = 0
    } else {
      answer(actor, .found)
    }
  }

  mutating func foundNoUnit(_ actor: Int) {
    if actors[actor].isWorking { finishWork(actor) } else { answer(actor, .nothing) }
  }

  // MARK: running units

  mutating func work(_ actor: Int) {
    switch actors[actor].at {
    case .begin:
      if runs[actors[actor].run].isStopping { return endWork(actor, isOver: true) }
      actors[actor].at = .body
      // Without a stop nobody can tell a unit that has begun from one that is about to.
      if !canStop { runBody(actor) }
    case .body: runBody(actor)
    case .giveWay:
      if pick(2) == 0 { return goOn(actor) }
      actors[actor].gaveWay = true
      let next = actors[actor].next
      actors[actor].next = -1
      if next >= 0 {
        runs[actors[actor].run].push(next, at: actors[actor].place)
        if omission != .callForUnitLeftBehind {
          beginCallForOwn(actor, then: .workIsDry)
          return
        }
      }
      finishWork(actor)
    case .countUnits:
      let run = actors[actor].run
      runs[run].remaining -= actors[actor].executed
      actors[actor].executed = 0
      if runs[run].remaining == 0 {
        actors[actor].at = .close
        actors[actor].then = .workIsOver
        actors[actor].target = run
      } else {
        endWork(actor, isOver: false)
      }
    case .runLone: runLone(actor)
    case .admit:
      let limit = scenario.plans[actors[actor].run].seatLimit
      runs[actors[actor].run].attendance.admit(seats: limit)
      if runs[actors[actor].run].attendance.seatLimit != limit { violation = "others are not admitted" }
      beginCall(actor, for: actors[actor].run, units: pickUnits(actors[actor].run), then: .workIsDry)
    default:  // .runJob
      jobsDone += 1
      actors[actor].hasJob = false
      beginSearch(actor, table.leavingSeat)
    }
  }

  /// Lets the unit's body run, and makes ready those that waited for it alone.
  mutating func runBody(_ actor: Int) {
    let (run, unit) = (actors[actor].run, actors[actor].unit)
    let plan = scenario.plans[run]
    if runs[run].begun >> UInt64(unit) & 1 == 1 { violation = "unit \(unit) of run \(run) runs twice" }
    if plan.predecessors[unit] & ~runs[run].done != 0 { violation = "unit \(unit) of run \(run) runs too early" }
    if runs[run].ends > 0 { violation = "unit \(unit) runs after the end of its run" }
    runs[run].begun |= 1 << UInt64(unit)
    actors[actor].unit = -1
    if plan.suspending.contains(unit) {
      runs[run].suspended |= 1 << UInt64(unit)
      return beginLook(actor, isWorking: true)
    }
    if plan.failing.contains(unit), pick(2) == 1 {
      actors[actor].at = .requestStop
      actors[actor].target = run
      actors[actor].then = .workIsOver
      return
    }
    let ready = arrive(run, unit)
    actors[actor].executed += 1
    actors[actor].next = ready.first ?? -1
    if ready.count > 1 {
      for unit in ready.dropFirst().reversed() { runs[run].push(unit, at: actors[actor].place) }
      beginCallForOwn(actor, then: .chain)
    } else {
      followChain(actor)
    }
  }

  /// A worker calls for what lies in its own deque. Thieves may come before it counts.
  mutating func beginCallForOwn(_ actor: Int, then: Next) {
    let run = actors[actor].run
    let units = 1 + pick(runs[run].unitCount(at: actors[actor].place))
    beginCall(actor, for: run, units: units, from: .peek, then: then)
  }

  /// The successors of `unit` that became ready.
  mutating func arrive(_ run: Int, _ unit: Int) -> [Int] {
    runs[run].done |= 1 << UInt64(unit)
    let plan = scenario.plans[run]
    return plan.successors[unit].filter { plan.predecessors[$0] & ~runs[run].done == 0 }
  }

  mutating func followChain(_ actor: Int) {
    if isSeat(actor) && isWanted {
      actors[actor].at = .giveWay
    } else {
      goOn(actor)
    }
  }

  mutating func goOn(_ actor: Int) {
    if actors[actor].next >= 0 {
      actors[actor].unit = actors[actor].next
      actors[actor].next = -1
      actors[actor].at = .begin
    } else {
      beginLook(actor, isWorking: true)
    }
  }

  mutating func finishWork(_ actor: Int) {
    if actors[actor].executed > 0 { actors[actor].at = .countUnits } else { endWork(actor, isOver: false) }
  }

  mutating func endWork(_ actor: Int, isOver: Bool) {
    let leaves = isOver || actors[actor].gaveWay
    actors[actor].target = 0
    actors[actor].index = 0
    beginSearch(actor, isSeat(actor) ? (leaves ? table.leavingSeat : table.drySeat) : table.dryCaller)
  }

  mutating func runLone(_ actor: Int) {
    let run = actors[actor].run
    let unit = runs[run].done.trailingZeroBitCount == 0 ? (~runs[run].done).trailingZeroBitCount : 0
    if runs[run].begun >> UInt64(unit) & 1 == 1 { violation = "unit \(unit) of run \(run) runs twice" }
    runs[run].begun |= 1 << UInt64(unit)
    runs[run].done |= 1 << UInt64(unit)
    let plan = scenario.plans[run]
    if unit + 1 == plan.successors.count {
      actors[actor].at = .close
      actors[actor].target = run
      actors[actor].then = .workIsOver
      return
    }
    if isWanted, pick(2) == 1 { return endWork(actor, isOver: true) }
    guard pick(2) == 1 else { return }
    // What is left is shared out.
    let done = runs[run].done
    runs[run].isLone = false
    runs[run].remaining = plan.successors.count - unit - 1
    runs[run].nextRoot = plan.roots.filter { done >> UInt64($0) & 1 == 1 }.count
    for unit in plan.successors.indices
    where done >> UInt64(unit) & 1 == 0 && plan.predecessors[unit] != 0 && plan.predecessors[unit] & ~done == 0 {
      runs[run].push(unit, at: 0)
    }
    actors[actor].at = .admit
  }
}
