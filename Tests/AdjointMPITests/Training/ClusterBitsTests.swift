import Adjoint
import AdjointTraining
import DependencyScheduling
import Foundation
import Testing
import VirtualExecution

@testable import AdjointMPI

/// The promise: a training's bits do not depend on how many processes ran it, nor how wide they are.
@Suite(.timeLimit(.minutes(20)), .serialized) struct ClusterBitsTests {
  static let shards = 8

  /// The bits that every number of ranks gives, committed: a line a case.
  private static let expected: [String: String] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "bits.txt")
    let lines = (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n") ?? []
    return Dictionary(
      uniqueKeysWithValues: lines.filter { !$0.hasPrefix("#") }.map { line in
        let fields = line.split(separator: " ").map(String.init)
        return (fields[0], fields[1])
      })
  }()

  /// The fingerprint of all that a training of some steps leaves on each rank, its losses among it.
  private func train(
    _ kind: TrainingCase, ranks: Int, seed: UInt64, steps: Int = 2,
    overlaps: Bool = true, executor: @escaping @Sendable (_ rank: Int) throws -> any ScheduleExecutor
  ) async throws -> [String] {
    let (network, clusters) = try LocalNetwork.clusters(ranks, seed: seed)
    let results = await onAllRanks(clusters) { cluster in
      let trainer = try kind.trainer(shards: Self.shards, on: cluster, executor: executor(cluster.rank))
      trainer.overlaps = overlaps
      var digest = Fingerprint()
      while trainer.step < steps {
        var loss = try await trainer.takeStep()
        withUnsafeBytes(of: &loss) { digest.add($0) }
      }
      for (_, bytes) in try trainer.bits().sorted(by: { $0.key < $1.key }) { bytes.withUnsafeBytes { digest.add($0) } }
      if let averages = try await trainer.averagedParameters() {
        for name in averages.names { try averages.withBytes(of: name) { $0.withUnsafeBytes { digest.add($0) } } }
      }
      return digest.description
    }
    await leave(clusters)
    #expect(network.endedCount == ranks)
    return try results.map { try $0.get() }
  }

  @Test(arguments: TrainingCase.allCases, 1...8)
  func `a training has the same bits on any number of ranks`(kind: TrainingCase, ranks: Int) async throws {
    for width in [1, 2] {
      let bits = try await train(kind, ranks: ranks, seed: UInt64(10 * ranks + width)) { _ in
        try GraphExecutor(width: width, sharing: .always)
      }
      for (rank, found) in bits.enumerated() {
        #expect(found == Self.expected[kind.rawValue], "\(kind) \(found), rank \(rank) of \(ranks), width \(width)")
      }
    }
  }

  @Test func `gradients that leave when backward has ended have the same bits`() async throws {
    let bits = try await train(.statistics, ranks: 3, seed: 5, overlaps: false) { _ in
      try GraphExecutor(width: 2, sharing: .always)
    }
    for found in bits { #expect(found == Self.expected[TrainingCase.statistics.rawValue]) }
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `gradients are handed over in any order, another on each rank`(seed: UInt64) async throws {
    let kind = TrainingCase.allCases[Int(seed) % TrainingCase.allCases.count], ranks = 2 + Int(seed) % 3
    let bits = try await train(kind, ranks: ranks, seed: seed) { rank in
      SeededExecutor(seed: 100 * seed + UInt64(rank))
    }
    for found in bits { #expect(found == Self.expected[kind.rawValue], "\(kind), \(ranks) ranks, seed \(seed)") }
  }

  @Test func `each case has bits of its own`() {
    #expect(Set(Self.expected.values).count == TrainingCase.allCases.count)
  }

  // MARK: files

  @Test func `saved on four ranks, a training goes on on three, one or eight with the bits of one run`() async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "cluster-\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let whole = try await states(ranks: 1, until: 7)
    let (_, clusters) = try LocalNetwork.clusters(4)
    let saved = await onAllRanks(clusters) { cluster in
      let trainer = try TrainingCase.dropout.trainer(shards: Self.shards, on: cluster, width: 1)
      while trainer.step < 4 { try await trainer.takeStep() }
      try await trainer.save(to: path)
    }
    await leave(clusters)
    for result in saved { try result.get() }
    for ranks in [3, 1, 8] {
      let resumed = try await states(ranks: ranks, until: 7, from: path)
      #expect(resumed == whole, "\(ranks) ranks")
    }
  }

  private func states(ranks: Int, until last: Int, from path: String? = nil) async throws -> [String: [UInt8]] {
    let (_, clusters) = try LocalNetwork.clusters(ranks, seed: UInt64(ranks))
    let results = await onAllRanks(clusters) { cluster in
      // Another seed of the data than the file's, which has the last word.
      let trainer = try TrainingCase.dropout.trainer(
        shards: Self.shards, on: cluster, width: 1, seed: path == nil ? 11 : 12)
      if let path { try await trainer.resume(from: path) }
      while trainer.step < last { try await trainer.takeStep() }
      return try trainer.bits()
    }
    await leave(clusters)
    let bits = try results.map { try $0.get() }
    #expect(bits.allSatisfy { $0 == bits[0] })
    return bits[0]
  }

  @Test func `a file of another number of shards is refused on all ranks, and the cluster goes on`() async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "cluster-\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let (_, clusters) = try LocalNetwork.clusters(2)
    let results = await onAllRanks(clusters) { cluster in
      let trainer = try TrainingCase.plain.trainer(shards: 8, on: cluster, width: 1)
      try await trainer.save(to: path)
      let other = try TrainingCase.plain.trainer(shards: 4, on: cluster, width: 1)
      await #expect { try await other.resume(from: path) } throws: { error in
        guard case ClusterError.file(let reason) = error else { return false }
        return reason.contains("adjoint.shards: '8' in the file, wanted '4'")
      }
      await #expect { try await trainer.save(to: "/nowhere/at/all") } throws: { error in
        guard case ClusterError.file(let reason) = error else { return false }
        return reason.contains("/nowhere/at/all")
      }
      return try await trainer.takeStep()
    }
    await leave(clusters)
    for result in results { _ = try result.get() }
  }

  @Test func `parameters that differ are found before they are saved`() async throws {
    let (_, clusters) = try LocalNetwork.clusters(3)
    let results = await onAllRanks(clusters) { cluster in
      let trainer = try TrainingCase.plain.trainer(shards: 8, on: cluster, width: 1)
      try await trainer.takeStep()
      if cluster.rank == 2 {
        try trainer.parameters.replaceValues(of: ["classes/bias"]) { _, bytes in
          bytes.withUnsafeMutableBytes { $0[0] ^= 1 }
        }
      }
      try await trainer.save(to: "/nowhere")
    }
    await leave(clusters)
    for result in results {
      #expect(throws: ClusterError.diverged(step: 1, ranks: [2])) { try result.get() }
    }
  }
}
