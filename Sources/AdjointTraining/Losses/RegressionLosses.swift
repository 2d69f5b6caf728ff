public import Adjoint

/// The absolute error |prediction − target|, also called L1 loss; where they are equal, its gradient is 0.
///
/// - Parameters:
///   - prediction: of any shape.
///   - target: of that shape; another is an error when compiling that names this call's line.
///   - reduction: what becomes of the elements' errors.
///   - fileID: where it is called, for messages.
///   - line: where in that file.
public func absoluteError(
  _ prediction: Node, _ target: Node, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  difference(prediction, target, fileID, line) { reduction.applied(to: abs($0)) }
}

/// The squared error (prediction − target)², also called L2 loss. Its mean is
/// ``/Adjoint/meanSquaredError(_:_:fileID:line:)`` of operands of one shape, infinite only if the mean is.
///
/// - Parameters:
///   - prediction: of any shape.
///   - target: of that shape; another is an error when compiling that names this call's line.
///   - reduction: what becomes of the elements' errors.
///   - fileID: where it is called, for messages.
///   - line: where in that file.
public func squaredError(
  _ prediction: Node, _ target: Node, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  difference(prediction, target, fileID, line) { difference in
    reduction == .mean
      ? difference.graph.apply(MeanSquare(axes: Array(0..<difference.shape.rank)), to: [difference])
      : reduction.applied(to: square(difference))
  }
}

/// Huber's loss (Huber 1964): d² / 2 where |d| ≤ δ, and else δ (|d| − δ / 2), d being prediction − target: a squared
/// error whose gradient is at most δ, so that single outliers do not lead.
///
/// - Parameters:
///   - prediction: of any shape.
///   - target: of that shape; another is an error when compiling that names this call's line.
///   - threshold: δ, above 0 and finite; another is an error when compiling.
///   - reduction: what becomes of the elements' losses.
///   - fileID: where it is called, for messages.
///   - line: where in that file.
public func huberLoss(
  _ prediction: Node, _ target: Node, threshold: Double = 1, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  difference(prediction, target, fileID, line) { difference in
    let type = difference.elementType, distance = abs(difference)
    // q (|d| − q / 2) with q = min(|d|, δ) is both branches; where they meet, so do their slopes.
    let slope = minimum(distance, difference.graph.constant(threshold, [], type))
    return reduction.applied(to: slope * (distance - 0.5 * slope)).refused(
      unless: type.canHold(epsilon: threshold),
      "the threshold of a Huber loss is above 0 and finite in \(type), got \(threshold)")
  }
}

/// A loss of the difference of two nodes of one shape, made at the caller's line.
private func difference(
  _ prediction: Node, _ target: Node, _ fileID: StaticString, _ line: UInt, _ loss: (Node) -> Node
) -> Node {
  // Of two shapes that broadcast, [16, 1] and [16] say, every prediction would be compared with every target.
  guard prediction.shape == target.shape else {
    let reason = "predictions of shape \(prediction.shape) need a target each, got targets of shape \(target.shape)"
    return prediction.graph.refused(Subtract(), [prediction, target], reason, fileID: fileID, line: line)
  }
  return prediction.graph.placing(at: fileID, line) { loss(prediction - target) }
}
