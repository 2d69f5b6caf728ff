internal import Kernels

/// Cross-entropy of logits and the probabilities t of all classes, row by row: y = −Σⱼ tⱼ · log-softmax(x)ⱼ, in which a
/// t of 0 counts 0 whatever its logit is.   x̄ = ȳ · (p · Σⱼ tⱼ − t) with p the softmax of x;  t̄ = −ȳ ·
/// log-softmax(x).
package struct SoftCrossEntropy: Gate, SampledGate {
  package static let name = "softCrossEntropy"
  package init() {}

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    guard inputs[0].rank >= 1, inputs[0] == inputs[1] else {
      throw ShapeError("logits of shape \(inputs[0]) need a probability each, got probabilities of shape \(inputs[1])")
    }
    return Shape(Array(inputs[0].dimensions.dropLast()))
  }
  package var kernel: Kernel { .structured(.exponentials) { RowCall(.softCrossEntropy, $0) } }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let rows = zip(inputs[0].rows, inputs[1].rows)
    return ReferenceTensor(
      shape, inputs[0].elementType,
      rows.map { x, t in zip(LogSoftmax().row(x), t).reduce(0) { $0 + ($1.1 != 0 ? -$1.0 * $1.1 : 0) } })
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (logits, target) = (node.inputs[0], node.inputs[1])
    return [
      node.needsGradient(0)
        ? -downstream(upstream.asColumn, softmax(logits).applying(LogSoftmaxGradient(), to: target)) : nil,
      node.needsGradient(1) ? -downstream(upstream.asColumn, logSoftmax(logits)) : nil,
    ]
  }

  /// ẏ = Σⱼ tⱼ · (Σₖ pₖ ẋₖ − ẋⱼ) − Σⱼ ṫⱼ · log-softmax(x)ⱼ.
  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    let (logits, target) = (node.inputs[0], node.inputs[1])
    let terms = sum(
      tangents[0].map { downstream(softmax(logits).applying(Centred(), to: $0), target) },
      tangents[1].map { downstream($0, logSoftmax(logits)) })
    return terms.map { -$0.broadcast(to: logits.shape).sum(axes: [-1]) }
  }

  package static let samples = [
    GateSample(SoftCrossEntropy(), .uniform([2, 4]), .values([2, 4], [0.1, 0.2, 0.3, 0.4, 0, 0.75, 0.25, 0])),
    GateSample(SoftCrossEntropy(), .uniform([3]), .uniform([3], in: 0...2)),
  ]
}

/// The mean cross-entropy of `logits` and the `probabilities` of all classes, both `[…, classes]`: the classification
/// loss for soft labels, as of label smoothing, mixed examples, or a teacher's predictions.
///
/// ```swift
/// let smoothed = oneHot(labels, classes: 10) * 0.9 + 0.01
/// let loss = crossEntropy(logits: logits, probabilities: smoothed)
/// let distilled = crossEntropy(logits: logits, probabilities: softmax(stopGradient(teacher) * 0.5))
/// ```
/// Of each row it is −Σ t · log p, with t its probabilities and p the softmax of its logits, and in all the mean over
/// rows. A probability of 0 counts 0 whatever its logit is, so a class that a logit of −∞ rules out leaves loss and
/// gradients finite. The gradient of the logits is p · Σt − t. The probabilities may be computed from variables: their
/// gradient is −log p, which is ∞ at a logit of −∞. Nothing is normalised: a row's probabilities may sum to another
/// number than 1, and then weigh the row. For one label a row, ``crossEntropy(logits:labels:fileID:line:)`` is faster.
public func crossEntropy(
  logits: Node, probabilities: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  logits.graph.apply(SoftCrossEntropy(), to: [logits, probabilities], fileID: fileID, line: line)
    .mean(fileID: fileID, line: line)
}

extension SoftCrossEntropy: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.graph.apply(self, to: operands.repeated) }
}
