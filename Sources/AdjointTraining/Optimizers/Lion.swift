public import Adjoint

/// Lion (Chen et al. 2023): w ← w − η (sign(β₁ m + (1 − β₁) g) + λ w),  m ← β₂ m + (1 − β₂) g.
///
/// Each element moves by the rate itself, so the rate is some ten times smaller, and λ larger, than with ``AdamW``. It
/// remembers m alone, as `moment1/…`: half of what Adam does.
public struct Lion: Optimizer, Hashable {
  public let beta1: Double, beta2: Double
  public let weightDecay: WeightDecay

  /// With β₁ = 0.9, β₂ = 0.99, as its authors recommend, and no weight decay.
  public init() { (beta1, beta2, weightDecay) = (0.9, 0.99, .none) }

  /// With numbers of one's own, which may come from a file of settings.
  ///
  /// - Parameters:
  ///   - beta1: how much the moment counts beside the gradient, at least 0 and below 1.
  ///   - beta2: how much of the moment stays, at least 0 and below 1.
  ///   - weightDecay: what is drawn towards 0, by a factor of at least 0.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: WeightDecay = .none
  ) throws(TrainingError) {
    try TrainingError.check(fraction: beta1, "beta1")
    try TrainingError.check(fraction: beta2, "beta2")
    try weightDecay.check()
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
  }

  public func updates(of parameters: [Node], gradients: [Node], rate: Node) -> [ParameterUpdate] {
    rate.graph.placing(like: rate) { () -> [ParameterUpdate] in
      let greatest = rate.elementType.greatestFiniteMagnitude
      let highest = rate.graph.constant(greatest, [], rate.elementType)
      let lowest = rate.graph.constant(-greatest, [], rate.elementType)
      return zip(parameters, gradients).flatMap { parameter, gradient in
        let moment = parameter.companion("moment1")
        // β₁ m + (1 − β₁) g over 1 − β₁: of one sign with it, also where (1 − β₁) g would round to 0.
        let direction = sign(beta1 / (1 - beta1) * moment + gradient)
        let mean = beta2 * moment + (1 - beta2) * gradient
        // A mean is no larger than the largest of what it is of, but roundings can be.
        let next = maximum(minimum(mean, highest), lowest)
        let decay = weightDecay.factor(for: parameter)
        let slope = decay == 0 ? direction : direction + decay * parameter
        return [ParameterUpdate(moment, to: next), parameter.moved(by: rate * slope)]
      }
    }
  }
}
