/// Who has the session: a run or a write alone, or any number of reads.
///
/// A synchronous call is refused where it would have to wait, since nobody has asked it to block a thread; it is
/// refused as well while others wait, so that it overtakes nobody. An asynchronous call waits its turn, in order of
/// arrival.
extension Session {
  func claimAlone() throws(SessionError) {
    guard claims.claim(.alone) else {
      throw SessionError.busy("the session is in use: it does one thing at a time")
    }
  }

  func claimShared() throws(SessionError) {
    guard claims.claim(.shared) else {
      throw SessionError.busy("the session is running: read or write it before or after")
    }
  }

  /// Waits until the session is there for this caller alone.
  ///
  /// - Throws: `CancellationError` if the task is cancelled while it waits; nothing has changed then.
  func claimAlone() async throws { try await claims.turn(.alone) }

  /// Waits until the session can be read.
  ///
  /// - Throws: `CancellationError` if the task is cancelled while it waits.
  func claimShared() async throws { try await claims.turn(.shared) }

  /// Claims the session alone once everybody else has ended, whatever they do and however long it takes.
  func waitAlone() { claims.turnBlocking(.alone) }

  /// The same without blocking the thread, also in a task that is cancelled.
  func waitAlone() async { await claims.turnInAnyCase(.alone) }

  func release() { claims.end() }
}
