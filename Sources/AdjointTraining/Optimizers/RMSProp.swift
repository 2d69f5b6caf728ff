public import Adjoint

/// Gradient descent by the root mean square of recent gradients (Tieleman, Hinton 2012):
/// s ← ρ s + (1 − ρ) g²,  w ← w − η g / (√s + ε); with momentum v ← μ v + g / (√s + ε),  w ← w − η v.
///
/// What it remembers of the squares is √s, as `rootMeanSquare/…`: a gradient of 10²⁰ has no square in float32, and one
/// of 10⁻³⁰ neither, but a finite gradient leaves a finite root.
public struct RMSProp: Optimizer, Hashable {
  public let decay: Double, epsilon: Double, momentum: Double

  /// With a decay of 0.99, ε = 10⁻⁸ and no momentum.
  public init() { (decay, epsilon, momentum) = (0.99, 1e-8, 0) }

  /// With numbers of one's own, which may come from a file of settings.
  ///
  /// - Parameters:
  ///   - decay: how much of the mean square stays, at least 0 and below 1.
  ///   - epsilon: what its root is kept away from 0 by, above 0 and finite.
  ///   - momentum: how much of the velocity stays, at least 0 and below 1.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public init(decay: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0) throws(TrainingError) {
    try TrainingError.check(fraction: decay, "decay")
    try TrainingError.check(fraction: momentum, "momentum")
    try TrainingError.check(positive: epsilon, "epsilon")
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
