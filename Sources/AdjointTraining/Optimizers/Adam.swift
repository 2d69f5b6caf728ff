public import Adjoint

/// Adam (Kingma, Ba 2015): m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  w ← w − η m̂ / (√v̂ + ε), where m̂ and v̂
/// are m and v over 1 − β₁ᵗ and 1 − β₂ᵗ, since both begin at 0.
///
/// What it remembers is m, as `moment1/…`, and √v, as `rootMoment2/…`, which any finite gradient leaves finite: see
/// ``RMSProp``, which does the same.
public struct Adam: Optimizer, Hashable {
  public let beta1: Double, beta2: Double, epsilon: Double

  /// With β₁ = 0.9, β₂ = 0.999 and ε = 10⁻⁸, as its authors recommend.
  public init() { self.init(checked: 0.9, 0.999, 1e-8) }

  /// With numbers that are known to be allowed.
  init(checked beta1: Double, _ beta2: Double, _ epsilon: Double) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  /// With numbers of one's own, which may come from a file of settings.
  ///
  /// - Parameters:
  ///   - beta1: how much of the first moment stays, at least 0 and below 1.
  ///   - beta2: how much of the second moment stays, at least 0 and below 1.
  ///   - epsilon: what the root of the second moment is kept away from 0 by, above 0 and finite.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) throws(TrainingError) {
    try TrainingError.check(fraction: beta1, "beta1")
    try TrainingError.check(fraction: beta2, "beta2")
    try TrainingError.check(positive: epsilon, "epsilon")
    self.init(checked: beta1, beta2, epsilon)
  }

  public func updates(of parameters: [Node], gradients: [Node], rate: Node) -> [ParameterUpdate] {
    rate.graph.placing(like: rate) { () -> [ParameterUpdate] in
      let corrections = self.corrections(for: parameters)
      return steps(of: parameters, gradients, rate, corrections).flatMap {
        [$0.first, $0.second, $0.parameter.moved(by: $0.distance)]
      } + (corrections?.updates ?? [])
    }
  }
}

/// Adam with decoupled weight decay (Loshchilov, Hutter 2019): as ``Adam``, and w ← w − η λ w besides.
public struct AdamW: Optimizer, Hashable {
  public let adam: Adam
  public let weightDecay: WeightDecay

  /// As ``Adam/init()``, with a weight decay of 0.01 for matrices.
  public init() { (adam, weightDecay) = (Adam(), .matrices(0.01)) }

  /// With numbers of one's own, which may come from a file of settings.
  ///
  /// - Parameters:
  ///   - beta1: how much of the first moment stays, at least 0 and below 1.
  ///   - beta2: how much of the second moment stays, at least 0 and below 1.
  ///   - epsilon: what the root of the second moment is kept away from 0 by, above 0 and finite.
  ///   - weightDecay: what is drawn towards 0, by a factor of at least 0.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: WeightDecay = .matrices(0.01)
  ) throws(TrainingError) {
    try weightDecay.check()
    adam = try Adam(beta1: beta1, beta2: beta2, epsilon: epsilon)
    self.weightDecay = weightDecay
  }

  public func updates(of parameters: [Node], gradients: [Node], rate: Node) -> [ParameterUpdate] {
    rate.graph.placing(like: rate) { () -> [ParameterUpdate] in
      let corrections = adam.corrections(for: parameters)
      return adam.steps(of: parameters, gradients, rate, corrections).flatMap { step in
        let decay = weightDecay.factor(for: step.parameter)
        let distance = decay == 0 ? step.distance : step.distance + rate * decay * step.parameter
        return [step.first, step.second, step.parameter.moved(by: distance)]
      } + (corrections?.updates ?? [])
    }
  }
}

/// What optimizers with its moments have in common.
extension Adam {
  /// What a step makes of one parameter: its moments, and how far down it goes.
  struct Step {
    let parameter: Node, distance: Node
    let first: ParameterUpdate, second: ParameterUpdate
  }

  /// What m and √v would be if all gradients were 1, by the recurrences of the moments themselves: 1 − β₁ᵗ without the
  /// cancellation in float32, where 1 − 0.999 has lost three digits, and √(1 − β₂ᵗ) with the roundings that √v has.
  struct Corrections {
    let first: ParameterUpdate, root: ParameterUpdate
    var updates: [ParameterUpdate] { [first, root] }
  }

  func corrections(for parameters: [Node]) -> Corrections? {
    guard let graph = parameters.first?.graph, let type = parameters.first?.elementType else { return nil }
    let first = graph.state("correction1", [], .zeros, type)
    let root = graph.state("rootCorrection2", [], .zeros, type)
    return Corrections(
      first: ParameterUpdate(first, to: beta1 * first + (1 - beta1)),
      root: ParameterUpdate(root, to: RootMeanSquare(decay: beta2, in: graph, type).next(after: root)))
  }

  func steps(
    of parameters: [Node], _ gradients: [Node], _ rate: Node, _ corrections: Corrections?
  ) -> [Step] {
    guard let corrections else { return [] }
    let means = RootMeanSquare(decay: beta2, in: rate.graph, rate.elementType)
    // m̂ / (√v̂ + ε), both parts of the fraction multiplied by √(1 − β₂ᵗ), so that √v is not: it may be the largest
    // number.
    let scaledRate = rate * (corrections.root.value / corrections.first.value)
    let least = rate.graph.constant(rate.elementType.leastNonzeroMagnitude, [], rate.elementType)
    let scaledEpsilon = maximum(epsilon * corrections.root.value, least)
    return zip(parameters, gradients).map { parameter, gradient in
      let moment = parameter.companion("moment1"), root = parameter.companion("rootMoment2")
      let first = beta1 * moment + (1 - beta1) * gradient
      let second = means.next(after: root, with: gradient)
      return Step(
        parameter: parameter, distance: scaledRate * (first / (second + scaledEpsilon)),
        first: ParameterUpdate(moment, to: first), second: ParameterUpdate(root, to: second))
    }
  }
}
