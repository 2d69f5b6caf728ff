import Adjoint
import DependencyScheduling

/// What a request costs beside the run of its network: one small enough for that to show.
struct RequestCost {
  private let executor: GraphExecutor
  private let turns: Int, requests: Int
  private let images: Node, scores: Node
  private let program: Program
  private let pixels = [Float](repeating: 0.5, count: 64)

  init(_ executor: GraphExecutor, turns: Int, requests: Int) throws {
    (self.executor, self.turns, self.requests) = (executor, turns, requests)
    (program, (images, scores)) = try Self.network(rows: 1)
  }

  @Sendable private static func network(rows: Int) throws -> (Program, (Node, Node)) {
    let graph = Graph()
    let images = graph.input("images", [rows, 64])
    let scores = softmax(images.matmul(graph.parameter("weights", [64, 10], .heNormal(seed: 1))))
    return (try Program(scores), (images, scores))
  }

  private func serve(_ session: Session) async throws -> Float {
    try session.write(pixels, to: images)
    try await session.forward()
    return try session.read(scores, as: Float.self)[0]
  }

  /// Microseconds of each of the requests of a turn.
  private func time(_ request: () async throws -> Float) async throws -> Double {
    var sum: Float = 0
    let start = ContinuousClock.now
    for _ in 0..<requests { sum += try await request() }
    let elapsed = ContinuousClock.now - start
    precondition(sum.isFinite && sum > 0, "Every request is answered")
    return elapsed / .microseconds(1) / Double(requests)
  }

  func measure() async throws {
    let store = ParameterStore()
    let held = program.makeSession(on: executor, parameters: store)
    let pool = try SessionPool(program, limit: 8, parameters: store, on: executor)
    let family = try ProgramFamily(capacity: 8, parameters: store, on: executor, build: Self.network)
    var ofHeld = Figure(), ofPool = Figure(), ofProgram = Figure(), ofFamily = Figure(), lookups = Figure()
    var cold = Figure()
    for turn in -1..<turns {
      let figures = [
        try await time { try await serve(held) },
        try await time { try await pool.withSession { try await serve($0) } },
        try await time { try await program.withSession(parameters: store, on: executor) { try await serve($0) } },
        try await time {
          try await family.withSession(for: 1) { session, ports in
            try session.write(pixels, to: ports.0)
            try await session.forward()
            return try session.read(ports.1, as: Float.self)[0]
          }
        },
        try await time { Float(try await family.member(for: 1).program.unitCount) },
        try await time { try await serve(program.makeSession(on: executor, parameters: store)) },
      ]
      // The first turn warms up.
      if turn < 0 { continue }
      ofHeld.samples.append(figures[0])
      ofPool.samples.append(figures[1] - figures[0])
      ofProgram.samples.append(figures[2] - figures[0])
      ofFamily.samples.append(figures[3] - figures[2])
      lookups.samples.append(figures[4])
      cold.samples.append(figures[5])
    }
    print("a request of a network 64-10 on a session that is held: \(rounded(ofHeld.median)) µs")
    print("  on a session that is made for it: \(rounded(cold.median)) µs")
    print("  through a pool: +\(rounded(ofPool.median)) µs (goal: at most 3)")
    print("  through the program's own pool: +\(rounded(ofProgram.median)) µs")
    print("  through a family: +\(rounded(ofFamily.median)) µs more")
    print("looking a program up in a family: \(rounded(lookups.median)) µs (goal: at most 1)")
    precondition(pool.statistics.made == 1, "Every request after the first found a warm session")
  }
}
