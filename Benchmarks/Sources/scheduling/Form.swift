import ArgumentParser
import DependencyScheduling
import Dispatch
import SchedulingWorkloads

/// How the tasks of a workload are run.
enum Form: String, EnumerableFlag {
  /// Each task a unit of its own.
  case single
  /// In groups, from what a task takes.
  case grouped
  /// No graph: the bodies alone, split over the workers by index.
  case bodies

  /// The first column of the line.
  var implementation: String { self == .single ? "adjoint" : "adjoint-\(rawValue)" }

  static func help(for form: Form) -> ArgumentHelp? {
    switch form {
    case .single: "Each task is a unit of its own."
    case .grouped: "The schedule groups the tasks; the first column says so."
    case .bodies: "No schedule: the bodies alone, split over the workers; the first column says so."
    }
  }
}

/// What is built once and run again and again.
enum Built {
  case single(Schedule)
  case grouped(GroupedSchedule)
  case bodies(count: Int)

  /// - Parameter cost: What a task takes, in nanoseconds: only groups are made from it.
  init(_ graph: WorkloadGraph, _ form: Form, cost: Float?) throws {
    switch form {
    case .single: self = .single(try graph.scheduleFromEdges())
    case .grouped: self = .grouped(try graph.groupedFromEdges(cost: cost!))
    case .bodies: self = .bodies(count: graph.unitCount)
    }
  }

  func run(on executor: GraphExecutor, _ body: @Sendable (UnitID) -> Void) throws {
    switch self {
    case .single(let schedule): try executor.run(schedule, body)
    case .grouped(let schedule): try schedule.run(on: executor, body)
    case .bodies(let count):
      let width = executor.width
      withoutActuallyEscaping(body) { body in
        DispatchQueue.concurrentPerform(iterations: width) { part in
          for unit in part * count / width..<(part + 1) * count / width { body(UnitID(UInt32(unit))) }
        }
      }
    }
  }
}
