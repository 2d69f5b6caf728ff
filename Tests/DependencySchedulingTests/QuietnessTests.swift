import Dispatch
import Foundation
import StressScale
import Testing

@testable import DependencyScheduling

/// What an executor does to the process it lives in. Each test has a process of its own, or the other tests' threads
/// would be counted.
@Suite(.timeLimit(.minutes(20)), .watched()) struct QuietnessTests {
  @Test func `rest after a run costs next to nothing`() async {
    await #expect(processExitsWith: .success) {
      let executor = GraphExecutor.sharing(width: 4)
      let schedule = TestGraphs.wavefront(100)
      for _ in 0..<20 { try runBlocking(schedule, on: executor) { _ in spin(microseconds: 1) } }
      let before = clock()
      usleep(200_000)
      let milliseconds = Double(clock() - before) / Double(CLOCKS_PER_SEC) * 1_000
      precondition(milliseconds < 5, "200 ms of rest cost \(milliseconds) ms of processor time")
    }
  }

  @Test func `workers that run dry within a run stop looking for work`() async {
    await #expect(processExitsWith: .success) {
      let executor = GraphExecutor.sharing(width: 4)
      let schedule = TestGraphs.independent(2)
      // A new process is busy with itself for a while, and the first run makes the helpers' threads.
      usleep(300_000)
      try runBlocking(schedule, on: executor) { _ in usleep(1_000) }
      let before = clock()
      // One unit rests for long, so that whoever has run the other one has nothing to do.
      try runBlocking(schedule, on: executor) { unit in if unit.index == 0 { usleep(300_000) } }
      let milliseconds = Double(clock() - before) / Double(CLOCKS_PER_SEC) * 1_000
      precondition(milliseconds < 20, "waiting 300 ms for a unit cost \(milliseconds) ms of processor time")
    }
  }

  #if os(Linux)
    @Test func `width 1 creates no thread`() async {
      await #expect(processExitsWith: .success) {
        let executor = GraphExecutor.sharing(width: 1)
        let schedule = TestGraphs.wavefront(100)
        let before = try threadsOfThisProcess()
        for _ in 0..<20 {
          try runBlocking(schedule, on: executor) { unit in
            guard unit.index % 1_000 == 0 else { return }
            let now = try threadsOfThisProcess()
            precondition(now.isSubset(of: before), "a thread was created")
          }
        }
      }
    }
  #endif

  /// Notes how runs began and ended.
  private final class Ways: ExecutorObserver {
    private let ways = Locked<(began: [ObservedRun.Way], ended: [ObservedRun.Way])>(([], []))
    var last: (began: ObservedRun.Way?, ended: ObservedRun.Way?) { ways.withLock { ($0.began.last, $0.ended.last) } }
    func runBegan(_ run: ObservedRun) { ways.withLock { $0.began.append(run.way) } }
    func runEnded(_ run: ObservedRun) { ways.withLock { $0.ended.append(run.way) } }
  }

  @Test func `a run whose price is below a wake-up stays on its caller`() throws {
    let caller = pthread_self()
    let ways = Ways()
    let executor = try GraphExecutor(width: 4, observer: ways)
    let costs = [Float](repeating: 10, count: 100)
    for run in 1...100 {
      // A new schedule, of which nothing is known but its price.
      let schedule = Schedule(
        successorOffsets: [UInt32](repeating: 0, count: 101), successors: [], costs: costs)
      let elsewhere = Tally()
      try executor.run(schedule) { _ in if pthread_equal(pthread_self(), caller) == 0 { elsewhere.add() } }
      let (began, ended) = ways.last
      #expect(began == .aloneByExperience, "run \(run)")
      // If another program holds the processor meanwhile, the units seem to take long, and the rest is shared out.
      #expect(ended == .sharedHalfWay || (ended == began && elsewhere.value == 0), "run \(run)")
    }
  }

  @Test func `a run never waits for a helper that has not started`() throws {
    let queue = DispatchQueue(label: "late", attributes: [.concurrent, .initiallyInactive])
    let executor = try GraphExecutor(width: 4, on: queue, sharing: .always)
    let witness = OrderWitness(TestGraphs.wavefront(50))
    for run in 1...10 { #expect(try witness.check(on: executor, run: run)) }
    // Now the helpers of the runs that are over start, find their doors closed, and leave.
    queue.activate()
    queue.sync(flags: .barrier) {}
    for run in 11...20 { #expect(try witness.check(on: executor, run: run)) }
  }

  @Test func `helpers do come`() throws {
    let executor = GraphExecutor.sharing(width: 2)
    // Each unit waits for the other to start: only two workers can do that.
    let meeting = Meeting(of: 2)
    try withWatchdog(executor: executor) {
      try executor.run(TestGraphs.independent(2)) { _ in meeting.attend() }
    }
  }

  @Test func `what a run made is released with its schedule and executor`() throws {
    weak var storage: ScheduleStorage?
    weak var pooled: Run?
    weak var executor: GraphExecutor?
    do {
      let schedule = TestGraphs.wavefront(10)
      let own = GraphExecutor.sharing(width: 2)
      try own.run(schedule) { _ in }
      storage = schedule.storage
      executor = own
      let run = schedule.storage.takeRun()
      pooled = run
      schedule.storage.giveBack(run)
      #expect(pooled != nil)
    }
    #expect(storage == nil)
    #expect(pooled == nil)
    #expect(executor == nil)
  }

  @Test func `asynchronous runs leave the cooperative pool free`() async throws {
    // More runs than the pool has threads, each blocked until a task that needs the pool lets it go.
    let runs = 2 * ProcessInfo.processInfo.activeProcessorCount + 2
    let gate = DispatchSemaphore(value: 0)
    let executor = GraphExecutor.sharing(width: 1)
    let waiting = Tally()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<runs {
        group.addTask {
          try await executor.run(TestGraphs.chain(1)) { _ in
            waiting.add()
            gate.wait()
          }
        }
      }
      group.addTask {
        while waiting.value == 0 { try await Task.sleep(for: .milliseconds(1)) }
        for _ in 0..<runs { gate.signal() }
      }
      try await group.waitForAll()
    }
    #expect(waiting.value == runs)
  }
}

#if os(Linux)
  /// The kernel's numbers of this process's threads.
  private func threadsOfThisProcess() throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task"))
  }
#endif

/// The blocking form, for exit tests and others whose closures are asynchronous.
func runBlocking(
  _ schedule: Schedule, on executor: GraphExecutor, options: RunOptions = RunOptions(),
  _ body: @Sendable (UnitID) throws -> Void
) throws {
  try executor.run(schedule, options: options, body)
}

func runBlocking(
  _ schedule: Schedule, on executor: GraphExecutor, _ body: UnitBody, cancellation: CancellationToken? = nil
) throws {
  try executor.run(schedule, body, cancellation: cancellation)
}
