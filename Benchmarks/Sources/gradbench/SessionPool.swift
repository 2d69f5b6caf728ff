import Adjoint
import DependencyScheduling
import Synchronization

/// Sessions of one program for tasks that run side by side.
final class SessionPool: Sendable {
  private let idle: Mutex<[Session]>

  /// As many sessions as tasks run at once, with all their memory.
  init(_ program: Program, count: Int, on executor: GraphExecutor) throws {
    let sessions = try (0..<count).map { _ in try program.makeReadySession(on: executor) }
    idle = Mutex(sessions)
  }

  /// Calls `body` with a session that no other task has.
  func withSession<R>(_ body: (Session) throws -> R) rethrows -> R {
    let session = idle.withLock { $0.removeLast() }
    defer { idle.withLock { $0.append(session) } }
    return try body(session)
  }
}
