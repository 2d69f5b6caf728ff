/// Tasks and what they wait for: any directed acyclic graph of Swift closures.
///
/// ```swift
/// var graph = TaskGraph()
/// let fetch = graph.addTask("fetch") { try download() }
/// let parse = graph.addTask("parse") { try parseAll() }
/// graph.addDependency(of: parse, on: fetch)
/// try graph.frozen().run(on: GraphExecutor.shared)
/// ```
/// A value: copies are independent. Building is the caller's, on one thread at a time; what runs is
/// ``frozen()``, which may be run from anywhere.
public struct TaskGraph: Sendable {
  /// A task of one graph.
  public struct TaskID: Hashable, Sendable {
    /// The unit that runs the task.
    public let unit: UnitID
  }

  private var tasks = TaskTable()
  private var dependencies: [(UInt32, UInt32)] = []
  private var costs: [Float] = []
  private var knowsAllCosts = true

  public init() {}

  /// The number of tasks added so far.
  public var taskCount: Int { costs.count }

  /// Adds a task that runs `work` once a run.
  ///
  /// - Parameters:
  ///   - name: What errors and traces call it; need not be unique.
  ///   - estimatedNanoseconds: What it roughly costs. If every task says, a graph too small to share out stays on
  ///     the calling thread.
  ///   - work: What it does. An error ends the run.
  /// - Complexity: O(1), amortised.
  @discardableResult
  public mutating func addTask(
    _ name: String, estimatedNanoseconds: Float? = nil, _ work: @escaping @Sendable () throws -> Void
  ) -> TaskID {
    let task = TaskID(unit: UnitID(UInt32(taskCount)))
    tasks.names.append(name)
    tasks.work.append(work)
    costs.append(estimatedNanoseconds ?? 0)
    if estimatedNanoseconds == nil { knowsAllCosts = false }
    return task
  }

  /// Makes `later` wait until `earlier` has returned.
  ///
  /// - Complexity: O(1), amortised.
  public mutating func addDependency(of later: TaskID, on earlier: TaskID) {
    for task in [later, earlier] {
      precondition(
        task.unit.index < taskCount, "Task \(task.unit.index) is not of this graph, which has \(taskCount) tasks")
    }
    dependencies.append((earlier.unit.index, later.unit.index))
  }

  /// Makes `later` wait for all of `earlier`.
  public mutating func addDependencies(of later: TaskID, on earlier: some Sequence<TaskID>) {
    for task in earlier { addDependency(of: later, on: task) }
  }

  /// The graph as something that can be run, as often as one likes.
  ///
  /// - Throws: ``CycleError``, with the names of the tasks that wait for one another.
  /// - Complexity: O(tasks + dependencies).
  public func frozen() throws(CycleError) -> TaskSchedule {
    do throws(CycleError) {
      let schedule = try Schedule(
        unitCount: taskCount, dependencies: dependencies, costs: knowsAllCosts ? costs : nil)
      return TaskSchedule(schedule: schedule, tasks: tasks)
    } catch {
      throw CycleError(error, names: tasks.names)
    }
  }
}

/// The tasks of a graph by unit.
struct TaskTable: Sendable {
  var names: [String] = []
  var work: [@Sendable () throws -> Void] = []
}
