public import Adjoint

/// Gradient descent on batches, with momentum if asked for: v ← μ v + g,  w ← w − η v.
///
/// With Nesterov's momentum w ← w − η (g + μ v), v being the new one (Sutskever et al. 2013, as PyTorch states it). A
/// weight decay λ adds λ w to the gradient.
public struct GradientDescent: Optimizer, Hashable {
  public let momentum: Double
  public let isNesterov: Bool
  public let weightDecay: WeightDecay

  /// Without momentum and weight decay.
  public init() { (momentum, isNesterov, weightDecay) = (0, false, .none) }

  /// With numbers of one's own, which may come from a file of settings.
  ///
  /// - Parameters:
  ///   - momentum: how much of the velocity stays, at least 0 and below 1.
  ///   - isNesterov: whether the momentum is Nesterov's, which is above 0.
  ///   - weightDecay: what is drawn towards 0, by a factor of at least 0.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public init(
    momentum: Double = 0, isNesterov: Bool = false, weightDecay: WeightDecay = .none
  ) throws(TrainingError) {
    try TrainingError.check(fraction: momentum, "momentum")
    try TrainingError.check(!isNesterov || momentum > 0, "momentum", momentum, "above 0 where it is Nesterov's")
    try weightDecay.check()
    self.momentum = momentum
    self.isNesterov = isNesterov
    self.weightDecay = weightDecay
  }

  public func updates(of parameters: [Node], gradients: [Node], rate: Node) -> [ParameterUpdate] {
    rate.graph.placing(like: rate) { () -> [ParameterUpdate] in
      zip(parameters, gradients).flatMap { parameter, gradient in
        let decay = weightDecay.factor(for: parameter)
        let slope = decay == 0 ? gradient : gradient + decay * parameter
        if momentum == 0 { return [parameter.moved(by: rate * slope)] }
        let velocity = parameter.companion("velocity")
        let next = momentum * velocity + slope
        return [
          ParameterUpdate(velocity, to: next),
          parameter.moved(by: rate * (isNesterov ? slope + momentum * next : next)),
        ]
      }
    }
  }
}
