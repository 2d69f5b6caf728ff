internal import Adjoint

/// The root of a running mean of squares, r ← √(β r² + (1 − β) x²), with r itself as the state that steps keep.
///
/// The square of a gradient leaves the range of its type where the gradient is above the root of the largest number,
/// 1.8 · 10¹⁹ in float32, or below that of the smallest. A mean square kept as such would be infinite after one such
/// step and for ever, and the parameter would never move again. The root is as large as gradients are, and it is
/// formed without a square, so that it is finite wherever they are.
struct RootMeanSquare {
  private let decay: Double
  private let greatest: Node

  init(decay: Double, in graph: Graph, _ type: ElementType) {
    self.decay = decay
    greatest = graph.constant(type.greatestFiniteMagnitude, [], type)
  }

  /// The next root, given the present one.
  func next(after root: Node, with x: Node) -> Node { next(after: root, adding: (1 - decay).squareRoot() * x) }

  /// The next root of the mean of ones.
  func next(after root: Node) -> Node {
    next(after: root, adding: root.graph.constant((1 - decay).squareRoot(), [], root.elementType))
  }

  private func next(after root: Node, adding length: Node) -> Node {
    // √β r as r − (1 − √β) r: the rounding of √β would otherwise be repeated in every step, always to the same side.
    let kept = root - (1 - decay) / (1 + decay.squareRoot()) * root
    // A mean is no larger than the largest of what it is of, but roundings can be.
    return minimum(hypotenuse(kept, length), greatest)
  }
}
