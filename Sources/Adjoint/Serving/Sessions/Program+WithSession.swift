public import DependencyScheduling

extension Program {
  /// Calls `body` with a warm session that nobody else uses: a ``SessionPool`` that need not be kept.
  ///
  /// ```swift
  /// let scores = try await program.withSession(parameters: store) { session in
  ///   try session.write(pixels, to: images)
  ///   try await session.forward()
  ///   return try session.read(logits, as: Float.self)
  /// }
  /// ```
  /// The program keeps the idle sessions, apart for each store, and gives them back with itself; those of a store that
  /// is no more, at the next call. There are at most twice as many as the process has processors, in use and idle;
  /// beyond that, calls wait in the order in which they came. Make a ``SessionPool`` for another limit.
  ///
  /// - Parameters:
  ///   - parameters: what the session shares with others.
  ///   - executor: where it runs.
  ///   - deadline: until when a session is waited for, as of ``SessionPool/withSession(deadline:isolation:_:)``.
  ///   - isolation: where `body` runs: where it is called from.
  ///   - body: what is done with the session; what it returns is passed on.
  /// - Throws: ``ServingError/deadlinePassed``, `CancellationError`, and whatever `body` throws.
  public func withSession<R>(
    parameters: ParameterStore, on executor: any ScheduleExecutor = GraphExecutor.shared,
    deadline: ContinuousClock.Instant? = nil, isolation: isolated (any Actor)? = #isolation,
    _ body: (_ session: Session) async throws -> R
  ) async throws -> R {
    try await warmSessions.sessions(of: parameters).withSession(
      of: self, parameters, on: executor, until: deadline, isolation: isolation, body)
  }

  /// Gives the memory of all sessions back that ``withSession(parameters:on:deadline:isolation:_:)`` keeps and no
  /// request uses.
  ///
  /// - Returns: how many sessions those were.
  @discardableResult
  public func trimSessions() -> Int { warmSessions.trim() }
}

/// The warm sessions of one program, which holds them; they hold neither it nor the stores.
final class WarmSessionsOfStores: Sendable {
  /// How many sessions of a store there are for each processor.
  private static let sessionsPerProcessor = 2  // Decisions/Serving.md
  private let known = Locked<[OfStore]>([])

  private struct OfStore: Sendable {
    weak var store: ParameterStore?
    let sessions: WarmSessions
  }

  /// Those of a store; those of stores that are no more are given back.
  ///
  /// - Complexity: O(stores).
  func sessions(of store: ParameterStore) -> WarmSessions {
    // What is given back is so after the lock.
    let (sessions, _) = known.withLock { known -> (WarmSessions, gone: [OfStore]) in
      let gone = known.filter { $0.store == nil }
      if !gone.isEmpty { known.removeAll { $0.store == nil } }
      if let found = known.first(where: { $0.store === store }) { return (found.sessions, gone) }
      let sessions = WarmSessions(limit: GraphExecutor.shared.width * Self.sessionsPerProcessor)
      known.append(OfStore(store: store, sessions: sessions))
      return (sessions, gone)
    }
    return sessions
  }

  func trim() -> Int { known.withLock { $0 }.reduce(0) { $0 + $1.sessions.trim() } }

  var statistics: [SessionPool.Statistics] { known.withLock { $0.map(\.sessions.statistics) } }
}
