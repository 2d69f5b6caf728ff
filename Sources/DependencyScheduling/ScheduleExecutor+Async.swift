import Dispatch

extension ScheduleExecutor {
  /// Runs every unit of `schedule` without blocking a thread of Swift's cooperative pool: the caller's part is a block on
  /// Dispatch's global queue.
  ///
  /// Cancelling the task cancels the run, as `cancellation` does.
  ///
  /// - Throws: The first error that `body` threw, or `CancellationError`.
  public func run(
    _ schedule: Schedule, cancellation: CancellationToken? = nil,
    _ body: @escaping @Sendable (UnitID) throws -> Void
  ) async throws {
    try await runDispatched(schedule, on: .global(), cancellation, body)
  }

  fileprivate func runDispatched(
    _ schedule: Schedule, on queue: DispatchQueue, _ cancellation: CancellationToken?,
    _ body: @escaping @Sendable (UnitID) throws -> Void
  ) async throws {
    let token = CancellationToken(parent: cancellation)
    let handover = Handover()
    defer { handover.receive() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        queue.async {
          let result = Result { try self.run(schedule, cancellation: token, body) }
          handover.publish()
          continuation.resume(with: result)
        }
      }
    } onCancel: {
      token.cancel()
    }
  }
}

extension GraphExecutor {
  /// Runs every unit of `schedule` without blocking a thread of Swift's cooperative pool: worker 0 is a block on the
  /// executor's queue too.
  ///
  /// Cancelling the task cancels the run, as `cancellation` does.
  ///
  /// - Throws: The first error that `body` threw, or `CancellationError`.
  public func run(
    _ schedule: Schedule, cancellation: CancellationToken? = nil,
    _ body: @escaping @Sendable (UnitID) throws -> Void
  ) async throws {
    try await runDispatched(schedule, on: queue, cancellation, body)
  }
}
