public import Adjoint

/// The global norm of gradients: √ Σ g² over all elements of all of them, a scalar.
public func globalNorm(_ gradients: [Node], fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  precondition(!gradients.isEmpty, "A global norm needs at least one gradient")
  return gradients[0].graph.placing(at: fileID, line) {
    sqrt(gradients.dropFirst().reduce(square(gradients[0]).sum()) { $0 + square($1).sum() })
  }
}

/// The gradients, all scaled by one factor so that their ``globalNorm(_:fileID:line:)`` is at most `limit` (Pascanu,
/// Mikolov, Bengio 2013); those within it stay the same bits. All are of one element type.
public func clipped(
  _ gradients: [Node], toGlobalNorm limit: Double, fileID: StaticString = #fileID, line: UInt = #line
) -> [Node] {
  precondition(limit > 0 && limit.isFinite, "A global norm is limited to a number above 0, got \(limit)")
  if gradients.isEmpty { return [] }
  let graph = gradients[0].graph
  return graph.placing(at: fileID, line) {
    let one = graph.constant(1, [], gradients[0].elementType)
    // A norm of 0 gives an infinite ratio, and so a factor of 1.
    let factor = minimum(one, limit / globalNorm(gradients))
    return gradients.map { $0 * factor }
  }
}
