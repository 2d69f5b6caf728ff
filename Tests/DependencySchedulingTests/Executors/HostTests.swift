import Dispatch
import StressScale
import Testing

@testable import DependencyScheduling

/// Executors on threads of their host.
@Suite(.timeLimit(.minutes(20)), .watched()) struct HostTests {
  /// Runs of all kinds on `executor`.
  private func checkRuns(on executor: GraphExecutor) async throws {
    let witness = OrderWitness(TestGraphs.wavefront(20))
    try await withWatchdog(executor: executor) {
      for run in 1...StressScale.repetitions(50) {
        try runBlocking(witness.schedule, on: executor) { witness.visit($0, run: 2 * run) }
        #expect(witness.sawCompleteRun(2 * run))
        try await executor.run(witness.schedule) { witness.visit($0, run: 2 * run + 1) }
        #expect(witness.sawCompleteRun(2 * run + 1))
      }
      await withTaskGroup(of: Void.self) { group in
        for _ in 1...10 { group.addTask(executorPreference: executor) { await Task.yield() } }
      }
      #expect(executor.statistics.jobs >= 10)
    }
  }

  @Test(arguments: [1, 2, 4]) func `on a concurrent queue`(width: Int) async throws {
    let queue = DispatchQueue(label: "concurrent", attributes: .concurrent)
    try await checkRuns(on: GraphExecutor(width: width, on: queue, sharing: .always))
  }

  @Test(arguments: [1, 2, 4]) func `on a serial queue, where one seat works at a time`(width: Int) async throws {
    let queue = DispatchQueue(label: "serial")
    let executor = try GraphExecutor(width: width, on: queue, sharing: .always)
    try await checkRuns(on: executor)
    let gauge = Gauge()
    try await withWatchdog(executor: executor) {
      try await executor.run(TestGraphs.independent(50)) { _ in gauge.within { doze(microseconds: 200) } }
    }
    #expect(gauge.most == 1)
  }

  @Test func `a synchronous run on the only thread of its host ends`() throws {
    let queue = DispatchQueue(label: "serial")
    let executor = try GraphExecutor(width: 3, on: queue, sharing: .always)
    let witness = OrderWitness(TestGraphs.wavefront(20))
    withWatchdog(executor: executor) {
      queue.sync { for run in 1...20 { #expect((try? witness.check(on: executor, run: run)) == true) } }
    }
  }

  @Test(arguments: [1, 2]) func `on an inactive queue, an asynchronous run and a job wait until it is activated`(
    width: Int
  ) async throws {
    let queue = DispatchQueue(label: "inactive", attributes: [.concurrent, .initiallyInactive])
    let executor = try GraphExecutor(width: width, on: queue, sharing: .always)
    let count = Tally()
    try await withWatchdog(executor: executor) {
      async let run: Void = executor.run(TestGraphs.wavefront(5)) { _ in count.add() }
      let job = Task(executorPreference: executor) { count.add() }
      await eventually { executor.seats.runDescriptions.count == 1 }
      // The caller of a synchronous run waits for nobody.
      try runBlocking(TestGraphs.independent(3), on: executor) { _ in }
      #expect(count.value == 0)
      queue.activate()
      try await run
      _ = await job.value
    }
    #expect(count.value == 26)
  }

  @Test(arguments: [1, 2, 4], [1, 2, 3]) func `on a pool of threads of the host's own`(width: Int, threads: Int)
    async throws
  {
    let pool = SmallPool(threads: threads)
    let gauge = Gauge()
    do {
      let executor = try GraphExecutor(width: width, on: { pool.submit($0) }, sharing: .always)
      try await checkRuns(on: executor)
      try await withWatchdog(executor: executor) {
        try await executor.run(TestGraphs.independent(50)) { _ in gauge.within { doze(microseconds: 200) } }
      }
      await eventually { executor.statistics.seatsTaken == 0 }
    }
    #expect(gauge.most <= min(width, threads))
    pool.stop()
  }

  @Test(arguments: [1, 2, 3]) func `on one thread, a long run leaves it to a short one and to a job`(width: Int)
    async throws
  {
    let executor = try GraphExecutor(width: width, on: DispatchQueue(label: "serial"), sharing: .always)
    let long = EndlessRun(isChain: false)
    try await withWatchdog(executor: executor) {
      async let run: Void = executor.run(long.schedule) { long.unit($0) }
      var passed: [Int] = []
      for _ in 1...3 {
        await eventually { long.inside == 1 }
        passed.append(
          try await long.unitsPassed(for: { try await executor.run(TestGraphs.chain(3)) { _ in } }, on: executor))
        await eventually { long.inside == 1 }
        passed.append(
          try await long.unitsPassed(for: { await Task(executorPreference: executor) {}.value }, on: executor))
      }
      #expect(passed.contains { $0 <= 1 }, "\(passed)")
      long.end()
      try await run
    }
  }

  @Test(arguments: [1, 2, 3]) func `on one thread of a host, two long runs take turns`(width: Int) async throws {
    let executor = try GraphExecutor(width: width, on: DispatchQueue(label: "serial"), sharing: .always)
    let (one, other) = (EndlessRun(isChain: true), EndlessRun(isChain: false))
    try await withWatchdog(executor: executor) {
      async let first: Void = executor.run(one.schedule) { one.unit($0) }
      async let second: Void = executor.run(other.schedule) { other.unit($0) }
      await eventually { one.inside + other.inside == 1 && executor.seats.isWanted }
      for _ in 1...10 {
        let (now, next) = one.inside == 1 ? (one, other) : (other, one)
        await now.pass { next.inside == 1 }
        #expect(now.inside == 0)
      }
      one.end()
      other.end()
      _ = try await (first, second)
    }
  }

  @Test func `a width that no executor can have is a typed error on a host too`() {
    #expect(throws: InvalidWidth(width: 0)) { try GraphExecutor(width: 0, on: DispatchQueue(label: "none")) }
    #expect(throws: InvalidWidth(width: -1)) { try GraphExecutor(width: -1, on: { $0() }) }
  }
}

/// A few threads that do what they are given, first come, first served.
private final class SmallPool: Sendable {
  private let blocks = Locked<[@Sendable () -> Void]>([])
  private let given = DispatchSemaphore(value: 0)
  private let threads = Locked<[TestThread]>([])

  init(threads count: Int) {
    for _ in 0..<count {
      let thread = TestThread { [self] in while doNext() {} }
      threads.withLock { $0.append(thread) }
    }
  }

  func submit(_ block: @escaping @Sendable () -> Void) {
    blocks.withLock { $0.append(block) }
    given.signal()
  }

  /// Ends the threads, when they have done everything.
  func stop() {
    let threads = threads.withLock { $0 }
    for _ in threads { given.signal() }
    for thread in threads { thread.join() }
  }

  /// Does one block; false when there is none, and never will be.
  private func doNext() -> Bool {
    given.wait()
    let block = blocks.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    block?()
    return block != nil
  }
}
