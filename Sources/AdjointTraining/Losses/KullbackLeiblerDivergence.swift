public import Adjoint

/// The divergence of Kullback and Leibler of a network's probabilities from given ones, row by row: Σ t (log t − log p)
/// with p the softmax of `logits`.
///
/// ```swift
/// let distilled = klDivergence(logits: student, probabilities: softmax(stopGradient(teacher)))
/// ```
/// It is the cross-entropy less the entropy of t, so its gradient by the logits is the cross-entropy's. A t of 0
/// counts 0 whatever its logit is. Logarithms of probabilities are logits, too.
///
/// - Parameters:
///   - logits: `[…, classes]`.
///   - probabilities: t, of that shape, at least 0; another shape is an error when compiling.
///   - reduction: what becomes of the rows' divergences `[…]`; PyTorch's mean over rows is called `batchmean`.
///   - fileID: where it is called, for messages.
///   - line: where in that file.
public func klDivergence(
  logits: Node, probabilities: Node, reduction: LossReduction = .mean,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = logits.graph
  return graph.placing(at: fileID, line) {
    let crossEntropy = graph.apply(SoftCrossEntropy(), to: [logits, probabilities])
    guard logits.shape == probabilities.shape, logits.shape.rank > 0 else { return crossEntropy }
    let type = probabilities.elementType
    let isZero = equal(probabilities, graph.constant(0, [], type))
    let logarithms = log(select(isZero, graph.constant(1, [], type), probabilities))
    return reduction.applied(to: crossEntropy + (probabilities * logarithms).sum(axes: [-1]))
  }
}
