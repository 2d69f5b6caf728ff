import Dispatch
import StressScale
import Testing
import Threads

@testable import DependencyScheduling

/// A worker that sleeps is woken by everything that it waits for. Each of these is brought about only when the worker
/// certainly sleeps: a wake-up that is forgotten leaves it asleep for ever, on every machine.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 20)) struct ParkedCallerTests {
  struct Failure: Error, Equatable {}

  /// What a seat does in its unit while the caller, which has nothing to do, sleeps.
  enum Event: CaseIterable {
    /// The unit ends, and was the last one.
    case lastUnit
    /// The unit ends, and two others can run that wait for one another.
    case unitsToSpare
    /// The unit ends, and those behind it are run by the seat.
    case chain
    case error
    /// A token is cancelled, while there are units left.
    case cancellation
  }

  private static func schedule(_ event: Event) throws -> Schedule {
    switch event {
    case .lastUnit, .error: TestGraphs.independent(2)
    case .unitsToSpare: try Schedule(unitCount: 4, dependencies: [(0, 2), (1, 2), (0, 3), (1, 3)])
    case .chain, .cancellation: try Schedule(unitCount: 4, dependencies: [(0, 2), (1, 2), (2, 3)])
    }
  }

  @Test(arguments: Event.allCases, [2, 3]) func `a caller that sleeps is woken by what a seat does`(
    event: Event, width: Int
  ) throws {
    let executor = GraphExecutor.sharing(width: width)
    let caller = ThreadID.current
    let schedule = try Self.schedule(event)
    for _ in 1...20 {
      let (start, fork) = (Meeting(of: 2), Meeting(of: 2))
      let (token, watchers) = (CancellationToken(), Tally())
      let sleeps = executor.statistics.callerWaits
      let body: @Sendable (UnitID) throws -> Void = { unit in
        guard unit.index < 2 else {
          if event == .unitsToSpare { fork.attend() }
          return
        }
        start.attend()
        // Two seats may have come before the caller: one of them waits.
        if ThreadID.current == caller || watchers.add() > 1 { return }
        executor.awaitSleepOfCaller(after: sleeps)
        if event == .error { throw Failure() }
        if event == .cancellation { token.cancel() }
      }
      switch event {
      case .error: #expect(throws: Failure.self) { try executor.run(schedule, body) }
      case .cancellation:
        #expect(throws: CancellationError.self) { try executor.run(schedule, cancellation: token, body) }
      default: try executor.run(schedule, body)
      }
    }
  }

  @Test(arguments: [2, 3]) func `a caller that waits for a seat to leave is woken by the last one`(width: Int) throws {
    let executor = GraphExecutor.sharing(width: width)
    let caller = ThreadID.current
    for _ in 1...20 {
      let start = Meeting(of: width)
      let left = Tally()
      #expect(throws: Failure.self) {
        try executor.run(TestGraphs.independent(width)) { _ in
          // The caller takes its run off the list before it waits.
          let run = executor.seats.lock.withLock { executor.seats.openRuns[0] }
          start.attend()
          if ThreadID.current == caller { throw Failure() }
          waitUntil { run.attendance.current.caller == .waiting }
          doze(microseconds: 500)
          left.add()
        }
      }
      #expect(left.value == width - 1)
    }
  }

  @Test func `a trace has a stay of the caller for each time that it was awake, and one of each seat`() throws {
    let executor = GraphExecutor.sharing(width: 2)
    let caller = ThreadID.current
    let start = Meeting(of: 2)
    let trace = try executor.trace(Self.schedule(.chain)) { unit in
      guard unit.index < 2 else { return }
      start.attend()
      if ThreadID.current != caller { executor.awaitSleepOfCaller(after: 0) }
    }
    #expect(trace.wakeUps == (helpers: 1, caller: 1) && trace.workerCount == 2)
    #expect(trace.units[2].worker == 1 && trace.units[3].worker == 1)
    #expect(trace.units[0].worker != trace.units[1].worker)
    let awake = trace.stays.filter { $0.worker == 0 }.sorted { $0.start < $1.start }
    #expect(awake.count == 2 && awake[0].end <= awake[1].start)
    for unit in trace.units {
      #expect(trace.stays.contains { $0.worker == unit.worker && $0.start <= unit.start && unit.end <= $0.end })
    }
  }

  @Test func `where the rest is taken from a caller that is in a unit for long, what it ran counts`() throws {
    let executor = try GraphExecutor(width: 2)
    for _ in 1...20 {
      // A new schedule, of which nothing is known: its caller begins alone, and a seat watches. That seat may be
      // without a processor for all of its patience, and then nothing is taken.
      let schedule = try Schedule(unitCount: 7, dependencies: [(0, 4), (4, 5), (1, 6), (4, 6)])
      let others = Tally()
      try executor.run(schedule) { unit in
        if unit.index > 0 { return _ = others.add() }
        for _ in 0..<100 where others.value < 3 { doze(microseconds: 500) }
      }
      #expect(others.value == 6)
    }
  }

  /// What a thread outside does with a unit that suspended while the caller sleeps.
  enum Outside: CaseIterable {
    case finishesLast, finishesOther, fails, abandons, cancels, retries
  }

  @Test(arguments: Outside.allCases, [1, 2, 4]) func `a caller that sleeps is woken from outside`(
    event: Outside, width: Int
  ) throws {
    let executor = try GraphExecutor(width: width)
    for _ in 1...10 {
      let held = Locked<(completion: UnitCompletion?, later: UnitPutOff?)>((nil, nil))
      let token = CancellationToken()
      let isRetried = Tally()
      let sleeps = executor.statistics.callerWaits
      let outside = TestThread {
        waitUntil { held.withLock { $0.completion != nil || $0.later != nil } }
        executor.awaitSleepOfCaller(after: sleeps)
        let (completion, later) = held.withLock { held in
          // A completion that nobody holds ends the run: here only where that is what is tested.
          defer { if event == .abandons { held.completion = nil } }
          return held
        }
        switch event {
        case .finishesLast, .finishesOther: completion!.finish()
        case .fails: completion!.fail(Failure())
        case .abandons: break
        case .cancels: token.cancel()
        case .retries: later!.retry()
        }
      }
      let body = UnitBody(suspending: { unit, context in
        guard unit.index == 0, isRetried.add() == 1 else { return }
        if event == .retries {
          let later = context.putOff()
          held.withLock { $0.later = later }
        } else {
          let completion = context.suspend()
          held.withLock { $0.completion = completion }
        }
      })
      let schedule = event == .finishesOther ? TestGraphs.chain(2) : TestGraphs.independent(1)
      func run() throws { try executor.run(schedule, body, cancellation: token) }
      switch event {
      case .finishesLast, .finishesOther, .retries: try run()
      case .fails: #expect(throws: Failure.self) { try run() }
      case .abandons: #expect(throws: UnitAbandoned.self) { try run() }
      case .cancels: #expect(throws: CancellationError.self) { try run() }
      }
      outside.join()
    }
  }

  @Test(arguments: [2, 3, 8]) func `all seats that sleep come when the caller forks`(width: Int) throws {
    let executor = GraphExecutor.sharing(width: width)
    let schedule = try Schedule(unitCount: 1 + width, dependencies: (1...UInt32(width)).map { (0, $0) })
    let caller = ThreadID.current
    for _ in 1...10 {
      let meeting = Meeting(of: width)
      let sleeps = executor.statistics.callerWaits
      try executor.run(schedule) { unit in
        if unit.index > 0 { return meeting.attend() }
        // A seat may have been faster: then the caller sleeps, and all other seats.
        if ThreadID.current != caller { executor.awaitSleepOfCaller(after: sleeps) }
        waitUntil { executor.statistics.seatsTaken == (ThreadID.current == caller ? 0 : 1) }
      }
    }
  }

  @Test(arguments: [2, 3, 8]) func `all seats that sleep come when a seat forks`(width: Int) async throws {
    let executor = GraphExecutor.sharing(width: width)
    let schedule = try Schedule(unitCount: 1 + width, dependencies: (1...UInt32(width)).map { (0, $0) })
    for _ in 1...10 {
      let meeting = Meeting(of: width)
      try await executor.run(schedule) { unit in
        if unit.index > 0 { return meeting.attend() }
        waitUntil { executor.statistics.seatsTaken == 1 }
      }
    }
  }

  @Test(arguments: [1, 2, 3]) func `seats that sleep come for units that are completed from outside`(width: Int)
    async throws
  {
    let executor = GraphExecutor.sharing(width: width)
    let schedule = try Schedule(unitCount: 1 + width, dependencies: (1...UInt32(width)).map { (0, $0) })
    for _ in 1...10 {
      let held = HeldCompletions()
      let meeting = Meeting(of: width)
      async let run: Void = executor.run(
        schedule,
        UnitBody(suspending: { unit, context in
          if unit.index > 0 { return meeting.attend() }
          held.add(context.suspend())
        }))
      await eventually { held.count == 1 && executor.statistics.seatsTaken == 0 }
      held.finishAll()
      try await run
    }
  }
}

extension GraphExecutor {
  /// Waits until the caller of the only run sleeps, which has slept so often before: it has looked once more, and found
  /// nothing.
  func awaitSleepOfCaller(after sleeps: Int) {
    waitUntil {
      statistics.callerWaits > sleeps
        && seats.lock.withLock { seats.openRuns.contains { $0.attendance.current.caller == .parked } }
    }
  }
}
