import DependencyScheduling
import Testing
import VirtualExecution

@testable import Adjoint

/// The first step of a session: memory is taken and parameters are drawn where runs run, and nobody waits for that.
@Suite(.timeLimit(.minutes(20))) struct FirstStepTests {
  /// Notes what is there before and after each asynchronous run.
  private final class Watching: ScheduleExecutor {
    let session = Guarded<Session?>(nil)
    let seen = Guarded<[(before: Bool, after: Bool)]>([])

    private var isReady: Bool {
      let session = session.withLock { $0! }
      return session.memory.allocated > 0 && session.parameters.names == ["w"]
    }

    @available(*, noasync)
    func run(_ schedule: Schedule, options: RunOptions, _ body: @Sendable (UnitID) throws -> Void) throws {
      try SeededExecutor(seed: 1).run(schedule, options: options, body)
    }

    func run(_ schedule: Schedule, options: RunOptions, keeping body: UnitBody) async throws {
      let before = isReady
      try await SeededExecutor(seed: 1).run(schedule, options: options, keeping: body)
      seen.withLock { $0.append((before: before, after: isReady)) }
    }
  }

  private func model() throws -> (graph: Graph, program: Program, y: Node) {
    let graph = Graph()
    let w = graph.parameter("w", [64], .uniform(-1...1, seed: 7))
    let y = w * w
    return (graph, try Program(y), y)
  }

  @Test func `the first asynchronous run takes its memory in a seat, the next find it`() async throws {
    let executor = Watching()
    let (_, program, y) = try model()
    let session = program.makeSession(on: executor)
    executor.session.withLock { $0 = session }
    for _ in 0..<3 { try await session.forward() }
    executor.session.withLock { $0 = nil }
    let seen = executor.seen.withLock { $0 }
    #expect(seen.map(\.before) == [false, true, true, true] && seen.map(\.after) == [true, true, true, true])
    let seeded = program.makeSession(on: SeededExecutor(seed: 2))
    try await seeded.forward()
    #expect(try session.read(y, as: Float.self) == seeded.read(y, as: Float.self))
  }

  @Test func `a first asynchronous run that is refused has the error of a blocking one, and can be repeated`()
    async throws
  {
    let graph = Graph()
    let x = graph.input("x", [3])
    let y = x * graph.parameter("w", [3], .ones)
    let limited = try Program(y).makeSession(memoryLimit: 8)
    try #require(limited.workspace.readiness == .nothing)
    let missing = await #expect(throws: SessionError.self) { try await limited.forward() }
    guard case .missingInput = missing else {
      Issue.record("\(String(describing: missing))")
      return
    }
    limited.progress.withLock { _ = $0.written.insert(x.id) }
    for _ in 0..<2 {
      let error = await #expect(throws: SessionError.self) { try await limited.forward() }
      guard case .memoryLimit = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    #expect(limited.claims.claim(.alone) && limited.parameters.version == 0)
  }

  @Test func `of two that make the same parameter at once one is first, and the store is free meanwhile`() throws {
    let (graph, program, y) = try model()
    let wanted = program.endpoints.parameters.map(program.wanted)
    let store = ParameterStore()
    let numbers = try store.numbers(of: wanted) { name in
      // Drawn, and not yet the store's: another is faster, and writes what it has made.
      #expect(name == "w" && store.names == [])
      #expect(throws: Never.self) {
        try store.makeParameters(of: graph)
        try store.replaceValues(of: ["w"]) { _, bytes in
          for place in 0..<64 { bytes.storeBytes(of: 3, toByteOffset: 4 * place, as: Float.self) }
        }
      }
    }
    #expect(numbers == [0] && store.names == ["w"])
    let single = ParameterStore()
    try single.makeParameters(of: graph)
    #expect(store.memory.allocated == single.memory.allocated, "the loser's memory is given back")
    let session = program.makeSession(parameters: store)
    try session.forward()
    #expect(try session.read(y, as: Float.self) == [Float](repeating: 9, count: 64))

    // One who made another shape under the name is not replaced.
    let other = Graph()
    _ = other.parameter("w", [2])
    let error = #expect(throws: SessionError.self) {
      _ = try ParameterStore().numbersMeeting(other, wanted)
    }
    guard case .wrongValues = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: [1, 2]) func `sessions that step for the first time at once share what they make`(
    width: Int
  ) async throws {
    let executor = try GraphExecutor(width: width)
    let (_, program, y) = try model()
    let reference = program.makeSession()
    try await reference.forward()
    let expected = try reference.read(y, as: Float.self)
    for _ in 0..<20 {
      let store = ParameterStore()
      let answers = try await withThrowingTaskGroup(of: [Float].self) { group in
        for _ in 0..<4 {
          group.addTask {
            let session = program.makeSession(on: executor, parameters: store)
            try await session.forward()
            return try session.read(y, as: Float.self)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers == [[Float]](repeating: expected, count: 4))
      #expect(store.memory.allocated == reference.parameters.memory.allocated)
    }
  }
}

extension ParameterStore {
  /// Draws parameters while `graph`'s are made.
  fileprivate func numbersMeeting(_ graph: Graph, _ wanted: [Wanted]) throws -> [Int] {
    try numbers(of: wanted) { _ in try! makeParameters(of: graph) }
  }
}
