internal import Kernels

/// Splice rows: y is rows of the operands in their places along the first axis, and 0 elsewhere.   x̄ is the same rows of
/// ȳ in theirs.
///
/// What the compiler makes of slices, pads and concatenations along the first axis that follow one another: rows that lie
/// next to one another are read where they are, so that nothing is copied.
struct SpliceRows: Gate, SampledGate {
  static let name = "splice rows"
  /// For each operand the rows taken of it, and where in the result they begin; in order, without overlap.
  let pieces: [Piece]
  /// The rows of the result.
  let rowCount: Int

  struct Piece: Hashable, Sendable {
    let rows: Range<Int>
    let start: Int
    var end: Int { start + rows.count }
  }

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, pieces.count)
    var end = 0
    for (input, piece) in zip(inputs, pieces) {
      guard input.rank >= 1, input.dimensions.dropFirst() == inputs[0].dimensions.dropFirst() else {
        throw ShapeError("rows of shapes \(inputs[0]) and \(input) differ")
      }
      guard piece.rows.lowerBound >= 0, piece.rows.upperBound <= input[0], piece.start >= end, piece.end <= rowCount
      else {
        throw ShapeError(
          "rows \(piece.rows) of a value of shape \(input) do not go to row \(piece.start) of \(rowCount)")
      }
      end = piece.end
    }
    return Shape([rowCount] + inputs[0].dimensions.dropFirst())
  }

  var kernel: Kernel { Kernel(.spliceRows(pieces.map { ($0.rows, $0.start) })) }

  func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    ReferenceTensor(shape, inputs[0].elementType) { index in
      for (input, piece) in zip(inputs, pieces) where (piece.start..<piece.end).contains(index[0]) {
        return input[[index[0] - piece.start + piece.rows.lowerBound] + index.dropFirst()]
      }
      return 0
    }
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    zip(node.inputs, pieces).enumerated().map { position, taken in
      let (input, piece) = taken
      guard node.needsGradient(position) else { return nil }
      let back = Piece(rows: piece.start..<piece.end, start: piece.rows.lowerBound)
      return upstream.graph.apply(SpliceRows(pieces: [back], rowCount: input.shape[0]), to: [upstream])
    }
  }

  static let samples = [
    GateSample(
      SpliceRows(pieces: [Piece(rows: 0..<1, start: 0), Piece(rows: 1..<4, start: 1)], rowCount: 4), .uniform([1]),
      .uniform([5])),
    GateSample(
      SpliceRows(pieces: [Piece(rows: 1..<3, start: 1), Piece(rows: 0..<2, start: 4)], rowCount: 7), .uniform([3, 2]),
      .uniform([2, 2])),
    GateSample(SpliceRows(pieces: [Piece(rows: 2..<4, start: 0)], rowCount: 3), .uniform([4, 3])),
  ]
}
