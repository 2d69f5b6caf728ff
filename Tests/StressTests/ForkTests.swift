#if canImport(Glibc)
  import Adjoint
  import DependencyScheduling
  import Foundation
  import LibC
  import StressScale
  import Testing

  /// What a child of `fork` may do that does not call `exec`, as the article Embedding lists it. Each test has a
  /// process of its own to fork, which has run on several threads before.
  @Suite(.serialized, .enabled(if: !StressScale.isSanitized), .timeLimit(.minutes(20)), .watched(seconds: 300))
  struct ForkTests {
    @Test func `a child reads values and gradients that its parent computed`() async {
      await #expect(processExitsWith: .success) {
        let parent = try Parent()
        try parent.rest()
        try requireSuccessOfChild {
          try requireEqual(parent.session.read(parent.y), 9)
          try requireEqual(parent.session.gradient(of: parent.x), 6)
          precondition(parent.session.report().contains("x = input"))
          precondition(parent.session.memory.allocated > 0)
        }
        try parent.requireAllIsWell()
      }
    }

    @Test func `a child builds, compiles, runs and drops programs at width 1`() async {
      await #expect(processExitsWith: .success) {
        let parent = try Parent()
        try parent.rest()
        try requireSuccessOfChild {
          for _ in 0..<50 {
            let graph = Graph()
            let x = graph.input("x", [256]), w = graph.parameter("w", [256, 256], .ones)
            let loss = tanh(x.reshaped([1, 256]).matmul(w)).sum()
            let session = try Program(loss, gradientsFor: [x, w]).makeSession(on: GraphExecutor(width: 1))
            try session.write([Float](repeating: 0, count: 256), to: x)
            try session.step()
            let gradient = try session.gradient(of: x, as: Float.self)
            precondition(gradient == [Float](repeating: 256, count: 256))
          }
        }
        try parent.requireAllIsWell()
      }
    }

    @Test func `a child goes on with its parent's sessions at width 1, and its parent does not see it`() async {
      await #expect(processExitsWith: .success) {
        let parent = try Parent()
        try parent.rest()
        try requireSuccessOfChild {
          try parent.session.write(5, to: parent.x)
          try parent.session.step()
          try requireEqual(parent.session.read(parent.y), 25)
          try requireEqual(parent.session.gradient(of: parent.x), 10)
          let more = parent.program.makeSession(
            on: try GraphExecutor(width: 1), parameters: parent.session.parameters)
          try more.write(2, to: parent.x)
          try more.step()
          try requireEqual(more.read(parent.y), 4)
        }
        try parent.requireAllIsWell()
      }
    }

    @Test func `a synchronous run at width 2 is done by the child's one thread`() async {
      await #expect(processExitsWith: .success) {
        let parent = try Parent()
        try parent.rest()
        try requireSuccessOfChild {
          try parent.runWide()
          try Parent().runWide()
        }
        try parent.requireAllIsWell()
      }
    }
  }

  private struct Parent: Sendable {
    let graph = Graph()
    let x: Node, y: Node
    let program: Program, session: Session
    let wide: Session
    private let executor: GraphExecutor

    init() throws {
      x = graph.input("x")
      y = x * x
      program = try Program(y, gradientsFor: [x])
      session = program.makeSession(on: try GraphExecutor(width: 1))
      try session.write(3, to: x)
      try session.step()
      let large = Graph()
      let sums = (0..<8).map { number in
        let data = large.constant((0..<256 * 64).map { Float($0 % (number + 2)) }, [256, 64])
        return tanh(data.matmul(large.parameter("w\(number)", [64, 64]))).sum()
      }
      executor = try GraphExecutor(width: 2)
      wide = try Program(sums.dropFirst().reduce(sums[0], +), gradientsFor: large.parameters)
        .makeSession(on: executor)
      try runWide()
    }

    /// Returns when nobody but the calling thread uses the package: who helped in a run may still look for another one,
    /// with a lock that the child would never get.
    func rest() throws {
      while try executor.statistics.seatsTaken > 0 || !Self.othersSleep() { usleep(1_000) }
    }

    private static func othersSleep() throws -> Bool {
      let tasks = "/proc/self/task"
      let caller = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self").split(separator: "/")
        .last
      return try FileManager.default.contentsOfDirectory(atPath: tasks).allSatisfy { thread in
        // "number (name) state …"; a thread that has ended meanwhile has no file.
        guard thread != caller.map(String.init),
          let line = try? String(contentsOfFile: "\(tasks)/\(thread)/stat", encoding: .utf8)
        else { return true }
        return line.split(separator: ")").last?.hasPrefix(" S") == true
      }
    }

    func runWide() throws { for _ in 0..<5 { try wide.step() } }

    func requireAllIsWell() throws {
      try requireEqual(session.read(x), 3)
      try requireEqual(session.read(y), 9)
      try requireEqual(session.gradient(of: x), 6)
      try session.step()
      try runWide()
    }
  }

  /// A child has no test to report to: it ends.
  private func requireEqual(_ value: Double, _ expected: Double) {
    precondition(value == expected, "\(value), not \(expected)")
  }

  /// Forks, and requires that the child's `body` returns within some seconds.
  private func requireSuccessOfChild(_ body: () throws -> Void) throws {
    // Swift hides `fork`, for what it may break is for the caller to know.
    typealias Fork = @convention(c) () -> pid_t
    let fork = unsafeBitCast(dlsym(nil, "fork")!, to: Fork.self)
    let child = fork()
    precondition(child >= 0, "the system makes no more processes")
    if child == 0 {
      do { try body() } catch { _exit(1) }
      _exit(0)
    }
    var status: CInt = 0
    for _ in 0..<6_000 {
      if waitpid(child, &status, WNOHANG) == child {
        precondition(status == 0, "the child has ended with \(status)")
        return
      }
      usleep(10_000)
    }
    kill(child, SIGKILL)
    waitpid(child, &status, 0)
    preconditionFailure("the child hangs")
  }
#endif
