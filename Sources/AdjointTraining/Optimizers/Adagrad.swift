public import Adjoint

/// Gradient descent by all squares so far (Duchi, Hazan, Singer 2011): s ← s + g²,  w ← w − η g / (√s + ε).
///
/// A parameter that has moved seldom moves far, which suits rows of an embedding that few examples read.
///
/// What it remembers is √(s / t) after t steps, as `rootMeanSquare/…`, and t, as `steps`: a sum of squares leaves the
/// range of a float, even as its root, and the root of a mean is as large as gradients are.
public struct Adagrad: Optimizer, Hashable {
  public let epsilon: Double

  /// With ε = 10⁻¹⁰.
  public init() { epsilon = 1e-10 }

  /// With a number of one's own, which may come from a file of settings.
  ///
  /// - Parameter epsilon: what the root of the sum is kept away from 0 by, above 0 and finite.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public init(epsilon: Double) throws(TrainingError) {
    try TrainingError.check(positive: epsilon, "epsilon")
    self.epsilon = epsilon
  }

  public func updates(of parameters: [Node], gradients: [Node], rate: Node) -> [ParameterUpdate] {
    rate.graph.placing(like: rate) { () -> [ParameterUpdate] in
      guard let type = parameters.first?.elementType else { return [] }
      let steps = rate.graph.state("steps", [], .zeros, type)
      // In float32 it stays at 2²⁴, and means are those of the latest 2²⁴ steps, weighted.
      let count = steps + 1
      let share = 1 / count, root = sqrt(count)
      // g / (√s + ε), both parts of the fraction divided by √t, so that the root of the sum is never formed.
      let scaledRate = rate / root
      let least = rate.graph.constant(type.leastNonzeroMagnitude, [], type)
      let scaledEpsilon = maximum(epsilon / root, least)
      let means = RootMeanSquare(share: share)
      return zip(parameters, gradients).flatMap { parameter, gradient in
        let old = parameter.companion("rootMeanSquare")
        let next = means.next(after: old, with: gradient)
        return [
          ParameterUpdate(old, to: next),
          parameter.moved(by: scaledRate * (gradient / (next + scaledEpsilon))),
        ]
      } + [ParameterUpdate(steps, to: count)]
    }
  }
}
