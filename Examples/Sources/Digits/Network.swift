import Adjoint
import DependencyScheduling

/// The 64-128-64-10 network for batches of `rows` images. The names of its parameters are the same for every number of
/// rows, so that programs of several sizes share one ``ParameterStore``.
struct Network {
  let graph = Graph()
  let images: Node, labels: Node, logits: Node, loss: Node

  init(rows: Int, seed: UInt64) {
    images = graph.input("images", [rows, DigitImages.pixelCount])
    labels = graph.input("labels", [rows], .int32)
    let first = relu(dense(images, "first", to: 128, seed: seed))
    let second = relu(dense(first, "second", to: 64, seed: seed &+ 1))
    logits = dense(second, "digits", to: 10, seed: seed &+ 2)
    loss = crossEntropy(logits: logits, labels: labels).named("loss")
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

/// A layer is a plain function: y = x · W + b, its parameters named under its scope.
func dense(_ x: Node, _ name: String, to width: Int, seed: UInt64) -> Node {
  x.graph.scope(name) {
    let weights = x.graph.parameter("weights", [x.shape[1], width], .heNormal(seed: seed))
    let bias = x.graph.parameter("bias", [width])
    return x.matmul(weights) + bias
  }
}

/// Mini-batch gradient descent with momentum: v ← μ v − η ∂loss/∂w,  w ← w + v.
struct Trainer {
  let network: Network
  let session: Session
  var rate: Float
  let momentum: Float = 0.9
  private var velocities: [[Float]]

  init(rows: Int, seed: UInt64, rate: Float, on executor: GraphExecutor) throws {
    network = Network(rows: rows, seed: seed)
    session = try Program(network.loss, gradientsFor: network.graph.parameters).makeSession(on: executor)
    self.rate = rate
    velocities = network.graph.parameters.map { [Float](repeating: 0, count: $0.shape.elementCount) }
  }

  /// One step on the images of `data` at `rows`; returns their loss before it.
  mutating func step(_ data: DigitImages, _ rows: some Sequence<Int>) throws -> Double {
    try session.withMutableValues(of: network.images, as: Float.self) { images in
      for (place, row) in rows.enumerated() {
        for pixel in 0..<DigitImages.pixelCount {
          images[place * DigitImages.pixelCount + pixel] = data.pixels[row * DigitImages.pixelCount + pixel]
        }
      }
    }
    try session.withMutableValues(of: network.labels, as: Int32.self) { labels in
      for (place, row) in rows.enumerated() { labels[place] = data.labels[row] }
    }
    try session.step()
    for (index, parameter) in network.graph.parameters.enumerated() { try update(parameter, &velocities[index]) }
    return session[network.loss]
  }

  /// Changes one parameter where it lies, from its gradient where that lies: no copy of either.
  private func update(_ parameter: Node, _ velocity: inout [Float]) throws {
    try session.withGradient(of: parameter, as: Float.self) { gradient in
      try session.withMutableValues(of: parameter, as: Float.self) { weights in
        var velocity = velocity.mutableSpan
        for i in 0..<gradient.count {
          velocity[i] = momentum * velocity[i] - rate * gradient[i]
          weights[i] += velocity[i]
        }
      }
    }
  }

  /// The bits of every gradient of the last step, parameter after parameter.
  func gradientBits() throws -> [UInt32] {
    try network.graph.parameters.flatMap { try session.gradient(of: $0, as: Float.self).map(\.bitPattern) }
  }
}
