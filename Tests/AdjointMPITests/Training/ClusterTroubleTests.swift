import Adjoint
import AdjointTraining
import Foundation
import Testing

@testable import AdjointMPI

/// What goes wrong on one rank is named on all others.
@Suite(.timeLimit(.minutes(20)), .serialized) struct ClusterTroubleTests {
  private struct Broken: Error, CustomStringConvertible {
    let description = "the disk is on fire"
  }

  @Test func `what a rank throws, all others are told`() async throws {
    let (_, clusters) = try LocalNetwork.clusters(4)
    let results = await onAllRanks(clusters) { cluster in
      let trainer = try TrainingCase.plain.trainer(shards: 8, on: cluster, width: 1)
      try await trainer.takeStep()
      guard let feed = trainer.feed else { return }
      try await trainer.takeStep { session, rows in
        if cluster.rank == 2 { throw Broken() }
        try feed(session, rows)
      }
      // Some may have ended this step before they were told.
      try await trainer.takeStep()
    }
    await leave(clusters)
    for rank in [0, 1, 3] {
      #expect(throws: ClusterError.left(rank: 2, reason: "the disk is on fire")) { try results[rank].get() }
    }
    #expect(throws: Broken.self) { try results[2].get() }
  }

  @Test func `a rank that is cut off is named by all others, and accuses itself`() async throws {
    let (network, clusters) = try LocalNetwork.clusters(4, patience: .seconds(3))
    network.cutOff(1)
    // Handed to the threads of messages at once: tasks wait for their turn for longer than this patience.
    let tree = ShardTree(shardCount: 4, rankCount: 4)
    let elements = clusters.map { _ in UnsafeMutableRawPointer.allocate(byteCount: 4_000, alignment: 64) }
    defer { for memory in elements { memory.deallocate() } }
    let outcomes = clusters.map { _ in Outcome<Bool>() }
    for ((cluster, memory), outcome) in zip(zip(clusters, elements), outcomes) {
      memory.initializeMemory(as: UInt8.self, repeating: 0, count: 4_000)
      let plan = ExchangePlan.sum(tree, rank: cluster.rank, count: 1_000, isSmall: true)
      cluster.thread.begin(ExchangeMemory(plan, .float32, own: [memory]), tag: 0) { failure in
        outcome.set(failure.map { .failure($0) } ?? .success(true))
      }
    }
    let results = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          returning: outcomes.map { outcome in
            Result { () throws(ClusterError) -> Bool in try outcome.wait() }
          })
      }
    }
    await leave(clusters)
    for rank in [0, 2, 3] {
      guard case .failure(.silent(1, _, _)) = results[rank] else {
        Issue.record("rank \(rank) had \(results[rank])")
        continue
      }
    }
    guard case .failure(.stalledHere) = results[1] else {
      Issue.record("rank 1 had \(results[1])")
      return
    }
  }

  @Test func `a rank that has left is named by those that go on`() async throws {
    let (_, clusters) = try LocalNetwork.clusters(2)
    let results = await onAllRanks(clusters) { cluster in
      let trainer = try TrainingCase.plain.trainer(shards: 8, on: cluster, width: 1)
      try await trainer.takeStep()
      if cluster.rank == 1 {
        // It returns when all have left.
        Thread.detachNewThread { cluster.leave() }
        return
      }
      try await trainer.takeStep()
    }
    await leave(clusters)
    #expect(throws: ClusterError.left(rank: 1, reason: "it had nothing more to do")) { try results[0].get() }
    try results[1].get()
  }

  @Test func `trainings that differ are refused, with all differences at once`() async throws {
    let (_, clusters) = try LocalNetwork.clusters(3)
    let results = await onAllRanks(clusters) { cluster in
      let trainer = try TrainingCase.plain.trainer(
        shards: cluster.rank == 2 ? 4 : 8, on: cluster, width: 1, seed: cluster.rank == 2 ? 1 : 2)
      try await trainer.takeStep()
    }
    await leave(clusters)
    for result in results {
      #expect { try result.get() } throws: { error in
        guard case ClusterError.unlike(2, let differences) = error else { return false }
        return differences.contains("shards: 4, and 8 on rank 0")
          && differences.contains("seed of the data: 1, and 2 on rank 0")
      }
    }
  }

  @Test func `processes of unlike libraries do not join, and all differences are told`() async throws {
    let (_, clusters) = try LocalNetwork.clusters(3)
    let results = await onAllRanks(clusters) { cluster in
      var facts = Likeness.ofProcess.facts
      if cluster.rank == 2 {
        facts["matrix products"] = "OpenBLAS for SkylakeX"
        facts["Adjoint"] = "0"
      }
      try await cluster.compare(Likeness(facts: facts))
    }
    await leave(clusters)
    for result in results {
      #expect {
        try result.get()
      } throws: { error in
        guard case ClusterError.unlike(2, let differences) = error else { return false }
        return differences.count == 2 && differences[0].hasPrefix("Adjoint: 0, and ")
          && differences[1].hasPrefix("matrix products: OpenBLAS for SkylakeX, and ")
      }
    }
  }

  @Test func `a gradient that is not finite is refused on all ranks, and the next batch is trained`() async throws {
    let (_, clusters) = try LocalNetwork.clusters(4)
    let results = await onAllRanks(clusters) { cluster in
      let trainer = try TrainingCase.clipped.trainer(shards: 8, on: cluster, width: 2)
      guard let feed = trainer.feed else { return 0.0 }
      try await trainer.takeStep()
      await #expect(throws: TrainingError.self) {
        try await trainer.takeStep { session, rows in
          try feed(session, rows)
          if cluster.rank == 1 {
            let x = session.program.graph.node(named: "x")!
            try session.write([Float](repeating: .nan, count: x.shape.elementCount), to: x)
          }
        }
      }
      trainer.skipBatch()
      #expect(trainer.step == 1)
      return try await trainer.takeStep()
    }
    await leave(clusters)
    let losses = try results.map { try $0.get() }
    #expect(losses.allSatisfy { $0 == losses[0] && $0.isFinite })
  }

  @Test func `what cannot be cut is refused with the name of the parameter`() async throws {
    let (_, clusters) = try LocalNetwork.clusters(2)
    for shards in [3, 1, 64] {
      #expect { try TrainingCase.plain.trainer(shards: shards, on: clusters[0], width: 1) } throws: { error in
        guard case ClusterError.notAllowed(let name, _, _) = error else { return false }
        return name == (shards == 64 ? "batches.batchSize" : "shards")
      }
    }
    await leave(clusters)
  }

  @Test func `a step of all ranks is drawn in one file`() async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "cluster-\(UUID()).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let (_, clusters) = try LocalNetwork.clusters(3)
    let results = await onAllRanks(clusters) { cluster in
      let trainer = try TrainingCase.plain.trainer(shards: 8, on: cluster, width: 2)
      #expect(trainer.lastTimings == nil)
      try await trainer.takeStep(tracingTo: path)
      let timings = try #require(trainer.lastTimings)
      #expect(timings.computing > .zero && timings.waiting >= .zero && timings.exchanging > .zero)
      await #expect(throws: ClusterError.self) { try await trainer.takeStep(tracingTo: "/nowhere/at/all") }
      #expect(trainer.step == 2)
    }
    await leave(clusters)
    for result in results { try result.get() }
    let file = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [String: Any]
    let events = try #require(file?["traceEvents"] as? [[String: Any]])
    for rank in 1...3 {
      let names = events.filter { $0["pid"] as? Int == rank && $0["ph"] as? String == "B" }.map {
        $0["name"] as? String
      }
      #expect(names.count { $0?.hasPrefix("shard ") == true } >= 2)
      #expect(names.contains("update"))
    }
    // Each of the 8 shards was computed once.
    let shards = events.filter { $0["ph"] as? String == "B" }.compactMap { $0["name"] as? String }
    #expect(shards.filter { $0.hasPrefix("shard ") }.sorted() == (0..<8).map { "shard \($0)" })
  }

  @Test(arguments: [1, 2]) func `between two calls more time may pass than ranks are patient`(ranks: Int) async throws {
    let (_, clusters) = try LocalNetwork.clusters(ranks, patience: .milliseconds(1_500))
    // Handed to the threads of messages at once: tasks wait for their turn for longer than this patience.
    for turn in 0..<3 {
      if turn == 1 { try await Task.sleep(for: .seconds(2)) }
      let outcomes = clusters.map { _ in Outcome<[[UInt8]]>() }
      for (cluster, outcome) in zip(clusters, outcomes) { cluster.thread.collect([UInt8(turn)]) { outcome.set($0) } }
      let results = await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          continuation.resume(
            returning: outcomes.map { outcome in
              Result { () throws(ClusterError) -> [[UInt8]] in try outcome.wait() }
            })
        }
      }
      for result in results { #expect(try result.get() == [[UInt8]](repeating: [UInt8(turn)], count: ranks)) }
    }
    await leave(clusters)
  }

  @Test func `numbers of all ranks are gathered in their order`() async throws {
    let (_, clusters) = try LocalNetwork.clusters(5)
    let results = await onAllRanks(clusters) { cluster in
      var gathered: [[[Double]]] = []
      for turn in 0..<3 {
        gathered.append(
          try await cluster.gather([Double](repeating: Double(turn), count: cluster.rank) + [-0.0, .nan]))
      }
      return gathered
    }
    await leave(clusters)
    for result in results {
      for (turn, values) in try result.get().enumerated() {
        #expect(values.count == 5)
        for (rank, numbers) in values.enumerated() {
          #expect(
            numbers.map(\.bitPattern)
              == ([Double](repeating: Double(turn), count: rank) + [-0.0, .nan]).map(\.bitPattern))
        }
      }
    }
  }
}

/// Leaves without blocking the thread.
func awaitingLeave(_ cluster: Cluster) async {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread {
      cluster.leave()
      continuation.resume()
    }
  }
}
