import Dispatch

/// Awaits a run that goes on elsewhere: `start` starts it, and calls what it is given when the run is over. Cancelling
/// the task cancels the run.
func withRunOfTask(
  _ options: RunOptions,
  _ start: (RunOptions, _ finish: @escaping @Sendable (Result<Void, any Error>) -> Void) -> Void
) async throws {
  let token = CancellationToken(parent: options.cancellation)
  var options = options
  options.cancellation = token
  let handover = Handover()
  defer { handover.receive() }
  try await withTaskCancellationHandler {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      start(options) { result in
        handover.publish()
        continuation.resume(with: result)
      }
    }
  } onCancel: {
    token.cancel()
  }
}

extension ScheduleExecutor {
  /// Calls `body`, which may block, while the calling task awaits it: in a seat of a ``GraphExecutor``, for others on a
  /// thread of Dispatch's. So no thread of Swift's cooperative pool is blocked.
  ///
  /// - Parameters:
  ///   - cancellation: Also cancels the token that `body` is given, which cancelling the task cancels.
  ///   - body: Called once, also by a task that is cancelled already.
  /// - Throws: What `body` throws.
  package func awaiting<Value: Sendable>(
    _ cancellation: CancellationToken? = nil, _ body: @escaping @Sendable (CancellationToken) throws -> Value
  ) async throws -> Value {
    let token = CancellationToken(parent: cancellation)
    return try await withTaskCancellationHandler {
      guard let seats = self as? GraphExecutor else { return try await awaitingBlocking { try body(token) } }
      let handover = Handover()
      defer { handover.receive() }
      return try await withTaskExecutorPreference(seats) {
        defer { handover.publish() }
        return try body(token)
      }
    } onCancel: {
      token.cancel()
    }
  }
}

/// Calls `body`, which may block, on a thread of Dispatch's while the calling task awaits it.
///
/// - Parameter body: Called once.
/// - Throws: What `body` throws.
package func awaitingBlocking<Value: Sendable, Failure: Error>(
  _ body: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
  let handover = Handover()
  let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, Failure>, Never>) in
    DispatchQueue.global().async {
      let result = Result { () throws(Failure) -> Value in try body() }
      handover.publish()
      continuation.resume(returning: result)
    }
  }
  handover.receive()
  return try result.get()
}
