/// Broadcast: y is x repeated along its axes of extent 1.   A copy gate of many readers: x̄ is ȳ added up along the
/// repeated axes (differentiation sums any gradient down to its variable's shape).
package struct Broadcast: LinearGate, SampledGate {
  package static let name = "broadcast"
  package let result: Shape
  package init(to result: Shape) { self.result = result }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    guard try Shape.broadcast(inputs[0], result) == result else {
      throw ShapeError("a value of shape \(inputs[0]) does not stretch to \(result)")
    }
    return result
  }

  package func elementType(_ inputs: [ElementType]) -> ElementType { inputs.first ?? .float32 }
  package var kernel: Kernel { Kernel(.broadcast) }
  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    inputs[0].broadcast(to: shape)
  }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }

  package static let samples = [
    GateSample(Broadcast(to: [2, 3]), .uniform([3])), GateSample(Broadcast(to: [2, 3, 4]), .uniform([3, 1])),
  ]
}

extension Broadcast: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.aligned(rank: result.rank)[0].broadcast(to: Shape([operands.count] + result.dimensions))
  }
}

extension Node {
  /// This value repeated along missing axes and axes of extent 1, to fill `shape`.
  public func broadcast(to shape: Shape, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    if shape == self.shape { return self }
    return graph.apply(Broadcast(to: shape), to: [self], fileID: fileID, line: line)
  }
}
