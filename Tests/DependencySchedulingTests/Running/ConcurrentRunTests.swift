import Dispatch
import Synchronization
import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct ConcurrentRunTests {
  @Test(arguments: [1, 2, 4]) func `sixteen runs of one schedule at once keep apart`(width: Int) async throws {
    let schedule = TestGraphs.wavefront(40)
    let executor = GraphExecutor.sharing(width: width)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<16 {
        group.addTask {
          let witness = OrderWitness(schedule)
          for run in 1...StressScale.repetitions(20) {
            try await executor.run(schedule) { unit in witness.visit(unit, run: run) }
            guard witness.sawCompleteRun(run) else { return false }
          }
          return true
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }

  @Test(arguments: [1, 2, 3, 8]) func `runs inside units, three deep on one executor, end`(width: Int) throws {
    let executor = GraphExecutor.sharing(width: width)
    let outer = TestGraphs.wavefront(4)
    let middle = TestGraphs.independent(5)
    let inner = TestGraphs.wavefront(3)
    let count = Tally()
    for _ in 0..<StressScale.repetitions(10) {
      try executor.run(outer) { _ in
        try executor.run(middle) { _ in
          try executor.run(inner) { _ in count.add() }
        }
      }
    }
    #expect(count.value == StressScale.repetitions(10) * 16 * 5 * 9)
  }

  @Test func `a schedule can be run inside a unit of itself`() throws {
    let executor = GraphExecutor.sharing(width: 4)
    let schedule = TestGraphs.wavefront(5)
    let count = Tally()
    try executor.run(schedule) { _ in
      try executor.run(schedule) { _ in count.add() }
    }
    #expect(count.value == 625)
  }

  @Test func `executors of different widths share a schedule`() throws {
    let schedule = TestGraphs.wavefront(30)
    let right = Tally()
    DispatchQueue.concurrentPerform(iterations: 8) { index in
      let witness = OrderWitness(schedule)
      let executor = GraphExecutor.sharing(width: index + 1)
      for run in 1...StressScale.repetitions(30) {
        if (try? witness.check(on: executor, run: run)) == true { right.add() }
      }
    }
    #expect(right.value == 8 * StressScale.repetitions(30))
  }
}

/// Counts from any thread.
final class Tally: Sendable {
  private let count = Atomic<Int>(0)

  var value: Int { count.load(ordering: .relaxed) }

  /// Adds one and returns the new count.
  @discardableResult
  func add() -> Int { count.add(1, ordering: .relaxed).newValue }
}
