/// A ``TaskGraph`` ready to run: its schedule, and the closure and name of each unit.
///
/// Running changes nothing in it, so one value serves any number of runs, one after the other or at once.
public struct TaskSchedule: Sendable {
  /// The order the tasks keep.
  public let schedule: Schedule

  let tasks: TaskTable

  /// What the tasks are called, by unit index.
  public var names: [String] { tasks.names }

  /// What the task of `unit` is called.
  public func name(of unit: UnitID) -> String {
    tasks.names[Int(unit.index)]
  }

  /// The same tasks with every dependency turned round: tear-down after set-up, say.
  ///
  /// - Complexity: O(tasks + dependencies).
  public var reversed: TaskSchedule {
    TaskSchedule(schedule: schedule.reversed, tasks: tasks)
  }

  /// Runs every task once and returns; see ``ScheduleExecutor/run(_:cancellation:_:)``.
  public func run(on executor: some ScheduleExecutor, cancellation: CancellationToken? = nil) throws {
    let work = tasks.work
    try executor.run(schedule, cancellation: cancellation) { unit in try work[Int(unit.index)]() }
  }

  /// Runs every task once, without blocking a thread of Swift's cooperative pool. Cancelling the task that awaits
  /// cancels the run.
  public func run(on executor: GraphExecutor, cancellation: CancellationToken? = nil) async throws {
    let work = tasks.work
    try await executor.run(schedule, cancellation: cancellation) { unit in try work[Int(unit.index)]() }
  }
}
