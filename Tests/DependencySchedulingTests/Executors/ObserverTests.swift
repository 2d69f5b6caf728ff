import StressScale
import Testing
import Threads

@testable import DependencyScheduling

/// What observers are told, and what the sums say.
@Suite(.timeLimit(.minutes(20)), .watched()) struct ObserverTests {
  private struct Failure: Error {}

  /// Takes notes of everything.
  private final class Notes: ExecutorObserver {
    struct Counts {
      var began: [ObservedRun] = []
      var ended: [ObservedRun] = []
      var woken = 0, slept = 0, stolen = 0
    }

    private let notes = Locked(Counts())

    var counts: Counts { notes.withLock { $0 } }
    var ways: [ObservedRun.Way] { counts.ended.map(\.way) }

    func runBegan(_ run: ObservedRun) { notes.withLock { $0.began.append(run) } }
    func runEnded(_ run: ObservedRun) { notes.withLock { $0.ended.append(run) } }
    func seatWoken(_ seat: Int) { notes.withLock { $0.woken += 1 } }
    func seatSlept(_ seat: Int) { notes.withLock { $0.slept += 1 } }
    func unitStolen(_ unit: UnitID) { notes.withLock { $0.stolen += 1 } }
  }

  private func executor(width: Int, sharing: Sharing = .automatic, _ notes: Notes) throws -> GraphExecutor {
    try GraphExecutor(width: width, sharing: sharing, observer: notes)
  }

  @Test func `each run begins and ends, synchronous or not, and says its place and size`() async throws {
    let notes = Notes()
    let executor = try executor(width: 2, sharing: .always, notes)
    let site = CallSite()
    let schedule = TestGraphs.wavefront(4)
    let started = ContinuousClock.now
    try await withWatchdog(executor: executor) {
      let body = UnitBody { _ in doze(microseconds: 100) }
      for _ in 1...5 {
        try runBlocking(schedule, on: executor, options: RunOptions(site: site)) { _ in doze(microseconds: 100) }
        try await executor.run(schedule, options: RunOptions(site: site), keeping: body)
      }
    }
    let elapsed = ContinuousClock.now - started
    let counts = notes.counts
    #expect(counts.began.count == 10 && counts.ended.count == 10)
    for run in counts.began + counts.ended {
      #expect(run.site == site && run.unitCount == 16 && run.way == .sharedByOptions && !run.failed)
    }
    // Seven units, one after the other at least, of 100 µs.
    #expect(counts.ended.allSatisfy { $0.nanoseconds >= 700_000 })
    #expect(.nanoseconds(counts.ended.reduce(0) { $0 + $1.nanoseconds }) <= elapsed)
  }

  @Test func `runs that fail or are cancelled say so`() async throws {
    let notes = Notes()
    let executor = try executor(width: 2, notes)
    let token = CancellationToken()
    await withWatchdog(executor: executor) {
      for sharing in [Sharing.always, .never] {
        await #expect(throws: Failure.self) {
          try await executor.run(TestGraphs.chain(3), sharing: sharing) { _ in throw Failure() }
        }
        #expect(throws: Failure.self) {
          try runBlocking(TestGraphs.chain(3), on: executor, options: RunOptions(sharing: sharing)) { _ in
            throw Failure()
          }
        }
      }
      await #expect(throws: CancellationError.self) {
        try await executor.run(TestGraphs.chain(3), cancellation: token) { _ in token.cancel() }
      }
    }
    #expect(notes.counts.began.count == 5)
    #expect(notes.counts.ended.count == 5 && notes.counts.ended.allSatisfy(\.failed))
  }

  @Test func `the way of a run is that of its width, its options or its executor`() async throws {
    let (one, two) = (Notes(), Notes())
    let narrow = try executor(width: 1, sharing: .always, one)
    let wide = try executor(width: 2, sharing: .always, two)
    let suspending = UnitBody(suspending: { _, context in context.suspend().finish() })
    try await withWatchdog(executor: wide) {
      try runBlocking(TestGraphs.chain(3), on: narrow) { _ in }
      try await narrow.run(TestGraphs.chain(3)) { _ in }
      #expect(one.ways == [.aloneByWidth, .aloneByWidth])

      try runBlocking(TestGraphs.chain(1), on: wide) { _ in }
      try runBlocking(TestGraphs.chain(3), on: wide) { _ in }
      try runBlocking(TestGraphs.chain(3), on: wide, options: RunOptions(sharing: .never)) { _ in }
      try runBlocking(TestGraphs.chain(3), on: wide, suspending)
      #expect(two.ways == [.aloneByWidth, .sharedByOptions, .aloneByOptions, .sharedBySuspension])

      try await wide.run(TestGraphs.chain(1)) { _ in }
      try await wide.run(TestGraphs.chain(3)) { _ in }
      try await wide.run(TestGraphs.chain(3), sharing: .never) { _ in }
      try await wide.run(TestGraphs.chain(3), suspending)
      #expect(two.ways.suffix(4) == [.aloneByWidth, .sharedByOptions, .aloneByOptions, .sharedBySuspension])
    }
  }

  @Test(arguments: [true, false]) func `runs left to experience say what it said, and when it was wrong`(
    isAsynchronous: Bool
  ) async throws {
    let notes = Notes()
    let executor = try executor(width: 2, notes)
    let schedule = TestGraphs.independent(64)
    let isSlow = Tally()
    let body = UnitBody { _ in if isSlow.value > 0 { doze(microseconds: 1_000) } }
    func run(_ times: Int) async throws {
      for _ in 1...times {
        if isAsynchronous {
          try await executor.run(schedule, body)
        } else {
          try runBlocking(schedule, on: executor, body)
        }
      }
    }
    try await withWatchdog(executor: executor) {
      try await run(200)
      // A caller begins alone, with a seat that watches.
      let first: Set<ObservedRun.Way> = isAsynchronous ? [.sharedByExperience] : [.probed, .sharedHalfWay]
      #expect(first.contains(try #require(notes.ways.first)))
      #expect(notes.ways.contains(.aloneByExperience))
      isSlow.add()
      try await run(10)
    }
    #expect(notes.ways.suffix(10).contains { $0 == .sharedHalfWay || $0 == .sharedByExperience })
    #expect(notes.counts.began.count == 210 && notes.counts.ended.count == 210)
    #expect(Set(notes.ways).isSubset(of: [.aloneByExperience, .sharedByExperience, .sharedHalfWay, .probed]))
    // A run that shares the rest out has begun alone.
    #expect(!notes.counts.began.contains { $0.way == .sharedHalfWay })
  }

  @Test func `seats that are woken sleep again, and the sums are those of the events`() async throws {
    let notes = Notes()
    let executor = try executor(width: 3, sharing: .always, notes)
    let schedule = TestGraphs.wavefront(20)
    try await withWatchdog(executor: executor) {
      for _ in 1...20 {
        try runBlocking(schedule, on: executor) { _ in spin(microseconds: 1) }
        try await executor.run(schedule) { _ in spin(microseconds: 1) }
        try runBlocking(schedule, on: executor, options: RunOptions(sharing: .never)) { _ in }
      }
      await withTaskGroup(of: Void.self) { group in
        for _ in 1...20 { group.addTask(executorPreference: executor) {} }
      }
      // A seat may sleep, and be reported, after the run that it looked for more in.
      await eventually { notes.counts.slept == notes.counts.woken }
      let (sums, counts) = (executor.statistics, notes.counts)
      #expect(sums.runsShared == 40 && sums.runsAlone == 20)
      #expect(sums.runsShared + sums.runsAlone == counts.ended.count)
      #expect(sums.jobs >= 20)
      #expect(sums.seatsWoken == counts.woken && sums.seatsWoken > 0)
      #expect(sums.unitsStolen == counts.stolen)
      #expect(sums.seatsTaken == 0)
    }
  }

  @Test func `a unit that another worker takes is stolen, and a caller that sleeps waits`() throws {
    let notes = Notes()
    let executor = try executor(width: 2, sharing: .always, notes)
    // The caller claims both roots of a chunk, or the seat does; whoever readies units 1 and 2 leaves one to the other.
    let schedule = try Schedule(unitCount: 3, dependencies: [(0, 1), (0, 2)])
    try withWatchdog(executor: executor) {
      let meeting = Meeting(of: 2)
      try executor.run(schedule) { if $0.index > 0 { meeting.attend() } }
      #expect(notes.counts.stolen == 1)
      // The seat has a unit until the caller, which has none, sleeps.
      let start = Meeting(of: 2)
      let (caller, waits) = (ThreadID.current, executor.statistics.callerWaits)
      try executor.run(TestGraphs.independent(2)) { _ in
        start.attend()
        if ThreadID.current != caller { waitUntil { executor.statistics.callerWaits > waits } }
      }
      #expect(executor.statistics.callerWaits == waits + 1)
    }
  }
}
