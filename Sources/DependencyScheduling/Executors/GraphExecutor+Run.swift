import Dispatch
internal import Threads

extension GraphExecutor {
  /// Runs every unit of `schedule` and returns.
  ///
  /// Whether the run is shared out is decided by what earlier runs from this place took either way; see ``Sharing``.
  ///
  /// - Throws: The first error that `body` threw, or `CancellationError`.
  /// - Complexity: O(units + edges) work; a repeated run allocates no memory per unit.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func run(_ schedule: Schedule, options: RunOptions, _ body: @Sendable (UnitID) throws -> Void) throws {
    let run = CallersRun(schedule.storage, options, on: self, learned: schedule.storage.learned)
    // The seats have let go of the body when the run is over.
    try run.conduct(body) { use in withoutActuallyEscaping(body) { use(UnitBody(.plain($0), nil)) } }
  }

  /// Runs every unit of `schedule` by a body that is kept: a shared run makes no object to hand it to others.
  ///
  /// - Throws: The first error that `body` threw, or `CancellationError`.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func run(_ schedule: Schedule, options: RunOptions, keeping body: UnitBody) throws {
    let run = CallersRun(schedule.storage, options, on: self, learned: body.learned ?? schedule.storage.learned)
    switch body.kind {
    case .plain(let call): try run.conduct(call) { use in use(body) }
    case .suspending: try run.conductSuspending(body)
    }
  }
}

/// A synchronous run, from its caller's side: alone or shared out, and what is learned from it.
struct CallersRun {
  private let schedule: ScheduleStorage
  private let options: RunOptions
  private let executor: GraphExecutor
  private let learned: LearnedSharing
  private let width: Int

  init(_ schedule: ScheduleStorage, _ options: RunOptions, on executor: GraphExecutor, learned: LearnedSharing) {
    (self.schedule, self.options, self.executor, self.learned) = (schedule, options, executor, learned)
    width = schedule.usefulWidth(upTo: executor.width)
  }

  /// Makes of the run's body one that seats can hold, for as long as the given closure takes.
  typealias Keeping = ((UnitBody) -> Run.Outcome) -> Run.Outcome

  /// Runs every unit.
  func conduct(_ body: @Sendable (UnitID) throws -> Void, _ keeping: Keeping) throws {
    if let cancellation = options.cancellation, cancellation.isCancelled { throw CancellationError() }
    let unitCount = schedule.unitCount
    if unitCount == 0 { return }
    let (beginning, way) = SharingRecord.decide(
      options.sharing ?? executor.sharing, schedule.facts(width: width), isSuspending: false
    ) { learned.update(key, $0) }
    let observed = executor.seats.observer.map { ObservedRun.begin(schedule, options, way, $0) }
    let failure: (any Error)?
    var endedWay = way
    switch beginning {
    case .shared: failure = noting { keeping { share($0, after: 0) } }
    case .probed: failure = probe(body, keeping, &endedWay)
    case .watched(let expectation):
      var walk = WatchedWalk(schedule, expectation, width: width)
      failure = runWatched(&walk, body, keeping, &endedWay)
    case .alone:
      executor.seats.tally.aloneRuns.add()
      failure = inScope { schedule.runAlone(0..<unitCount, of: schedule.serialOrder, options.cancellation, body) }
    }
    observed?.end(endedWay, failed: failure != nil)
    if let failure { throw failure }
  }

  /// Runs every unit by a body whose units may suspend: never alone, since a unit that suspends holds up no other.
  func conductSuspending(_ body: UnitBody) throws {
    if let cancellation = options.cancellation, cancellation.isCancelled { throw CancellationError() }
    if schedule.unitCount == 0 { return }
    let observed = executor.seats.observer.map { ObservedRun.begin(schedule, options, .sharedBySuspension, $0) }
    let failure = share(body, after: 0).failure
    observed?.end(.sharedBySuspension, failed: failure != nil)
    if let failure { throw failure }
  }

  private var key: LearningKey { LearningKey(site: options.site, width: width, unitCount: schedule.unitCount) }

  /// Shares the whole run out, and learns from it.
  private func noting(_ run: () -> Run.Outcome) -> (any Error)? {
    let start = MonotonicClock.now
    let outcome = run()
    if outcome.failure == nil {
      let elapsed = Double(MonotonicClock.now - start)
      learned.update(key) { $0.note(shared: elapsed, work: Double(outcome.busy)) }
    }
    return outcome.failure
  }

  /// Runs alone, but shares the rest out when it takes longer than it may.
  private func runWatched(
    _ walk: inout WatchedWalk, _ body: @Sendable (UnitID) throws -> Void, _ keeping: Keeping,
    _ way: inout ObservedRun.Way
  ) -> (any Error)? {
    while let positions = walk.next() {
      if let failure = inScope({ schedule.runAlone(positions, of: walk.order, options.cancellation, body) }) {
        return failure
      }
      if let elapsed = walk.sharesRest(after: positions) {
        learned.update(key) { $0.note(sharedHalfWay: elapsed) }
        way = .sharedHalfWay
        return keeping { share($0, after: positions.upperBound) }.failure
      }
    }
    executor.seats.tally.aloneRuns.add()
    learned.update(key) { $0.note(alone: walk.elapsed) }
    return nil
  }

  /// Runs alone, since nothing is known, with a seat that watches and takes over if it takes long; see ``Probe``.
  private func probe(
    _ body: @Sendable (UnitID) throws -> Void, _ keeping: Keeping, _ way: inout ObservedRun.Way
  ) -> (any Error)? {
    var walk = WatchedWalk(schedule, SharingRecord.Expectation(limit: Watch.limit(expecting: 0)), width: width)
    let start = MonotonicClock.now
    var end = Run.ProbeEnd.over
    let outcome = keeping { kept in
      withRun(kept, after: 0, isProbed: true) { run in
        end = run.probeAsCaller(&walk)
        guard end == .shared else { return }
        run.note(busy: MonotonicClock.now - start)
        var caller = Caller(run)
        caller.work()
      }
    }
    if let failure = outcome.failure { return failure }
    switch end {
    case .goesOn: return runWatched(&walk, body, keeping, &way)
    case .over:
      executor.seats.tally.aloneRuns.add()
      learned.update(key) { $0.note(alone: walk.elapsed) }
    case .shared:
      way = .sharedHalfWay
      executor.seats.tally.sharedRuns.add()
      let elapsed = Double(MonotonicClock.now - start)
      learned.update(key) { $0.note(shared: elapsed, work: Double(outcome.busy)) }
    }
    return nil
  }

  /// Runs what is left after the first `position` units of the serial order with up to ``GraphExecutor/width`` workers.
  private func share(_ body: UnitBody, after position: Int) -> Run.Outcome {
    executor.seats.tally.sharedRuns.add()
    return withRun(body, after: position) { run in
      var caller = Caller(run)
      caller.work()
    }
  }

  /// Opens a run, has the caller work on it until it is over, and takes its outcome when nobody is inside.
  private func withRun(
    _ body: UnitBody, after position: Int, isProbed: Bool = false, _ work: (Run) -> Void
  ) -> Run.Outcome {
    let sharing = options.sharing ?? executor.sharing
    let run = schedule.takeRun()
    let seats = executor.seats
    run.open(
      Run.Order(
        body: body, cancellation: options.cancellation, recorder: options.recorder, seats: seats,
        width: sharing == .never ? 1 : width),
      after: position, isProbed: isProbed)
    if body.isSuspending { run.stopWhenCancelled() }
    seats.open(run)
    work(run)
    seats.remove(run)
    run.awaitSeats()
    let outcome = run.takeOutcome()
    // Whoever completes a unit of a run that was stopped still finds the run.
    if outcome.failure == nil || !body.isSuspending { schedule.giveBack(run) }
    return outcome
  }

  private func inScope<Result>(_ body: () -> Result) -> Result {
    CurrentRun.with(options.cancellation, nil, body)
  }
}

extension ScheduleStorage {
  /// Runs the units at `positions` of the serial order on the calling thread: no thread, no counter, no atomic
  /// read-modify-write. Returns the error that ended it early, if one did.
  @inline(__always)
  func runAlone(
    _ positions: Range<Int>, of order: UnsafePointer<UInt32>, _ cancellation: CancellationToken?,
    _ body: @Sendable (UnitID) throws -> Void
  ) -> (any Error)? {
    for position in positions {
      if let cancellation, cancellation.isCancelled { return CancellationError() }
      do {
        try body(UnitID(order[position]))
      } catch {
        return error
      }
    }
    return nil
  }
  func facts(width: Int) -> SharingRecord.Facts {
    SharingRecord.Facts(
      unitCount: unitCount, width: width,
      estimate: estimates.map { ($0.work, max($0.work / Double(width), $0.span)) })
  }
  /// How many of `width` workers the units can occupy: twice as many as would be busy on the average if nobody ever
  /// waited, where costs are known. More would be woken for nothing.
  func usefulWidth(upTo width: Int) -> Int {
    guard let estimates, estimates.span > 0 else { return width }
    let most = (2 * estimates.work / estimates.span).rounded(.up)  // Decisions/Scheduling.md
    return most < Double(width) ? max(Int(most), 1) : width
  }
}
