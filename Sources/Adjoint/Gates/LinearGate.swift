/// A gate that is linear in all its floating-point operands together: y(a + b) = y(a) + y(b).   The tangent of its result
/// is the gate itself on the operands' tangents; integers are indices, and stay as they are.
public protocol LinearGate: Gate {}

extension LinearGate {
  public func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    let operands = zip(tangents, node.inputs).map { tangent, input in
      tangent ?? (input.elementType.isDifferentiable ? input.literal(0).broadcast(to: input.shape) : input)
    }
    return node.output.graph.apply(self, to: operands)
  }
}

extension Gate {
  /// The product rule, for a gate y(a, b) that is linear in each of two operands: ẏ = y(ȧ, b) + y(a, ḃ).
  func bilinear(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    let (a, b, graph) = (node.inputs[0], node.inputs[1], node.output.graph)
    return sum(
      tangents[0].map { graph.apply(self, to: [$0, b]) }, tangents[1].map { graph.apply(self, to: [a, $0]) })
  }
}

/// a + b where both are there, else the one that is: the sum of tangents, `nil` standing for zero.
func sum(_ a: Node?, _ b: Node?) -> Node? {
  guard let a, let b else { return a ?? b }
  return a + b
}
