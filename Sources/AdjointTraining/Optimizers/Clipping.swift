public import Adjoint
internal import DependencyScheduling

/// The global norm of gradients: √ Σ g² over all elements of all of them, a scalar.
///
/// It is right wherever gradients are: squares are formed of elements divided by the largest of all, so that they
/// neither overflow nor vanish. A NaN or an infinite element makes the norm one.
public func globalNorm(_ gradients: [Node], fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  demand(!gradients.isEmpty, "A global norm needs at least one gradient")
  return gradients[0].graph.placing(at: fileID, line) {
    let norm = GlobalNorm(gradients, scaledBy: LargestMagnitude())
    return norm.scale * norm.ratio
  }
}

/// The gradients, all scaled by one factor so that their ``globalNorm(_:fileID:line:)`` is at most `limit` (Pascanu,
/// Mikolov, Bengio 2013); those within it stay the same bits. All are of one element type.
///
/// Finite gradients are scaled to what is right, whatever their size: [3 · 10¹⁹, 4 · 10¹⁹] clipped to 1 is [0.6, 0.8]
/// in float32. An infinite or NaN gradient has no direction: the run fails, with
/// ``TrainingError/gradientNotFinite(_:)`` in its error, and parameters stay as they were.
///
/// - Parameters:
///   - gradients: all of one element type.
///   - parameters: those that the gradients are of, which the error names; if left out, it names the gradients.
///   - limit: the most that the norm may be, above 0 and finite.
///   - fileID: where this is called, for messages.
///   - line: where in that file.
/// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
public func clipped(
  _ gradients: [Node], of parameters: [Node]? = nil, toGlobalNorm limit: Double,
  fileID: StaticString = #fileID, line: UInt = #line
) throws(TrainingError) -> [Node] {
  try clipped(
    gradients, of: parameters, toGlobalNorm: limit, refusesNonFinite: true, fileID: fileID, line: line)
}

/// The same; without `refusesNonFinite` an infinite or NaN gradient is let pass, for somebody else to refuse.
func clipped(
  _ gradients: [Node], of parameters: [Node]?, toGlobalNorm limit: Double, refusesNonFinite: Bool,
  fileID: StaticString, line: UInt
) throws(TrainingError) -> [Node] {
  try TrainingError.check(positive: limit, "toGlobalNorm")
  let named = parameters ?? gradients
  demand(
    named.count == gradients.count, "\(gradients.count) gradients cannot be those of \(named.count) parameters")
  if gradients.isEmpty { return [] }
  return gradients[0].graph.placing(at: fileID, line) {
    let gate =
      refusesNonFinite
      ? LargestMagnitude(refusing: named.map { "\($0.name), made at \($0.location)" }) : LargestMagnitude()
    let norm = GlobalNorm(gradients, scaledBy: gate)
    let isLong = greater(norm.ratio, limit / norm.scale)
    // g / scale · (limit / ratio), each of which can be held: the norm, scale · ratio, may be too large.
    let one = norm.scale.graph.constant(1, [], norm.scale.elementType)
    let divisor = select(isLong, norm.scale, one), factor = select(isLong, limit / norm.ratio, one)
    return gradients.map { $0 / divisor * factor }
  }
}

/// The norm of several nodes as a product, which may be too large to be held.
private struct GlobalNorm {
  /// What elements are divided by before they are squared. Another scale would give the same norm, so no gradient flows
  /// back through it.
  let scale: Node
  /// √ Σ (g / scale)².
  let ratio: Node

  init(_ nodes: [Node], scaledBy gate: LargestMagnitude) {
    let magnitudes = nodes.map { stopGradient(abs($0).max().reshaped([1])) }
    let scale = nodes[0].graph.apply(gate, to: [concatenate(magnitudes)])
    self.scale = scale
    ratio = sqrt(nodes.dropFirst().reduce(square(nodes[0] / scale).sum()) { $0 + square($1 / scale).sum() })
  }
}
