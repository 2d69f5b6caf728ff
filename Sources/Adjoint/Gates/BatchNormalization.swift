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
/// let training = try Program(loss, gradientsFor: [scale, shift], updating: updates)
/// let predicted = batchNormalization(x, scale: scale, shift: shift, using: seen)
/// ```
/// `scale` and `shift` have one element a channel, and channels lie along `axis`: 1 for images `[batch, channels, height,
/// width]`, a negative one counts from the end. `momentum` is the weight of this batch, in 0...1. `epsilon` keeps a channel
/// of one value, whose result is its shift, from being divided by 0: it is above 0 in the type of x.
///
/// - Complexity: three passes over x forward.
public func batchNormalization(
  _ x: Node, scale: Node, shift: Node, updating running: RunningStatistics, momentum: Double = 0.1, axis: Int = 1,
  epsilon: Double = 1e-5, fileID: StaticString = #fileID, line: UInt = #line
) -> (output: Node, updates: [ParameterUpdate]) {
  precondition((0...1).contains(momentum), "The momentum of running statistics is in 0...1, got \(momentum)")
  let layout = ChannelLayout(x.shape, axis: axis)
  let x = Term(x, fileID, line)
  let mean = layout.mean(x)
  let centred = x - mean
  let variance = layout.mean(centred.applying(Square()))
  let output = normalized(centred, variance, x.beside(scale), x.beside(shift), layout, epsilon)

  let count = Double(layout.elementsPerChannel)
  func update(_ old: Node, by new: Term) -> ParameterUpdate {
    let seen = new.applying(StopGradient()).reshaped(old.shape)
    return ParameterUpdate(old, to: (x.beside(old) * (1 - momentum) + seen * momentum).node)
  }
  let unbiased = variance * (count / max(count - 1, 1))
  return (output.node, [update(running.mean, by: mean), update(running.variance, by: unbiased)])
}

/// Batch normalisation in inference: y = scale · (x − mean) / √(variance + ε) + shift with running statistics, each
/// element by itself.
///
/// The parameters are those of ``batchNormalization(_:scale:shift:updating:momentum:axis:epsilon:fileID:line:)``.
public func batchNormalization(
  _ x: Node, scale: Node, shift: Node, using running: RunningStatistics, axis: Int = 1, epsilon: Double = 1e-5,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let layout = ChannelLayout(x.shape, axis: axis)
  let x = Term(x, fileID, line)
  let mean = x.beside(running.mean).reshaped(layout.channels), variance = x.beside(running.variance)
  return normalized(
    x - mean, variance.reshaped(layout.channels), x.beside(scale), x.beside(shift), layout, epsilon
  ).node
}

/// Each channel has one factor and one summand, so that a single multiplication and addition is left for each element.
private func normalized(
  _ centred: Term, _ variance: Term, _ scale: Term, _ shift: Term, _ layout: ChannelLayout, _ epsilon: Double
) -> Term {
  checkEpsilon(epsilon, centred.node.elementType, "batch")
  let factor = scale.reshaped(layout.channels) / (variance + epsilon).applying(SquareRoot())
  return centred * factor + shift.reshaped(layout.channels)
}

/// Where the channels of a value are.
private struct ChannelLayout {
  /// The axes before that of the channels, and behind it; the axis asked for if there is none such, for the shape rule to
  /// refuse.
  private let leading: [Int], trailing: [Int]
  /// One element a channel, to be broadcast.
  let channels: Shape
  let elementsPerChannel: Int

  init(_ shape: Shape, axis: Int) {
    guard let front = try? shape.normalized(axis: axis) else {
      (leading, trailing, channels, elementsPerChannel) = ([], [axis], .scalar, 1)
      return
    }
    leading = Array(0..<front)
    trailing = Array(front + 1..<shape.rank)
    channels = shape.reduced(over: leading + trailing, keepingAxes: true)
    elementsPerChannel = shape.elementCount / shape[front]
  }

  /// The mean of each channel: of what lies next to one another first, which ends the pass that computes it, so that
  /// squares are not stored.
  func mean(_ x: Term) -> Term {
    [trailing, leading].filter { !$0.isEmpty }.reduce(x) { $0.applying(Mean(axes: $1, keepsAxes: true)) }
  }
}
