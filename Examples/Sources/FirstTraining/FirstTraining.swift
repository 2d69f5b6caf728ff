import Adjoint
import AdjointTraining
import DigitNetworks

/// Trains a network to read handwritten digits, and says how often it takes each for which.
@main enum FirstTraining {
  static func main() async throws { print(try await trained(steps: 1_000)) }

  static func trained(steps: Int) async throws -> ConfusionMatrix {
    // 64 pixels and a label a line: two columns. A fifth of the rows is kept to test with.
    let digits = try Dataset(
      csv: DigitImages.file, columns: ["images": .numbers(0..<64, scale: 1 / 16), "labels": .label(64)])
    let (training, test) = try digits.split(holdingOut: 0.2, seed: 1)

    // A trainer builds the network for each number of rows that a batch has, and makes the loss smaller.
    let trainer = try Trainer(
      optimizer: AdamW(), rate: .constant(0.003), batches: training.batches(of: 32, seed: 1, keepsShortBatch: true)
    ) { rows in
      let logits = logits(rows)
      let labels = logits.graph.input("labels", [rows], .int32)
      return TrainingNetwork(crossEntropy(logits: logits, labels: labels), feed: training.feed)
    }
    for try await progress in trainer.train(until: steps, every: 200) { print(progress) }

    let evaluation = try Evaluation(of: test) { rows in logits(rows) }
    return try await evaluation.confusion(labels: "labels", with: trainer.session.parameters)
  }

  /// What the network makes of so many images: ten numbers each, the greatest of them at the digit it reads.
  static func logits(_ rows: Int) -> Node {
    let images = Graph().input("images", [rows, 64])
    return dense(relu(dense(images, "hidden", to: 64)), "out", to: 10)
  }
}
