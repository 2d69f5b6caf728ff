public import Adjoint

/// Adam (Kingma, Ba 2015): m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  w ← w − η m̂ / (√v̂ + ε), where m̂ and v̂ are
/// m and v over 1 − β₁ᵗ and 1 − β₂ᵗ, since both begin at 0.
public struct Adam: Optimizer, Hashable {
  public let beta1: Double, beta2: Double, epsilon: Double

  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) {
    checkFraction(beta1, "β₁")
    checkFraction(beta2, "β₂")
    precondition(epsilon > 0, "The ε of Adam is above 0, got \(epsilon)")
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  public func updates(of parameters: [Node], gradients: [Node], rate: Node) -> [ParameterUpdate] {
    rate.graph.placing(like: rate) { () -> [ParameterUpdate] in
      let corrections = self.corrections(for: parameters)
      return steps(of: parameters, gradients, rate, corrections).flatMap {
        [$0.first, $0.second, $0.parameter.moved(by: $0.distance)]
      } + corrections.map(\.update)
    }
  }
}

/// Adam with decoupled weight decay (Loshchilov, Hutter 2019): as ``Adam``, and w ← w − η λ w besides.
public struct AdamW: Optimizer, Hashable {
  public let adam: Adam
  public let weightDecay: WeightDecay

  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: WeightDecay = .matrices(0.01)
  ) {
    weightDecay.check()
    adam = Adam(beta1: beta1, beta2: beta2, epsilon: epsilon)
    self.weightDecay = weightDecay
  }

  public func updates(of parameters: [Node], gradients: [Node], rate: Node) -> [ParameterUpdate] {
    rate.graph.placing(like: rate) { () -> [ParameterUpdate] in
      let corrections = adam.corrections(for: parameters)
      return adam.steps(of: parameters, gradients, rate, corrections).flatMap { step in
        let decay = weightDecay.factor(for: step.parameter)
        let distance = decay == 0 ? step.distance : step.distance + rate * decay * step.parameter
        return [step.first, step.second, step.parameter.moved(by: distance)]
      } + corrections.map(\.update)
    }
  }
}

/// What both have in common.
extension Adam {
  /// What a step makes of one parameter: its moments, and how far down it goes.
  fileprivate struct Step {
    let parameter: Node, distance: Node
    let first: ParameterUpdate, second: ParameterUpdate
  }

  /// 1 − βᵗ, by the recurrence of the moments themselves, c ← β c + (1 − β) · 1: no cancellation in float32, where
  /// 1 − 0.999 has lost three digits.
  fileprivate struct Correction {
    let update: ParameterUpdate
    var value: Node { update.value }
  }

  fileprivate func corrections(for parameters: [Node]) -> [Correction] {
    guard let first = parameters.first else { return [] }
    return [(beta1, "correction1"), (beta2, "correction2")].map { beta, name in
      let share = first.graph.parameter(name, [], .zeros, first.elementType)
      return Correction(update: ParameterUpdate(share, to: beta * share + (1 - beta)))
    }
  }

  fileprivate func steps(
    of parameters: [Node], _ gradients: [Node], _ rate: Node, _ corrections: [Correction]
  ) -> [Step] {
    if parameters.isEmpty { return [] }
    let scaledRate = rate / corrections[0].value
    let scale = 1 / sqrt(corrections[1].value)
    return zip(parameters, gradients).map { parameter, gradient in
      let moment = parameter.companion("moment1"), meanSquare = parameter.companion("moment2")
      let first = beta1 * moment + (1 - beta1) * gradient
      let second = beta2 * meanSquare + (1 - beta2) * square(gradient)
      return Step(
        parameter: parameter, distance: scaledRate * first / (scale * sqrt(second) + epsilon),
        first: ParameterUpdate(moment, to: first), second: ParameterUpdate(meanSquare, to: second))
    }
  }
}
