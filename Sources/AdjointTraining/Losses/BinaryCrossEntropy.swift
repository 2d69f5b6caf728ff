public import Adjoint

/// The cross-entropy of yes-or-no questions: −t log σ(x) − (1 − t) log(1 − σ(x)), x being the logit of yes and t the
/// probability of it, 0 or 1 for a known answer.
///
/// ```swift
/// let loss = binaryCrossEntropy(logits: dense(features, "isSpam", to: 1), targets: answers)
/// ```
/// It is t softplus(−x) + (1 − t) softplus(x): of a logit of ±10⁴ it is 0 or 10⁴, and of 20 and a yes 2 · 10⁻⁹, where
/// log σ(x) would be 0. What a t of 0 or 1 rules out counts 0 whatever the logit is.
///
/// - Parameters:
///   - logits: of any shape.
///   - targets: of that shape; another is an error when compiling that names this call's line.
///   - reduction: what becomes of the elements' losses.
///   - fileID: where it is called, for messages.
///   - line: where in that file.
public func binaryCrossEntropy(
  logits: Node, targets: Node, reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = logits.graph
  guard logits.shape == targets.shape else {
    let reason = "logits of shape \(logits.shape) need a target each, got targets of shape \(targets.shape)"
    return graph.refused(Multiply(), [logits, targets], reason, fileID: fileID, line: line)
  }
  return graph.placing(at: fileID, line) {
    let yes = downstream(targets, softplus(-logits)), no = downstream(1 - targets, softplus(logits))
    return reduction.applied(to: yes + no)
  }
}
