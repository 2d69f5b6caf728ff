/// Reshape: y is x's elements in the same order under another shape.   x̄ is ȳ under x's shape. Nothing is copied.
package struct Reshape: LinearGate, SampledGate {
  package static let name = "reshape"
  package let result: Shape
  package init(_ result: Shape) { self.result = result }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    guard inputs[0].elementCount == result.elementCount else {
      throw ShapeError(
        "\(inputs[0].elementCount) elements of shape \(inputs[0]) cannot be viewed as shape \(result), "
          + "which has \(result.elementCount)")
    }
    return result
  }

  package func elementType(_ inputs: [ElementType]) -> ElementType { inputs.first ?? .float32 }
  package var kernel: Kernel { Kernel(.alias) }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    ReferenceTensor(shape, inputs[0].elementType, inputs[0].values)
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.reshaped(node.inputs[0].shape)]
  }

  package static let samples = [
    GateSample(Reshape([3, 2]), .uniform([2, 3])), GateSample(Reshape([]), .uniform([1, 1])),
  ]
}

extension Reshape: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.values[0].reshaped(Shape([operands.count] + result.dimensions))
  }
}

extension Node {
  /// The same elements under another shape of as many elements.
  public func reshaped(_ shape: Shape, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    if shape == self.shape { return self }
    return graph.apply(Reshape(shape), to: [self], fileID: fileID, line: line)
  }
}
