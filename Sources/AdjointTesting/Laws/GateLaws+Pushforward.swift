internal import Adjoint
internal import DependencyScheduling

/// ⟨v, J · u⟩ = ⟨Jᵀ · v, u⟩ for a direction u of the operands and an upstream gradient v: the pushforward and the
/// pullback are of one Jacobian, which finite differences hold the pullback to.
struct PushforwardLaw {
  /// A few roundings of float64 a term, and as many terms as a sample has elements.
  private static let tolerance = 1e-12

  func reasons(_ sample: GateSample) throws -> [String] {
    let all = SampleGraph(sample, .float64).differentiable
    // One operand after the other, since a rule sees which of them move, and all together.
    let directions = all.count > 1 ? all.map { [$0] } + [all] : [all]
    return try directions.compactMap { moving in
      try reason(SampleGraph(sample, .float64), moving: moving).map { "moving operands \(moving): \($0)" }
    }
  }

  private func reason(_ applied: SampleGraph, moving: [Int]) throws -> String? {
    guard applied.output.elementType.isDifferentiable, !moving.isEmpty else { return nil }
    let (graph, upstream) = (applied.graph, applied.upstream())
    let variables = moving.map { applied.operands[$0] }
    var random = SeededGenerator(seed: 3)
    let directions = variables.map { variable in
      graph.constant((0..<variable.shape.elementCount).map { _ in 2 * random.unit() - 1 }, variable.shape)
    }
    let product = try graph.jacobianVectorProduct(
      of: [applied.output], along: directions, withRespectTo: variables)[0]
    if let product, product.shape != applied.output.shape || product.elementType != applied.output.elementType {
      return "the tangent is \(product.shape) \(product.elementType), the result \(applied.output.shape)"
    }
    let gradients = try graph.gradients(of: [applied.output], upstream: [upstream], withRespectTo: variables)
    let forward = try terms([product.map { upstream * $0 }], applied)
    let reverse = try terms(
      zip(gradients, directions).map { gradient, direction in gradient.map { $0 * direction } }, applied)
    let scale = (forward + reverse).reduce(1) { $0 + $1.magnitude }
    let (left, right) = (forward.reduce(0, +), reverse.reduce(0, +))
    return (left - right).magnitude <= Self.tolerance * scale
      ? nil : "⟨v, J·u⟩ is \(left) by the pushforward, ⟨Jᵀ·v, u⟩ is \(right) by the pullback"
  }

  /// The elements of all `nodes` there are.
  private func terms(_ nodes: [Node?], _ applied: SampleGraph) throws -> [Double] {
    let nodes = nodes.compactMap { $0 }
    guard !nodes.isEmpty else { return [] }
    let values = try ReferenceEngine(applied.graph).run(feeding: applied.values)
    return nodes.flatMap { values[$0]?.values ?? [.nan] }
  }
}
