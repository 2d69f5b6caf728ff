internal import DependencyScheduling

extension VirtualRun {
  /// The next step of a worker that looks for a unit, or has just been woken.
  func takeStep(_ worker: Int) {
    switch workers[worker].phase {
    case .asleep: wake(worker)
    case .searching, .running: break
    }
    switch workers[worker].search.action {
    case .work:
      workers[worker].endRest(at: now)
      start(workers[worker].unit, by: worker, at: now)
    case .sleep: sleep(worker)
    case .end: leaveAsCaller()
    case let action:
      let (answer, duration) = perform(action, worker)
      _ = workers[worker].search.next(after: answer)
      schedule(worker, at: now + duration)
    }
  }

  private func wake(_ worker: Int) {
    workers[worker].phase = .searching
    workers[worker].restsSince = nil
    (workers[worker].awakeSince, workers[worker].idle) = (now, 0)
    if workers[worker].role == .seat {
      workers[worker].search = .calledSeat
    } else if workers[worker].search.action == .sleep {
      _ = workers[worker].search.next(after: .done)
    }
  }

  private func sleep(_ worker: Int) {
    workers[worker].endRest(at: now)
    if workers[worker].role == .caller { noteBusyTime(worker) }
    workers[worker].phase = .asleep
    guard workers[worker].signals > 0 else { return }
    workers[worker].signals -= 1
    schedule(worker, at: now)
  }

  /// The run is over; seats that are still inside must leave first.
  private func leaveAsCaller() {
    if attendance.caller == .waiting { return noteEnd() }
    if workers[0].waitsSince == nil {
      workers[0].endRest(at: now)
      noteBusyTime(0)
      workers[0].waitsSince = now
      workers[0].pause = prices.shortestRest
    }
    if attendance.seats > 0, rules.callerStaysAwake, now - workers[0].waitsSince! < prices.patience {
      schedule(0, at: now + workers[0].pause)
      workers[0].pause = min(2 * workers[0].pause, prices.longestRest)
      return
    }
    guard attendance.leaveCaller() else { return noteEnd() }
    workers[0].phase = .asleep
  }

  private func noteBusyTime(_ worker: Int) {
    busy += now - workers[worker].awakeSince - workers[worker].idle
  }

  private func perform(_ action: Search.Action, _ worker: Int) -> (Search.Answer, Double) {
    let isCaller = workers[worker].role == .caller
    switch action {
    case .look: return look(worker)
    case .countSearching:
      if isCaller { attendance.callerRunsDry() } else { counts.runDry() }
      return (.done, prices.step)
    case .rest: return rest(worker)
    case .countFound:
      if isCaller { attendance.callerFinds() }
      return (isCaller || counts.find() ? .found : .done, prices.step)
    case .lookForMore: return (wantsSeat ? .found : .nothing, prices.failedLook * Double(placesInUse))
    case .call:
      return (.done, isCaller || wantsSeat ? call(forUnits: visibleUnits, atMost: SeatCounts.callsOfFinder) : 0)
    case .leave: return (.done, leave(worker))
    case .findRun: return (enter(worker) ? .found : .nothing, prices.step)
    case .announce:
      if isCaller { return (attendance.parkCaller() ? .done : .over, prices.step) }
      vacant.append(worker)
      counts.announceSleep()
      return (.done, prices.step)
    case .lookOnceMore:
      let sees = isCaller ? attendance.isClosed || hasVisibleUnit : wantsSeat
      return (sees ? .found : .nothing, prices.failedLook)
    case .stayAwake: return (stayAwake(worker) ? .found : .nothing, prices.step)
    case .work, .sleep, .end: preconditionFailure("\(action) is no step of a search")
    }
  }

  private func look(_ worker: Int) -> (Search.Answer, Double) {
    if attendance.isClosed { return (.over, prices.failedLook) }
    let (unit, duration) = anyUnit(worker)
    guard let unit else { return (.nothing, duration) }
    workers[worker].unit = unit
    return (.found, duration)
  }

  private func rest(_ worker: Int) -> (Search.Answer, Double) {
    if workers[worker].restsSince == nil {
      workers[worker].restsSince = now
      workers[worker].pause = prices.shortestRest
    }
    guard now - workers[worker].restsSince! < prices.patience else { return (.nothing, 0) }
    defer { workers[worker].pause = min(2 * workers[worker].pause, prices.longestRest) }
    return (.done, workers[worker].pause)
  }

  private func enter(_ worker: Int) -> Bool {
    guard wantsSeat, attendance.enter() else { return false }
    workers[worker].place = takePlace()
    (workers[worker].awakeSince, workers[worker].idle) = (now, 0)
    return true
  }

  private func leave(_ worker: Int) -> Double {
    let restsSince = workers[worker].restsSince
    workers[worker].endRest(at: now)
    workers[worker].restsSince = restsSince
    noteBusyTime(worker)
    freePlaces.append(workers[worker].place)
    return prices.step + act(on: attendance.leave())
  }

  private func stayAwake(_ worker: Int) -> Bool {
    if workers[worker].role == .caller { return attendance.unparkCaller() }
    guard counts.call(forUnits: 1) else { return false }
    vacant.remove(at: vacant.lastIndex(of: worker)!)
    return true
  }

  /// While a seat could enter and find a unit, and one is vacant, somebody searches or is about to call.
  var holdsInvariant: Bool {
    guard wantsSeat, counts.vacant > 0, counts.searching == 0, attendance.caller != .searching else { return true }
    return workers.contains { worker in
      switch worker.search.action {
      case .lookForMore, .call, .lookOnceMore, .stayAwake: worker.phase == .searching
      default: false
      }
    }
  }
}
