#if MPI
  import Adjoint
  import AdjointMPI
  import AdjointTraining
  import DependencyScheduling
  import Threads

  private let batchSize = 128, turns = 15, stepsATurn = 20

  /// Prints what a step of a network of 784-512-512-10 takes at rank 0, of 128 rows in each number of shards, in turns.
  /// Each rank computes on one worker. Of several ranks it says as well what a step waits after backward, with
  /// gradients that leave while backward goes on and with gradients that leave when it has ended.
  func measureSteps(of shards: [Int]) async throws {
    let cluster = try Cluster.join()
    let executor = try GraphExecutor(width: 1)
    var trainers = try shards.map { try trainer(shards: $0, on: cluster, executor) }, shards = shards
    if cluster.size > 1 {
      trainers += try shards.map { try trainer(shards: $0, on: cluster, executor) }
      for trainer in trainers[shards.count...] { trainer.overlaps = false }
      shards += shards
    }
    var times = [[Double]](repeating: [], count: shards.count), waits = times
    for turn in 0...turns {
      for (number, trainer) in trainers.enumerated() {
        for _ in 0..<stepsATurn {
          let start = MonotonicClock.now
          try await trainer.takeStep()
          if turn == 0 { continue }
          times[number].append(Double(MonotonicClock.now - start) / 1e6)
          waits[number].append(trainer.lastTimings!.waiting / .milliseconds(1))
        }
      }
    }
    if cluster.rank == 0 {
      for (number, count) in shards.enumerated() {
        let sorted = times[number].sorted(), waits = waits[number].sorted()
        print(
          "ranks \(cluster.size) shards \(count), \(trainers[number].overlaps ? "overlapped" : "after backward"): "
            + "median \(sorted[sorted.count / 2]) ms, minimum \(sorted[0]) ms, "
            + "waiting median \(waits[waits.count / 2]) ms, minimum \(waits[0]) ms, \(sorted.count) steps")
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
