/// Tasks, what they wait for, and what they make of it: any directed acyclic graph of Swift closures.
///
/// ```swift
/// var graph = TaskGraph()
/// let page = graph.task("fetch") { try await download(url) }
/// let words = graph.task("count", page) { page in countWords(page) }
/// let lines = graph.task("lines", page) { page in countLines(page) }
/// let ratio = graph.task("ratio", words, lines) { words, lines in Double(words) / Double(lines) }
/// let results = try await graph.frozen().run()
/// print(results[ratio])
/// ```
/// A task that takes another's output runs after it. Tasks that neither take nor make anything are added with `addTask`
/// and ordered with ``addDependency(of:on:)``; both kinds mix.
///
/// A value: copies are independent. Tasks added before a copy are valid in both, tasks added afterwards in one of them.
/// Building is the caller's, on one thread at a time; what runs is ``frozen()``, which may be run from anywhere.
public struct TaskGraph: Sendable {
  var tasks = TaskTable()
  private var dependencies: [(UInt32, UInt32)] = []
  private var costs: [Float] = []
  private var knowsAllCosts = true

  /// A graph without tasks.
  public init() {}

  /// The number of tasks added so far.
  public var taskCount: Int { costs.count }

  /// Adds a task that runs `work` once a run.
  ///
  /// - Parameters:
  ///   - name: What errors and traces call it; need not be unique.
  ///   - group: The group whose limit it counts for; see ``group(_:limit:)``.
  ///   - estimatedNanoseconds: What it roughly costs. If every task says, a graph too small to share out stays on
  ///     the calling thread.
  ///   - work: What it does. An error ends the run.
  /// - Complexity: O(1), amortised.
  @discardableResult
  public mutating func addTask(
    _ name: String, in group: Group? = nil, estimatedNanoseconds: Float? = nil,
    _ work: @escaping @Sendable () throws -> Void
  ) -> TaskID {
    add(name, in: group, estimatedNanoseconds, .blocking { _ in try work() })
  }

  /// Adds a task that runs asynchronous `work` once a run; while it awaits something, it holds no thread.
  ///
  /// - Complexity: O(1), amortised.
  @discardableResult
  public mutating func addTask(
    _ name: String, in group: Group? = nil, estimatedNanoseconds: Float? = nil,
    _ work: @escaping @Sendable () async throws -> Void
  ) -> TaskID {
    add(name, in: group, estimatedNanoseconds, .suspending { _ in try await work() })
  }

  /// Makes `later` wait until `earlier` is done.
  ///
  /// - Complexity: O(1), amortised.
  public mutating func addDependency(of later: some GraphTask, on earlier: some GraphTask) {
    tasks.demandOwn(later.id)
    tasks.demandOwn(earlier.id)
    dependencies.append((earlier.id.unit.index, later.id.unit.index))
  }

  /// Makes `later` wait for all of `earlier`.
  ///
  /// - Complexity: O(tasks in `earlier`), amortised.
  public mutating func addDependencies(of later: some GraphTask, on earlier: some Sequence<some GraphTask>) {
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

  /// Adds a task of any form.
  mutating func add(
    _ name: String, in group: Group?, _ estimatedNanoseconds: Float?, _ work: TaskTable.Work
  ) -> TaskID {
    costs.append(estimatedNanoseconds ?? 0)
    if estimatedNanoseconds == nil { knowsAllCosts = false }
    return tasks.append(name, in: group, work)
  }
}
