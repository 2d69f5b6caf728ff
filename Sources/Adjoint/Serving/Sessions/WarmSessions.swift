internal import DependencyScheduling

/// What is kept of sessions of one program and one store, so that requests find them warm.
final class WarmSessions: Sendable {
  private let lender: Lender<SessionParts>
  private let memoryLimit: Int?

  init(limit: Int, memoryLimit: Int? = nil) {
    lender = Lender(limit: limit)
    self.memoryLimit = memoryLimit
  }

  /// Calls `body` with a session of its own, of always the same program and store.
  ///
  /// What a request has written and computed is forgotten with its session: the next one starts from nothing but warm
  /// memory.
  func withSession<R>(
    of program: Program, _ parameters: ParameterStore, on executor: any ScheduleExecutor,
    until deadline: ContinuousClock.Instant?, isolation: isolated (any Actor)?,
    _ body: (Session) async throws -> R
  ) async throws -> R {
    let parts =
      try await lender.take(until: deadline, isolation: isolation) ?? SessionParts(program, memoryLimit: memoryLimit)
    var session = Session(program, executor, parameters, parts)
    defer {
      // Whoever has kept the session goes on having it alone. A scalar's upstream gradient is 1 for those who say
      // nothing, which nobody writes again.
      if isKnownUniquelyReferenced(&session), session.progress.withLock({ $0.writtenUpstreams.isEmpty }) {
        lender.giveBack(parts)
      } else {
        lender.lose()
      }
    }
    return try await body(session)
  }

  func trim() -> Int { lender.trim() }

  var statistics: SessionPool.Statistics {
    let counts = lender.counts
    return SessionPool.Statistics(
      made: counts.made, inUse: counts.count - counts.idle, idle: counts.idle, waiting: counts.waiting)
  }
}
