/// Tensors set one after the other along an axis.
///
/// Immutable, and shared by any number of threads.
package struct ConcatenationPlan: Sendable, Equatable {
  /// Elements each input contributes to one row, a row being everything from the axis inward.
  let widths: [Int]
  /// Where each begins in the row.
  let starts: [Int]
  let rowLength: Int
  /// Elements of the output.
  package let count: Int

  /// A caller's mistake if the shapes differ elsewhere than along `axis`.
  package init(inputs: [[Int]], axis: Int) {
    precondition(!inputs.isEmpty, "A concatenation needs at least one input")
    for shape in inputs {
      precondition(shape.indices.contains(axis), "The axis \(axis) is not one of the shape \(shape)")
      var (one, other) = (shape, inputs[0])
      one[axis] = 0
      other[axis] = 0
      precondition(one == other, "The shapes \(inputs[0]) and \(shape) differ elsewhere than along axis \(axis)")
    }
    widths = inputs.map { $0[axis...].reduce(1, *) }
    var rowLength = 0
    starts = widths.map { width in
      defer { rowLength += width }
      return rowLength
    }
    self.rowLength = rowLength
    count = inputs[0][..<axis].reduce(1, *) * rowLength
  }

  /// How many inputs there are.
  package var inputCount: Int { widths.count }
}

/// Writes the outputs in `range` from all inputs, each given at element 0.
///
/// - Parameter elementSize: bytes of an element.
/// - Complexity: O(`range.count` + rows · inputs). Allocates nothing.
package func runConcatenate(
  elementSize: Int, plan: ConcatenationPlan, inputs: UnsafePointer<UnsafeRawPointer>, output: UnsafeMutableRawPointer,
  range: Range<Int>
) {
  checkRange(range, within: plan.count)
  if range.isEmpty { return }
  for row in range.lowerBound / plan.rowLength...(range.upperBound - 1) / plan.rowLength {
    var place = row * plan.rowLength
    for (index, width) in plan.widths.enumerated() {
      let covered = range.clamped(to: place..<place + width)
      if !covered.isEmpty {
        (output + covered.lowerBound * elementSize).copyMemory(
          from: inputs[index] + (row * width + covered.lowerBound - place) * elementSize,
          byteCount: covered.count * elementSize)
      }
      place += width
    }
  }
}
