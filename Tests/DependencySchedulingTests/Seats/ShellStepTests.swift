import Dispatch
import StressScale
import Testing
import Threads

@testable import DependencyScheduling

/// The protocol of waking says what to do, and these do it: each action of a ``Search``, performed by itself by the
/// real caller and by the real occupant of a seat, changes what it must, and is answered by what is.
///
/// Nobody else is there: seats that are called get no thread.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 20)) struct ShellStepTests {
  /// Units of which none runs.
  private let schedule = TestGraphs.independent(4)
  private let made = MadeSeats()

  /// The seats of a test. No executor retires them, and their runs stay open: both keep seats alive.
  private final class MadeSeats {
    var all: [Seats] = []

    deinit {
      for seats in all {
        seats.lock.withLock { seats.openRuns = [] }
        seats.retire()
      }
    }
  }

  private func seats(_ width: Int = 3, mayLackThreads: Bool = false) -> (seats: Seats, submitted: Tally) {
    let submitted = Tally()
    let seats = Seats(width: width, observer: nil, mayLackThreads: mayLackThreads) { _ in
      .host { _ in submitted.add() }
    }
    made.all.append(seats)
    return (seats, submitted)
  }

  /// A run with a caller that nobody has called a seat for; its roots are claimed, so that it has no unit.
  private func idleRun(_ seats: Seats?, width: Int = 3) -> Run {
    let run = Run(schedule.storage)
    run.open(Run.Order(body: UnitBody { _ in }, seats: seats, width: width))
    _ = run.progress.claimRoots(chunk: 100, of: run.rootCount)
    if let seats { seats.lock.withLock { seats.openRuns.append(run) } }
    return run
  }

  /// Makes units visible in each of the ways there are.
  enum Visible: CaseIterable {
    case root, deque, completedOutside
  }

  private func show(_ visible: Visible, in run: Run) {
    switch visible {
    case .root: run.progress.resume(unitCount: run.unitCount, claimedRoots: run.rootCount - 1)
    case .deque: run.deques[0].push(2)
    case .completedOutside: run.inbox.add(2)
    }
  }

  // MARK: the caller

  @Test func `the caller says that it searches, that it has found something, and that it parks`() {
    let run = idleRun(nil)
    var caller = Caller(run)
    _ = caller.perform(.countSearching)
    #expect(run.attendance.current.caller == .searching)
    #expect(caller.perform(.countFound) == .found)
    #expect(run.attendance.current.caller == .working)
    _ = caller.perform(.countSearching)
    #expect(caller.perform(.announce) == .done)
    #expect(run.attendance.current.caller == .parked)
    #expect(caller.perform(.stayAwake) == .found)
    #expect(run.attendance.current.caller == .searching)
    #expect(caller.perform(.stayAwake) == .nothing)
    run.close()
    #expect(caller.perform(.announce) == .over)
    #expect(caller.perform(.look) == .over)
    // It must not sleep in a run that is over.
    #expect(caller.perform(.lookOnceMore) == .found)
  }

  @Test(arguments: Visible.allCases) func `a caller that parks looks once more wherever a unit may lie`(
    visible: Visible
  ) {
    let run = idleRun(nil)
    var caller = Caller(run)
    #expect(caller.perform(.look) == .nothing)
    _ = caller.perform(.countSearching)
    _ = caller.perform(.announce)
    #expect(caller.perform(.lookOnceMore) == .nothing)
    show(visible, in: run)
    #expect(caller.perform(.lookOnceMore) == .found)
    #expect(caller.perform(.stayAwake) == .found)
    // That was a look alone: now it takes the unit, and there is none any more.
    #expect(caller.perform(.look) == .found)
    #expect(caller.perform(.look) == .nothing)
  }

  @Test func `a caller that was woken sleeps no longer, and is counted once`() {
    let (seats, _) = seats()
    let run = idleRun(seats)
    var caller = Caller(run)
    _ = caller.perform(.countSearching)
    _ = caller.perform(.announce)
    run.call(forUnits: 1)
    #expect(run.attendance.current.caller == .searching)
    #expect(caller.perform(.stayAwake) == .nothing)
    // Returns at once: the signal is there.
    #expect(caller.perform(.sleep) == .done)
    #expect(seats.tally.callerSleeps.value == 1)
  }

  @Test func `a caller that sees more calls two seats, if there is room`() {
    for (width, called) in [(1, 0), (2, 1), (3, 2), (4, 2)] {
      let (seats, submitted) = seats(8)
      let run = idleRun(seats, width: width)
      var caller = Caller(run)
      #expect(caller.perform(.lookForMore) == .nothing)
      for unit in 0..<4 as Range<UInt32> { run.inbox.add(unit) }
      #expect(caller.perform(.lookForMore) == (width > 1 ? .found : .nothing))
      _ = caller.perform(.call)
      #expect(submitted.value == called && seats.counts.current.searching == Int32(called))
    }
  }

  // MARK: the occupant of a seat

  @Test func `an occupant enters a run, leaves it, announces its sleep, and stays awake`() {
    let (seats, _) = seats()
    let run = idleRun(seats)
    #expect(seats.counts.step { $0.call(forUnits: 1) })
    var occupant = Occupant(seats, 0)
    #expect(occupant.perform(.findRun) == .nothing)
    show(.completedOutside, in: run)
    #expect(occupant.perform(.findRun) == .found)
    #expect(run.attendance.current.seats == 1 && run.deques.placesInUse == 2)
    #expect(occupant.perform(.countFound) == .found)
    #expect(seats.counts.current.searching == 0 && seats.counts.current.vacant == 2)
    _ = occupant.perform(.countSearching)
    #expect(seats.counts.current.searching == 1)
    _ = occupant.perform(.leave)
    #expect(run.attendance.current.seats == 0)
    // The place is free for the next one.
    #expect(run.deques.take() == 1)
    _ = occupant.perform(.announce)
    #expect(seats.counts.current == SeatCounts(seats: 3) && seats.vacant.last == 0)
    #expect(occupant.perform(.stayAwake) == .found)
    #expect(seats.counts.current.searching == 1 && seats.counts.current.vacant == 2 && !seats.vacant.contains(0))
    // Somebody else has the seat: this occupant goes.
    #expect(occupant.perform(.stayAwake) == .nothing)
    #expect(seats.counts.current.searching == 1 && seats.counts.current.vacant == 2)
  }

  @Test func `one of several searchers that finds something need not look for more`() {
    let (seats, _) = seats()
    for _ in 1...2 { #expect(seats.counts.step { $0.call(forUnits: 2) }) }
    var occupant = Occupant(seats, 0)
    #expect(occupant.perform(.countFound) == .done)
    #expect(occupant.perform(.countFound) == .found)
    // Where threads may be lacking, the others may come late.
    let (hosted, _) = self.seats(mayLackThreads: true)
    for _ in 1...2 { #expect(hosted.counts.step { $0.call(forUnits: 2) }) }
    var hostedOccupant = Occupant(hosted, 0)
    #expect(hostedOccupant.perform(.countFound) == .found)
  }

  @Test(arguments: Visible.allCases) func `an occupant that gives up looks once more wherever a unit may lie`(
    visible: Visible
  ) {
    let (seats, _) = seats()
    let run = idleRun(seats)
    var occupant = Occupant(seats, 0)
    #expect(occupant.perform(.lookOnceMore) == .nothing && occupant.perform(.lookForMore) == .nothing)
    show(visible, in: run)
    #expect(occupant.perform(.lookOnceMore) == .found && occupant.perform(.lookForMore) == .found)
    run.close()
    #expect(occupant.perform(.lookOnceMore) == .nothing && occupant.perform(.lookForMore) == .nothing)
  }

  @Test(arguments: Visible.allCases) func `an occupant takes a unit of its run, and none of one that is over`(
    visible: Visible
  ) {
    let (seats, _) = seats()
    let run = idleRun(seats)
    show(visible, in: run)
    var occupant = Occupant(seats, 0)
    #expect(occupant.perform(.findRun) == .found)
    #expect(occupant.perform(.look) == .found)
    #expect(occupant.perform(.look) == .nothing)
    run.close()
    #expect(occupant.perform(.look) == .over)
  }

  @Test func `an occupant that sees more calls two seats for the run with the fewest`() {
    let (seats, submitted) = seats(8)
    let (crowded, empty) = (idleRun(seats, width: 8), idleRun(seats, width: 8))
    for run in [crowded, empty] { for unit in 0..<4 as Range<UInt32> { run.inbox.add(unit) } }
    #expect(crowded.attendance.step { $0.enter() })
    var occupant = Occupant(seats, 0)
    _ = occupant.perform(.call)
    #expect(submitted.value == 2 && seats.counts.current.searching == 2)
    var next = Occupant(seats, 1)
    #expect(next.perform(.findRun) == .found)
    #expect(empty.attendance.current.seats == 1 && crowded.attendance.current.seats == 1)
  }

  @Test func `the last occupant that leaves a run that is over wakes its caller, or ends it`() {
    let (seats, submitted) = seats()
    let run = idleRun(seats)
    show(.root, in: run)
    var occupant = Occupant(seats, 0)
    #expect(occupant.perform(.findRun) == .found)
    run.close()
    #expect(run.attendance.step { $0.leaveCaller() })
    _ = occupant.perform(.leave)
    #expect(run.wakeCaller.wait(timeout: .now()) == .success)

    let ended = Tally()
    let asynchronous = Run(schedule.storage)
    asynchronous.open(Run.Order(body: UnitBody { _ in }, seats: seats, width: 2, finish: { _ in ended.add() }))
    seats.open(asynchronous)
    #expect(submitted.value == 1)
    #expect(occupant.perform(.findRun) == .found)
    asynchronous.close()
    #expect(ended.value == 0)
    _ = occupant.perform(.leave)
    #expect(ended.value == 1 && !seats.openRuns.contains { $0 === asynchronous })
  }

  @Test func `a seat that is asked for elsewhere rests no more, once it is in a run`() {
    let (seats, _) = seats(1)
    let run = idleRun(seats)
    show(.root, in: run)
    var occupant = Occupant(seats, 0)
    #expect(occupant.perform(.findRun) == .found)
    // A copy, whose patience is its own: on a busy machine it is at an end before the next rest.
    var patient = occupant
    #expect(patient.perform(.rest) == .done)
    // Its seat is taken, and nobody searches.
    #expect(seats.counts.step { $0.call(forUnits: 1) })
    _ = occupant.perform(.countFound)
    seats.callForJob()
    #expect(seats.isWanted)
    #expect(occupant.perform(.rest) == .nothing)
    _ = occupant.perform(.countSearching)
    _ = occupant.perform(.leave)
    #expect(occupant.perform(.rest) == .done)
    // Whoever looks for a run takes the wish back.
    _ = occupant.perform(.findRun)
    #expect(!seats.isWanted)
  }

  @Test func `while more seats are taken than there are, occupants enter no run, and the wish stays`() throws {
    let (seats, _) = seats(2)
    let run = idleRun(seats)
    show(.root, in: run)
    for _ in 1...2 { #expect(seats.counts.step { $0.call(forUnits: 2) }) }
    seats.setWidth(1)
    #expect(seats.isWanted && seats.width == 1)
    var occupant = Occupant(seats, 0)
    #expect(occupant.perform(.findRun) == .nothing)
    #expect(seats.isWanted)
    _ = occupant.perform(.announce)
    #expect(occupant.perform(.stayAwake) == .nothing)
    var other = Occupant(seats, 1)
    #expect(other.perform(.findRun) == .found)
    #expect(!seats.isWanted)
  }

  @Test func `an occupant counts what it steals once`() {
    let (seats, _) = seats()
    let run = idleRun(seats)
    var occupant = Occupant(seats, 0)
    for stolen in 1...2 {
      show(.deque, in: run)
      #expect(occupant.perform(.findRun) == .found)
      #expect(occupant.perform(.look) == .found)
      _ = occupant.perform(.leave)
      #expect(seats.tally.steals.value == stolen)
    }
  }

  @Test func `a job is taken like a unit, by nobody whose seat is there no more`() async throws {
    let executor = try GraphExecutor(width: 2, on: { _ in })
    let seats = executor.seats
    let job = Task(executorPreference: executor) { true }
    await eventually { !seats.jobs.isEmpty }
    var occupant = Occupant(seats, 0)
    #expect(occupant.perform(.lookForMore) == .found && occupant.perform(.lookOnceMore) == .found)
    // Two more are taken than there are.
    seats.setWidth(1)
    for _ in 1...2 { seats.counts.step { $0.add(seats: -1) } }
    #expect(occupant.perform(.findRun) == .nothing)
    for _ in 1...2 { seats.counts.step { $0.add(seats: 1) } }
    while !seats.jobs.isEmpty {
      #expect(occupant.perform(.findRun) == .found && occupant.perform(.look) == .found)
      let staysInRun = occupant.work()
      #expect(!staysInRun)
    }
    #expect(await job.value)
    #expect(seats.tally.jobs.value >= 1)
  }

  // MARK: calling

  /// Somebody who leaves units calls: a caller that is parked first, then a seat; a run that nobody sits in and that
  /// has no caller asks for one.
  @Test func `a call wakes the parked caller, then one seat a call, and asks for one if none is vacant`() {
    let (seats, submitted) = seats(2)
    let run = idleRun(seats, width: 4)
    run.attendance.step { $0.callerRunsDry() }
    #expect(run.attendance.step { $0.parkCaller() })
    run.call(forUnits: 3)
    #expect(run.wakeCaller.wait(timeout: .now()) == .success && submitted.value == 0)
    // The caller takes one of three.
    run.call(forUnits: 3)
    #expect(submitted.value == 1 && !seats.isWanted)
    run.call(forUnits: 3)
    #expect(submitted.value == 2 && !seats.isWanted)
    run.call(forUnits: 3)
    #expect(submitted.value == 2 && !seats.isWanted)
    // Both work elsewhere.
    for _ in 1...2 { _ = seats.counts.step { $0.find() } }
    run.call(forUnits: 3)
    #expect(submitted.value == 2 && seats.isWanted)
  }

  @Test func `a lent seat is one more for so long, for which somebody is called`() {
    let (seats, submitted) = seats(1)
    #expect(seats.counts.step { $0.call(forUnits: 1) })
    _ = seats.counts.step { $0.find() }
    let run = idleRun(seats)
    show(.root, in: run)
    seats.lend()
    #expect(submitted.value == 1 && seats.counts.current.searching == 1 && seats.counts.current.vacant == 0)
    seats.takeBack()
    #expect(seats.counts.current.isOvercrowded && seats.isWanted)
  }
}
