/// Runs the units of a schedule, each after its predecessors.
///
/// Code that runs schedules takes the executor as a parameter, so that a test can replace the parallel
/// ``GraphExecutor`` by the serial, replayable ``SeededExecutor``.
public protocol ScheduleExecutor: Sendable {
  /// Calls `body` once for each unit, after it has returned for all of the unit's predecessors, and returns when all
  /// have run. A unit sees everything its predecessors wrote; the caller sees everything.
  ///
  /// - Parameters:
  ///   - schedule: The units and their order.
  ///   - cancellation: Looked at between two units.
  ///   - body: What a unit does; called from several threads at once, where units do not depend on one another.
  /// - Throws: The first error that `body` threw, or `CancellationError`. No unit starts after either, and the
  ///   schedule can be run again. A run whose last unit had started when it was cancelled ends well.
  func run(
    _ schedule: Schedule, cancellation: CancellationToken?, _ body: @Sendable (UnitID) throws -> Void
  ) throws
}

extension ScheduleExecutor {
  /// Runs `schedule` without a way to cancel it.
  public func run(_ schedule: Schedule, _ body: @Sendable (UnitID) throws -> Void) throws {
    try run(schedule, cancellation: nil, body)
  }
}
