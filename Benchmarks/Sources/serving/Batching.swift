import Adjoint
import DependencyScheduling

/// Rows a second of many callers at once: each with a session of a pool, against all of them through a batcher.
struct Batching {
  private let executor: GraphExecutor
  private let turns: Int, callers: Int, rows: Int
  private let patience: Duration
  private let runs: Int

  init(_ executor: GraphExecutor, turns: Int, callers: Int, rows: Int, patience: Duration, runs: Int) {
    (self.executor, self.turns, self.callers, self.rows) = (executor, turns, callers, rows)
    (self.patience, self.runs) = (patience, runs)
  }

  @Sendable private static func network(rows: Int) throws -> BatchProgram {
    let graph = Graph()
    var layer = graph.input("images", [rows, 784])
    let images = layer
    for (number, extents) in [(784, 512), (512, 512), (512, 10)].enumerated() {
      let weights = graph.parameter("weights\(number)", Shape([extents.0, extents.1]), .heNormal(seed: UInt64(number)))
      let sums = layer.matmul(weights) + graph.parameter("bias\(number)", [extents.1])
      layer = number < 2 ? relu(sums) : softmax(sums)
    }
    return BatchProgram(try Program(layer), input: images, output: layer)
  }

  /// Rows a second where all callers ask for one row after the other.
  private func rate(_ answer: @escaping @Sendable ([Float]) async throws -> [Float]) async throws -> Double {
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<callers {
        group.addTask {
          let pixels = (0..<784).map { Float(($0 * (caller + 1)) % 17) / 17 }
          for _ in 0..<rows {
            let scores = try await answer(pixels)
            precondition(scores.count == 10, "A row is answered with ten scores")
          }
        }
      }
      try await group.waitForAll()
    }
    return Double(callers * rows) / ((ContinuousClock.now - start) / .seconds(1))
  }

  func measure() async throws {
    let store = ParameterStore()
    let single = try Self.network(rows: 1)
    let pool = try SessionPool(single.program, limit: 2 * executor.width, parameters: store, on: executor)
    let batcher = try Batcher(
      sizes: [1, 8, 32], patience: patience, queueLimit: 2 * callers, runsAtOnce: runs, parameters: store,
      on: executor, build: Self.network)
    var pooled = Figure(), batched = Figure(), ratios = Figure()
    for turn in -1..<turns {
      let ofPool = try await rate { pixels in
        try await pool.withSession { session in
          try session.write(pixels, to: single.inputs[0])
          try await session.forward()
          return try session.read(single.outputs[0], as: Float.self)
        }
      }
      let ofBatcher = try await rate { try await batcher.answer($0) }
      // The first turn warms up.
      if turn < 0 { continue }
      pooled.samples.append(ofPool)
      batched.samples.append(ofBatcher)
      ratios.samples.append(ofBatcher / ofPool)
    }
    let statistics = batcher.statistics
    let size = Double(statistics.answered) / Double(statistics.runs)
    print("a network 784-512-512-10, \(callers) callers:")
    print("  sessions of a pool: \(Int(pooled.median)) rows/s")
    print("  a batcher: \(Int(batched.median)) rows/s, \(rounded(size)) rows a run")
    print("  ratio: \(rounded(ratios.median)) (goal: at least 3)")
    await batcher.stop()
  }
}
