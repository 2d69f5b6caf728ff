import StressScale
import Testing

@testable import DependencyScheduling

/// How many units run at once, and who gets the seats where there are more runs than those. Units sleep, so they
/// overlap however few processors there are.
@Suite(.timeLimit(.minutes(20)), .watched()) struct WidthTests {
  @Test(arguments: [1, 2, 3]) func `twenty asynchronous runs together are never wider than their executor`(width: Int)
    async throws
  {
    let executor = GraphExecutor.sharing(width: width)
    let gauge = Gauge()
    try await withWatchdog(executor: executor) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 1...20 {
          group.addTask {
            try await executor.run(TestGraphs.wavefront(5)) { _ in gauge.within { doze(microseconds: 300) } }
          }
        }
        try await group.waitForAll()
      }
    }
    #expect(gauge.most <= width)
  }

  @Test(arguments: [1, 2, 3], [Sharing.automatic, .never])
  func `runs that one seat is to do alone are no more at once than seats`(width: Int, sharing: Sharing) async throws {
    let executor = try GraphExecutor(width: width, sharing: sharing)
    let gauge = Gauge()
    try await withWatchdog(executor: executor) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 1...20 {
          group.addTask {
            try await executor.run(TestGraphs.independent(25)) { _ in gauge.within { doze(microseconds: 300) } }
          }
        }
        try await group.waitForAll()
      }
    }
    #expect(gauge.most <= width)
  }

  @Test(arguments: [1, 2], [true, false])
  func `a long asynchronous run leaves a seat to a short one after a unit`(width: Int, isChain: Bool) async throws {
    let executor = GraphExecutor.sharing(width: width)
    let long = EndlessRun(isChain: isChain)
    let seats = isChain ? 1 : width
    try await withWatchdog(executor: executor) {
      async let run: Void = executor.run(long.schedule) { long.unit($0) }
      var passed: [Int] = []
      for _ in 1...3 {
        await eventually { long.inside == seats }
        passed.append(
          try await long.unitsPassed(for: { try await executor.run(TestGraphs.chain(3)) { _ in } }, on: executor))
      }
      #expect(passed.contains { $0 <= 1 }, "\(passed)")
      long.end()
      try await run
    }
  }

  @Test(arguments: [1, 2]) func `long runs that one seat does alone leave it to a short one after a unit`(width: Int)
    async throws
  {
    let executor = try GraphExecutor(width: width, sharing: .never)
    let long = EndlessRun(isChain: false)
    try await withWatchdog(executor: executor) {
      // As many as there are seats.
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 1...width { group.addTask { try await executor.run(long.schedule) { long.unit($0) } } }
        var passed: [Int] = []
        for _ in 1...3 {
          await eventually { long.inside == width }
          passed.append(
            try await long.unitsPassed(for: { try await executor.run(TestGraphs.chain(3)) { _ in } }, on: executor))
        }
        #expect(passed.contains { $0 <= 1 }, "\(passed)")
        long.end()
        try await group.waitForAll()
      }
    }
  }

  @Test(arguments: [Sharing.always, .never]) func `two long runs in one seat take turns, unit by unit`(sharing: Sharing)
    async throws
  {
    let executor = try GraphExecutor(width: 1, sharing: sharing)
    let (one, other) = (EndlessRun(isChain: true), EndlessRun(isChain: false))
    try await withWatchdog(executor: executor) {
      async let first: Void = executor.run(one.schedule) { one.unit($0) }
      async let second: Void = executor.run(other.schedule) { other.unit($0) }
      await eventually { one.inside + other.inside == 1 && executor.seats.isWanted }
      for _ in 1...20 {
        let (now, next) = one.inside == 1 ? (one, other) : (other, one)
        await now.pass { next.inside == 1 }
        #expect(now.inside == 0)
      }
      one.end()
      other.end()
      _ = try await (first, second)
    }
  }

  @Test(arguments: [1, 2]) func `a synchronous run goes on beside a long asynchronous one`(width: Int) async throws {
    let executor = GraphExecutor.sharing(width: width)
    let long = EndlessRun(isChain: false)
    try await withWatchdog(executor: executor) {
      async let run: Void = executor.run(long.schedule) { long.unit($0) }
      await eventually { long.inside == width }
      // By its caller, while all seats are held.
      try runBlocking(TestGraphs.chain(3), on: executor) { _ in }
      #expect(long.done == 0)
      // And with the help of a seat, which the other run gives up.
      long.flow()
      if width == 2 {
        let meeting = Meeting(of: 2)
        try runBlocking(TestGraphs.independent(2), on: executor) { _ in meeting.attend() }
      }
      long.end()
      try await run
    }
  }

  @Test(arguments: [1, 2]) func `a job goes on beside a long run after a unit`(width: Int) async throws {
    let executor = GraphExecutor.sharing(width: width)
    let long = EndlessRun(isChain: false)
    try await withWatchdog(executor: executor) {
      async let run: Void = executor.run(long.schedule) { long.unit($0) }
      var passed: [Int] = []
      for _ in 1...3 {
        await eventually { long.inside == width }
        passed.append(
          try await long.unitsPassed(for: { await Task(executorPreference: executor) {}.value }, on: executor))
      }
      #expect(passed.contains { $0 <= 1 }, "\(passed)")
      long.end()
      try await run
    }
  }

  @Test(arguments: [1, 2]) func `runs go on beside a stream of jobs`(width: Int) async throws {
    let executor = GraphExecutor.sharing(width: width)
    let (jobs, isOver) = (Tally(), Tally())
    await withWatchdog(executor: executor) {
      await withTaskGroup(of: Void.self) { group in
        for _ in 1...3 * width {
          group.addTask(executorPreference: executor) {
            while isOver.value == 0 {
              jobs.add()
              doze(microseconds: 200)
              await Task.yield()
            }
          }
        }
        await eventually { jobs.value > 10 }
        for _ in 1...10 {
          try! await executor.run(TestGraphs.wavefront(4)) { _ in }
          try! runBlocking(TestGraphs.wavefront(4), on: executor) { _ in }
        }
        isOver.add()
      }
    }
    #expect(executor.statistics.jobs >= jobs.value)
  }
}
