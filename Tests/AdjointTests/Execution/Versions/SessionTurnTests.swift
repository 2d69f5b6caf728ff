import DependencyScheduling
import Testing

@testable import Adjoint

/// A session that several tasks ask serves them one after the other.
@Suite(.timeLimit(.minutes(20))) struct SessionTurnTests {
  private struct Model {
    let x: Node, w: Node, y: Node
    let session: Session

    init(on executor: any ScheduleExecutor) throws {
      let graph = Graph()
      x = graph.input("x", [3])
      w = graph.parameter("w", [3], .ones)
      y = x * w
      session = try Program(y.sum(), gradientsFor: [x], alsoComputing: [y]).makeSession(on: executor)
      try session.write([1, 2, 3] as [Float], to: x)
    }
  }

  private func expectWaiters(_ count: Int, at session: Session) async throws {
    while session.claims.waiterCount != count { try await Task.sleep(for: .microseconds(100)) }
  }

  @Test(arguments: [1, 2]) func `runs that wait are served in order of arrival, and none is refused`(
    width: Int
  ) async throws {
    let model = try Model(on: GraphExecutor(width: width)), session = model.session
    let order = Guarded<[Int]>([])
    try #require(session.claims.claim(.shared))
    var tasks: [Task<Void, any Error>] = []
    for number in 0..<9 {
      tasks.append(
        Task {
          // The turn is noted with the session claimed.
          try await session.claimAlone()
          order.withLock { $0.append(number) }
          session.release()
        })
      try await expectWaiters(2 * number + 1, at: session)
      tasks.append(Task { try await Self.run(number, session) })
      try await expectWaiters(2 * number + 2, at: session)
    }
    session.release()
    for task in tasks { try await task.value }
    #expect(order.withLock { $0 } == Array(0..<9))
    #expect(try session.read(model.y, as: Float.self) == [1, 2, 3])
  }

  @Test func `a synchronous call is refused while anybody waits, and overtakes nobody`() async throws {
    let model = try Model(on: GraphExecutor(width: 1)), session = model.session
    let run = try await Self.waiting(session)
    // It could be read beside the one who reads, but for the run that waits.
    for call in [{ _ = try session.read(model.x, as: Float.self) }, { try session.forward() }] {
      let error = #expect(throws: SessionError.self) { try call() }
      guard case .busy = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    session.release()
    try await run.value
    #expect(try session.read(model.y, as: Float.self) == [1, 2, 3])
  }

  @Test func `a run that is cancelled while it waits changes nothing`() async throws {
    let model = try Model(on: GraphExecutor(width: 1)), session = model.session
    try await session.forward()
    let run = try await Self.waiting(session)
    run.cancel()
    await #expect(throws: CancellationError.self) { try await run.value }
    session.release()
    #expect(try session.read(model.y, as: Float.self) == [1, 2, 3])
    try await session.backward()
    #expect(try session.gradient(of: model.x, as: Float.self) == [1, 1, 1])
  }

  private static func run(_ number: Int, _ session: Session) async throws {
    if number % 2 == 0 { try await session.forward() } else { try await session.step() }
  }

  /// A run that waits for the caller, who has the session shared.
  private static func waiting(_ session: Session) async throws -> Task<Void, any Error> {
    try #require(session.claims.claim(.shared))
    let run = Task { try await session.forward() }
    while session.claims.waiterCount < 1 { try await Task.sleep(for: .microseconds(100)) }
    return run
  }

  @Test(arguments: [1, 2]) func `many tasks that use one session are all served`(width: Int) async throws {
    let model = try Model(on: GraphExecutor(width: width)), session = model.session
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<6 {
        group.addTask {
          for _ in 0..<50 { try await Self.run(task, session) }
        }
      }
      try await group.waitForAll()
    }
    #expect(try session.read(model.y, as: Float.self) == [1, 2, 3])
    #expect(session.claims.waiterCount == 0 && session.claims.claim(.alone))
  }
}
