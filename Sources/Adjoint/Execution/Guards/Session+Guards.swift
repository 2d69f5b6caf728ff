internal import DependencyScheduling

/// Guarded values, of which a NaN or an infinity keeps a step from updating anything: see ``Program``'s
/// `requiringFinite`.
///
/// The program computes the largest magnitude of each. After a pass, while its claims are held and before its updates
/// are put in place, these few numbers are looked at; only if one is not finite everything is computed once more, by
/// one worker and node by node, to find where that began.
extension Session {
  /// - Throws: ``SessionError/notFinite(_:producer:)`` after a pass in which a guarded value was NaN or infinite.
  /// - Complexity: O(guarded values); once more the pass if one is not finite.
  func refuseNonFinite(after pass: Pass) throws(SessionError) {
    guard let guarded = firstNonFiniteGuard(after: pass) else { return }
    throw .notFinite(program.names.describe(guarded.node), producer: producer(of: guarded))
  }

  /// As ``refuseNonFinite(after:)``, but looks for the producer in a seat of the executor.
  ///
  /// - Throws: also `CancellationError`, if the task is cancelled meanwhile.
  func refuseNonFinite(after pass: Pass) async throws {
    guard let guarded = firstNonFiniteGuard(after: pass) else { return }
    let producer = Locked<NonFiniteValue?>(nil)
    let search = Schedule(successorOffsets: [0, 0], successors: [])
    try await executor.run(search) { [self] _ in
      let found = self.producer(of: guarded)
      producer.withLock { $0 = found }
    }
    throw SessionError.notFinite(program.names.describe(guarded.node), producer: producer.withLock { $0 })
  }

  private func firstNonFiniteGuard(after pass: Pass) -> Endpoint? {
    if pass == .forward { return nil }
    return program.endpoints.guards.first { guarded in
      !magnitude(of: guarded).isFinite
    }
  }

  private func magnitude(of guarded: Endpoint) -> Double {
    guarded.signature.elementType.double(at: workspace.address(guarded.place)!)
  }

  /// Computes everything again, from what the pass has read, which is all there still. An infinity may be meant, as a
  /// mask's is: with a NaN in the guarded value, NaNs are looked for first.
  private func producer(of guarded: Endpoint) -> NonFiniteValue? {
    if magnitude(of: guarded).isNaN, let producer = search(includingInfinity: false) { return producer }
    return search(includingInfinity: true)
  }

  private func search(includingInfinity: Bool) -> NonFiniteValue? {
    workspace.restartAccumulators()
    return try? searchNonFinite(.step, includingInfinity: includingInfinity)
  }
}
