import Synchronization
import StressScale
import Testing

@testable import DependencyScheduling

/// What real executors make of loads of which they know nothing, or something wrong. Units sleep, so workers overlap
/// however few processors there are, and whether they did is counted, not timed. A unit that nobody has joined stays a
/// while longer, since the second worker may get a processor late.
@Suite(.timeLimit(.minutes(20)), .watched()) struct ChangedLoadTests {
  /// The most units at once in one run whose units sleep.
  private func mostAtOnce(
    _ schedule: Schedule, on executor: GraphExecutor, microseconds: UInt32, site: CallSite
  ) throws -> Int {
    let gauge = Gauge()
    try executor.run(schedule, options: RunOptions(site: site)) { _ in
      gauge.stay(microseconds: microseconds, patience: 500)
    }
    return gauge.most
  }

  /// The least of three counts: other programs can delay a thread for as long as a run takes, but rarely three times.
  private func leastOfThree(_ count: () async throws -> Int) async rethrows -> Int {
    var least = Int.max
    for _ in 1...3 where least > 0 { least = min(least, try await count()) }
    return least
  }

  @Test(arguments: [true, false]) func `of three units of 30 ms at width 3, none waits for all others, run after run`(
    isAsynchronous: Bool
  ) async throws {
    let serialRuns = try await leastOfThree {
      let executor = try GraphExecutor(width: 3)
      let schedule = TestGraphs.independent(3)
      var serialRuns = 0
      try await withWatchdog(executor: executor) {
        for _ in 1...12 where serialRuns == 0 {
          let gauge = Gauge()
          let body: @Sendable (UnitID) -> Void = { _ in gauge.stay(microseconds: 30_000, patience: 2_000) }
          if isAsynchronous {
            try await executor.run(schedule, body)
          } else {
            try runBlocking(schedule, on: executor, body)
          }
          // With two at once it takes two thirds of a serial run.
          if gauge.most < 2 { serialRuns += 1 }
        }
      }
      return serialRuns
    }
    #expect(serialRuns == 0)
  }

  @Test(arguments: [true, false]) func `units that wait for one another run as they must when always shared`(
    byTheRun: Bool
  ) throws {
    let executor = try GraphExecutor(width: 2, sharing: byTheRun ? .automatic : .always)
    let schedule = TestGraphs.independent(2)
    try withWatchdog(executor: executor) {
      for _ in 1...50 {
        let meeting = Meeting(of: 2)
        try executor.run(schedule, sharing: byTheRun ? .always : nil) { _ in meeting.attend() }
      }
    }
  }

  @Test(arguments: [2, 4]) func `units of nanoseconds that become 1 ms have a second worker within four runs`(
    width: Int
  ) throws {
    let executor = try GraphExecutor(width: width)
    let schedule = TestGraphs.independent(64)
    let isSlow = Atomic(false)
    try withWatchdog(executor: executor) {
      let gauge = Gauge()
      func run() throws {
        try executor.run(schedule) { _ in
          if isSlow.load(ordering: .relaxed) { gauge.stay(microseconds: 1_000, patience: 50) }
        }
      }
      for _ in 1...300 { try run() }
      isSlow.store(true, ordering: .relaxed)
      for _ in 1...4 { try run() }
      #expect(gauge.most >= 2)
    }
  }

  @Test func `asynchronous units of nanoseconds that become 1 ms have a second worker within four runs`() async throws {
    let executor = try GraphExecutor(width: 2)
    let schedule = TestGraphs.independent(64)
    let (gauge, isSlow) = (Gauge(), Tally())
    let body = UnitBody { _ in if isSlow.value > 0 { gauge.stay(microseconds: 1_000, patience: 50) } }
    try await withWatchdog(executor: executor) {
      for _ in 1...100 { try await executor.run(schedule, body) }
      isSlow.add()
      for _ in 1...4 { try await executor.run(schedule, body) }
    }
    #expect(gauge.most >= 2)
  }

  @Test(arguments: [[2], [2, 3]]) func `a fine body at one place leaves a coarse one at another shared`(widths: [Int])
    async throws
  {
    let (fine, coarse) = (CallSite(), CallSite())
    #expect(fine != coarse)
    let serialRuns = try await leastOfThree {
      let schedule = TestGraphs.independent(8)
      let executors = try widths.map { try GraphExecutor(width: $0) }
      var serialRuns = 0
      try withWatchdog(executor: executors[0]) {
        for _ in 1...15 where serialRuns == 0 {
          // The widths take turns, and teach one another nothing.
          for executor in executors {
            for _ in 1...20 { try executor.run(schedule, options: RunOptions(site: fine)) { _ in } }
            let most = try mostAtOnce(schedule, on: executor, microseconds: 3_000, site: coarse)
            if most < 2 { serialRuns += 1 }
          }
        }
      }
      return serialRuns
    }
    #expect(serialRuns == 0)
  }

  @Test func `a schedule whose costs are 500 times too low is shared out after a few runs`() throws {
    let executor = try GraphExecutor(width: 2)
    // By its costs, 10 µs in all: less than waking somebody is worth.
    let schedule = try Schedule(unitCount: 20, dependencies: [], costs: [Float](repeating: 500, count: 20))
    let site = CallSite()
    try withWatchdog(executor: executor) {
      let most = try (1...12).map { _ in try mostAtOnce(schedule, on: executor, microseconds: 500, site: site) }
      #expect(most.dropFirst(4).count { $0 >= 2 } >= 4, "\(most)")
    }
  }
}
