import Dispatch
internal import Threads

extension Run {
  /// Waits for the seats that are still inside a run that is over: awake for as long as those need who have just run
  /// dry, then asleep.
  func awaitSeats() {
    var patience = Patience()
    while attendance.current.seats > 0 && patience.rest() {}
    if attendance.step({ $0.leaveCaller() }) { wakeCaller.wait() }
  }
}

/// The caller of a synchronous run that is shared out: a worker that brings its own thread, and parks when it finds
/// nothing.
struct Caller {
  private let run: Run
  private let place = 0
  private var unit: UInt32 = 0
  private var patience = Patience()
  /// When it began or last woke, and how long it has found nothing since.
  private var awakeSince = MonotonicClock.now
  private var idle: Int64 = 0
  private var steals = 0

  init(_ run: Run) {
    self.run = run
  }

  /// Works until the run is over.
  mutating func work() {
    var search = Search(dry: .caller)
    var action = search.action
    while true {
      switch action {
      case .work:
        if let began = patience.began { idle += MonotonicClock.now - began }
        patience = Patience()
        _ = run.work(at: place, from: unit, in: nil)
        search = Search(dry: .caller)
        action = search.action
      case .end:
        run.order!.seats?.tally.steals.add(steals)
        return noteBusyTime()
      default: action = search.next(after: perform(action))
      }
    }
  }

  /// Does what the protocol asks for, and says what came of it.
  mutating func perform(_ action: Search.Action) -> Search.Answer {
    switch action {
    case .look, .lookOnceMore: return look(takes: action == .look)
    case .countSearching: run.attendance.step { $0.callerRunsDry() }
    case .rest: return patience.rest() ? .done : .nothing
    case .countFound:
      run.attendance.step { $0.callerFinds() }
      return .found
    case .lookForMore: return run.wantsSeat ? .found : .nothing
    case .call: run.call(run.order!.seats, forUnits: run.unitsInSight, atMost: SeatCounts.callsOfFinder)
    case .announce: return run.attendance.step { $0.parkCaller() } ? .done : .over
    case .stayAwake: return run.attendance.step { $0.unparkCaller() } ? .found : .nothing
    case .sleep: sleep()
    case .leave, .findRun, .work, .end: preconditionFailure("\(action) is no step of a caller's search")
    }
    return .done
  }

  private mutating func look(takes: Bool) -> Search.Answer {
    if run.attendance.isClosed { return takes ? .over : .found }
    if !takes { return run.hasVisibleUnit ? .found : .nothing }
    guard let found = run.look(at: place) else { return .nothing }
    unit = found.unit
    if found.isStolen { run.order!.seats?.noteSteal(of: unit, &steals) }
    return .found
  }

  private mutating func sleep() {
    noteBusyTime()
    run.order!.recorder?.leave(place)
    run.order!.seats?.tally.callerSleeps.add()
    if run.order!.body.isSuspending {
      // What completes the units may be jobs of this executor's.
      CurrentRun.lendingSeat { run.wakeCaller.wait() }
    } else {
      run.wakeCaller.wait()
    }
    run.order!.recorder?.enter(place)
    (awakeSince, idle) = (MonotonicClock.now, 0)
    patience = Patience()
  }

  private func noteBusyTime() {
    run.note(busy: (patience.began ?? MonotonicClock.now) - awakeSince - idle)
  }
}
