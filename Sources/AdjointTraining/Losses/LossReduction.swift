internal import Adjoint

/// What becomes of the losses of all rows or elements. A later version may know more of them.
///
/// ```swift
/// let loss = huberLoss(prediction, target)                        // the mean
/// let each = huberLoss(prediction, target, reduction: .none)      // of the prediction's shape
/// ```
public struct LossReduction: Hashable, Sendable, CustomStringConvertible {
  public let description: String

  /// The mean, a scalar: the sum over what counts, divided by how many count, or by their weights.
  public static let mean = LossReduction(description: "mean")
  /// The sum, a scalar.
  public static let sum = LossReduction(description: "sum")
  /// Each loss by itself.
  public static let none = LossReduction(description: "none")
}

extension LossReduction {
  /// A mean of losses that all count alike is one wherever they are numbers, though their sum may be none.
  func applied(to losses: Node) -> Node {
    switch self {
    case .mean: losses.mean()
    case .sum: losses.sum()
    default: losses
    }
  }

  /// Of losses that `weights`, of their shape, are multiplied into already. Where all weights are 0, so is the mean.
  func applied(to losses: Node, weights: Node) -> Node {
    guard self == .mean else { return applied(to: losses) }
    let total = weights.sum()
    let zero = total.graph.constant(0, [], total.elementType), one = total.graph.constant(1, [], total.elementType)
    return losses.sum() / select(equal(total, zero), one, total)
  }
}
