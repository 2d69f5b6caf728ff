public import DependencyScheduling
import Synchronization
internal import Threads

/// A network as a function of its extents: a program for each batch size, length or resolution that comes, compiled
/// when it first comes.
///
/// A graph has fixed shapes. A family builds one for the extents that are asked for, compiles it in milliseconds, and
/// keeps the programs that were used last. All of them share one store, so that each reads the same parameters:
///
/// ```swift
/// let family = try ProgramFamily(capacity: 16, parameters: store) { (batch: Int) in
///   let graph = Graph()
///   let images = graph.input("images", [batch, 784])
///   let weights = graph.parameter("weights", [784, 10], .heNormal(seed: 1))
///   let logits = images.matmul(weights)
///   return (try Program(logits), (images: images, logits: logits))
/// }
/// let scores = try await family.withSession(for: rows) { session, ports in
///   try session.write(pixels, to: ports.images)
///   try await session.forward()
///   return try session.read(ports.logits, as: Float.self)
/// }
/// ```
/// A program is compiled once, however many ask for it at the same time: the others wait for it. One that cannot be
/// compiled is an error for all who have waited; the next request tries again.
///
/// Any task may use a family at any time. A program that is given up for others, and its memory, stay until the
/// requests that use it have ended.
public final class ProgramFamily<Extents: Hashable & Sendable, Ports: Sendable>: Sendable {
  /// A program of the family, and the nodes to feed and to read.
  public struct Member: Sendable {
    /// The network for some extents.
    public let program: Program
    /// The nodes of its graph that were named as it was built.
    public let ports: Ports
  }

  private typealias Waiter = CheckedContinuation<Member, any Error>
  /// The parameters that all programs share.
  public let parameters: ParameterStore
  private let executor: any ScheduleExecutor
  private let build: @Sendable (Extents) throws -> (Program, Ports)
  private let cache: Locked<FamilyCache<Extents, Member, Waiter>>
  private let tickets = Atomic<UInt64>(0)

  /// A family without a program.
  ///
  /// - Parameters:
  ///   - capacity: the most programs that are kept; the memory of their warm sessions is kept with them.
  ///   - parameters: what all programs share; parameters of one name have one shape, whatever the extents.
  ///   - executor: where sessions run.
  ///   - build: builds and compiles the network for some extents, and names the nodes to feed and to read. It is called
  ///     by whoever asks first, on its thread.
  /// - Throws: ``ServingError/invalid(_:)`` for a capacity below 1.
  public init(
    capacity: Int, parameters: ParameterStore, on executor: any ScheduleExecutor = GraphExecutor.shared,
    build: @escaping @Sendable (_ extents: Extents) throws -> (Program, Ports)
  ) throws(ServingError) {
    guard capacity >= 1 else { throw .invalid("a family keeps at least 1 program, got a capacity of \(capacity)") }
    self.parameters = parameters
    self.executor = executor
    self.build = build
    cache = Locked(FamilyCache(capacity: capacity))
  }

  /// Calls `body` with a warm session of the program for `extents`, which nobody else uses.
  ///
  /// - Parameters:
  ///   - extents: of the program.
  ///   - deadline: until when a session is waited for, as of ``SessionPool/withSession(deadline:isolation:_:)``.
  ///   - isolation: where `body` runs: where it is called from.
  ///   - body: what is done with the session and the nodes of its graph; what it returns is passed on.
  /// - Throws: as ``member(for:isolation:)`` and ``Program/withSession(parameters:on:deadline:isolation:_:)``.
  public func withSession<R>(
    for extents: Extents, deadline: ContinuousClock.Instant? = nil, isolation: isolated (any Actor)? = #isolation,
    _ body: (_ session: Session, _ ports: Ports) async throws -> R
  ) async throws -> R {
    let member = try await member(for: extents)
    return try await member.program.withSession(parameters: parameters, on: executor, deadline: deadline) { session in
      try await body(session, member.ports)
    }
  }

  /// The program for `extents`, compiled if the family does not have it.
  ///
  /// - Parameters:
  ///   - extents: of the program.
  ///   - isolation: where it is called from.
  /// - Throws: what building and compiling throw; `CancellationError` if the task is cancelled while another compiles.
  /// - Complexity: O(1) for a program that is there.
  public func member(for extents: Extents, isolation: isolated (any Actor)? = #isolation) async throws -> Member {
    switch change({ $0.ask(for: extents) }) {
    case .found(let member): return member
    case .make: return try make(extents)
    case .wait: break
    }
    let ticket = Ticket(number: tickets.wrappingAdd(1, ordering: .relaxed).newValue)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (waiter: Waiter) in
        switch change({ $0.ask(for: extents, waiter, ticket) }) {
        case .found(let member): waiter.resume(returning: member)
        case .make: waiter.resume(with: Result { try make(extents) })
        case .wait:
          // Cancelled before there was anybody to be found by that ticket.
          if Task.isCancelled { leave(extents, ticket) }
        }
      }
    } onCancel: {
      leave(extents, ticket)
    }
  }

  /// As ``member(for:isolation:)``, blocking the thread while another compiles.
  ///
  /// - Parameter extents: of the program.
  /// - Throws: what building and compiling throw.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func member(for extents: Extents) throws -> Member {
    var wait = PatientWait()
    while true {
      switch change({ $0.ask(for: extents) }) {
      case .found(let member): return member
      case .make: return try make(extents)
      case .wait: wait.once()
      }
    }
  }

  /// What the family has done so far.
  public var statistics: FamilyStatistics { cache.withLock { $0.statistics } }

  /// How many programs are kept now.
  public var count: Int { cache.withLock { $0.count } }

  private func make(_ extents: Extents) throws -> Member {
    let made: Result<Member, any Error> = Result {
      let (program, ports) = try build(extents)
      return Member(program: program, ports: ports)
    }
    let (waiters, _) = change { $0.finish(extents, try? made.get()) }
    for waiter in waiters { waiter.resume(with: made) }
    return try made.get()
  }

  private func leave(_ extents: Extents, _ ticket: Ticket) {
    change { $0.leave(extents, ticket) }?.resume(throwing: CancellationError())
  }

  private func change<R>(_ event: (inout FamilyCache<Extents, Member, Waiter>) -> R) -> R {
    cache.withLock { cache in
      defer { cache._checkInvariants() }
      return event(&cache)
    }
  }
}
