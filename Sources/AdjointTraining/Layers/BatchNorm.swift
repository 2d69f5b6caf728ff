public import Adjoint

/// The parameters of a batch normalisation (Ioffe, Szegedy 2015): its form in training, which normalises by the batch,
/// and that in evaluation, by what it has seen, share them.
///
/// ```swift
/// let norm = BatchNorm(in: graph, "norm", channels: 64)
/// let (y, updates) = norm(convolution(images, "edges", to: 64, kernel: 3, hasBias: false))
/// let trainer = try Trainer(
///   square(y).mean(), optimizer: Adam(), rate: .constant(0.001), batches: batches, alsoUpdating: updates)
///
/// let predicted = norm.evaluated(x)      // in the network that predicts, of the same parameters
/// ```
/// See ``/Adjoint/batchNormalization(_:scale:shift:updating:momentum:axis:epsilon:fileID:line:)``.
public struct BatchNorm: Sendable {
  /// Of one element a channel each: what the normalised channels are multiplied by, and what is added.
  public let gain: Node, bias: Node
  /// The mean and variance of each channel over many steps: states of the graph, which gradients do not move.
  public let statistics: RunningStatistics
  public let momentum: Double, epsilon: Double
  public let axis: Int

  /// Makes the parameters `name/gain` and `name/bias` and the states `name/mean` and `name/variance`, which begin at 1,
  /// 0, 0 and 1.
  ///
  /// - Parameters:
  ///   - graph: that of the network.
  ///   - name: the scope of the parameters.
  ///   - channels: how many there are.
  ///   - momentum: the weight of a batch in the running statistics, in 0...1.
  ///   - axis: that of the channels; a negative one counts from the end.
  ///   - epsilon: what keeps the variance away from 0, above 0.
  ///   - type: of what is normalised.
  ///   - fileID: where it is made, for messages.
  ///   - line: where in that file.
  public init(
    in graph: Graph, _ name: String, channels: Int, momentum: Double = 0.1, axis: Int = 1, epsilon: Double = 1e-5,
    _ type: ElementType = .float32, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    (self.momentum, self.axis, self.epsilon) = (momentum, axis, epsilon)
    func parameter(_ name: String, _ initializer: Initializer) -> Node {
      graph.parameter(name, [channels], initializer, type, fileID: fileID, line: line)
    }
    func state(_ name: String, _ initializer: Initializer) -> Node {
      graph.state(name, [channels], initializer, type, fileID: fileID, line: line)
    }
    (gain, bias, statistics) = graph.scope(name) {
      (
        parameter("gain", .ones), parameter("bias", .zeros),
        RunningStatistics(mean: state("mean", .zeros), variance: state("variance", .ones))
      )
    }
  }

  /// In training: the batch normalised by itself, and what a step makes of the running statistics.
  public func callAsFunction(
    _ x: Node, fileID: StaticString = #fileID, line: UInt = #line
  ) -> (output: Node, updates: [ParameterUpdate]) {
    batchNormalization(
      x, scale: gain, shift: bias, updating: statistics, momentum: momentum, axis: axis, epsilon: epsilon,
      fileID: fileID, line: line)
  }

  /// In evaluation: each element normalised by the running statistics.
  public func evaluated(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    batchNormalization(
      x, scale: gain, shift: bias, using: statistics, axis: axis, epsilon: epsilon, fileID: fileID, line: line)
  }
}
