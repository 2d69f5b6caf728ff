import Adjoint
import AdjointTraining
import DependencyScheduling

/// What lies between the pixels and the logits of the ten digits.
enum Architecture: String, CaseIterable {
  /// 64-128-64-10.
  case dense
  /// Three convolutions of 3×3, with 16, 32 and 64 filters, a maximum pooling behind the second and the third, and a dense
  /// layer.
  case convolutional

  /// The logits `[rows, 10]` of images `[rows, 64]`.
  fileprivate func logits(_ images: Node, seed: UInt64) -> Node {
    switch self {
    case .dense:
      let first = relu(AdjointTraining.dense(images, "first", to: 128, .heNormal(seed: seed)))
      let second = relu(AdjointTraining.dense(first, "second", to: 64, .heNormal(seed: seed &+ 1)))
      return AdjointTraining.dense(second, "digits", to: 10, .heNormal(seed: seed &+ 2))
    case .convolutional:
      let pixels = images.reshaped([images.shape[0], 1, DigitImages.side, DigitImages.side])
      let first = relu(convolution(pixels, "first", to: 16, kernel: 3, padding: 1, .heNormal(seed: seed)))
      let second = relu(convolution(first, "second", to: 32, kernel: 3, padding: 1, .heNormal(seed: seed &+ 1)))
      let third = relu(
        convolution(maxPool(second, window: 2), "third", to: 64, kernel: 3, padding: 1, .heNormal(seed: seed &+ 2)))
      return AdjointTraining.dense(flattened(maxPool(third, window: 2)), "digits", to: 10, .heNormal(seed: seed &+ 3))
    }
  }

  fileprivate var optimizer: any Optimizer {
    get throws {
      switch self {
      case .dense: try GradientDescent(momentum: 0.9)
      case .convolutional: Adam()
      }
    }
  }
}

/// A network for batches of `rows` images. The names of its parameters are the same for every number of rows, so that
/// programs of several sizes share one ``ParameterStore``.
struct Network {
  let architecture: Architecture
  let graph = Graph()
  let images: Node, labels: Node, logits: Node, loss: Node

  init(_ architecture: Architecture, rows: Int, seed: UInt64) {
    self.architecture = architecture
    images = graph.input("images", [rows, DigitImages.pixelCount])
    labels = graph.input("labels", [rows], .int32)
    logits = architecture.logits(images, seed: seed)
    loss = crossEntropy(logits: logits, labels: labels).named("loss")
  }

  /// Gradient descent, with the optimizer of the architecture, on batches of the network's size, of a data set of
  /// `rowCount` images.
  func trainer(
    rowCount: Int, seed: UInt64, rate: LearningRate, keepsGradients: Bool = false, on executor: GraphExecutor
  ) throws -> Trainer {
    try Trainer(
      loss, optimizer: architecture.optimizer, rate: rate,
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
  static func accuracy(
    of architecture: Architecture, on data: DigitImages, with parameters: ParameterStore, seed: UInt64
  ) throws -> Double {
    let network = Network(architecture, rows: data.count, seed: seed)
    let session = try Program(network.logits).makeSession(parameters: parameters)
    try session.write(data.pixels, to: network.images)
    try session.forward()
    let scores = try session.read(network.logits, as: Float.self)
    let right = (0..<data.count).filter { row in
      let digits = scores[row * 10..<(row + 1) * 10]
      return digits.indices.max { digits[$0] < digits[$1] }! - digits.startIndex == Int(data.labels[row])
    }
    return Double(right.count) / Double(data.count)
  }
}
