import Adjoint
import AdjointTesting
import DependencyScheduling
import GradientMemory
import StressScale
import Testing

/// A session's accounts: what is stated, taken, kept and given back, for sizes that the allocator rounds.
@Suite(.timeLimit(.minutes(20)), .watched()) struct SessionAccountTests {
  /// Each is rounded, up to a quarter of it.
  static let sizes = [1, 17, 1_025, 4_097, 5_121, 40_961]

  private struct Model {
    let x: Node, y: Node, program: Program
    let values: [Float]

    init(_ count: Int) throws {
      let graph = Graph()
      x = graph.input("x", [count])
      y = (tanh(sin(x)) * x).named("y")
      values = (0..<count).map { Float($0 % 7) / 8 }
      var options = Program.Options()
      options.unitWork = 0
      program = try Program(y.sum(), gradientsFor: [x], alsoComputing: [y], options: options)
    }

    func session(_ limit: Int?) throws -> Session {
      program.makeSession(on: try GraphExecutor(width: 1), memoryLimit: limit)
    }
  }

  @Test(arguments: sizes) func `a limit of what the program states is enough for ever, one byte less never is`(
    count: Int
  ) throws {
    let model = try Model(count)
    let bytes = model.program.sessionBytes
    let session = try model.session(bytes)
    try session.write(model.values, to: model.x)
    try session.step()
    let expected = try session.gradient(of: model.x, as: Float.self)
    for round in 0..<20 {
      switch round % 4 {
      case 0: try session.trimMemory()
      case 1: try session.reserveMemory()
      case 2: try session.forward()
      default: break
      }
      session.resetPeakMemory()
      try session.step()
      #expect(try session.gradient(of: model.x, as: Float.self) == expected)
      #expect(session.memory.allocated == bytes && session.memory.peak == bytes, "round \(round)")
    }

    let short = try model.session(bytes - 1)
    do { try short.write(model.values, to: model.x) } catch SessionError.memoryLimit { return }  // all of it lasts
    for round in 0..<3 {
      for run in [{ try short.step() }, { try short.reserveMemory() }] {
        let error = #expect(throws: SessionError.self) { try run() }
        guard case .memoryLimit(_, let requested, let inUse, let limit) = error else {
          Issue.record("not a memory limit: \(String(describing: error))")
          return
        }
        #expect(inUse + requested > limit && limit == bytes - 1, "round \(round)")
        #expect(short.memory.allocated <= inUse && short.memory.peak <= bytes - 1)
      }
      try short.trimMemory()
    }
  }

  /// With the last, a run takes several times what an arena takes of the system at first.
  @Test(arguments: sizes + [2_200_001]) func `trimmed memory is what lasts, and the arena is given back`(count: Int)
    throws
  {
    let model = try Model(count)
    let session = try model.session(nil)
    try session.write(model.values, to: model.x)
    let lasting = session.memory
    try session.step()
    let full = session.memory
    try #require(full.allocated == model.program.sessionBytes)
    for _ in 0..<3 {
      try session.trimMemory()
      let trimmed = session.memory
      #expect(trimmed.allocated == lasting.allocated && trimmed.active == lasting.active)
      // Of an arena that served others before, an extent of less than 4 MiB stays, without memory behind it.
      #expect(trimmed.retained <= lasting.retained + 4 << 20, "the run's arena keeps \(trimmed.retained) bytes")
      #expect(trimmed.peak == full.peak)
      session.resetPeakMemory()
      #expect(session.memory.peak == lasting.allocated)
      try session.step()
      #expect(session.memory.allocated == full.allocated && session.memory.peak == full.allocated)
    }
  }

  @Test func `a session that ends, however it ran, leaves no byte in any account`() async {
    await #expect(processExitsWith: .success) {
      // The only thing that runs in its process, so that the allocator's own counts are this test's.
      guard BufferArena.processStatistics != nil else { return }
      let first = try Model(Self.sizes[1]).session(nil)  // after which the allocator has what it keeps
      try first.reserveMemory()
      let start = BufferArena.processStatistics!.allocated
      for count in Self.sizes {
        let model = try Model(count)
        let bytes = model.program.sessionBytes
        for limit in [nil, bytes, bytes - 1, bytes / 2, 0] as [Int?] {
          let session = try model.session(limit)
          try? session.write(model.values, to: model.x)
          try? blocking { try session.step() }
          try? session.trimMemory()
          let token = CancellationToken()
          token.cancel()
          try? blocking { try session.step(cancellation: token) }
          try? session.reserveMemory()
        }
        let left = BufferArena.processStatistics!.allocated - start
        precondition(left == 0, "\(left) bytes are left after sessions of \(count) elements")
      }
    }
  }
}
