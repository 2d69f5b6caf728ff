import Dispatch
internal import Threads

/// One asynchronous run of a task graph.
///
/// The awaiting task starts a child for each unit that somebody has left for others. A child runs its unit, and goes on
/// with the first successor that became ready; the others it leaves to the parent. So a chain of tasks is one child,
/// and nobody blocks.
final class AsyncTaskRun: Sendable {
  private let tasks: TaskSchedule
  private let cancellation: CancellationToken?
  private let values: TaskValues
  private let gates: [TaskGate<UInt32>]
  /// Counts for each unit how many it waits for. Nobody else uses it, and nobody works on it.
  private let counts: Run
  private let ready: ReadyTasks

  /// Where the parents of all runs do their little, and never wait.
  private static let parents = GraphExecutor(
    width: 1, sharing: .automatic, observer: nil,
    source: { _ in .queue(DispatchQueue(label: "DependencyScheduling.parents")) })

  init(_ tasks: TaskSchedule, _ cancellation: CancellationToken?) {
    (self.tasks, self.cancellation) = (tasks, cancellation)
    values = TaskValues(tasks.tasks)
    gates = tasks.tasks.gates()
    let storage = tasks.schedule.storage
    counts = storage.takeRun()
    counts.makeCounters()
    ready = ReadyTasks((0..<storage.rootCount).map { storage.roots[$0] }, of: storage.unitCount)
  }

  /// Runs units until all have run, or the run is stopped, and no child is left.
  ///
  /// The parent keeps clear of the executor: while tasks hold all of its seats it must still be able to cancel them.
  /// And of Swift's pool, all of whose threads may be waiting for tasks.
  func conduct(on executor: GraphExecutor) async {
    await withTaskExecutorPreference(Self.parents) {
      await withDiscardingTaskGroup { children in
        while let units = await ready.next() {
          for unit in units {
            children.addTask(executorPreference: executor) { [self] in await work(from: unit, on: executor) }
          }
        }
        if ready.isStopped { children.cancelAll() }
      }
    }
  }

  /// What the tasks have made; no child is left.
  func takeResults() throws -> TaskResults {
    let failure = ready.finish()
    if failure != nil { counts.counters.cells.rearm() }
    tasks.schedule.storage.giveBack(counts)
    if let failure { throw failure }
    return TaskResults(values: values, tasks: tasks.tasks)
  }

  /// Lets no further unit start; the first error counts.
  func stop(because error: any Error) { ready.stop(because: error) }

  // MARK: a child

  private func work(from first: UInt32, on executor: GraphExecutor) async {
    var unit = first
    var stay = executor.seats.stay()
    while mayStart(), let following = await run(unit) {
      unit = following
      // Whatever waits for a seat has its turn.
      guard stay.mustGiveWay else { continue }
      await Task.yield()
      stay = executor.seats.stay()
    }
    ready.noteEndOfChild()
  }

  private func mayStart() -> Bool {
    if let cancellation, cancellation.isCancelled { stop(because: CancellationError()) }
    return !ready.isStopped
  }

  /// Runs a unit, unless its group is at its limit, and returns one to go on with.
  private func run(_ unit: UInt32) async -> UInt32? {
    let entry = tasks.tasks[UnitID(unit)]
    let gate = entry.group.map { gates[$0] }
    if let gate, !gate.enter(orPutOff: { unit }) { return nil }
    do {
      switch entry.work {
      case .blocking(let work): try work(values)
      case .suspending(let work): try await work(values)
      }
    } catch {
      let isCancelled = ready.isStopped || Task.isCancelled || cancellation?.isCancelled == true
      stop(because: tasks.tasks.failure(of: UnitID(unit), error, isCancelled: isCancelled))
      return nil
    }
    return finish(unit, releasing: gate?.leave())
  }

  /// Counts a unit as run. Goes on with the first successor that is ready now, or with the one that its group lets go.
  private func finish(_ unit: UInt32, releasing waiting: UInt32?) -> UInt32? {
    var next: UInt32?
    var others: [UInt32] = []
    for edge in counts.offsets[Int(unit)]..<counts.offsets[Int(unit) + 1] {
      let target = counts.successors[Int(edge)]
      let successor = target & ~ScheduleStorage.onlyPredecessor
      guard target != successor || counts.counters.cells.arrive(at: successor) else { continue }
      if next == nil { next = successor } else { others.append(successor) }
    }
    if let waiting {
      if next == nil { next = waiting } else { others.append(waiting) }
    }
    if !others.isEmpty { ready.add(others) }
    ready.noteEndOfUnit()
    return next
  }
}
