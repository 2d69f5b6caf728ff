import Adjoint
import AdjointMPI
import AdjointTraining
import DocumentedCode
import Testing

/// The code in the comments and the article of AdjointMPI, compiled; what joins is run by `ClusterJoiningTests`.
@Suite(.timeLimit(.minutes(20))) struct SnippetTests {
  @Test(arguments: DocumentedCode.sources(of: "AdjointMPI"))
  func `every paragraph of Swift in a comment is compiled beside this file`(file: String) throws {
    let blocks = try DocumentedCode.commentBlocks(of: file)
    #expect(try CompiledCode(beside: #filePath).missingCode(of: blocks) == [])
    #expect(blocks.flatMap(\.gaps) == [])
  }

  @Test func `every paragraph of Swift in the article is compiled beside this file`() throws {
    let blocks = try DocumentedCode.articleBlocks(of: "Sources/AdjointMPI/AdjointMPI.docc/AdjointMPI.md")
    #expect(!blocks.isEmpty)
    #expect(try CompiledCode(beside: #filePath).missingCode(of: blocks) == [])
    #expect(blocks.flatMap(\.gaps) == [])
  }

  private func joining() throws {
    let cluster = try Cluster.join(patience: .seconds(60))
    print("rank \(cluster.rank) of \(cluster.size)")
  }

  private func training(_ loss: Node, _ data: Dataset, path: String) async throws {
    let cluster = try Cluster.join()
    let trainer = try ClusterTrainer(
      loss, optimizer: Adam(), rate: .constant(0.001), shards: 8,
      batches: Batches(rowCount: data.count, batchSize: 512, seed: 1), on: cluster, feed: data.feed)
    for try await progress in trainer.train(until: 10_000, every: 500) { print(progress) }
    try await trainer.save(to: path)
  }

  private func overview(_ loss: Node, _ data: Dataset, path: String) async throws {
    let cluster = try Cluster.join()
    let trainer = try ClusterTrainer(
      loss, optimizer: Adam(), rate: .constant(0.001), shards: 8,
      batches: Batches(rowCount: data.count, batchSize: 256, seed: 1), on: cluster, feed: data.feed)
    for try await progress in trainer.train(until: 1_000, every: 100) { print(progress) }
    try await trainer.save(to: path)
  }
}
