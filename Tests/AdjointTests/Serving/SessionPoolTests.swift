import DependencyScheduling
import Testing

@testable import Adjoint

/// Requests that share warm sessions.
@Suite(.timeLimit(.minutes(20))) struct SessionPoolTests {
  private let graph = Graph()
  private let x: Node, y: Node
  private let program: Program

  init() throws {
    x = graph.input("x", [3])
    let weights = graph.parameter("weights", [3], .values([1, 2, 3] as [Float]))
    y = (x * weights).sum()
    program = try Program(y, gradientsFor: [x])
  }

  private func feed(_ session: Session, _ value: Float) throws { try session.write([value, value, value], to: x) }
  private func answer(_ session: Session) throws -> Float { try session.read(y, as: Float.self)[0] }

  /// The answer of one request.
  private func request(_ pool: SessionPool, _ value: Float) async throws -> Float {
    try await pool.withSession { session in
      try feed(session, value)
      try await session.forward()
      return try answer(session)
    }
  }

  @Test func `one request after the other finds one warm session`() async throws {
    let pool = try SessionPool(program, limit: 4, parameters: ParameterStore())
    for value in 0..<50 { #expect(try await request(pool, Float(value)) == Float(value) * 6) }
    #expect(pool.statistics == SessionPool.Statistics(made: 1, inUse: 0, idle: 1, waiting: 0))
  }

  @Test func `there are never more sessions in use than the limit, and every request is answered`() async throws {
    let pool = try SessionPool(program, limit: 3, parameters: ParameterStore())
    let inUse = Locked((now: 0, most: 0))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for value in 0..<64 {
        group.addTask {
          let got = try await pool.withSession { session in
            inUse.withLock {
              $0.now += 1
              $0.most = max($0.most, $0.now)
            }
            defer { inUse.withLock { $0.now -= 1 } }
            try self.feed(session, Float(value))
            try await session.forward()
            return try self.answer(session)
          }
          #expect(got == Float(value) * 6)
        }
      }
      try await group.waitForAll()
    }
    #expect(inUse.withLock { $0.most } <= 3)
    let statistics = pool.statistics
    #expect(statistics.made <= 3 && statistics.idle == statistics.made)
    #expect(statistics.inUse == 0 && statistics.waiting == 0)
  }

  @Test func `what one request has written and computed is not there for the next`() async throws {
    let pool = try SessionPool(program, limit: 1, parameters: ParameterStore())
    try await pool.withSession { session in
      try feed(session, 1)
      try await session.step()
    }
    await #expect(throws: SessionError.self) {
      try await pool.withSession { try await $0.forward() }
    }
    #expect(throws: SessionError.self) { try program.makeSession().forward() }
    await #expect(throws: SessionError.self) { try await pool.withSession { try answer($0) } }
    #expect(pool.statistics.made == 1, "a request that fails gives its session back")
  }

  @Test func `an upstream gradient is not there for the next request`() async throws {
    let pool = try SessionPool(program, limit: 1, parameters: ParameterStore())
    func gradient(upstream: Float?) async throws -> [Float] {
      try await pool.withSession { session in
        if let upstream { try session.writeUpstream([upstream], of: y) }
        try feed(session, 1)
        try await session.step()
        return try session.gradient(of: x, as: Float.self)
      }
    }
    #expect(try await gradient(upstream: 5) == [5, 10, 15])
    #expect(try await gradient(upstream: nil) == [1, 2, 3])
  }

  @Test func `requests that wait are served in the order in which they came`() async throws {
    let pool = try SessionPool(program, limit: 1, parameters: ParameterStore())
    let order = Locked<[Int]>([])
    try await withThrowingTaskGroup(of: Void.self) { group in
      try await pool.withSession { _ in
        for number in 0..<8 {
          group.addTask { try await pool.withSession { _ in order.withLock { $0.append(number) } } }
          #expect(await comesTrue { pool.statistics.waiting == number + 1 })
        }
        #expect(order.withLock { $0 } == [])
      }
      try await group.waitForAll()
    }
    #expect(order.withLock { $0 } == Array(0..<8))
  }

  @Test func `a cancelled request leaves its place, and those behind it are served`() async throws {
    let pool = try SessionPool(program, limit: 1, parameters: ParameterStore())
    try await pool.withSession { _ in
      let first = Task { try await request(pool, 1) }
      #expect(await comesTrue { pool.statistics.waiting == 1 })
      first.cancel()
      await #expect(throws: CancellationError.self) { try await first.value }
      #expect(pool.statistics.waiting == 0)
    }
    let late = Task { try await request(pool, 1) }
    late.cancel()
    // Cancelled before it asks, or while it runs, or not at all.
    do { #expect(try await late.value == 6) } catch { #expect(error is CancellationError) }
    #expect(try await request(pool, 2) == 12)
    #expect(pool.statistics == SessionPool.Statistics(made: 1, inUse: 0, idle: 1, waiting: 0))
  }

  @Test func `a request whose deadline passes is refused, one that finds a session is not`() async throws {
    let pool = try SessionPool(program, limit: 1, parameters: ParameterStore())
    let past = ContinuousClock.now - .seconds(1)
    try await pool.withSession { _ in
      for deadline in [past, .now + .milliseconds(3)] {
        await #expect(throws: ServingError.deadlinePassed) { try await pool.withSession(deadline: deadline) { _ in } }
      }
      #expect(pool.statistics.waiting == 0)
    }
    try await pool.withSession(deadline: past) { _ in }
  }

  @Test func `a session that a request has kept is not lent again`() async throws {
    let pool = try SessionPool(program, limit: 1, parameters: ParameterStore())
    let kept = try await pool.withSession { $0 }
    try feed(kept, 1)
    try await kept.forward()
    #expect(try await request(pool, 2) == 12)
    #expect(try answer(kept) == 6)
    #expect(pool.statistics.made == 2)
  }

  @Test func `idle sessions are given back, and made again`() async throws {
    let pool = try SessionPool(program, limit: 2, parameters: ParameterStore())
    _ = try await request(pool, 1)
    try await pool.withSession { _ in
      #expect(pool.trim() == 0)
      _ = try await request(pool, 1)
      #expect(pool.trim() == 1)
    }
    #expect(pool.trim() == 1)
    #expect(pool.statistics == SessionPool.Statistics(made: 2, inUse: 0, idle: 0, waiting: 0))
    #expect(try await request(pool, 3) == 18)
  }

  @Test func `a limit below 1 is refused`() {
    #expect(throws: ServingError.self) { try SessionPool(program, limit: 0, parameters: ParameterStore()) }
  }

  private actor Counter {
    var count = 0
    func serve(_ pool: SessionPool) async throws {
      // Not sendable, and on this actor.
      try await pool.withSession { _ in count += 1 }
    }
  }

  @Test func `a request runs where it is called from`() async throws {
    let pool = try SessionPool(program, limit: 1, parameters: ParameterStore())
    let counter = Counter()
    for _ in 0..<3 { try await counter.serve(pool) }
    #expect(await counter.count == 3)
  }

  @Test func `a program keeps warm sessions for each store, and neither program nor store is kept by them`()
    async throws
  {
    weak var program: Program?
    weak var store: ParameterStore?
    do {
      let made = try Program(y)
      let (first, second) = (ParameterStore(), ParameterStore())
      (program, store) = (made, first)
      for stores in [[first], [first, second, first, second]] {
        for parameters in stores {
          let got = try await made.withSession(parameters: parameters) { session in
            try feed(session, 1)
            try await session.forward()
            return try answer(session)
          }
          #expect(got == 6)
        }
      }
      let idle = SessionPool.Statistics(made: 1, inUse: 0, idle: 1, waiting: 0)
      #expect(made.warmSessions.statistics == [idle, idle])
      #expect(made.trimSessions() == 2)
    }
    #expect(program == nil && store == nil)
  }

  @Test func `sessions of a store that is no more are given back at the next call`() async throws {
    let program = try Program(y)
    try await program.withSession(parameters: ParameterStore()) { try feed($0, 1) }
    let store = ParameterStore()
    try await program.withSession(parameters: store) { try feed($0, 1) }
    #expect(program.warmSessions.statistics.count == 1)
  }
}

/// Whether `condition` holds sooner or later: looked at for a quarter of an hour at most, since a task may wait for all
/// tests that began before it.
func comesTrue(_ condition: () -> Bool) async -> Bool {
  let end = ContinuousClock.now + .seconds(15 * 60)
  while !condition() {
    if ContinuousClock.now > end { return false }
    try? await Task.sleep(for: .microseconds(100))
  }
  return true
}
