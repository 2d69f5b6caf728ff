import StressScale
import Testing
import VirtualExecution

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct SeededExecutorTests {
  private func order(_ schedule: Schedule, seed: UInt64) throws -> [UInt32] {
    let order = TaskGraphTests.Log()
    try SeededExecutor(seed: seed).run(schedule) { order.append("\($0.index)") }
    return order.drain().map { UInt32($0)! }
  }

  @Test func `the same seed replays the same order`() throws {
    let schedule = try Schedule(
      unitCount: 200, dependencies: TestGraphs.random(unitCount: 200, fanOut: 10, seed: 5))
    for seed in 0..<20 as Range<UInt64> {
      #expect(try order(schedule, seed: seed) == order(schedule, seed: seed))
    }
    #expect(try order(schedule, seed: 1) != order(schedule, seed: 2))
  }

  @Test func `a seed means the same order for ever`() throws {
    #expect(try order(TestGraphs.independent(8), seed: 42) == [5, 1, 6, 7, 0, 2, 3, 4])
  }

  @Test func `every topological order of a small graph occurs`() throws {
    // 0 -> 1 and 2 -> 3 interleave in 6 ways; 4 goes anywhere: 30 orders.
    let schedule = try Schedule(unitCount: 5, dependencies: [(0, 1), (2, 3)])
    var orders: Set<[UInt32]> = []
    for seed in 0..<2_000 as Range<UInt64> { orders.insert(try order(schedule, seed: seed)) }
    #expect(orders.count == 30)
    #expect(
      orders.allSatisfy {
        $0.firstIndex(of: 0)! < $0.firstIndex(of: 1)! && $0.firstIndex(of: 2)! < $0.firstIndex(of: 3)!
      })
  }

  @Test(arguments: 0...4) func `every graph runs in order`(unitCount: Int) throws {
    for edges in TestGraphs.all(unitCount: unitCount) {
      let witness = OrderWitness(try Schedule(unitCount: unitCount, dependencies: edges))
      for run in 1...5 { #expect(try witness.check(on: SeededExecutor(seed: UInt64(run)), run: run)) }
    }
  }
}
