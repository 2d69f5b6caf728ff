public import Adjoint
public import AdjointTraining
public import DependencyScheduling
import Shared

/// A network for batches of `rows` images. The names of its parameters are the same for every number of rows, so that
/// programs of several sizes share one ``ParameterStore``.
public struct Network: Sendable {
  public let architecture: Architecture
  public let graph = Graph()
  public let images: Node, labels: Node, logits: Node, loss: Node

  public init(_ architecture: Architecture, rows: Int, seed: UInt64) {
    self.architecture = architecture
    images = graph.input("images", [rows, DigitImages.pixelCount])
    labels = graph.input("labels", [rows], .int32)
    logits = architecture.logits(images, seed: seed)
    loss = crossEntropy(logits: logits, labels: labels).named("loss")
  }

  /// Gradient descent, with the optimizer of the architecture, on batches of the network's size, of a data set of
  /// `rowCount` images.
  public func trainer(
    rowCount: Int, seed: UInt64, rate: LearningRate, keepsGradients: Bool = false, on executor: GraphExecutor
  ) throws -> Trainer {
    try Trainer(
      loss, optimizer: architecture.optimizer, rate: rate,
      batches: Batches(rowCount: rowCount, batchSize: labels.shape[0], seed: seed), keepsGradients: keepsGradients,
      on: executor)
  }

  /// Writes the images of `data` at `rows` where the session reads them: no copy in between.
  public func feed(_ data: DigitImages, _ rows: ArraySlice<Int>, to session: Session) throws {
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
  public static func accuracy(
    of architecture: Architecture, on data: DigitImages, with parameters: ParameterStore, seed: UInt64
  ) throws -> Double {
    let network = Network(architecture, rows: data.count, seed: seed)
    let session = try Program(network.logits).makeSession(parameters: parameters)
    try session.write(data.pixels, to: network.images)
    try session.forward()
    let scores = try session.read(network.logits, as: Float.self)
    let right = (0..<data.count).filter { row in
      scores[row * 10..<(row + 1) * 10].placeOfGreatest == Int(data.labels[row])
    }
    return Double(right.count) / Double(data.count)
  }
}
