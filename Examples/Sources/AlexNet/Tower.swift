import Adjoint
import AdjointTraining

/// AlexNet in a single tower (Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014):
/// five convolutions, three dense layers, 61 million parameters, for `batch` images of 3 × 224 × 224 and 1,000 classes.
///
/// It has neither the local response normalisation nor the dropout of the first AlexNet, as the programs have not that
/// the reference gradients come from.
struct Tower {
  static let imageSide = 224
  static let classCount = 1000
  /// The scopes of the convolutions, each with the pooling that ends it: what checkpointing computes again.
  static let blocks = ["block1", "block2", "block3"]

  let graph = Graph()
  let images: Node, labels: Node, logits: Node, loss: Node

  /// Parameters begin as `initializer` says for each layer, numbered from 1.
  init(batch: Int, _ initializer: (_ layer: Int) -> Initializer) {
    images = graph.input("images", [batch, 3, Self.imageSide, Self.imageSide])
    labels = graph.input("labels", [batch], .int32)
    func pooled(_ features: Node) -> Node { maxPool(features, window: 3, stride: 2) }

    var x = images
    x = graph.scope(Self.blocks[0]) {
      pooled(relu(convolution(x, "convolution1", to: 64, kernel: 11, stride: 4, padding: 2, initializer(1))))
    }
    x = graph.scope(Self.blocks[1]) {
      pooled(relu(convolution(x, "convolution2", to: 192, kernel: 5, padding: 2, initializer(2))))
    }
    x = graph.scope(Self.blocks[2]) {
      x = relu(convolution(x, "convolution3", to: 384, kernel: 3, padding: 1, initializer(3)))
      x = relu(convolution(x, "convolution4", to: 256, kernel: 3, padding: 1, initializer(4)))
      return pooled(relu(convolution(x, "convolution5", to: 256, kernel: 3, padding: 1, initializer(5))))
    }
    x = relu(dense(flattened(x), "dense6", to: 4096, initializer(6)))
    x = relu(dense(x, "dense7", to: 4096, initializer(7)))
    logits = dense(x, "dense8", to: Self.classCount, initializer(8))
    loss = crossEntropy(logits: logits, labels: labels).named("loss")
  }
}
