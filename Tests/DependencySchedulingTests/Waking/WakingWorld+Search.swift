@testable import DependencyScheduling

/// The actions of a search, mirroring `Occupant.perform` and `Caller.perform`.
extension WakingWorld {
  /// Tells the search what came of its action.
  mutating func answer(_ actor: Int, _ answer: Search.Answer) {
    actors[actor].search = table.next(actors[actor].search, after: answer)
    // Nobody sees a rest: it is done at once, and patience may have run out or not.
    if table.actions[actors[actor].search] == .rest {
      actors[actor].search = table.next(actors[actor].search, after: pick(2) == 0 ? .nothing : .done)
    }
    actors[actor].at = .act
    actors[actor].index = 0
    actors[actor].target = 0
    actors[actor].then = .event
    switch table.actions[actors[actor].search] {
    case .work:
      actors[actor].at = actors[actor].hasJob ? .runJob : runs[actors[actor].run].isLone ? .runLone : .begin
      actors[actor].search = 0
    case .sleep where isSeat(actor): actors[actor] = Actor()
    case .end:
      actors[actor].at = .remove
      actors[actor].search = 0
    default: break
    }
  }

  mutating func beginSearch(_ actor: Int, _ search: Int) {
    actors[actor].search = search
    actors[actor].at = .act
    actors[actor].then = .event
    actors[actor].unit = -1
    actors[actor].next = -1
    actors[actor].executed = 0
    actors[actor].isWorking = false
    actors[actor].gaveWay = false
  }

  mutating func act(_ actor: Int) -> Bool {
    let run = actors[actor].run
    switch table.actions[actors[actor].search] {
    case .look:
      if actors[actor].hasJob {
        answer(actor, .found)
      } else if run < 0 {
        violation = "a worker without a run looks for a unit"
      } else if runs[run].attendance.isClosed {
        answer(actor, .over)
      } else if runs[run].isLone {
        answer(actor, .found)
      } else {
        beginLook(actor, isWorking: false)
      }
    case .countSearching:
      if isSeat(actor) { counts.runDry() } else { runs[run].attendance.callerRunsDry() }
      actors[actor].isCounted = true
      answer(actor, .done)
    case .countFound:
      if isSeat(actor) {
        actors[actor].isCounted = false
        let isLast = counts.find()
        answer(actor, isLast ? .found : .done)
        checkLook(actor, isLast: isLast)
      } else {
        actors[actor].isCounted = false
        runs[run].attendance.callerFinds()
        answer(actor, .found)
      }
    case .lookForMore: beginLookForOthers(actor, then: .answer)
    case .call:
      if isSeat(actor) {
        beginLookForOthers(actor, then: .call)
      } else {
        beginCall(actor, for: run, units: pickUnits(run), then: .done)
        actors[actor].mayCallAgain = SeatCounts.callsOfFinder > 1
      }
    case .leave: leave(actor)
    case .findRun:
      actors[actor].at = isWanted ? .withdrawWish : .takeJob
      findRun(actor)
    case .announce:
      if isSeat(actor) {
        if vacantSeats >> UInt64(actors[actor].seat) & 1 == 1 { violation = "a seat is given back twice" }
        vacantSeats |= 1 << UInt64(actors[actor].seat)
        counts.announceSleep()
        actors[actor].isCounted = false
        answer(actor, .done)
      } else {
        answer(actor, runs[run].attendance.parkCaller() ? .done : .over)
      }
    case .lookOnceMore:
      if !isSeat(actor) && runs[run].attendance.isClosed {
        answer(actor, .found)
      } else {
        beginLookForOthers(actor, then: .answer)
      }
    case .stayAwake:
      if isSeat(actor) {
        answer(actor, takeSeatBack(actor) ? .found : .nothing)
      } else {
        answer(actor, runs[run].attendance.unparkCaller() ? .found : .nothing)
      }
    case .sleep:
      guard runs[run].signals > 0 else { return false }
      runs[run].signals -= 1
      answer(actor, .done)
    case .rest, .work, .end: violation = "a search rests twice, or acts after its end"
    }
    return true
  }

  /// Whoever was called looks whether others should be, and whoever was the last to search; nobody else bothers.
  mutating func checkLook(_ actor: Int, isLast: Bool) {
    let looks = actors[actor].at == .act && table.actions[actors[actor].search] == .lookForMore
    if actors[actor].owesLook && !looks { violation = "a seat was called, and does not look whether others should be" }
    if looks && !actors[actor].owesLook && !isLast { violation = "a seat looks for more although others search" }
    actors[actor].owesLook = false
  }

  mutating func takeSeatBack(_ actor: Int) -> Bool {
    let bit = UInt64(1) << UInt64(actors[actor].seat)
    if vacantSeats & bit == 0 && omission != .ownSeat { return false }
    let searching = counts.searching
    guard counts.call(forUnits: 1) else { return false }
    if searching > 0 { violation = "a seat stays awake although somebody searches" }
    if vacantSeats & bit == 0 { violation = "a seat that was called is taken back" }
    vacantSeats &= ~bit
    actors[actor].isCounted = true
    return true
  }

  mutating func leave(_ actor: Int) {
    let run = actors[actor].run
    guard run >= 0 else { return answer(actor, .done) }
    runs[run].freePlaces |= 1 << UInt64(actors[actor].place)
    actors[actor].run = -1
    actors[actor].place = 0
    actors[actor].target = run
    actors[actor].then = .done
    follow(actor, runs[run].attendance.leave())
  }

  mutating func beginStay(_ actor: Int) -> Bool {
    for seat in 0..<madeSeats where submitted >> UInt64(seat) & 1 == 1 {
      let isBusy = (firstStay..<actorCount).contains { actors[$0].at != .gone && actors[$0].seat == seat }
      if isBusy && !scenario.seatsOverlap { continue }
      submitted &= ~(1 << UInt64(seat))
      actors[actor] = Actor()
      actors[actor].seat = seat
      actors[actor].isCounted = true
      actors[actor].owesLook = true
      beginSearch(actor, table.calledSeat)
      return true
    }
    return false
  }

  // MARK: finding a run

  mutating func findRun(_ actor: Int) {
    switch actors[actor].at {
    case .withdrawWish:
      isWanted = false
      actors[actor].at = .refreshWish
    case .refreshWish:
      if counts.isOvercrowded { isWanted = true }
      actors[actor].at = .takeJob
    case .takeJob:
      // Once jobs have had their turn, runs have theirs: the clock decides.
      if mayTakeJob, pick(2) == 0 {
        takeJob(actor)
      } else {
        actors[actor].at = .chooseRun
      }
    case .chooseRun: chooseRun(actor)
    default: enterRun(actor)
    }
  }

  var mayTakeJob: Bool { jobs > 0 && (!counts.isOvercrowded || omission == .jobsNeedSeats) }

  mutating func takeJob(_ actor: Int) {
    jobs -= 1
    actors[actor].hasJob = true
    checkSeats()
    answer(actor, .found)
  }

  /// Whoever finds a run or a job sits down again, for which there must be a seat.
  mutating func checkSeats() {
    if takenSeats > width { violation = "\(takenSeats) seats are taken of \(width), and one finds something to do" }
  }

  mutating func chooseRun(_ actor: Int) {
    var neediest: [Int] = []
    if !counts.isOvercrowded {
      for run in runs.indices where runs[run].isListed && runs[run].attendance.hasRoom && hasVisibleUnit(run) {
        if let other = neediest.first {
          if runs[run].attendance.seats < runs[other].attendance.seats { neediest = [] }
          if runs[run].attendance.seats > runs[other].attendance.seats { continue }
        }
        neediest.append(run)
      }
    }
    if neediest.isEmpty {
      actors[actor].holdsLock = false
      if mayTakeJob { return takeJob(actor) }
      return answer(actor, .nothing)
    }
    actors[actor].holdsLock = true
    actors[actor].target = neediest[pick(neediest.count)]
    actors[actor].at = .enterRun
  }

  /// The run may have been closed since it was chosen.
  mutating func enterRun(_ actor: Int) {
    let run = actors[actor].target
    guard runs[run].attendance.enter() else {
      actors[actor].target = 0
      actors[actor].at = .chooseRun
      return
    }
    actors[actor].holdsLock = false
    checkSeats()
    actors[actor].run = run
    actors[actor].place = takePlace(run)
    answer(actor, .found)
  }

  mutating func takePlace(_ run: Int) -> Int {
    for place in 0..<4 where runs[run].freePlaces >> UInt64(place) & 1 == 1 {
      runs[run].freePlaces &= ~(1 << UInt64(place))
      return place
    }
    if runs[run].placesInUse == 4 { violation = "more workers than places" }
    runs[run].placesInUse = min(runs[run].placesInUse + 1, 4)
    return runs[run].placesInUse - 1
  }
}
