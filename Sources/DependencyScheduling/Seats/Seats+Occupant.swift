import Dispatch
import Synchronization
internal import Threads

extension Seats {
  /// One stay on seat `index`, from the call to the sleep: on the seat's thread.
  func occupy(_ index: Int) { CurrentRun.onSeat(of: self) { search(from: index) } }

  private func search(from index: Int) {
    var occupant = Occupant(self, index)
    var search = Search.calledSeat
    var action = search.action
    while true {
      switch action {
      case .work:
        search = occupant.work() ? Search(dry: .seat) : Search.leavingSeat
        action = search.action
      case .sleep:
        observer?.seatSlept(index)
        return
      default: action = search.next(after: occupant.perform(action))
      }
    }
  }

  // MARK: steps that need the lock

  /// Enters the run with the fewest seats among those that have room and a unit; `nil` if there is none, or if there
  /// are fewer seats than are taken.
  func enterRun() -> (run: Run, place: Int)? {
    lock.withLock {
      if counts.current.isOvercrowded { return nil }
      while let position = neediest() {
        let run = openRuns[position]
        guard run.attendance.step({ $0.enter() }) else { continue }
        // The next seat looks at the others first.
        openRuns.append(openRuns.remove(at: position))
        return (run, run.deques.take())
      }
      return nil
    }
  }

  /// By position: an iterator would hold the array, and changing it would then copy it.
  private func neediest() -> Int? {
    var found: (position: Int, seats: Int)?
    for position in openRuns.indices {
      let attendance = openRuns[position].attendance.current
      guard attendance.hasRoom, attendance.seats < found?.seats ?? .max, openRuns[position].hasVisibleUnit else {
        continue
      }
      found = (position, attendance.seats)
    }
    return found?.position
  }

  /// The place of a worker that leaves `run` is free again. If it gives way, it looks at the other runs first: one that
  /// was opened later may be the one that asked.
  func giveBack(_ place: Int, of run: Run) {
    lock.withLock {
      run.deques.giveBack(place)
      run.isUnwatched = true
      guard let position = openRuns.firstIndex(where: { $0 === run }) else { return }
      openRuns.append(openRuns.remove(at: position))
    }
  }

  /// The first run that a seat could enter.
  private func runWithMore() -> Run? {
    lock.withLock { openRuns.first { $0.wantsSeat } }
  }

  /// Calls seats for whatever lies about. By a searcher that has found something, or whoever has made a seat vacant.
  func callWhereThereIsMore() {
    if !jobs.isEmpty { return callForJob() }
    let neediest = lock.withLock {
      var found: (run: Run, seats: Int, units: Int)?
      for run in openRuns {
        var attendance = run.attendance.current
        guard attendance.call(forUnits: .max) != .nobody, run.hasVisibleUnit else { continue }
        let units = run.unitsInSight
        switch run.attendance.step({ $0.call(forUnits: units) }) {
        case .wakeCaller: run.wakeCaller.signal()
        case .seat(let forSeats) where attendance.seats < found?.seats ?? .max:
          found = (run, attendance.seats, forSeats)
        case .seat, .nobody: break
        }
      }
      return found
    }
    if let neediest { call(for: neediest.run, forUnits: neediest.units, atMost: SeatCounts.callsOfFinder) }
  }

  fileprivate func announceSleep(_ index: Int) {
    lock.withLock {
      vacant.append(index)
      counts.step { $0.announceSleep() }
    }
  }

  /// Takes the seat back that was announced as vacant; false if nobody need stay, or another occupant is on the way.
  fileprivate func stayAwake(_ index: Int) -> Bool {
    let stays = lock.withLock {
      // On threads of the host's, a new occupant may have come and gone.
      guard let position = vacant.lastIndex(of: index), counts.step({ $0.call(forUnits: 1) }) else { return false }
      vacant.remove(at: position)
      return true
    }
    // It searched, so nobody was asked; but there are fewer seats than were taken.
    if !stays { askForSeat() }
    return stays
  }

  /// Counts a unit that a worker took from another, for the tally at the end of its stay.
  func noteSteal(of unit: UInt32, _ count: inout Int) {
    count += 1
    observer?.unitStolen(UnitID(unit))
  }

  /// Whether there is something to do for a seat that came now.
  fileprivate var hasMore: Bool { !jobs.isEmpty || runWithMore() != nil }
}

/// The one who sits in a seat: what it holds between two steps of its search.
struct Occupant {
  private let seats: Seats
  private let index: Int
  private var run: Run?
  private var place = 0
  private var unit: UInt32 = 0
  private var job: JobQueue.Job?
  private var patience = Patience()
  private var stay: SeatStay?
  /// How long it has found nothing in the run that it is in.
  private var idle: Int64 = 0
  private var steals = 0
  private var probeWatch = ProbeWatch()
  /// Since when it has done jobs without a run in between.
  private var jobsSince: Int64?

  init(_ seats: Seats, _ index: Int) {
    (self.seats, self.index) = (seats, index)
  }

  /// Does what the protocol asks for, and says what came of it.
  mutating func perform(_ action: Search.Action) -> Search.Answer {
    switch action {
    case .look: return look()
    case .countSearching: seats.counts.step { $0.runDry() }
    case .rest: return rest()
    case .countFound:
      let isLast = seats.counts.step { $0.find() }
      return isLast || seats.mayLackThreads ? .found : .done
    case .lookForMore: return seats.hasMore ? .found : .nothing
    case .call: seats.callWhereThereIsMore()
    case .leave: leave()
    case .findRun: return findRun()
    case .announce: seats.announceSleep(index)
    case .lookOnceMore: return seats.hasMore ? .found : .nothing
    case .stayAwake: return seats.stayAwake(index) ? .found : .nothing
    case .work, .sleep, .end: preconditionFailure("\(action) is no step of a search")
    }
    return .done
  }

  /// Works on what was found, and on what follows from it; false if the seat is to leave the run.
  mutating func work() -> Bool {
    noteIdleTime()
    patience = Patience()
    if let job {
      self.job = nil
      seats.tally.jobs.add()
      job.run()
      return false
    }
    let run = run!
    if run.lone == nil { return run.work(at: place, from: unit, in: stay!) == .dry }
    return CurrentRun.with(run.order!.cancellation, run.progress.stopFlag) { run.workAlone(in: stay!) } == .dry
  }

  private mutating func look() -> Search.Answer {
    if job != nil { return .found }
    let run = run!
    if run.attendance.isClosed { return .over }
    if run.lone != nil { return .found }
    if !run.probe.current.isCounted {
      run.watchCaller(from: place, &probeWatch)
      // Until the dependencies are counted, the units are the caller's.
      guard run.probe.current.isCounted else { return .nothing }
    }
    guard let found = run.look(at: place) else { return .nothing }
    unit = found.unit
    if found.isStolen { seats.noteSteal(of: unit, &steals) }
    return .found
  }

  private mutating func rest() -> Search.Answer {
    if seats.isWanted && run != nil { return .nothing }
    return patience.rest() ? .done : .nothing
  }

  private mutating func findRun() -> Search.Answer {
    seats.withdrawWish()
    if seats.counts.current.isOvercrowded { return .nothing }
    // Jobs have their turn, and then runs theirs.
    let prefersRun = jobsSince.map { MonotonicClock.now - $0 >= SeatStay.turn } ?? false
    if !prefersRun, takeJob() { return .found }
    guard let (run, place) = seats.enterRun() else { return takeJob() ? .found : .nothing }
    (self.run, self.place) = (run, place)
    jobsSince = nil
    stay = seats.stay()
    idle = 0
    probeWatch = ProbeWatch()
    run.order!.recorder?.enter(place)
    return .found
  }

  private mutating func takeJob() -> Bool {
    job = seats.takeJob()
    guard job != nil else { return false }
    if jobsSince == nil { jobsSince = MonotonicClock.now }
    return true
  }

  private mutating func leave() {
    guard let run else { return }
    noteIdleTime()
    run.note(busy: MonotonicClock.now - stay!.start - idle)
    seats.tally.steals.add(steals)
    steals = 0
    run.order!.recorder?.leave(place)
    seats.giveBack(place, of: run)
    self.run = nil
    run.leave()
  }

  /// Adds the time since the seat ran dry in its run.
  private mutating func noteIdleTime() {
    guard let began = patience.began, let stay else { return }
    idle += MonotonicClock.now - max(began, stay.start)
  }
}
