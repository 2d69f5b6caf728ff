#if os(Linux)
  import Adjoint
  import DependencyScheduling
  import Dispatch
  import Foundation
  import GradientMemory
  import StressScale
  import Testing

  /// Sessions that come and go leave nothing behind. Each test has a process of its own, whose memory nobody else uses;
  /// under a sanitizer, memory is not what a process takes.
  @Suite(.serialized, .enabled(if: !StressScale.isSanitized), .timeLimit(.minutes(20)), .watched(seconds: 300))
  struct SessionTurnoverTests {
    @Test func `two thousand sessions leave the process as three hundred did`() async {
      await #expect(processExitsWith: .success) {
        let model = try Turnover()
        for _ in 0..<300 { try model.useASession() }
        let before = ProcessPages()
        for _ in 0..<1_700 { try model.useASession() }
        ProcessPages().requireGrowth(since: before, resident: 2 << 20, mapped: 64 << 20)
      }
    }

    @Test(.enabled(if: StressScale.isSoak))
    func `a hundred thousand sessions leave the process as a thousand did`() async {
      await #expect(processExitsWith: .success) {
        let model = try Turnover()
        for _ in 0..<1_000 { try model.useASession() }
        let before = ProcessPages()
        for _ in 0..<99_000 { try model.useASession() }
        ProcessPages().requireGrowth(since: before, resident: 2 << 20, mapped: 64 << 20)
      }
    }

    @Test func `sessions made and dropped on many threads at once are right and leave nothing`() async {
      await #expect(processExitsWith: .success) {
        let model = try Turnover()
        func turn(_ count: Int) {
          DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<count { try! model.useASession() }
          }
        }
        turn(50)
        let before = ProcessPages()
        turn(150)
        ProcessPages().requireGrowth(since: before, resident: 8 << 20, mapped: 256 << 20)
      }
    }

    @Test func `many sessions at once leave no values behind, and few arenas`() async {
      await #expect(processExitsWith: .success) {
        let model = try Turnover()
        func useAtOnce() throws {
          var sessions: [Session] = []
          for _ in 0..<100 { sessions.append(try model.usedSession()) }
          let active = BufferArena.processStatistics?.active ?? 0
          precondition(active >= 100 * model.bytes || BufferArena.processStatistics == nil, "the sessions are there")
          sessions.removeAll()
        }
        try model.useASession()
        let active = BufferArena.processStatistics?.active ?? 0
        try useAtOnce()
        precondition(BufferArena.idleCount <= IdleArenas.capacity)
        precondition((BufferArena.processStatistics?.active ?? 0) <= active, "pages of values were kept")
        let before = ProcessPages()
        for _ in 0..<3 { try useAtOnce() }
        ProcessPages().requireGrowth(since: before, resident: 2 << 20, mapped: 128 << 20)
      }
    }

    @Test func `large sessions give everything back`() async {
      await #expect(processExitsWith: .success) {
        let model = try Turnover(count: 1 << 19)
        for _ in 0..<3 { try model.useASession() }
        let before = ProcessPages()
        for _ in 0..<10 { try model.useASession() }
        ProcessPages().requireGrowth(since: before, resident: 4 << 20, mapped: 64 << 20)
      }
    }
  }

  /// A small program, and sessions of it that are fed, run and dropped.
  private struct Turnover: Sendable {
    let program: Program
    let x: Node, w: Node
    let executor: GraphExecutor
    let count: Int
    /// What a session takes at least.
    var bytes: Int { 3 * 4 * count }

    init(count: Int = 2_048) throws {
      let graph = Graph()
      x = graph.input("x", [count])
      w = graph.parameter("w", [count], .ones)
      self.count = count
      program = try Program((x * w * w).sum(), gradientsFor: [x, w])
      executor = try GraphExecutor(width: 1)
    }

    func usedSession() throws -> Session {
      let session = program.makeSession(on: executor, memoryLimit: program.sessionBytes)
      precondition(session.memory.allocated == 0 && session.memory.peak == 0, "a session starts with nothing")
      try session.write([Float](repeating: 2, count: count), to: x)
      try session.step()
      precondition(session.memory.allocated == program.sessionBytes, "a session counts its own memory")
      let gradient = try session.gradient(of: w, as: Float.self)
      precondition(gradient.allSatisfy { $0 == 4 }, "a session computes in memory of its own")
      return session
    }

    func useASession() throws { _ = try usedSession() }
  }

  /// What the operating system says that the process takes, in bytes.
  private struct ProcessPages {
    let resident: Int, mapped: Int

    init() {
      let file = try! String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      let pages = file.split(separator: " ").prefix(2).map { Int($0)! * Int(getpagesize()) }
      (mapped, resident) = (pages[0], pages[1])
    }

    func requireGrowth(since before: ProcessPages, resident most: Int, mapped mostMapped: Int) {
      precondition(resident - before.resident <= most, "resident: \(before.resident) bytes have become \(resident)")
      precondition(mapped - before.mapped <= mostMapped, "mapped: \(before.mapped) bytes have become \(mapped)")
    }
  }
#endif
