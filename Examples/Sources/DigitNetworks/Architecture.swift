import Adjoint
public import AdjointTraining

/// What lies between the pixels and the logits of the ten digits.
public enum Architecture: String, CaseIterable, Sendable {
  /// 64-128-64-10.
  case dense
  /// Three convolutions of 3×3, with 16, 32 and 64 filters, a maximum pooling behind the second and the third, and a
  /// dense layer.
  case convolutional

  /// The logits `[rows, 10]` of images `[rows, 64]`.
  func logits(_ images: Node, seed: UInt64) -> Node {
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

  /// What trains the network well.
  public var optimizer: any Optimizer {
    get throws {
      switch self {
      case .dense: try GradientDescent(momentum: 0.9)
      case .convolutional: Adam()
      }
    }
  }
}
