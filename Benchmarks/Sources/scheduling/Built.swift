import DependencyScheduling
import Dispatch
import SchedulingWorkloads
import Synchronization

/// What is built once and run again and again.
enum Built {
  case single(Schedule)
  case grouped(GroupedSchedule)
  case tasks(TaskSchedule)
  case bodies(count: Int)

  /// - Parameter cost: What a task takes, in nanoseconds: only groups are made from it.
  init(_ workload: Workload, _ form: Form, cost: Float?) throws {
    switch form {
    case .single: self = .single(try workload.graph.scheduleFromEdges())
    case .grouped: self = .grouped(try workload.graph.groupedFromEdges(cost: cost!))
    case .tasks: self = .tasks(try workload.tasksFromEdges())
    case .bodies: self = .bodies(count: workload.graph.unitCount)
    }
  }

  /// - Parameter body: What a unit does; tasks have their own, and groups call it for each of their units.
  func run(on executor: GraphExecutor, _ body: @Sendable (UnitID) -> Void) throws {
    switch self {
    case .single(let schedule): try executor.run(schedule, body)
    case .grouped(let schedule): try schedule.run(on: executor, body)
    case .tasks(let tasks): try tasks.runAsynchronously(on: executor)
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

extension Workload {
  /// A task for each unit, and a dependency for each edge, added one by one.
  fileprivate func tasksFromEdges() throws -> TaskSchedule {
    var graph = TaskGraph()
    let body = body
    let tasks = (0..<UInt32(self.graph.unitCount)).map { unit in graph.addTask("task") { body(UnitID(unit)) } }
    self.graph.forEachEdge { from, to in graph.addDependency(of: tasks[Int(to)], on: tasks[Int(from)]) }
    return try graph.frozen()
  }
}

extension TaskSchedule {
  /// Runs the tasks as asynchronous code does; the calling thread, none of Swift's pool, sleeps meanwhile.
  fileprivate func runAsynchronously(on executor: GraphExecutor) throws {
    let outcome = Mutex<Result<Void, any Error>>(.success(()))
    let ended = DispatchSemaphore(value: 0)
    Task {
      do { try await run(on: executor) } catch { outcome.withLock { $0 = .failure(error) } }
      ended.signal()
    }
    ended.wait()
    try outcome.withLock { $0 }.get()
  }
}
