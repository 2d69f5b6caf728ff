internal import Adjoint

/// Finite differences of the value against the pullback, in float64.
struct PullbackLaw {
  let stopping: Set<Int>

  func reasons(_ sample: GateSample) throws -> [String] {
    let applied = SampleGraph(sample, .float64)
    guard applied.hasGradients else { return [] }
    return try derivativeReasons(of: applied.output, in: applied, stopping: stopping)
  }
}

/// The same, of each first gradient.
struct SecondDerivativeLaw {
  let stopping: Set<Int>

  func reasons(_ sample: GateSample) throws -> [String] {
    let applied = SampleGraph(sample, .float64)
    guard applied.hasGradients else { return [] }
    let gradients = try applied.graph.gradients(
      of: [applied.output], upstream: [applied.upstream()],
      withRespectTo: applied.differentiable.map { applied.operands[$0] })
    return try zip(applied.differentiable, gradients).flatMap { position, gradient -> [String] in
      guard let gradient else { return [] }
      return try derivativeReasons(of: gradient, in: applied, stopping: stopping)
        .map { "of the gradient of operand \(position): \($0)" }
    }
  }
}

/// Each operand of `applied` either has a gradient in `output` that finite differences confirm, or none, and the output
/// does not change with it, or none on purpose.
private func derivativeReasons(
  of output: Node, in applied: SampleGraph, stopping: Set<Int>
) throws -> [String] {
  let checker = GradientChecker()
  let variables = applied.differentiable.map { applied.operands[$0] }
  let gradients = try Graph.gradients(of: output, variables)
  var reasons: [String] = []
  for (position, (variable, hasGradient)) in zip(applied.differentiable, zip(variables, gradients)) {
    if stopping.contains(position) {
      if hasGradient { reasons.append("operand \(position) was declared to get no gradient, and gets one") }
      continue
    }
    let verdict =
      hasGradient
      ? try checker.check(output, withRespectTo: [variable], at: applied.values)[0]
      : try checker.checkConstancy(of: output, in: variable, at: applied.values)
    if !verdict.isCorrect { reasons.append(verdict.description) }
  }
  return reasons
}

extension Graph {
  /// For each variable, whether a gradient of `output` reaches it. Adds nothing to the graph.
  fileprivate static func gradients(of output: Node, _ variables: [Node]) throws -> [Bool] {
    let copy = output.graph.copy()
    let upstream = copy.input("an upstream gradient", output.shape, output.elementType)
    return try copy.gradients(
      of: [copy.counterpart(of: output)], upstream: [upstream],
      withRespectTo: variables.map(copy.counterpart)
    ).map { $0 != nil }
  }
}

/// The gradient's shape and type against the variable's, in both float types.
func gradientShapeReasons(_ sample: GateSample) throws -> [String] {
  try ElementType.ofArithmetic.flatMap { type -> [String] in
    let applied = SampleGraph(sample, type)
    guard applied.hasGradients else { return [] }
    let variables = applied.differentiable.map { applied.operands[$0] }
    let gradients = try applied.graph.gradients(
      of: [applied.output], upstream: [applied.upstream()], withRespectTo: variables)
    return zip(variables, gradients).compactMap { variable, gradient in
      guard let gradient, gradient.shape != variable.shape || gradient.elementType != variable.elementType else {
        return nil
      }
      return "the gradient of \(variable.name) \(variable.shape) \(variable.elementType) is "
        + "\(gradient.shape) \(gradient.elementType)"
    }
  }
}
