/// Stop-gradient: y = x.   A wall: x̄ = 0 whatever ȳ is, and ẏ = 0 whatever ẋ is.
package struct StopGradient: Gate, SampledGate {
  package static let name = "stopGradient"
  package init() {}
  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    return inputs[0]
  }
  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType { try sharedType(inputs) }
  package var kernel: Kernel { Kernel(.alias) }
  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor { inputs[0] }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? { nil }
  package static let samples = [GateSample(StopGradient(), .uniform([2, 3]))]
}

/// x, as a value that no gradient flows through.
public func stopGradient(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(StopGradient(), to: [x], fileID: fileID, line: line)
}
