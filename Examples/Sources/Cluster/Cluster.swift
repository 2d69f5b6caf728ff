import Adjoint
import AdjointMPI
import AdjointTraining
import DigitNetworks

/// Trains a network to read handwritten digits on all processes that mpirun has started, or alone; what it has learned
/// are the same bits on any number of them.
///
///     mpirun -n 4 Cluster digits.safetensors
@main enum ClusterDigits {
  static func main() async throws {
    let cluster = try Cluster.join()
    let digits = try Dataset(
      csv: DigitImages.file, columns: ["images": .numbers(0..<64, scale: 1 / 16), "labels": .label(64)])
    let (training, test) = try digits.split(holdingOut: 0.2, seed: 1)

    // The graph computes one shard of a batch: 8 shards of 32 rows, however many processes there are.
    let shards = 8, batches = try training.batches(of: 256, seed: 1)
    let logits = logits(batches.batchSize / shards)
    let labels = logits.graph.input("labels", [batches.batchSize / shards], .int32)
    let trainer = try ClusterTrainer(
      crossEntropy(logits: logits, labels: labels), optimizer: AdamW(), rate: .constant(0.003), shards: shards,
      batches: batches, on: cluster, feed: training.feed)
    for try await progress in trainer.train(until: 200, every: 50) where cluster.rank == 0 { print(progress) }
    if let path = CommandLine.arguments.dropFirst().first { try await trainer.save(to: path) }

    if cluster.rank == 0 {
      let evaluation = try Evaluation(of: test) { rows in Self.logits(rows) }
      let share = try await evaluation.accuracy(labels: "labels", with: trainer.parameters)
      print("trained on \(cluster.size) processes: \((1_000 * share).rounded() / 10) % of the test digits read")
    }
    cluster.leave()
  }

  /// What the network makes of so many images: ten numbers each, the greatest of them at the digit it reads.
  static func logits(_ rows: Int) -> Node {
    let images = Graph().input("images", [rows, 64])
    return dense(relu(dense(images, "hidden", to: 64)), "out", to: 10)
  }
}
