public import DependencyScheduling

/// Warm sessions for requests: a bounded number, each used by one request at a time.
///
/// A session's first run takes memory and works out addresses, which costs a hundred times what a small run does. A
/// pool keeps what that was for:
///
/// ```swift
/// let pool = try SessionPool(program, limit: 8, parameters: store)
///
/// // for each request, in any task
/// let scores = try await pool.withSession(deadline: .now + .milliseconds(50)) { session in
///   try session.write(pixels, to: images)
///   try await session.forward()
///   return try session.read(logits, as: Float.self)
/// }
/// ```
/// Sessions share the program, its constants and the store. The one that came back last is lent first; another is made
/// while all are in use and there are fewer than `limit`. Beyond that requests wait in the order in which they came,
/// without a thread, until their deadline or until their task is cancelled.
///
/// A request starts from nothing but memory: what the one before has written cannot be read, and an input that it does
/// not write is missing.
public final class SessionPool: Sendable {
  /// What the sessions run.
  public let program: Program
  /// The parameters that the sessions share.
  public let parameters: ParameterStore
  private let executor: any ScheduleExecutor
  private let sessions: WarmSessions

  /// A pool without a session: the first request makes one.
  ///
  /// - Parameters:
  ///   - program: what the sessions run.
  ///   - limit: the most sessions there are at once. More than the executor has workers keep all of these busy while
  ///     requests are read and answered; many more only take memory.
  ///   - parameters: what the sessions share.
  ///   - executor: where they run.
  ///   - memoryLimit: the most bytes of one session, as of
  ///     ``Program/makeSession(on:parameters:memoryLimit:)``.
  /// - Throws: ``ServingError/invalid(_:)`` for a limit below 1.
  public init(
    _ program: Program, limit: Int, parameters: ParameterStore,
    on executor: any ScheduleExecutor = GraphExecutor.shared,
    memoryLimit: Int? = nil
  ) throws(ServingError) {
    guard limit >= 1 else { throw .invalid("a pool has at least 1 session, got a limit of \(limit)") }
    self.program = program
    self.parameters = parameters
    self.executor = executor
    sessions = WarmSessions(limit: limit, memoryLimit: memoryLimit)
  }

  /// Calls `body` with a session that nobody else uses.
  ///
  /// The session comes back when `body` ends, however it does. One that `body` has kept beyond its end, or whose
  /// upstream gradients were written, is not lent again.
  ///
  /// A request that takes a second session of the same pool within `body` may wait for itself, where all others do too.
  ///
  /// - Parameters:
  ///   - deadline: until when a session is waited for; without it, until the task is cancelled. A session that is free
  ///     is lent at once, also after the deadline.
  ///   - isolation: where `body` runs: where it is called from.
  ///   - body: what is done with the session; what it returns is passed on.
  /// - Throws: ``ServingError/deadlinePassed``, `CancellationError`, and whatever `body` throws.
  /// - Complexity: O(1) where a session is free.
  public func withSession<R>(
    deadline: ContinuousClock.Instant? = nil, isolation: isolated (any Actor)? = #isolation,
    _ body: (_ session: Session) async throws -> R
  ) async throws -> R {
    try await sessions.withSession(
      of: program, parameters, on: executor, until: deadline, isolation: isolation, body)
  }

  /// Gives the memory of all sessions back that no request uses. The next requests make new ones.
  ///
  /// - Returns: how many sessions those were.
  @discardableResult
  public func trim() -> Int { sessions.trim() }

  /// How many sessions there are, and what for, at one moment.
  public struct Statistics: Hashable, Sendable {
    /// Sessions that were made since the pool was, each of which has cost its first run.
    public let made: Int
    /// Sessions that requests use now.
    public let inUse: Int
    /// Sessions that wait for a request, warm.
    public let idle: Int
    /// Requests that wait for a session.
    public let waiting: Int
  }

  /// What the pool does now.
  public var statistics: Statistics { sessions.statistics }
}
