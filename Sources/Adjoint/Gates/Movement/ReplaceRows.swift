/// Replace rows: y is x with row rows[i] replaced by v[i], by the last of those that name it.   x̄ is ȳ without the
/// rows that were replaced; v̄[i] = ȳ[rows[i]] of the last that names a row, and 0 of those before it.
package struct ReplaceRows: LinearGate, SampledGate {
  package static let name = "replaceRows"
  package init() {}

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 3)
    let (x, values, rows) = (inputs[0], inputs[1], inputs[2])
    guard x.rank >= 1 else { throw ShapeError("a scalar has no rows to replace") }
    guard values.dimensions == rows.dimensions + x.dimensions.dropFirst() else {
      throw ShapeError("values of shape \(values) are not a row of \(x) for each of the row indices \(rows)")
    }
    return x
  }

  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    guard inputs.count == 3 else { throw ShapeError("replaceRows reads 3 operands, got \(inputs.count)") }
    guard inputs[2] == .int32 else {
      throw ShapeError("indices and labels are int32, got \(inputs[2])", casting: 2, to: .int32)
    }
    return try sharedType(Array(inputs.prefix(2)))
  }

  package var kernel: Kernel { .structured(.exact) { ReplaceRowsCall($0) } }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    let width = shape.elementCount / shape[0]
    var elements = inputs[0].values
    for (position, row) in inputs[2].values.enumerated() {
      let target = try checkedRow(row, below: shape[0]) * width
      for column in 0..<width { elements[target + column] = inputs[1].values[position * width + column] }
    }
    return ReferenceTensor(shape, inputs[0].elementType, elements)
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (graph, rows) = (upstream.graph, node.inputs[2])
    func replacing(_ x: Node, by values: Node) -> Node { graph.apply(self, to: [x, values, rows]) }
    let nothing = upstream.literal(0).broadcast(to: node.inputs[1].shape)
    let kept = node.needsGradient(0) ? replacing(upstream, by: nothing) : nil
    guard node.needsGradient(1) else { return [kept, nil, nil] }
    // Each row keeps the number of the value that was written to it last, and that value finds its own number there.
    let numbers = graph.constant(Array(0..<Int32(clamping: rows.shape.elementCount)), rows.shape)
    let last = replacing(rows.literal(-1).broadcast(to: [upstream.shape[0]]), by: numbers)
    let isLast = graph.apply(GatherRows(), to: [last, rows]) .== numbers
    let columns = upstream.shape.dimensions.dropFirst()
    let taken = graph.apply(GatherRows(), to: [upstream, rows])
    return [kept, select(isLast.reshaped(Shape(rows.shape.dimensions + columns.map { _ in 1 })), taken, nothing), nil]
  }

  package static let samples = [
    GateSample(ReplaceRows(), .uniform([4, 3]), .uniform([2, 3]), .integers([2], below: 4)),
    GateSample(ReplaceRows(), .uniform([3]), .uniform([2, 2]), .integers([2, 2], below: 3)),
  ]
}
