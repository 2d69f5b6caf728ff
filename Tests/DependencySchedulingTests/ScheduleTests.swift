import Testing

@testable import DependencyScheduling

@Suite struct ScheduleTests {
  @Test func `edges are kept in the order they were given`() throws {
    let schedule = try Schedule(unitCount: 4, dependencies: [(0, 3), (1, 3), (0, 1), (0, 2)])
    #expect(schedule.successors(of: UnitID(0)).map(\.index) == [3, 1, 2])
    #expect(schedule.successors(of: UnitID(3)).isEmpty)
    #expect((0..<4).map { schedule.dependencyCount(of: UnitID($0)) } == [0, 1, 1, 2])
    #expect(schedule.unitCount == 4)
    #expect(schedule.edgeCount == 4)
    #expect(schedule.roots == [UnitID(0)])
  }

  @Test func `both ways of building give the same schedule`() throws {
    let general = try Schedule(unitCount: 4, dependencies: [(0, 3), (1, 3), (0, 1), (0, 2)])
    let compressed = Schedule(successorOffsets: [0, 3, 4, 4, 4], successors: [3, 1, 2, 3])
    for unit in (0..<4).map({ UnitID($0) }) {
      #expect(general.successors(of: unit).elementsEqual(compressed.successors(of: unit)))
      #expect(general.dependencyCount(of: unit) == compressed.dependencyCount(of: unit))
    }
  }

  @Test func `the same edge twice counts twice and runs once`() throws {
    let schedule = try Schedule(unitCount: 2, dependencies: [(0, 1), (0, 1)])
    #expect(schedule.dependencyCount(of: UnitID(1)) == 2)
    for width in [1, 2] { #expect(try OrderWitness(schedule).check(on: GraphExecutor(width: width))) }
  }

  @Test func `an empty schedule ends at once`() throws {
    let schedule = try Schedule(unitCount: 0, dependencies: [])
    try GraphExecutor(width: 2).run(schedule) { _ in Issue.record("there is no unit") }
    #expect(schedule.reversed.unitCount == 0)
    #expect(Schedule(successorOffsets: [0], successors: []).edgeCount == 0)
  }

  @Test(arguments: 1...5) func `reversing turns every edge round`(unitCount: Int) throws {
    for edges in TestGraphs.all(unitCount: unitCount) {
      let schedule = try Schedule(unitCount: unitCount, dependencies: edges)
      let reversed = schedule.reversed
      var found: Set<[UInt32]> = []
      for from in (0..<UInt32(unitCount)).map({ UnitID($0) }) {
        #expect(reversed.dependencyCount(of: from) == schedule.successors(of: from).count)
        for to in reversed.successors(of: from) { found.insert([to.index, from.index]) }
      }
      #expect(found == Set(edges.map { [$0.0, $0.1] }))
    }
  }

  @Test func `work is the sum of the costs, span the most expensive chain`() throws {
    let costs: [Float] = [1, 10, 100, 1_000, 5]
    let edges: [Edge] = [(4, 0), (0, 1), (0, 2), (1, 3), (2, 3)]
    let schedule = try Schedule(unitCount: 5, dependencies: edges, costs: costs)
    #expect(schedule.estimatedWork == 1_116)
    #expect(schedule.estimatedSpan == 1_106)
    #expect(schedule.reversed.estimatedWork == 1_116)
    #expect(schedule.reversed.estimatedSpan == 1_106)
    #expect(try Schedule(unitCount: 5, dependencies: edges).estimatedWork == nil)
  }

  @Test func `sharing out must gain more than a wake-up`() throws {
    func repays(_ costs: [Float], edges: [Edge] = [], width: Int) throws -> Bool {
      let schedule = try Schedule(unitCount: costs.count, dependencies: edges, costs: costs)
      return schedule.storage.estimates!.repaysWakeUp(width: width)
    }
    #expect(try !repays([9_000, 9_000], width: 2))
    #expect(try repays([11_000, 11_000], width: 2))
    #expect(try !repays([1e9, 1e9], edges: [(0, 1)], width: 2))
    #expect(try !repays([1e9, 1e9], width: 1))
  }

  @Test func `a cycle is listed in the direction of the work`() throws {
    let error = try #require(throws: CycleError.self) {
      try Schedule(unitCount: 6, dependencies: [(0, 1), (1, 2), (2, 3), (3, 1), (3, 4), (4, 5)])
    }
    #expect(error.units.map(\.index) == [1, 2, 3])
    #expect(error.description == "the dependencies form a cycle: unit 1 -> unit 2 -> unit 3 -> unit 1")
  }

  @Test func `a unit that waits for itself is a cycle`() throws {
    let error = try #require(throws: CycleError.self) { try Schedule(unitCount: 2, dependencies: [(1, 1)]) }
    #expect(error.units == [UnitID(1)])
  }

  @Test func `whatever cycle is reported is one`() throws {
    var cycles = 0
    for seed in 0..<300 as Range<UInt64> {
      var random = TestRandom(seed: seed)
      let edges = (0..<30).map { _ in (UInt32(random.below(20)), UInt32(random.below(20))) }
      do {
        let schedule = try Schedule(unitCount: 20, dependencies: edges)
        #expect(try OrderWitness(schedule).check(on: SeededExecutor(seed: seed)))
      } catch let error as CycleError {
        cycles += 1
        let ring = error.units + [error.units[0]]
        for (from, to) in zip(ring, ring.dropFirst()) {
          #expect(edges.contains { $0 == (from.index, to.index) }, "seed \(seed)")
        }
        #expect(Set(error.units).count == error.units.count)
      }
    }
    #expect(cycles > 0 && cycles < 300)
  }

  @Test func `a cycle of a million units is found`() throws {
    let count: UInt32 = 1_000_000
    let error = try #require(throws: CycleError.self) {
      try Schedule(unitCount: Int(count), dependencies: (0..<count).map { ($0, ($0 + 1) % count) })
    }
    #expect(error.units.count == Int(count))
  }
}
