import Adjoint

extension TrainingWorkload {
  /// Two convolutions of 5 x 5 with relu and maximum pooling and a dense layer, batch 32 of 28 x 28.
  static func smallCNN() -> TrainingWorkload {
    var recipe = Recipe(seed: 5)
    let graph = recipe.graph
    let x = graph.input("x", [32, 1, 28, 28]), y = graph.input("y", [32], .int32)
    let images = recipe.generator.uniform(32 * 28 * 28, scale: 2)
    let labels = recipe.generator.labels(32, classes: 10)
    let first = recipe.convolution("1", [16, 1, 5, 5], scale: 1, padding: 2)
    let second = recipe.convolution("2", [32, 16, 5, 5], scale: 0.25, padding: 2)
    let dense = recipe.dense("d", 1568, 10, scale: 0.125, biasScale: 0.125)
    let features = maxPool(second(maxPool(first(x), window: 2)), window: 2)
    let loss = crossEntropy(logits: dense(features.reshaped([32, 1568])), labels: y)
    return TrainingWorkload(loss: loss, parameters: graph.parameters) { session in
      try session.write(images, to: x)
      try session.write(labels, to: y)
    }
  }

  /// AlexNet in one tower, 61 million parameters, batch 4 of 224 x 224.
  static func alexNet() -> TrainingWorkload {
    var recipe = Recipe(seed: 8)
    let graph = recipe.graph
    let x = graph.input("x", [4, 3, 224, 224]), y = graph.input("y", [4], .int32)
    let images = recipe.generator.uniform(4 * 3 * 224 * 224, scale: 2)
    let labels = recipe.generator.labels(4, classes: 1000)
    let first = recipe.convolution("1", [64, 3, 11, 11], scale: 0.25, stride: 4, padding: 2)
    let second = recipe.convolution("2", [192, 64, 5, 5], scale: 0.125, padding: 2)
    let third = recipe.convolution("3", [384, 192, 3, 3], scale: 0.125, padding: 1)
    let fourth = recipe.convolution("4", [256, 384, 3, 3], scale: 0.0625, padding: 1)
    let fifth = recipe.convolution("5", [256, 256, 3, 3], scale: 0.125, padding: 1)
    let sixth = recipe.dense("6", 9216, 4096, scale: 0.0625, biasScale: 0.125)
    let seventh = recipe.dense("7", 4096, 4096, scale: 0.0625, biasScale: 0.125)
    let eighth = recipe.dense("8", 4096, 1000, scale: 0.0625, biasScale: 0.125)
    func pool(_ features: Node) -> Node { maxPool(features, window: 3, stride: 2) }
    let features = pool(fifth(fourth(third(pool(second(pool(first(x))))))))
    let logits = eighth(relu(seventh(relu(sixth(features.reshaped([4, 9216]))))))
    let loss = crossEntropy(logits: logits, labels: y)
    return TrainingWorkload(loss: loss, parameters: graph.parameters) { session in
      try session.write(images, to: x)
      try session.write(labels, to: y)
    }
  }
}

extension Recipe {
  /// relu(x ∗ K + b) with kernels `[filters, channels, height, width]`.
  fileprivate mutating func convolution(
    _ number: String, _ kernels: Shape, scale: Float, stride: Extents2D = 1, padding: Extents2D
  ) -> (Node) -> Node {
    let weights = parameter("K\(number)", kernels, scale: scale)
    let bias = parameter("b\(number)", [kernels[0]], scale: 0.125)
    return { images in
      relu(
        Adjoint.convolution(images, weights, stride: stride, padding: padding) + bias.reshaped([kernels[0], 1, 1]))
    }
  }
}
