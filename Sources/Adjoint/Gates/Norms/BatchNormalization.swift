/// The mean and variance of each channel that batch normalisation has seen over many steps, and that inference uses
/// instead of the batch's own: parameters, in training.
public struct RunningStatistics: Sendable {
  /// Of one element a channel.
  public let mean: Node, variance: Node

  public init(mean: Node, variance: Node) {
    self.mean = mean
    self.variance = variance
  }
}

/// Batch normalisation in training: y = scale · (x − μ) / √(σ² + ε) + shift, μ and σ² the mean and variance of each channel
/// over the batch (Ioffe, Szegedy 2015). Gradients flow through μ and σ² too.
///
/// Returns the result, and the updates that move the running statistics on when a step has succeeded: to (1 − `momentum`)
/// · old + `momentum` · the batch's, its variance divided by n − 1 instead of n.
///
/// ```swift
/// let seen = RunningStatistics(
///   mean: graph.parameter("mean", [channels]), variance: graph.parameter("variance", [channels], .ones))
/// let (y, updates) = batchNormalization(x, scale: scale, shift: shift, updating: seen)
/// let training = try Program(square(y).mean(), gradientsFor: [scale, shift], updating: updates)
/// let predicted = batchNormalization(x, scale: scale, shift: shift, using: seen)
/// ```
/// `scale` and `shift` have one element a channel, and channels lie along `axis`: 1 for images `[batch, channels, height,
/// width]`, a negative one counts from the end. `momentum` is the weight of this batch, in 0...1. `epsilon` keeps a channel
/// of one value, whose result is its shift, from being divided by 0: it is above 0 in the type of x.
///
/// Channels are centred twice, and scaled where squares would overflow: what is far from 0 and close together, huge or tiny
/// is right to its own rounding, and a constant channel gives exactly its shift. A variance beyond the type counts as its
/// largest number in the running variance, which forgets it as it forgets others.
///
/// - Complexity: four passes over x forward.
public func batchNormalization(
  _ x: Node, scale: Node, shift: Node, updating running: RunningStatistics, momentum: Double = 0.1, axis: Int = 1,
  epsilon: Double = 1e-5, fileID: StaticString = #fileID, line: UInt = #line
) -> (output: Node, updates: [ParameterUpdate]) {
  let layout = ChannelLayout(x.shape, axis: axis)
  let x = Term(x, fileID, line)
  let centred = CentredTerm(x, meanOf: layout.mean)
  let square = layout.meanSquare(centred.values)
  let output = normalized(centred.values, centred.scale, square, x.beside(scale), x.beside(shift), layout, epsilon)

  func checked(_ result: Term) -> Term {
    result.refused(
      unless: (0...1).contains(momentum), "the momentum of running statistics is in 0...1, got \(momentum)")
  }
  let count = Double(layout.elementsPerChannel)
  func update(_ old: Node, by new: Term) -> ParameterUpdate {
    let seen = new.applying(StopGradient()).reshaped(old.shape)
    return ParameterUpdate(old, to: checked(x.beside(old) * (1 - momentum) + seen * momentum).node)
  }
  let scales = square.scale * centred.scale
  let unbiased = square.value * (count / max(count - 1, 1)) / scales / scales
  return (
    checked(output).node,
    [update(running.mean, by: centred.mean), update(running.variance, by: unbiased.atMostLargest)]
  )
}

/// Batch normalisation in inference: y = scale · (x − mean) / √(variance + ε) + shift with running statistics, each
/// element by itself.
///
/// The parameters are those of ``batchNormalization(_:scale:shift:updating:momentum:axis:epsilon:fileID:line:)``.
public func batchNormalization(
  _ x: Node, scale factor: Node, shift: Node, using running: RunningStatistics, axis: Int = 1, epsilon: Double = 1e-5,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let layout = ChannelLayout(x.shape, axis: axis), x = Term(x, fileID, line)
  if layout.isMissing { return x.applying(Mean(axes: [axis])).node }  // for the shape rule to refuse
  let mean = x.beside(running.mean).reshaped(layout.channels), variance = x.beside(running.variance)
  let scale = CentredTerm.scale(for: mean)
  let square = ScaledSquare(value: variance.reshaped(layout.channels) * scale * scale, scale: x.literal(1))
  return normalized(x * scale - mean * scale, scale, square, x.beside(factor), x.beside(shift), layout, epsilon).node
}

/// A mean of squares times the square of `scale`, a power of two.
private struct ScaledSquare {
  let value: Term, scale: Term
}

/// - Parameters:
///   - centred: x less the mean, times `multiple`.
///   - square: the mean of the squares of `centred`.
private func normalized(
  _ centred: Term, _ multiple: Term, _ square: ScaledSquare, _ scale: Term, _ shift: Term, _ layout: ChannelLayout,
  _ epsilon: Double
) -> Term {
  let added = multiple.literal(epsilon) * multiple * multiple * square.scale * square.scale
  let factor = scale.reshaped(layout.channels) / (square.value + added).applying(SquareRoot())
  return (centred * square.scale * factor + shift.reshaped(layout.channels))
    .refused(unlessHolding: epsilon, ofNormalisation: "batch")
}

/// Where the channels of a value are.
private struct ChannelLayout {
  /// The axes before that of the channels, and behind it; the axis asked for if there is none such, for the shape rule to
  /// refuse.
  private let leading: [Int], trailing: [Int]
  /// One element a channel, to be broadcast.
  let channels: Shape
  let elementsPerChannel: Int
  /// Whether there is no such axis.
  let isMissing: Bool

  init(_ shape: Shape, axis: Int) {
    guard let front = try? shape.normalized(axis: axis) else {
      (leading, trailing, channels, elementsPerChannel, isMissing) = ([], [axis], .scalar, 1, true)
      return
    }
    isMissing = false
    leading = Array(0..<front)
    trailing = Array(front + 1..<shape.rank)
    channels = shape.reduced(over: leading + trailing, keepingAxes: true)
    elementsPerChannel = shape.elementCount / shape[front]
  }

  /// The mean of each channel: of what lies next to one another first, which ends the pass that computes it.
  func mean(_ x: Term) -> Term { stages.reduce(x) { $0.applying(Mean(axes: $1, keepsAxes: true)) } }

  /// The mean of the squares of each channel, in the same order, so that squares are not stored.
  func meanSquare(_ x: Term) -> ScaledSquare {
    let parts = x.applying(ScaledMeanSquare(axes: stages.first ?? []))
    if stages.count < 2 { return ScaledSquare(value: parts.applying(Absolute()), scale: parts.scaleOfMeanSquare()) }
    // Where one part is scaled, all parts of its channel are.
    let isScaled = parts.literal(0).applying(Greater(), parts)
    let anyIsScaled = isScaled.applying(MaximumOverAxes(axes: stages[1], keepsAxes: true))
    let scale = anyIsScaled.applying(Select(), parts.literal(parts.scaleOfLargeSquares), parts.literal(1))
    let alike = isScaled.applying(Select(), parts.applying(Negate()), parts * scale * scale)
    return ScaledSquare(value: alike.applying(Mean(axes: stages[1], keepsAxes: true)), scale: scale)
  }

  private var stages: [[Int]] { [trailing, leading].filter { !$0.isEmpty } }
}

extension Term {
  /// Itself, at most the largest number of its type.
  fileprivate var atMostLargest: Term {
    applying(Minimum(), literal(node.elementType.computed.greatestFiniteMagnitude))
  }
}
