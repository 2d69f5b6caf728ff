public import Adjoint

/// Gradient descent by the root mean square of recent gradients (Tieleman, Hinton 2012):
/// s ← ρ s + (1 − ρ) g²,  w ← w − η g / (√s + ε); with momentum v ← μ v + g / (√s + ε),  w ← w − η v.
public struct RMSProp: Optimizer, Hashable {
  public let decay: Double, epsilon: Double, momentum: Double

  public init(decay: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0) {
    checkFraction(decay, "The decay of the mean square")
    checkFraction(momentum, "A momentum")
    precondition(epsilon > 0, "The ε of RMSProp is above 0, got \(epsilon)")
    self.decay = decay
    self.epsilon = epsilon
    self.momentum = momentum
  }

  public func updates(of parameters: [Node], gradients: [Node], rate: Node) -> [ParameterUpdate] {
    rate.graph.placing(like: rate) { () -> [ParameterUpdate] in
      zip(parameters, gradients).flatMap { parameter, gradient in
        let meanSquare = parameter.companion("meanSquare")
        let next = decay * meanSquare + (1 - decay) * square(gradient)
        let scaled = gradient / (sqrt(next) + epsilon)
        let remembered = ParameterUpdate(meanSquare, to: next)
        if momentum == 0 { return [remembered, parameter.moved(by: rate * scaled)] }
        let velocity = parameter.companion("velocity")
        let faster = momentum * velocity + scaled
        return [remembered, ParameterUpdate(velocity, to: faster), parameter.moved(by: rate * faster)]
      }
    }
  }
}
