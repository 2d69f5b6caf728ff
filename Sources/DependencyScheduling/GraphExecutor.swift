internal import CDependencyScheduling
public import Dispatch

/// Runs schedules on Dispatch, with up to ``width`` workers that steal from one another.
///
/// ```swift
/// let executor = GraphExecutor(width: 4, qos: .userInitiated)
/// try executor.run(schedule) { unit in tiles[Int(unit.index)].multiply() }
/// ```
/// The calling thread is worker 0. Helpers are blocks on the executor's own concurrent queue: they are submitted while
/// there are units to spare and return their thread when they find none, so nothing is held between runs and nothing
/// spins when idle. A run waits for helpers that have entered it and never for one to start; so `run` inside a unit,
/// at any depth and on the same executor, ends. With ``width`` 1 a synchronous run creates no thread; an
/// asynchronous one takes one of Dispatch's.
///
/// Several runs may go on at once; they share the executor's helpers. An executor may be used from any thread.
public final class GraphExecutor: ScheduleExecutor {
  /// The executor of whoever does not bring one: as wide as the process may be.
  public static let shared = GraphExecutor(label: "DependencyScheduling.shared")

  /// The most workers one run has, its caller included.
  public let width: Int

  let queue: DispatchQueue
  private let alwaysShares: Bool
  private let roster: HelperRoster

  /// - Parameters:
  ///   - width: The most workers of one run, its caller included, at least 1. By default what affinity and the cgroup
  ///     quota allow this process.
  ///   - qos: The quality of service of the helpers.
  ///   - label: What the queue is called in a debugger.
  public convenience init(
    width: Int? = nil, qos: DispatchQoS = .unspecified, label: String = "DependencyScheduling.executor"
  ) {
    let width = width ?? ProcessorAllowance.current.width
    precondition(width >= 1, "The width of an executor is at least 1, its caller, got \(width)")
    self.init(width: width, queue: DispatchQueue(label: label, qos: qos, attributes: .concurrent))
  }

  /// An executor whose helpers come from `queue`, so that a test decides when they start.
  ///
  /// - Parameter alwaysShares: Shares runs out whatever earlier ones taught, so that a test meets several workers.
  init(width: Int, queue: DispatchQueue, alwaysShares: Bool = false) {
    self.width = width
    self.alwaysShares = alwaysShares
    self.queue = queue
    roster = HelperRoster(helpers: width - 1, queue: queue)
  }

  deinit {
    roster.retire()
  }

  /// Runs every unit of `schedule` and returns; see ``ScheduleExecutor/run(_:cancellation:_:)``.
  ///
  /// If the schedule has costs and sharing it out would gain less than waking a worker costs, the calling thread runs
  /// it alone.
  ///
  /// - Complexity: O(units + edges) work; a repeated run allocates no memory per unit.
  public func run(
    _ schedule: Schedule, cancellation: CancellationToken? = nil, _ body: @Sendable (UnitID) throws -> Void
  ) throws {
    try run(schedule, cancellation, body, kept: nil)
  }

  /// As ``run(_:cancellation:_:)``, for a body that its owner keeps: a shared run makes no object to hand it to helpers.
  package func run(
    _ schedule: Schedule, cancellation: CancellationToken? = nil,
    keeping body: @escaping @Sendable (UnitID) throws -> Void
  ) throws {
    try run(schedule, cancellation, body, kept: Run.SharedBody(call: body))
  }

  /// The same for a body that tells `recorder` of its units; who works when, the recorder is told from here.
  func run(
    _ schedule: Schedule, cancellation: CancellationToken?, recorder: RunRecorder,
    _ body: @escaping @Sendable (UnitID) throws -> Void
  ) throws {
    try run(schedule, cancellation, body, kept: Run.SharedBody(call: body, recorder: recorder))
  }

  /// - Parameter kept: the body again, if it outlives the call.
  private func run(
    _ schedule: Schedule, _ cancellation: CancellationToken?, _ body: Run.Body, kept: Run.SharedBody?
  ) throws {
    if let cancellation, cancellation.isCancelled { throw CancellationError() }
    let storage = schedule.storage
    if storage.unitCount == 0 { return }
    let failure = withExtendedLifetime(storage) {
      mayShare(storage)
        ? runAsLearned(storage, cancellation, body, kept)
        : storage.runAlone(0..<storage.unitCount, of: storage.serialOrder(), cancellation, body)
    }
    if let failure { throw failure }
  }

  private func mayShare(_ schedule: ScheduleStorage) -> Bool {
    width > 1 && schedule.unitCount > 1 && schedule.estimates?.repaysWakeUp(width: width) != false
  }

  /// Shares the run out or not, as earlier runs suggest, and adds what this one teaches.
  private func runAsLearned(
    _ schedule: ScheduleStorage, _ cancellation: CancellationToken?, _ body: Run.Body, _ kept: Run.SharedBody?
  ) -> (any Error)? {
    let unitCount = schedule.unitCount
    let choice = schedule.lock.withLock { schedule.sharingRecord.choose(unitCount: unitCount, width: width) }
    switch alwaysShares ? .shared : choice {
    case .alone:
      return schedule.runAlone(0..<unitCount, of: schedule.serialOrder(), cancellation, body)
    case .aloneExpecting(let expectation):
      return runWatched(schedule, expectation, cancellation, body, kept)
    case .shared:
      let start = adj_nanoseconds()
      let failure = share(schedule, after: 0, cancellation, body, kept)
      if failure == nil {
        let measured = Double(adj_nanoseconds() &- start) / Double(unitCount)
        schedule.lock.withLock { schedule.sharingRecord.note(shared: measured) }
      }
      return failure
    }
  }

  /// Runs alone, but shares the rest out when units take more than they may.
  private func runWatched(
    _ schedule: ScheduleStorage, _ expectation: SharingRecord.Expectation, _ cancellation: CancellationToken?,
    _ body: Run.Body, _ kept: Run.SharedBody?
  ) -> (any Error)? {
    let unitCount = schedule.unitCount
    let order = schedule.serialOrder()
    var watch = Watch(expectation)
    var position = 0
    while true {
      let end = min(position + watch.stride, unitCount)
      if let failure = schedule.runAlone(position..<end, of: order, cancellation, body) { return failure }
      position = end
      if position == unitCount { break }
      if let measured = watch.isOverLimit(left: unitCount - position, width: width) {
        schedule.lock.withLock { schedule.sharingRecord.note(aloneOverLimit: measured) }
        return share(schedule, after: position, cancellation, body, kept)
      }
    }
    let measured = watch.nanosecondsPerUnit(unitCount)
    schedule.lock.withLock { schedule.sharingRecord.note(alone: measured) }
    return nil
  }

  /// Runs what is left after the first `position` units of the serial order with up to ``width`` workers.
  private func share(
    _ schedule: ScheduleStorage, after position: Int, _ cancellation: CancellationToken?, _ body: Run.Body,
    _ kept: Run.SharedBody?
  ) -> (any Error)? {
    let run = schedule.takeRun()
    run.open(width: width, roster: roster, cancellation: cancellation, after: position)
    if let kept {
      work(on: run, with: kept, after: position)
    } else {
      withoutActuallyEscaping(body) { work(on: run, with: Run.SharedBody(call: $0), after: position) }
    }
    let failure = run.close()
    schedule.giveBack(run)
    return failure
  }

  /// Works as worker 0, and returns when every helper has left.
  ///
  /// The helpers reach the body through a pointer that lives as long as this call.
  private func work(on run: Run, with body: Run.SharedBody, after position: Int) {
    withUnsafePointer(to: body) { pointer in
      run.body = pointer
      if position > 0 { run.callForHelp() }
      run.workAsCaller(body)
      roster.close(run)
      run.body = nil
    }
  }
}

extension Run {
  /// Works as worker 0 until the run is over, asleep while only helpers have units.
  fileprivate func workAsCaller(_ body: SharedBody) {
    while true {
      work(as: 0, body.call)
      if isOver { return }
      progress.announceParking()
      // Helpers may have ended the run before they could see the announcement.
      if isOver {
        if !progress.endParking() { wakeCaller.wait() }
        return
      }
      body.recorder?.leave(0)
      wakeCaller.wait()
      body.recorder?.enter(0)
    }
  }

  private var isOver: Bool { progress.isComplete || progress.isStopping }
}
