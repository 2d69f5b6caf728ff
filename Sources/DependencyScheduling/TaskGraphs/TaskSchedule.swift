/// A ``TaskGraph`` ready to run: its schedule, and the closure and name of each unit.
///
/// Running changes nothing in it, so one value serves any number of runs, one after the other or at once.
public struct TaskSchedule: Sendable {
  /// The order the tasks keep.
  public let schedule: Schedule

  let tasks: TaskTable

  /// What the tasks are called, by unit index.
  public var names: [String] { tasks.names }

  /// What the task of `unit` is called. The unit is one of this schedule.
  public func name(of unit: UnitID) -> String {
    tasks[unit].name
  }

  /// The same tasks with every dependency turned round: tear-down after set-up, say.
  ///
  /// A task that takes another's output cannot run before it: turning round a graph that has such a task ends the
  /// process with a sentence.
  ///
  /// - Complexity: O(tasks + dependencies).
  public var reversed: TaskSchedule {
    if let taker = tasks.taker {
      endProcess("Task \"\(taker)\" takes an output: in the reversed graph it would run before that is made")
    }
    return TaskSchedule(schedule: schedule.reversed, tasks: tasks)
  }
}
