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
