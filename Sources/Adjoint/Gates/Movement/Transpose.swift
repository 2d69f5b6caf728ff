/// Transpose: axis i of y is axis `permutation[i]` of x.   x̄ is ȳ with the inverse permutation.
package struct Transpose: AxisGate, LinearGate, SampledGate {
  package static let name = "transpose"
  /// Counted from the front, in a graph.
  package let permutation: [Int]
  package init(_ permutation: [Int]) { self.permutation = permutation }

  package var axes: [Int] { permutation }
  package func along(_ axes: [Int]) -> Self { Self(axes) }

  /// Unlike those of other gates, these axes keep their order.
  package func countingAxesFromTheFront(in inputs: [Shape]) throws(ShapeError) -> Self {
    guard let rank = inputs.first?.rank else { return self }  // for the shape rule to refuse
    return Self(permutation.map { (-rank..<0).contains($0) ? $0 + rank : $0 })
  }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    let front = try countingAxesFromTheFront(in: inputs).permutation
    guard front.sorted() == Array(0..<inputs[0].rank) else {
      throw ShapeError(
        "\(permutation) is not a permutation of the \(inputs[0].rank) axes of a value of shape \(inputs[0])")
    }
    return Shape(front.map { inputs[0][$0] })
  }

  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType { try sharedType(inputs) }
  package var kernel: Kernel { Kernel(.transpose(permutation)) }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    ReferenceTensor(shape, inputs[0].elementType) { index in
      var source = index
      for (axis, from) in permutation.enumerated() { source[from] = index[axis] }
      return inputs[0][source]
    }
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    var inverse = permutation
    for (axis, from) in permutation.enumerated() { inverse[from] = axis }
    return [upstream.graph.apply(Transpose(inverse), to: [upstream])]
  }

  package static let samples = [
    GateSample(Transpose([1, 0]), .uniform([2, 3])),
    GateSample(Transpose([2, 0, 1]), .uniform([2, 3, 4])),
  ]
}

extension Transpose: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(Transpose([0] + permutation.map { $0 + 1 }), to: operands.values)
  }
}

extension Node {
  /// The axes in another order, a negative one counted from the end; without arguments, in reverse.
  public func transposed(_ permutation: [Int]? = nil, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    let order = permutation ?? Array((0..<shape.rank).reversed())
    return graph.apply(Transpose(order), to: [self], fileID: fileID, line: line)
  }
}
