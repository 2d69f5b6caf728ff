public import Adjoint

/// Adam with a rate for each parameter (You et al. 2020): with m̂ and v̂ of ``Adam`` and u = m̂ / (√v̂ + ε) + λ w,
/// w ← w − η (‖w‖ / ‖u‖) u.
///
/// A step changes each parameter, a layer's matrix say, by the share η of its length, whatever its gradient is, which
/// keeps trainings with batches of many thousand rows together. A parameter of zeros moves by η u.
///
/// It remembers what ``Adam`` does, under the same names.
public struct LAMB: Optimizer, Hashable {
  public let adam: Adam
  public let weightDecay: WeightDecay

  /// With β₁ = 0.9, β₂ = 0.999 and ε = 10⁻⁶, as its authors recommend, and a weight decay of 0.01 for matrices.
  public init() { (adam, weightDecay) = (Adam(checked: 0.9, 0.999, 1e-6), .matrices(0.01)) }

  /// With numbers of one's own, which may come from a file of settings.
  ///
  /// - Parameters:
  ///   - beta1: how much of the first moment stays, at least 0 and below 1.
  ///   - beta2: how much of the second moment stays, at least 0 and below 1.
  ///   - epsilon: what the root of the second moment is kept away from 0 by, above 0 and finite.
  ///   - weightDecay: what is drawn towards 0, by a factor of at least 0.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6, weightDecay: WeightDecay = .matrices(0.01)
  ) throws(TrainingError) {
    try weightDecay.check()
    adam = try Adam(beta1: beta1, beta2: beta2, epsilon: epsilon)
    self.weightDecay = weightDecay
  }

  public func updates(of parameters: [Node], gradients: [Node], rate: Node) -> [ParameterUpdate] {
    let (graph, type) = (rate.graph, rate.elementType)
    return graph.placing(like: rate) { () -> [ParameterUpdate] in
      let corrections = adam.corrections(for: parameters)
      let zero = graph.constant(0, [], type), one = graph.constant(1, [], type)
      let greatest = graph.constant(type.greatestFiniteMagnitude, [], type)
      // Steps at the rate 1: how far they go is what u is made of.
      let steps = adam.steps(of: parameters, gradients, one, corrections)
      return steps.flatMap { step in
        let w = step.parameter, decay = weightDecay.factor(for: w)
        let u = decay == 0 ? step.distance : step.distance + decay * w
        // ‖w‖ (u / ‖u‖): of a quotient of lengths there may be no number where of this there is.
        let length = minimum(w.l2Norm(), greatest)
        let direction = u.l2Normalized(axes: Array(0..<w.shape.rank), epsilon: type.leastNonzeroMagnitude)
        let distance = select(equal(length, zero), u, length * direction)
        return [step.first, step.second, w.moved(by: rate * distance)]
      } + (corrections?.updates ?? [])
    }
  }
}
