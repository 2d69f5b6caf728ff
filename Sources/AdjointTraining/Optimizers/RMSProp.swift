public import Adjoint

/// Gradient descent by the root mean square of recent gradients (Tieleman, Hinton 2012):
/// s ← ρ s + (1 − ρ) g²,  w ← w − η g / (√s + ε); with momentum v ← μ v + g / (√s + ε),  w ← w − η v.
///
/// What it remembers of the squares is √s, as `rootMeanSquare/…`: a gradient of 10²⁰ has no square in float32, and one
/// of 10⁻³⁰ neither, but a finite gradient leaves a finite root.
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
      let means = RootMeanSquare(decay: decay, in: rate.graph, rate.elementType)
      let epsilon = max(epsilon, rate.elementType.leastNonzeroMagnitude)
      return zip(parameters, gradients).flatMap { parameter, gradient in
        let root = parameter.companion("rootMeanSquare")
        let next = means.next(after: root, with: gradient)
        let scaled = gradient / (next + epsilon)
        let remembered = ParameterUpdate(root, to: next)
        if momentum == 0 { return [remembered, parameter.moved(by: rate * scaled)] }
        let velocity = parameter.companion("velocity")
        let faster = momentum * velocity + scaled
        return [remembered, ParameterUpdate(velocity, to: faster), parameter.moved(by: rate * faster)]
      }
    }
  }
}
