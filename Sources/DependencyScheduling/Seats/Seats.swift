import Dispatch
import Synchronization
internal import Threads

/// The seats of one executor: who may sit, who sits, and the runs and jobs that they sit down for.
///
/// A seat is a serial queue on which a block is submitted when the seat is called. The block searches for runs that
/// have room, works on them, and returns when it finds nothing: so an executor that rests holds no thread. Nobody
/// waits for a block that has not started: a run closes and waits for those inside only.
///
/// The protocol is ``Search``, ``SeatCounts`` and ``Attendance``; this type performs their steps.
final class Seats: @unchecked Sendable {  // because everything that changes is atomic or guarded by `lock`
  let counts: SharedSeatCounts
  private let wish = SeatWish()
  let tally = ExecutorTally()
  let observer: (any ExecutorObserver)?

  let lock = PlatformLock()
  private let source: @Sendable (_ index: Int) -> Seat.Source
  /// Whether seats that were called may be without a thread for long: a host may have fewer threads than there are
  /// seats.
  let mayLackThreads: Bool
  let jobs = JobQueue()
  /// How many seats there are, changed under `lock`.
  private let seatCount: PaddedAtomic<Int>

  // MARK: Guarded by `lock`

  /// Made when they are first called.
  private var seats: [Seat] = []
  /// The seats that were made and that nobody sits in, or whose occupant is about to return.
  var vacant: [Int] = []
  var openRuns: [Run] = []

  init(
    width: Int, observer: (any ExecutorObserver)?, mayLackThreads: Bool,
    source: @escaping @Sendable (Int) -> Seat.Source
  ) {
    self.mayLackThreads = mayLackThreads
    seatCount = PaddedAtomic(width)
    self.observer = observer
    self.source = source
    counts = SharedSeatCounts(SeatCounts(seats: width))
    openRuns.reserveCapacity(4)  // so that a steady run appends without allocating
  }

  /// Ends the seats with their executor. Blocks that have been submitted still find them.
  func retire() {
    lock.withLock {
      for index in seats.indices { seats[index].retire() }
    }
  }

  /// The seats that somebody sits in, or was called to; under `lock`.
  var occupied: [Int] { seats.indices.filter { !vacant.contains($0) } }

  /// How many seats there are.
  var width: Int { seatCount.word.pointee.load(ordering: .relaxed) }

  func setWidth(_ newWidth: Int) {
    lock.withLock {
      let difference = newWidth - width
      seatCount.word.pointee.store(newWidth, ordering: .relaxed)
      counts.step { $0.add(seats: difference) }
      wishForSeat(if: counts.current.isOvercrowded)
    }
    callWhereThereIsMore()
  }

  /// The calling thread sits in a seat, and is going to wait for something that may need one: there is one more until
  /// ``takeBack()``.
  func lend() {
    counts.step { $0.add(seats: 1) }
    callWhereThereIsMore()
  }

  /// The thread that has lent its seat goes on: there is one less, and if all are taken, somebody gets up.
  func takeBack() {
    counts.step { $0.add(seats: -1) }
    wishForSeat(if: counts.current.isOvercrowded)
  }

  // MARK: calling

  /// Wakes up to `times` seats for `run`, which has room for them, as long as the protocol asks for it. If none is
  /// vacant and nobody sits in the run, the others are asked to give way.
  func call(for run: Run, forUnits units: Int, atMost times: Int = 1) {
    var called = 0
    while called < times, callSeat(forUnits: units) { called += 1 }
    let attendance = run.attendance.current
    if attendance.seats == 0 { askForSeat(called > 0, hasOthers: attendance.caller != .absent) }
  }

  /// Wakes a seat for a job.
  func callForJob() {
    askForSeat(callSeat(forUnits: 1), hasOthers: false)
  }

  /// Asks for a seat, unless somebody who was woken will come. Where that is uncertain, whoever has nobody else does
  /// not rely on it.
  private func askForSeat(_ isWoken: Bool, hasOthers: Bool) {
    if mayLackThreads && !hasOthers {
      wish.make()
    } else if !isWoken {
      askForSeat()
    }
  }

  /// True if a seat was woken.
  private func callSeat(forUnits units: Int) -> Bool {
    guard counts.step({ $0.call(forUnits: units) }) else { return false }
    let (index, submission) = lock.withLock {
      makeSeats()
      let index = vacant.removeLast()
      return (index, seats[index].submission())
    }
    tally.wakeUps.add()
    observer?.seatWoken(index)
    submission?.perform()
    return true
  }

  /// Makes the seats that are missing: all at once, so that later calls allocate nothing. The lowest are taken first,
  /// and then those given back last, so that few threads are used.
  private func makeSeats() {
    // A seat that is lent has another one in its place.
    let new = seats.count..<max(width, seats.count + (vacant.isEmpty ? 1 : 0))
    for index in new { seats.append(Seat(source(index)) { [self] in occupy(index) }) }
    if !new.isEmpty { vacant.insert(contentsOf: new.reversed(), at: 0) }
  }

  // MARK: giving way

  /// All seats are taken: whoever has sat for long gives way. Whoever searches already needs no asking.
  func askForSeat() {
    let counts = counts.current
    wishForSeat(if: counts.searching == 0 && counts.vacant <= 0)
  }

  private func wishForSeat(if isNeeded: Bool) {
    if isNeeded { wish.make() }
  }

  /// By a seat that looks for a run. It sees what was left for it before somebody wished.
  func withdrawWish() {
    if wish.takeBack() { wishForSeat(if: counts.current.isOvercrowded) }
  }

  /// Whether a seat that has nothing to do in its run should look elsewhere at once.
  var isWanted: Bool { wish.isOpen }

  /// A stay in a run, from now on.
  func stay() -> SeatStay { SeatStay(isWanted: wish.flag, start: MonotonicClock.now) }

  func takeJob() -> JobQueue.Job? { jobs.take() }

  // MARK: runs

  /// Lets seats into `run`, and calls one. Whoever opens an asynchronous run is inside until seats may enter, since it
  /// may be cancelled before; afterwards it may be over at any moment.
  func open(_ run: Run) {
    let hasCaller = run.order!.finish == nil
    lock.withLock { openRuns.append(run) }
    if !hasCaller { run.leave() }
    run.call(self, forUnits: run.unitsInSight)
  }

  /// Lets nobody into `run` any more. By its caller, when it is over.
  func remove(_ run: Run) {
    lock.withLock { openRuns.removeAll { $0 === run } }
  }

  /// Ends an asynchronous run, whose last seat has left.
  func finish(_ run: Run) {
    remove(run)
    run.order!.finish!(run)
  }
}
