import StressScale
import Testing
import VirtualExecution

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct ScheduleTests {
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
    for width in [1, 2] { #expect(try OrderWitness(schedule).check(on: try GraphExecutor(width: width))) }
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

  @Test(arguments: 1...5) func `where costs are known, roots and successors come in the order of their longest paths`(
    unitCount: Int
  ) throws {
    var random = SeededGenerator(seed: UInt64(unitCount))
    for edges in TestGraphs.all(unitCount: unitCount) {
      let costs = (0..<unitCount).map { _ in Float(1 + random.below(8)) }
      let schedule = try Schedule(unitCount: unitCount, dependencies: edges, costs: costs)
      func path(_ unit: UInt32) -> Float {
        costs[Int(unit)] + (edges.filter { $0.0 == unit }.map { path($0.1) }.max() ?? 0)
      }
      func isInOrder(_ units: [UInt32]) -> Bool {
        zip(units, units.dropFirst()).allSatisfy { path($0) >= path($1) }
      }
      #expect(isInOrder(schedule.roots.map(\.index)))
      for unit in 0..<UInt32(unitCount) {
        let successors = schedule.successors(of: UnitID(unit)).map(\.index)
        #expect(isInOrder(successors), "\(edges), \(costs)")
        #expect(successors.sorted() == edges.filter { $0.0 == unit }.map(\.1).sorted())
      }
    }
  }

  @Test func `twice as many workers are of use as would be busy on the average`() throws {
    func width(_ edges: [Edge], _ costs: [Float]?, upTo width: Int) throws -> Int {
      let unitCount = costs?.count ?? 4
      return try Schedule(unitCount: unitCount, dependencies: edges, costs: costs).storage.usefulWidth(upTo: width)
    }
    #expect(try width([(0, 1)], [5, 5], upTo: 8) == 2)
    #expect(try width([], [5, 5, 5], upTo: 8) == 6)
    #expect(try width([], [5, 5, 5], upTo: 6) == 6)
    #expect(try width([], [5, 5, 5], upTo: 5) == 5)
    // 1.2 would be busy.
    #expect(try width([], [5, 1], upTo: 8) == 3)
    #expect(try width([], [0, 0], upTo: 8) == 8)
    #expect(try width([], nil, upTo: 8) == 8)
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
      var random = SeededGenerator(seed: seed)
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
