public import Adjoint

/// The cross-entropy of `logits` and labels, with labels that are ignored, smoothed, or weighted by their class.
///
/// ```swift
/// let loss = crossEntropy(logits: logits, labels: words, smoothing: 0.1, ignoring: -1, reduction: .mean)
/// ```
/// Of each row it is −log p of its label, p being the softmax of the logits. With a smoothing ε the label's probability
/// is 1 − ε + ε / classes and that of the others ε / classes (Szegedy et al. 2016). The mean is over the rows that are
/// not ignored, weighted by the weights of their labels, as PyTorch's; where no row counts it is 0, and so are all
/// gradients. Without any of this, ``/Adjoint/crossEntropy(logits:labels:fileID:line:)`` is the mean.
///
/// - Parameters:
///   - logits: `[…, classes]`.
///   - labels: int32 `[…]`, in `0..<classes` or `ignored`; another is an error of the run that names this node.
///   - smoothing: ε, from 0 to 1; another is an error when compiling.
///   - ignored: the label of rows that do not count, inside or outside of `0..<classes`.
///   - classWeights: `[classes]`, of the logits' type; of weights 1 if `nil`.
///   - reduction: what becomes of the rows' losses.
///   - fileID: where it is called, for messages.
///   - line: where in that file.
public func crossEntropy(
  logits: Node, labels: Node, smoothing: Double = 0, ignoring ignored: Int32? = nil, classWeights: Node? = nil,
  reduction: LossReduction, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = logits.graph
  return graph.placing(at: fileID, line) {
    guard let rows = LabelledRows(logits, labels, ignoring: ignored, classWeights) else {
      return LabelledRows.refusal(logits, labels, classWeights, fileID, line)
    }
    let isShare = smoothing >= 0 && smoothing <= 1
    let losses: Node
    if smoothing == 0 || !isShare {
      losses = rows.weighted(graph.apply(CrossEntropy(), to: [logits, rows.labels]))
    } else {
      let oneHot = oneHot(rows.labels, classes: rows.classes, logits.elementType)
      let smoothed = oneHot * (1 - smoothing) + smoothing / Double(rows.classes)
      let probabilities = classWeights.map { smoothed * $0 } ?? smoothed
      losses = graph.apply(SoftCrossEntropy(), to: [logits, probabilities])
    }
    return rows.reduced(losses, reduction)
      .refused(unless: isShare, "the smoothing of labels is from 0 to 1, got \(smoothing)")
  }
}

/// The negative log-likelihood −log p[label] of each row, for networks that give logarithms of probabilities. From
/// logits, the cross-entropy is more accurate.
///
/// The mean is over the rows that are not ignored, weighted by the weights of their labels, as PyTorch's; where no row
/// counts it is 0.
///
/// - Parameters:
///   - logProbabilities: `[…, classes]`, as of ``/Adjoint/logSoftmax(_:fileID:line:)``.
///   - labels: int32 `[…]`, in `0..<classes` or `ignored`; another is an error of the run that names this node.
///   - ignored: the label of rows that do not count, inside or outside of `0..<classes`.
///   - classWeights: `[classes]`, of the probabilities' type; of weights 1 if `nil`.
///   - reduction: what becomes of the rows' losses.
///   - fileID: where it is called, for messages.
///   - line: where in that file.
public func negativeLogLikelihood(
  logProbabilities: Node, labels: Node, ignoring ignored: Int32? = nil, classWeights: Node? = nil,
  reduction: LossReduction = .mean, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = logProbabilities.graph
  return graph.placing(at: fileID, line) {
    guard let rows = LabelledRows(logProbabilities, labels, ignoring: ignored, classWeights) else {
      return LabelledRows.refusal(logProbabilities, labels, classWeights, fileID, line)
    }
    let type = logProbabilities.elementType
    let chosen = oneHot(rows.labels, classes: rows.classes, type)
    // Selected, not multiplied: the others may be −∞.
    let entries = select(chosen, logProbabilities, graph.constant(0, [], type)).sum(axes: [-1])
    return rows.reduced(rows.weighted(-entries), reduction)
  }
}

/// Rows with a label each, some of which may not count.
private struct LabelledRows {
  let classes: Int
  /// Labels of which each is a class: a row that is ignored has the label 0.
  let labels: Node
  /// 1 where a row is ignored, if any may be.
  private let isIgnored: Node?
  /// The weight of each row's label, if there are weights.
  private let weights: Node?
  private let zero: Node, one: Node

  /// `nil` for operands that do not go together.
  init?(_ rows: Node, _ labels: Node, ignoring ignored: Int32?, _ classWeights: Node?) {
    let graph = rows.graph
    guard let classes = rows.shape.dimensions.last, Self.reason(rows, labels, classWeights) == nil,
      labels.graph === graph, (classWeights ?? rows).graph === graph
    else { return nil }
    self.classes = classes
    isIgnored = ignored.map { equal(labels.cast(to: .float64), graph.constant(Double($0), [], .float64)) }
    let known = isIgnored.map { select($0, graph.constant([0 as Int32], []), labels) } ?? labels
    self.labels = known
    weights = classWeights.map { $0.gatheringRows(known) }
    zero = graph.constant(0, [], rows.elementType)
    one = graph.constant(1, [], rows.elementType)
  }

  private static func reason(_ rows: Node, _ labels: Node, _ classWeights: Node?) -> String? {
    guard Array(rows.shape.dimensions.dropLast()) == labels.shape.dimensions, rows.shape.rank > 0 else {
      return "logits of shape \(rows.shape) need one label a row, got labels of shape \(labels.shape)"
    }
    let type = labels.elementType
    if type != .int32 { return "labels are int32, got \(type); write \(labels.name).cast(to: .int32)" }
    if let classWeights, classWeights.shape != Shape(rows.shape.dimensions.suffix(1)) {
      return "logits of shape \(rows.shape) need a weight a class, got weights of shape \(classWeights.shape)"
    }
    return nil
  }

  static func refusal(
    _ rows: Node, _ labels: Node, _ classWeights: Node?, _ fileID: StaticString, _ line: UInt
  ) -> Node {
    let operands = [rows, labels] + (classWeights.map { [$0] } ?? [])
    return rows.graph.refused(
      CrossEntropy(), operands, reason(rows, labels, classWeights) ?? "", fileID: fileID, line: line)
  }

  /// Losses times the weights of their labels, and 0 where a weight is, whatever the loss is.
  func weighted(_ losses: Node) -> Node { weights.map { downstream($0, losses) } ?? losses }

  /// What becomes of losses that the weights are multiplied into: those of ignored rows do not count.
  func reduced(_ losses: Node, _ reduction: LossReduction) -> Node {
    guard let isIgnored else {
      return weights.map { reduction.applied(to: losses, weights: $0) } ?? reduction.applied(to: losses)
    }
    let counted = select(isIgnored, zero, losses)
    let ones = one.broadcast(to: losses.shape)
    return reduction.applied(to: counted, weights: select(isIgnored, zero, weights ?? ones))
  }
}
