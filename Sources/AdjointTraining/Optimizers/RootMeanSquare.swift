internal import Adjoint

/// The root of a running mean of squares, r ← √((1 − α) r² + α x²), with r itself as the state that steps keep, and α
/// the share of the newest.
///
/// The square of a gradient leaves the range of its type where the gradient is above the root of the largest number,
/// 1.8 · 10¹⁹ in float32, or below that of the smallest. A mean square kept as such would be infinite after one such
/// step and for ever, and the parameter would never move again. The root is as large as gradients are, and it is
/// formed without a square, so that it is finite wherever they are.
struct RootMeanSquare {
  /// √α.
  private let rootOfShare: Node
  /// 1 − √(1 − α).
  private let loss: Node
  private let greatest: Node

  /// A mean that keeps `decay` of itself in each step.
  init(decay: Double, in graph: Graph, _ type: ElementType) {
    rootOfShare = graph.constant((1 - decay).squareRoot(), [], type)
    loss = graph.constant((1 - decay) / (1 + decay.squareRoot()), [], type)
    greatest = graph.constant(type.greatestFiniteMagnitude, [], type)
  }

  /// A mean whose newest number has this share, a scalar above 0 and at most 1: 1/t in step t for that of all so far.
  init(share: Node) {
    let type = share.elementType
    rootOfShare = sqrt(share)
    loss = share / (1 + sqrt(1 - share))
    greatest = share.graph.constant(type.greatestFiniteMagnitude, [], type)
  }

  /// The next root, given the present one.
  func next(after root: Node, with x: Node) -> Node { next(after: root, adding: rootOfShare * x) }

  /// The next root of the mean of ones.
  func next(after root: Node) -> Node { next(after: root, adding: rootOfShare) }

  private func next(after root: Node, adding length: Node) -> Node {
    // √(1 − α) r as r − (1 − √(1 − α)) r: the rounding of the root would otherwise be repeated in every step, always to
    // the same side.
    let kept = root - loss * root
    // A mean is no larger than the largest of what it is of, but roundings can be.
    return minimum(hypotenuse(kept, length), greatest)
  }
}
