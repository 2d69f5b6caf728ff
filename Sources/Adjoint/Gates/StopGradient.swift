/// Stop-gradient: y = x.   A wall: x̄ = 0 whatever ȳ is, and ẏ = 0 whatever ẋ is.
public struct StopGradient: Gate {
  public static let name = "stopGradient"
  public init() {}
  public func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    return inputs[0]
  }
  public func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType { try sharedType(inputs) }
  public var kernel: Kernel { Kernel(.alias) }
  public func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor { inputs[0] }
  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
  public func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? { nil }
  public static let samples = [GateSample(StopGradient(), .uniform([2, 3]))]
}

/// x, as a value that no gradient flows through.
public func stopGradient(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(StopGradient(), to: [x], fileID: fileID, line: line)
}
