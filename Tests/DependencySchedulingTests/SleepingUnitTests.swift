import DependencyScheduling
import StressScale
import Testing

/// Runs at widths beyond the machine's, of units that wait for one another: all workers must come, and stay.
@Suite(.timeLimit(.minutes(20)), .watched()) struct SleepingUnitTests {
  private func run(
    _ schedule: Schedule, width: Int, fileID: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (UnitID) -> Void
  ) throws {
    let executor = try GraphExecutor(width: width, sharing: .always)
    try withWatchdog(executor: executor, fileID: fileID, line: line) { try executor.run(schedule) { body($0) } }
  }

  /// One unit, and then chains: unit 0, and `length` units a chain.
  private func chains(_ count: Int, length: Int) throws -> Schedule {
    var edges: [(UInt32, UInt32)] = []
    for chain in 0..<count {
      let first = UInt32(1 + chain * length)
      edges.append((0, first))
      for unit in first..<first + UInt32(length) - 1 { edges.append((unit, unit + 1)) }
    }
    return try Schedule(unitCount: 1 + count * length, dependencies: edges)
  }

  @Test(arguments: [3, 4, 8], [1, 2, 3])
  func `chains behind one unit are run by all workers, to the end`(width: Int, length: Int) throws {
    for _ in 1...5 {
      let (meetings, gauge) = (Meetings(of: width, total: 4 * width * length), Gauge())
      try run(chains(4 * width, length: length), width: width) { unit in
        if unit.index > 0 { gauge.within { meetings.attend() } }
      }
      #expect(gauge.most == width)
    }
  }

  @Test(arguments: [3, 4, 8]) func `after a join all workers come back`(width: Int) throws {
    // As a training step: units side by side forward, one that joins them, and as many backward.
    let side = UInt32(4 * width)
    let edges = (0..<side).flatMap { unit in [(unit, side), (side, side + 1 + unit)] }
    let schedule = try Schedule(unitCount: Int(2 * side) + 1, dependencies: edges)
    for _ in 1...3 {
      let forward = Meetings(of: width, total: Int(side)), backward = Meetings(of: width, total: Int(side))
      try run(schedule, width: width) { unit in
        if unit.index < side { return forward.attend() }
        if unit.index > side { return backward.attend() }
        // Longer than anybody looks in vain before it sleeps.
        doze(microseconds: 2_000)
      }
    }
  }

  @Test(arguments: [2, 3, 64, 65, 1_000], [2, 3])
  func `a long unit does not keep those that were claimed with it`(unitCount: Int, width: Int) throws {
    // One worker claims some of the roots at once, the long one among them: the others take the rest from it.
    let schedule = try Schedule(unitCount: unitCount, dependencies: [])
    for long in Set([0, 1, 2, 3, unitCount - 1]) where long < unitCount {
      let others = Tally()
      try run(schedule, width: width) { unit in
        if unit.index == long { waitUntil { others.value == unitCount - 1 } } else { others.add() }
      }
    }
  }

  // One after the other: two that hang would hold Swift's pool, by which a watchdog tells that others are at work.
  @Test(.serialized, arguments: [2, 3, 4]) func `what any worker leaves is taken by another`(width: Int) throws {
    // A unit for each worker, with two behind it: one that its worker goes on with, and one that it leaves.
    let roots = UInt32(width)
    let edges = (0..<roots).flatMap { root in [(root, roots + 2 * root), (root, roots + 2 * root + 1)] }
    let schedule = try Schedule(unitCount: 3 * width, dependencies: edges)
    // Whose unit the one is that needs another worker is up to the run: tried often enough, each worker's.
    for round in 0..<UInt32(8 * width) {
      let (start, pair) = (Meeting(of: width), Meeting(of: 2))
      try run(schedule, width: width) { unit in
        if unit.index < roots { return start.attend() }
        if (unit.index - roots) / 2 == round % roots { pair.attend() }
      }
    }
  }
}
