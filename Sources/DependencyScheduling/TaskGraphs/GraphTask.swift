import Synchronization

/// A task of a ``TaskGraph``, as others refer to it: a ``TaskGraph/TaskID`` or a ``TaskOutput``.
public protocol GraphTask: Sendable {
  /// The task.
  var id: TaskGraph.TaskID { get }
}

extension TaskGraph {
  /// A task of one graph, and of the copies made of it since.
  public struct TaskID: GraphTask, Hashable {
    /// The unit that runs the task.
    public let unit: UnitID
    /// Tells the task from all others of the process: a task of another graph is found out whatever its index.
    let serial: SerialNumber

    /// The task itself.
    public var id: TaskID { self }
  }
}

extension TaskGraph.TaskID: CustomStringConvertible {
  public var description: String { "task \(unit.index)" }
}

/// A number that nothing else in the process has had.
struct SerialNumber: Hashable, Sendable {
  private let number: UInt64

  /// Carries no data: relaxed suffices to count.
  private static let latest = Atomic<UInt64>(0)

  init() { number = Self.latest.add(1, ordering: .relaxed).newValue }
}

/// What a task makes: handed to the tasks that take it, and found in the results of a run.
///
/// ```swift
/// let page = graph.task("fetch") { try await download(url) }   // TaskOutput<String>
/// let words = graph.task("count", page) { page in countWords(page) }
/// ```
public struct TaskOutput<Value: Sendable>: GraphTask, Hashable {
  /// The task that makes the value.
  public let id: TaskGraph.TaskID
  /// Where a run keeps the value.
  let place: TaskValues.Place
}

extension TaskOutput: CustomStringConvertible {
  public var description: String { "\(Value.self) of \(id)" }
}
