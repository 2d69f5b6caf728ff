import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched(seconds: 120)) struct DependencyOrderTests {
  @Test(arguments: 0...5) func `every graph runs in order at every width`(unitCount: Int) throws {
    let executors = [1, 2, 4].map { GraphExecutor.sharing(width: $0) }
    for edges in TestGraphs.all(unitCount: unitCount) {
      let schedule = try Schedule(unitCount: unitCount, dependencies: edges)
      for witness in [OrderWitness(schedule), OrderWitness(schedule.reversed)] {
        for (run, executor) in executors.enumerated() {
          #expect(try witness.check(on: executor, run: run + 1), "width \(executor.width), edges \(edges)")
        }
      }
    }
  }

  @Test(arguments: [100, 1_000, 10_000, 100_000])
  func `a random graph runs in order at every width, run after run`(unitCount: Int) throws {
    for seed in 0..<UInt64(StressScale.repetitions(max(1, 10_000 / unitCount))) {
      let edges = TestGraphs.random(unitCount: StressScale.size(unitCount), fanOut: 1_000, seed: seed)
      let witness = OrderWitness(try Schedule(unitCount: unitCount, dependencies: edges))
      var run = 0
      for width in 1...8 {
        let executor = GraphExecutor.sharing(width: width)
        for _ in 0..<3 {
          run += 1
          #expect(try witness.check(on: executor, run: run), "seed \(seed), width \(width)")
        }
      }
    }
  }

  @Test(arguments: [1, 2, 4]) func `a chain of a million units runs in order`(width: Int) throws {
    #expect(
      try OrderWitness(TestGraphs.chain(StressScale.size(1_000_000))).check(on: GraphExecutor.sharing(width: width)))
  }

  @Test(arguments: [1, 2, 4]) func `a million independent units each run once`(width: Int) throws {
    #expect(
      try OrderWitness(TestGraphs.independent(StressScale.size(1_000_000))).check(
        on: GraphExecutor.sharing(width: width)))
  }

  @Test(arguments: [2, 3, 8]) func `counters are armed after every run`(width: Int) throws {
    let witness = OrderWitness(TestGraphs.wavefront(60))
    let executor = GraphExecutor.sharing(width: width)
    for run in 1...StressScale.repetitions(200) {
      #expect(try witness.check(on: executor, run: run))
      let state = witness.schedule.storage.takeRun()
      let areArmed = state.counters.cells.areArmed
      #expect(areArmed)
      witness.schedule.storage.giveBack(state)
    }
  }

  @Test func `the caller sees what every unit wrote`() throws {
    let executor = GraphExecutor.sharing(width: 4)
    let sums = UnsafeMutablePointer<Int>.allocate(capacity: 64)
    defer { sums.deallocate() }
    nonisolated(unsafe) let shared = sums  // because each unit writes one element of its own
    let schedule = TestGraphs.independent(64)
    for run in 0..<500 {
      try executor.run(schedule) { unit in shared[Int(unit.index)] = run + Int(unit.index) }
      #expect((0..<64).allSatisfy { sums[$0] == run + $0 })
    }
  }
}
