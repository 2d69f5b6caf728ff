import Dispatch

/// Runs the units of a schedule, each after its predecessors.
///
/// Code that runs schedules takes the executor as a parameter, so that a test can replace the parallel
/// ``GraphExecutor`` by the serial, replayable `SeededExecutor` of the product `VirtualExecution`. An executor of one's
/// own needs the first of the requirements; the others have defaults.
public protocol ScheduleExecutor: Sendable {
  /// Calls `body` once for each unit, after it has returned for all of the unit's predecessors, and returns when all
  /// have run. A unit sees everything its predecessors wrote; the caller sees everything.
  ///
  /// Units run on the calling thread and on others, which know nothing of the calling task's task-local values.
  ///
  /// - Parameters:
  ///   - schedule: The units and their order.
  ///   - options: How to run them.
  ///   - body: What a unit does; called from several threads at once, where units do not depend on one another.
  /// - Throws: The first error that `body` threw, or `CancellationError`. No unit starts after either, and the
  ///   schedule can be run again. A run whose last unit had started when it was cancelled ends well.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  func run(_ schedule: Schedule, options: RunOptions, _ body: @Sendable (UnitID) throws -> Void) throws

  /// Runs the units by a body that is kept, and whose units may suspend.
  ///
  /// By default the body is called like any other, and a unit that suspends holds its thread until it is completed.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  func run(_ schedule: Schedule, options: RunOptions, keeping body: UnitBody) throws

  /// Runs the units without blocking a thread of Swift's cooperative pool. Cancelling the task cancels the run.
  ///
  /// By default the blocking form is called on a thread of Dispatch's.
  func run(_ schedule: Schedule, options: RunOptions, keeping body: UnitBody) async throws

  /// Runs the units, and tells what happened.
  ///
  /// By default all units are noted as those of one worker.
  ///
  /// - Parameters:
  ///   - schedule: The units and their order.
  ///   - name: What the trace calls the run.
  ///   - options: How to run them.
  ///   - parts: What a unit consisted of; asked after the run, with the time that the unit took, by the calling thread.
  ///   - body: What a unit does; called as in ``run(_:options:_:)``.
  /// - Throws: The first error that `body` threw, or `CancellationError`; then there is no trace.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  func trace(
    _ schedule: Schedule, name: String, options: RunOptions,
    parts: (_ unit: UnitID, _ nanoseconds: Int64) -> [RunTrace.Part], _ body: @Sendable (UnitID) throws -> Void
  ) throws -> RunTrace
}

extension ScheduleExecutor {
  /// Runs every unit of `schedule` and returns when all have run.
  ///
  /// ```swift
  /// try executor.run(schedule) { unit in cells[Int(unit.index)].update() }
  /// ```
  /// The conditions are those of ``ScheduleExecutor/run(_:options:_:)``.
  ///
  /// - Parameters:
  ///   - schedule: The units and their order.
  ///   - cancellation: Looked at between two units.
  ///   - sharing: Whether the run is shared out; `nil` leaves it to the executor. Units that wait for one another need
  ///     ``Sharing/always``.
  ///   - fileID: Where the call stands in the source, with `line` and `column`: what is learned is kept for that place.
  ///   - line: See `fileID`.
  ///   - column: See `fileID`.
  ///   - body: What a unit does; called from several threads at once, where units do not depend on one another.
  /// - Throws: The first error that `body` threw, or `CancellationError`.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func run(
    _ schedule: Schedule, cancellation: CancellationToken? = nil, sharing: Sharing? = nil,
    fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column,
    _ body: @Sendable (UnitID) throws -> Void
  ) throws {
    let site = CallSite(fileID: fileID, line: line, column: column)
    try run(schedule, options: RunOptions(cancellation: cancellation, sharing: sharing, site: site), body)
  }

  /// Runs every unit of `schedule` without blocking a thread of Swift's cooperative pool. Cancelling the task cancels
  /// the run, as `cancellation` does.
  ///
  /// - Throws: The first error that `body` threw, or `CancellationError`.
  public func run(
    _ schedule: Schedule, cancellation: CancellationToken? = nil, sharing: Sharing? = nil,
    fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column,
    _ body: @escaping @Sendable (UnitID) throws -> Void
  ) async throws {
    let site = CallSite(fileID: fileID, line: line, column: column)
    let options = RunOptions(cancellation: cancellation, sharing: sharing, site: site)
    try await run(schedule, options: options, keeping: UnitBody(learningWith: schedule.storage.learned, body))
  }

  /// Runs every unit of `schedule` by a body that is kept from run to run, and whose units may suspend. What runs teach
  /// about sharing is kept with the body.
  ///
  /// - Throws: The first error that the body threw or a completion was given, ``UnitAbandoned``, or
  ///   `CancellationError`.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func run(
    _ schedule: Schedule, _ body: UnitBody, cancellation: CancellationToken? = nil, sharing: Sharing? = nil
  ) throws {
    let options = RunOptions(cancellation: cancellation, sharing: sharing, site: body.site)
    try run(schedule, options: options, keeping: body)
  }

  /// Runs every unit of `schedule` by a body that is kept from run to run, and whose units may suspend, without
  /// blocking a thread of Swift's cooperative pool. Cancelling the task cancels the run, as `cancellation` does.
  ///
  /// - Throws: The first error that the body threw or a completion was given, ``UnitAbandoned``, or
  ///   `CancellationError`.
  public func run(
    _ schedule: Schedule, _ body: UnitBody, cancellation: CancellationToken? = nil, sharing: Sharing? = nil
  ) async throws {
    let options = RunOptions(cancellation: cancellation, sharing: sharing, site: body.site)
    try await run(schedule, options: options, keeping: body)
  }
}

// MARK: defaults

extension ScheduleExecutor {
  /// Calls the body like any other; a unit that suspends holds its thread until it is completed.
  @available(*, noasync)
  public func run(_ schedule: Schedule, options: RunOptions, keeping body: UnitBody) throws {
    try run(schedule, options: options) { unit in try body.runBlocking(unit) }
  }

  /// Calls the blocking form on a thread of Dispatch's.
  public func run(_ schedule: Schedule, options: RunOptions, keeping body: UnitBody) async throws {
    try await withRunOfTask(options) { options, finish in
      DispatchQueue.global().async {
        finish(Result { try self.run(schedule, options: options, keeping: body) })
      }
    }
  }
}
