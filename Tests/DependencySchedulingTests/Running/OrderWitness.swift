import DependencyScheduling
import Synchronization

/// Watches a run: each unit asserts that it sees what all of its predecessors wrote in this run, and has not run yet.
///
/// The marks are plain memory, so the Thread Sanitizer also sees whether the executor ordered the accesses.
final class OrderWitness: @unchecked Sendable {  // because the executor under test is what orders the marks
  let schedule: Schedule
  private let predecessorOffsets: [Int]
  private let predecessors: [UInt32]
  private let marks: UnsafeMutablePointer<Int>
  private let violations = Atomic<Int>(0)

  init(_ schedule: Schedule) {
    self.schedule = schedule
    let units = schedule.unitCount
    var offsets = [0]
    for unit in 0..<units { offsets.append(offsets[unit] + schedule.dependencyCount(of: UnitID(UInt32(unit)))) }
    var next = offsets
    var sources = [UInt32](repeating: 0, count: schedule.edgeCount)
    for unit in 0..<units {
      for successor in schedule.successors(of: UnitID(UInt32(unit))) {
        sources[next[Int(successor.index)]] = UInt32(unit)
        next[Int(successor.index)] += 1
      }
    }
    predecessorOffsets = offsets
    predecessors = sources
    marks = .allocate(capacity: units)
    marks.initialize(repeating: 0, count: units)
  }

  deinit {
    marks.deallocate()
  }

  /// What unit `unit` does in run `run`.
  func visit(_ unit: UnitID, run: Int) {
    let index = Int(unit.index)
    var failures = marks[index] == run ? 1 : 0
    for edge in predecessorOffsets[index]..<predecessorOffsets[index + 1] where marks[Int(predecessors[edge])] != run {
      failures += 1
    }
    marks[index] = run
    if failures > 0 { violations.add(failures, ordering: .relaxed) }
  }

  /// Whether every unit ran in run `run`, none too early or twice.
  func sawCompleteRun(_ run: Int) -> Bool {
    violations.load(ordering: .relaxed) == 0 && (0..<schedule.unitCount).allSatisfy { marks[$0] == run }
  }

  /// Whether no unit ran too early or twice.
  var sawOrder: Bool { violations.load(ordering: .relaxed) == 0 }

  /// Whether `unit` ran in run `run`.
  func ran(_ unit: UnitID, run: Int) -> Bool { marks[Int(unit.index)] == run }

  /// Runs the schedule once and says whether all was as it must be.
  func check(on executor: some ScheduleExecutor, run: Int = 1) throws -> Bool {
    try executor.run(schedule) { unit in visit(unit, run: run) }
    return sawCompleteRun(run)
  }
}
