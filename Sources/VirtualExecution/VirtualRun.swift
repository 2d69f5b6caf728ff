internal import DependencyScheduling

/// One run that is shared out, in virtual time: the protocol of waking, the order of work and the search of the real
/// one, each step at a price, with the events of all workers in one queue.
///
/// A step changes everything at once when it begins, and the next step of the same worker comes when it is paid for. A
/// look into several deques is one step: the real worker may find in the last one what was not there when it began.
final class VirtualRun {
  let graph: VirtualGraph
  let width: Int
  let prices: VirtualPrices
  let rules: VirtualRules

  // MARK: the run

  var attendance: Attendance
  /// For each unit, how many predecessors have not run.
  var missing: [Int32]
  var unfinished: Int
  var nextRoot = 0
  let rootChunk: Int
  var deques: [VirtualDeque]
  /// How many units all deques together hold.
  var queuedUnits = 0
  var placesInUse = 1
  var freePlaces: [Int] = []
  var busy = 0.0

  // MARK: the executor

  var counts: SeatCounts
  /// The caller, then the seats.
  var workers: [VirtualWorker]
  var vacant: [Int] = []
  var madeSeats = 0
  private(set) var wakeUps = 0

  // MARK: time

  private var events = EventQueue()
  private var random: SeededGenerator
  private(set) var now = 0.0
  private(set) var end: Double?
  /// What has run, in the order of ends; empty unless asked for.
  private(set) var history: [VirtualExecutor.UnitRun] = []
  private let keepsHistory: Bool

  /// - Parameter position: How many units of the serial order have run already.
  init(_ graph: VirtualGraph, _ executor: VirtualExecutor, seed: UInt64, after position: Int = 0, keepsHistory: Bool) {
    self.graph = graph
    width = executor.workers(for: graph)
    prices = executor.prices
    rules = executor.rules
    self.keepsHistory = keepsHistory
    random = SeededGenerator(seed: seed)
    counts = SeatCounts(seats: executor.width)
    attendance = Attendance(caller: .working, seatLimit: width - 1)
    missing = graph.dependencyCounts
    unfinished = graph.unitCount - position
    rootChunk = min(max(graph.roots.count / (16 * width), 1), 256)
    deques = [VirtualDeque](repeating: VirtualDeque(), count: width)
    workers = [VirtualWorker(.caller)] + (0..<executor.width).map { _ in VirtualWorker(.seat) }
    retrace(position)
  }

  /// Plays the run from its opening until its caller returns.
  ///
  /// - Parameter check: Called in every state.
  func play(_ check: ((VirtualRun) -> Void)? = nil) {
    workers[0].phase = .searching
    schedule(0, at: prices.opening + call(forUnits: visibleUnits))
    while end == nil, let event = events.next() {
      now = event.time
      advance(event.worker)
      check?(self)
    }
    precondition(end != nil, "everybody sleeps and the run is not over: \(self)")
  }

  /// Goes on until nobody is awake any more.
  func settle(_ check: ((VirtualRun) -> Void)? = nil) {
    while let event = events.next() {
      now = event.time
      advance(event.worker)
      check?(self)
    }
  }

  private func advance(_ worker: Int) {
    switch workers[worker].phase {
    case .running: finishUnit(worker)
    case .searching, .asleep: takeStep(worker)
    }
  }

  func schedule(_ worker: Int, at time: Double) {
    events.add(EventQueue.Event(time: time, lot: random.next(), worker: worker))
  }

  func noteEnd() { end = now }

  func noteRun(of unit: Int32, by worker: Int) {
    guard keepsHistory else { return }
    let cost = graph.costs[Int(unit)]
    history.append(VirtualExecutor.UnitRun(unit: Int(unit), worker: worker, start: now - cost, end: now))
  }

  /// Counts what has run alone, and puts the others that are ready, roots too, into the first deque, the next of the
  /// serial order to be taken first.
  private func retrace(_ position: Int) {
    guard position > 0 else { return }
    for unit in graph.serialOrder[..<position] {
      for edge in graph.offsets[Int(unit)]..<graph.offsets[Int(unit) + 1] { missing[Int(graph.successors[edge])] -= 1 }
    }
    nextRoot = graph.roots.count
    for unit in graph.serialOrder[position...].reversed() where missing[Int(unit)] == 0 { push(unit, at: 0) }
  }

  // MARK: waking

  /// Wakes whoever may come, since so many units lie where others find them: the caller, or up to `times` seats.
  /// Returns how long that takes.
  func call(forUnits units: Int, atMost times: Int = 1) -> Double {
    guard units > 0 else { return 0 }
    switch attendance.call(forUnits: rules.wakesSeveral ? units : 1) {
    case .nobody: return 0
    case .wakeCaller: return signalCaller()
    case .seat(let forSeats):
      var duration = prices.step
      var called = 0
      while called < times, counts.call(forUnits: forSeats) {
        let seat = vacant.popLast() ?? makeSeat()
        wakeUps += 1
        called += 1
        signal(seat, after: duration)
        duration += prices.submission
      }
      return duration
    }
  }

  /// How many units lie where others find them.
  var visibleUnits: Int { graph.roots.count - nextRoot + queuedUnits }

  private func makeSeat() -> Int {
    madeSeats += 1
    return madeSeats
  }

  /// Wakes the caller; returns how long that takes.
  func signalCaller() -> Double {
    signal(0)
    return prices.submission
  }

  /// Who is about to sleep and was woken meanwhile goes on at once.
  private func signal(_ worker: Int, after delay: Double = 0) {
    if workers[worker].phase == .asleep {
      schedule(worker, at: now + delay + prices.submission + prices.wakeUp)
    } else {
      workers[worker].signals += 1
    }
  }

  // MARK: places

  var hasUnclaimedRoots: Bool { nextRoot < graph.roots.count }

  var hasVisibleUnit: Bool { hasUnclaimedRoots || queuedUnits > 0 }

  /// Whether a seat that came now could enter and find something.
  var wantsSeat: Bool { attendance.hasRoom && hasVisibleUnit }

  func takePlace() -> Int {
    if let place = freePlaces.popLast() { return place }
    placesInUse += 1
    return placesInUse - 1
  }

  func push(_ unit: Int32, at place: Int) {
    queuedUnits += 1
    deques[place].push(unit)
  }
}

extension VirtualRun: CustomStringConvertible {
  var description: String {
    "\(unfinished) of \(graph.unitCount) units left at \(now) ns; \(attendance); \(counts); "
      + "\(visibleUnits) units visible"
  }
}
