/// Cast: y is x's elements as elements of another type.   x̄ is ȳ cast back.
///
/// Between integers and floating-point numbers it is a step function: no gradient.
///
/// A floating-point number becomes the nearest of its new type, a tie going to the even one, an infinity where it is
/// beyond the greatest; NaN stays NaN. As an integer it is what lies before its point, or the nearest in the range, as
/// is an integer that is out of another's range; NaN is 0. As a truth value it is true if it is not 0, also a NaN; true
/// is 1.
package struct Cast: Gate, SampledGate {
  package static let name = "cast"
  package let result: ElementType
  package init(to result: ElementType) { self.result = result }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    return inputs[0]
  }
  package func elementType(_ inputs: [ElementType]) -> ElementType { result }
  package var kernel: Kernel { .structured(.exact) { CastCall($0) } }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    ReferenceTensor(shape, result, inputs[0].values.map { result.nearest(to: $0) })
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let type = node.inputs[0].elementType
    return [type.isDifferentiable && result.isDifferentiable ? upstream.cast(to: type) : nil]
  }

  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    result.isDifferentiable ? tangents[0]?.cast(to: result) : nil
  }

  package static let samples = [
    GateSample(Cast(to: .float64), .uniform([2, 3])), GateSample(Cast(to: .int32), .uniform([2, 3], in: -9...9)),
    GateSample(Cast(to: .int32), .values([3], [2.5, -2.5, 1e12])),
  ]
}

extension Cast: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.graph.apply(self, to: operands.values) }
}

extension Node {
  /// These elements as elements of `type`: the value itself if it is of that type.
  ///
  /// A floating-point number is rounded to the nearest, a tie going to the even one, and becomes an infinity beyond the
  /// greatest. What lies before its point becomes an integer; an integer out of range is the nearest in it, and a NaN
  /// 0. Whatever is not 0 is true, also a NaN; true is 1. Gradients pass between floating-point types, cast back. They
  /// end where integers are made, or made numbers.
  public func cast(to type: ElementType, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    if type == elementType { return self }
    return graph.apply(Cast(to: type), to: [self], fileID: fileID, line: line)
  }

  /// What `body` makes of this value in a type that is computed with, as elements of this value's type.
  func computed(_ body: (Node) -> Node) -> Node {
    let type = elementType
    return body(cast(to: type.computed)).cast(to: type)
  }
}
