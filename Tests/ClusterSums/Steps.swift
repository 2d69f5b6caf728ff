#if MPI
  import Adjoint
  import AdjointMPI
  import AdjointTraining
  import DependencyScheduling
  import Threads

  private let batchSize = 128, turns = 15, stepsATurn = 20

  /// Prints what a step of a network of 784-512-512-10 takes at rank 0, of 128 rows in each number of shards, in turns.
  /// Each rank computes on one worker.
  func measureSteps(of shards: [Int]) async throws {
    let cluster = try Cluster.join()
    let executor = try GraphExecutor(width: 1)
    let trainers = try shards.map { try trainer(shards: $0, on: cluster, executor) }
    var times = [[Double]](repeating: [], count: shards.count)
    for turn in 0...turns {
      for (number, trainer) in trainers.enumerated() {
        for _ in 0..<stepsATurn {
          let start = MonotonicClock.now
          try await trainer.takeStep()
          if turn > 0 { times[number].append(Double(MonotonicClock.now - start) / 1e6) }
        }
      }
    }
    if cluster.rank == 0 {
      for (count, times) in zip(shards, times) {
        let sorted = times.sorted()
        print(
          "ranks \(cluster.size) shards \(count): median \(sorted[sorted.count / 2]) ms, minimum \(sorted[0]) ms, "
            + "\(sorted.count) steps")
      }
    }
    cluster.leave()
  }

  private func trainer(
    shards: Int, on cluster: Cluster, _ executor: GraphExecutor
  ) throws -> ClusterTrainer {
    let rows = batchSize / shards, graph = Graph()
    let x = graph.input("x", [rows, 784]), labels = graph.input("labels", [rows], .int32)
    let hidden = relu(dense(relu(dense(x, "first", to: 512)), "second", to: 512))
    let loss = crossEntropy(logits: dense(hidden, "classes", to: 10), labels: labels)
    let pixels = (0..<rows * 784).map { Float($0 * 7_919 % 1_000) / 1_000 }, classes = (0..<rows).map { Int32($0 % 10) }
    return try ClusterTrainer(
      loss, optimizer: GradientDescent(), rate: .constant(0.01), shards: shards,
      batches: Batches(rowCount: batchSize, batchSize: batchSize, seed: 1), on: cluster, executor: executor
    ) { session, _ in
      try session.write(pixels, to: x)
      try session.write(classes, to: labels)
    }
  }
#endif
