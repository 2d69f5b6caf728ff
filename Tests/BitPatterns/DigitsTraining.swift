import Adjoint
import AdjointTraining
import Foundation

/// Five steps of the two networks of the example Digits, on the images that it reads.
struct DigitsTraining {
  private static let rows = 32, pixelCount = 64
  private let images: Node, labels: Node
  private let trainer: Trainer

  init(convolutional: Bool) throws {
    let graph = Graph()
    let images = graph.input("images", [Self.rows, Self.pixelCount]),
      labels = graph.input("labels", [Self.rows], .int32)
    let logits = convolutional ? Self.convolutional(images) : Self.dense(images)
    let optimizer: any Optimizer = try convolutional ? Adam() : GradientDescent(momentum: 0.9)
    (self.images, self.labels) = (images, labels)
    trainer = try Trainer(
      crossEntropy(logits: logits, labels: labels), optimizer: optimizer,
      rate: convolutional ? .cosine(from: 0.003, over: 40) : .linear(from: 0.05, to: 0.005, over: 40),
      batches: Batches(rowCount: 256, batchSize: Self.rows, seed: 1))
  }

  private static func dense(_ images: Node) -> Node {
    let first = relu(AdjointTraining.dense(images, "first", to: 128, .heNormal(seed: 1)))
    let second = relu(AdjointTraining.dense(first, "second", to: 64, .heNormal(seed: 2)))
    return AdjointTraining.dense(second, "digits", to: 10, .heNormal(seed: 3))
  }

  private static func convolutional(_ images: Node) -> Node {
    let pixels = images.reshaped([rows, 1, 8, 8])
    let first = relu(convolution(pixels, "first", to: 16, kernel: 3, padding: 1, .heNormal(seed: 1)))
    let second = relu(convolution(first, "second", to: 32, kernel: 3, padding: 1, .heNormal(seed: 2)))
    let third = relu(
      convolution(maxPool(second, window: 2), "third", to: 64, kernel: 3, padding: 1, .heNormal(seed: 3)))
    return AdjointTraining.dense(flattened(maxPool(third, window: 2)), "digits", to: 10, .heNormal(seed: 4))
  }

  /// The numbers of the example's file, a row of 64 pixels from 0 to 16 and the digit for each image.
  private static func numbers() throws -> [[Int32]] {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Examples/Sources/DigitNetworks/Resources/digits.csv")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
      line.split(separator: ",").compactMap { Int32($0) }
    }
  }

  func addBits(to hash: inout BitHash) throws {
    let numbers = try Self.numbers()
    for _ in 0..<5 {
      let loss = try trainer.takeStep { session, rows in
        try session.write(rows.flatMap { numbers[$0].prefix(Self.pixelCount).map { Float($0) / 16 } }, to: images)
        try session.write(rows.map { numbers[$0][Self.pixelCount] }, to: labels)
      }
      hash.add([loss])
    }
    try hash.add(trainer.session.parameters)
  }
}
