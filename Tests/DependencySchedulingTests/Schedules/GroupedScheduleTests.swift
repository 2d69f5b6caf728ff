import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct GroupedScheduleTests {
  private func units(_ grouped: GroupedSchedule) -> [[UInt32]] {
    (0..<grouped.groupCount).map { grouped.units(of: UnitID(UInt32($0))).map(\.index) }
  }

  /// Runs it once and says whether each unit came once and after its predecessors.
  private func check(_ grouped: GroupedSchedule, of schedule: Schedule, on executor: GraphExecutor) throws -> Bool {
    let witness = OrderWitness(schedule)
    try grouped.run(on: executor) { unit in witness.visit(unit, run: 1) }
    return witness.sawCompleteRun(1)
  }

  @Test(arguments: 0...4) func `every graph runs in order, however grouped`(unitCount: Int) throws {
    let executors = [1, 2].map { GraphExecutor.sharing(width: $0) }
    for edges in TestGraphs.all(unitCount: unitCount) {
      // The same graph with ascending edges, and with descending ones.
      let turned = edges.map { (UInt32(unitCount - 1) - $0, UInt32(unitCount - 1) - $1) }
      for edges in [edges, turned] {
        let schedule = try Schedule(unitCount: unitCount, dependencies: edges)
        for size in 1...unitCount + 1 {
          let grouped = schedule.grouped(unitsPerGroup: size)
          #expect(units(grouped).flatMap { $0 }.sorted() == (0..<UInt32(unitCount)).map { $0 })
          #expect(units(grouped).dropLast().allSatisfy { $0.count == size })
          for executor in executors {
            #expect(try check(grouped, of: schedule, on: executor), "\(edges) by \(size), width \(executor.width)")
          }
        }
      }
    }
  }

  @Test(arguments: [1, 2, 8]) func `a random graph runs in order, however grouped`(width: Int) throws {
    let executor = GraphExecutor.sharing(width: width)
    for seed in 0..<UInt64(StressScale.repetitions(3)) {
      let edges = TestGraphs.random(unitCount: 5_000, fanOut: 200, seed: seed)
      let schedule = try Schedule(unitCount: 5_000, dependencies: edges)
      for size in [1, 7, 256, 5_000] {
        #expect(try check(schedule.grouped(unitsPerGroup: size), of: schedule, on: executor), "seed \(seed)")
      }
    }
  }

  @Test func `one group waits for another once, however many edges join their units`() {
    let grouped = TestGraphs.wavefront(8).grouped(unitsPerGroup: 8)
    #expect(grouped.groupCount == 8)
    #expect(grouped.schedule.edgeCount == 7)
  }

  @Test func `costs decide where a group ends, and a unit that fills one has it to itself`() {
    let costs: [Float] = [4_000, 4_000, 4_000, 50_000, 1_000, 1_000]
    let schedule = Schedule(successorOffsets: [UInt32](repeating: 0, count: 7), successors: [], costs: costs)
    #expect(units(schedule.grouped()) == [[0, 1], [2], [3], [4, 5]])
    #expect(schedule.grouped().schedule.estimatedWork == 64_000)
    #expect(units(schedule.grouped(unitsPerGroup: 4)) == [[0, 1, 2, 3], [4, 5]])
  }

  @Test func `without costs 256 units make a group`() {
    #expect(units(TestGraphs.chain(600).grouped()).map(\.count) == [256, 256, 88])
  }

  @Test(arguments: [1, 2]) func `an error ends the group it is in, and the run`(width: Int) throws {
    let grouped = TestGraphs.chain(100).grouped(unitsPerGroup: 10)
    let count = Tally()
    #expect(throws: CancellationError.self) {
      try grouped.run(on: GraphExecutor.sharing(width: width)) { unit in
        count.add()
        if unit.index == 44 { throw CancellationError() }
      }
    }
    #expect(count.value == 45)
  }

  @Test func `a group of no unit traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = TestGraphs.chain(3).grouped(unitsPerGroup: 0)
    }
    let message = result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } ?? ""
    #expect(message.contains("A group has at least 1 unit, got 0"))
  }
}
