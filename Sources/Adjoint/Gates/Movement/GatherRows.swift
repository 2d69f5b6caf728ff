/// Gather rows: y[i] = x[rows[i]] along the first axis.   A row read twice is a copy gate: x̄ adds ȳ[i] into row rows[i].
package struct GatherRows: LinearGate, SampledGate {
  package static let name = "gatherRows"
  package init() {}

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    guard inputs[0].rank >= 1 else { throw ShapeError("a scalar has no rows to gather") }
    return Shape(inputs[1].dimensions + inputs[0].dimensions.dropFirst())
  }
  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType { try indexed(inputs) }
  package var kernel: Kernel { Kernel(.gatherRows) }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    let (x, rows) = (inputs[0], inputs[1])
    return try ReferenceTensor(shape, x.elementType) { index in
      let row = try checkedRow(rows[Array(index.prefix(rows.shape.rank))], below: x.shape[0])
      return x[[row] + index.dropFirst(rows.shape.rank)]
    }
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let scatter = ScatterAddRows(rowCount: node.inputs[0].shape[0])
    return [upstream.computed { $0.graph.apply(scatter, to: [$0, node.inputs[1]]) }, nil]
  }

  package static let samples = [
    GateSample(GatherRows(), .uniform([4, 3]), .integers([5], below: 4)),
    GateSample(GatherRows(), .uniform([3]), .integers([2, 2], below: 3)),
  ]
}

extension GatherRows: RowwiseGate {
  /// An index gives its row of a table that all share.
  package func keepsRowsApart(_ application: RowApplication) -> Bool {
    application.hasRows == [false, true] && application.operands[1].elementCount % application.rowCount == 0
  }
}

extension GatherRows: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.applyWithLanesLast(self) }
}

/// Scatter-add rows: row r of y is the sum of the x[i] with rows[i] = r.   x̄[i] = ȳ[rows[i]].
///
/// They are added in order of i; where more than 64 go to a row, its rounding errors do not grow with their number.
package struct ScatterAddRows: LinearGate, SampledGate {
  package static let name = "scatterAddRows"
  package let rowCount: Int
  package init(rowCount: Int) { self.rowCount = rowCount }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    let (x, rows) = (inputs[0].dimensions, inputs[1].dimensions)
    guard x.starts(with: rows) else {
      throw ShapeError("values of shape \(inputs[0]) do not begin with the axes \(inputs[1]) of the row indices")
    }
    return Shape([rowCount] + x.dropFirst(rows.count))
  }
  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    try rowIndexed(inputs, in: Self.name)
  }
  package var kernel: Kernel { .structured(.sums) { ScatterAddRowsCall($0) } }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    let (x, rows) = (inputs[0], inputs[1])
    var terms = [[Double]](repeating: [], count: shape.elementCount)
    let width = shape.elementCount / rowCount
    for (position, row) in rows.values.enumerated() {
      let target = try checkedRow(row, below: rowCount) * width
      for column in 0..<width { terms[target + column].append(x.values[position * width + column]) }
    }
    return ReferenceTensor(shape, x.elementType, terms.map(\.carefulSum))
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(GatherRows(), to: [upstream, node.inputs[1]]), nil]
  }

  package static let samples = [
    GateSample(ScatterAddRows(rowCount: 4), .uniform([5, 3]), .integers([5], below: 4)),
    GateSample(ScatterAddRows(rowCount: 3), .uniform([2, 2]), .integers([2, 2], below: 3)),
    GateSample(ScatterAddRows(rowCount: 3), .uniform([4, 12]), .integers([4], below: 3)),
  ]
}

extension ScatterAddRows: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.applyWithLanesLast(self) }
}

/// An integer that names no row or class: found while running, since indices are values.
struct IndexError: Error, Hashable, Sendable, CustomStringConvertible {
  let description: String
}

/// `value` as an index, or an error that says what the bounds are.
func checkedRow(_ value: Double, below bound: Int) throws(IndexError) -> Int {
  guard value >= 0, value < Double(bound) else {
    let index = Int(exactly: value).map { "\($0)" } ?? "\(value)"
    throw IndexError(description: "index \(index) is out of range 0..<\(bound)")
  }
  return Int(value)
}

/// The element type of a gate whose first operand is data of any type and whose second is int32 indices.
private func indexed(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
  guard inputs.count == 2 else { throw ShapeError("values and indices are needed, got \(inputs.count) operands") }
  guard inputs[1] == .int32 else {
    throw ShapeError("indices and labels are int32, got \(inputs[1])", casting: 1, to: .int32)
  }
  return inputs[0]
}

/// The same of a gate called `gate` that computes with the data.
func rowIndexed(_ inputs: [ElementType], in gate: String) throws(ShapeError) -> ElementType {
  let values = try indexed(inputs)
  try values.checkArithmetic(in: gate)
  return values
}

extension Node {
  /// The rows (along the first axis) that `rows`, int32, names, in its order and shape.
  ///
  /// A row out of range is an error of the run that names this node.
  public func gatheringRows(_ rows: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    graph.apply(GatherRows(), to: [self, rows], fileID: fileID, line: line)
  }
}
