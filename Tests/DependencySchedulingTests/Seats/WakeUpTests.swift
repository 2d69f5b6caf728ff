import Dispatch
import StressScale
import Testing

@testable import DependencyScheduling

/// No wake-up is lost: units become ready about when those who should come give up looking, thousands of times. Two
/// units that wait for one another would wait for ever, were only one worker there.
@Suite(.serialized, .timeLimit(.minutes(20)), .watched(seconds: 300)) struct WakeUpTests {
  /// Units 0 and 1 begin; unit 1 readies units 2 and 3.
  private let fork = try! Schedule(unitCount: 4, dependencies: [(1, 2), (1, 3)])
  /// Unit 0 readies units 1 and 2.
  private let lateFork = try! Schedule(unitCount: 3, dependencies: [(0, 1), (0, 2)])

  /// Microseconds: a worker looks around for 40 before it sleeps, so a fork comes before, about then, or after.
  private func delays(_ count: Int, seed: UInt64) -> [UInt64] {
    var random = SeededGenerator(seed: seed)
    return (0..<StressScale.repetitions(count)).map { _ in UInt64(20 + random.below(60)) }
  }

  /// What the units of `fork` do: two workers come, one of them runs dry, and comes again.
  private func forking(after delay: UInt64) -> @Sendable (UnitID) -> Void {
    let (start, end) = (Meeting(of: 2), Meeting(of: 2))
    return { unit in
      switch unit.index {
      case 0: start.attend()
      case 1:
        start.attend()
        spin(microseconds: delay)
      default: end.attend()
      }
    }
  }

  /// What the units of `lateFork` do when unit 0 is completed by a thread outside.
  private func completing(after delay: UInt64, on outside: DispatchQueue) -> UnitBody {
    let end = Meeting(of: 2)
    return UnitBody(suspending: { unit, context in
      guard unit.index == 0 else { return end.attend() }
      let completion = context.suspend()
      outside.async {
        spin(microseconds: delay)
        completion.finish()
      }
    })
  }

  @Test(arguments: [2, 3]) func `a caller that ran dry comes when a seat forks`(width: Int) throws {
    let executor = GraphExecutor.sharing(width: width)
    try withWatchdog(seconds: 300, executor: executor) {
      for delay in delays(1_500, seed: 1) { try executor.run(fork, forking(after: delay)) }
    }
  }

  @Test(arguments: [2, 3]) func `seats that went to sleep come when the caller forks`(width: Int) throws {
    let executor = GraphExecutor.sharing(width: width)
    try withWatchdog(seconds: 300, executor: executor) {
      for delay in delays(1_500, seed: 2) {
        let end = Meeting(of: 2)
        try executor.run(lateFork) { unit in
          if unit.index == 0 { spin(microseconds: delay) } else { end.attend() }
        }
      }
    }
  }

  @Test(arguments: [2, 3]) func `seats that went to sleep come when a seat forks`(width: Int) async throws {
    let executor = GraphExecutor.sharing(width: width)
    try await withWatchdog(seconds: 300, executor: executor) {
      for delay in delays(1_500, seed: 3) { try await executor.run(fork, forking(after: delay)) }
    }
  }

  @Test(arguments: [2, 3]) func `a caller and seats that sleep come when a unit is completed from outside`(width: Int)
    throws
  {
    let executor = GraphExecutor.sharing(width: width)
    let outside = DispatchQueue(label: "outside")
    try withWatchdog(seconds: 300, executor: executor) {
      for delay in delays(1_000, seed: 4) { try executor.run(lateFork, completing(after: delay, on: outside)) }
    }
  }

  @Test(arguments: [2, 3]) func `seats that sleep come when a unit is completed from outside`(width: Int) async throws {
    let executor = GraphExecutor.sharing(width: width)
    let outside = DispatchQueue(label: "outside")
    try await withWatchdog(seconds: 300, executor: executor) {
      for delay in delays(1_000, seed: 5) {
        try await executor.run(lateFork, completing(after: delay, on: outside))
      }
    }
  }

  @Test func `a caller comes when a seat of a run that it shares with others forks`() throws {
    let executor = GraphExecutor.sharing(width: 3)
    withWatchdog(seconds: 300, executor: executor) {
      // Two runs at once: the seats go from one to the other, and a wake-up meant for one must not be taken for both.
      let threads = [6, 7].map { (seed: UInt64) in
        let delays = delays(800, seed: seed)
        return TestThread {
          for delay in delays { try! executor.run(fork, forking(after: delay)) }
        }
      }
      for thread in threads { thread.join() }
    }
  }
}
