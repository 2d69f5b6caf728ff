import Adjoint
import AdjointTraining
import DependencyScheduling

/// The 64-128-64-10 network for batches of `rows` images. The names of its parameters are the same for every number of
/// rows, so that programs of several sizes share one ``ParameterStore``.
struct Network {
  let graph = Graph()
  let images: Node, labels: Node, logits: Node, loss: Node

  init(rows: Int, seed: UInt64) {
    images = graph.input("images", [rows, DigitImages.pixelCount])
    labels = graph.input("labels", [rows], .int32)
    let first = relu(dense(images, "first", to: 128, .heNormal(seed: seed)))
    let second = relu(dense(first, "second", to: 64, .heNormal(seed: seed &+ 1)))
    logits = dense(second, "digits", to: 10, .heNormal(seed: seed &+ 2))
    loss = crossEntropy(logits: logits, labels: labels).named("loss")
  }

  /// Gradient descent with momentum on batches of the network's size, of a data set of `rowCount` images.
  func trainer(
    rowCount: Int, seed: UInt64, rate: LearningRate, keepsGradients: Bool = false, on executor: GraphExecutor
  ) throws -> Trainer {
    try Trainer(
      loss, optimizer: GradientDescent(momentum: 0.9), rate: rate,
      batches: Batches(rowCount: rowCount, batchSize: labels.shape[0], seed: seed), keepsGradients: keepsGradients,
      on: executor)
  }

  /// Writes the images of `data` at `rows` where the session reads them: no copy in between.
  func feed(_ data: DigitImages, _ rows: ArraySlice<Int>, to session: Session) throws {
    try session.withMutableValues(of: images, as: Float.self) { images in
      for (place, row) in rows.enumerated() {
        for pixel in 0..<DigitImages.pixelCount {
          images[place * DigitImages.pixelCount + pixel] = data.pixels[row * DigitImages.pixelCount + pixel]
        }
      }
    }
    try session.withMutableValues(of: labels, as: Int32.self) { labels in
      for (place, row) in rows.enumerated() { labels[place] = data.labels[row] }
    }
  }

  /// The share of `data` that a network with these parameters reads right.
  static func accuracy(on data: DigitImages, with parameters: ParameterStore, seed: UInt64) throws -> Double {
    let network = Network(rows: data.count, seed: seed)
    let session = try Program(network.logits).makeSession(parameters: parameters)
    try session.write(data.pixels, to: network.images)
    try session.forward()
    let scores = try session.read(network.logits)
    let right = (0..<data.count).filter { row in
      let digits = scores[row * 10..<(row + 1) * 10]
      return digits.firstIndex(of: digits.max()!)! - digits.startIndex == Int(data.labels[row])
    }
    return Double(right.count) / Double(data.count)
  }
}
