internal import CKernels

/// Tensors set one after the other along an axis, or with gaps between them.
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

  /// One after the other, without gaps. A caller's mistake if the shapes differ elsewhere than along `axis`.
  package init(inputs: [[Int]], axis: Int) {
    var end = 0
    let starts = inputs.map { shape in
      defer { end += shape.indices.contains(axis) ? shape[axis] : 0 }
      return end
    }
    self.init(inputs: inputs, axis: axis, starts: starts, extent: end)
  }

  /// Each from where it starts along `axis`, of which the output extends `extent`. A caller's mistake if two overlap,
  /// or if the shapes differ elsewhere than along the axis.
  package init(inputs: [[Int]], axis: Int, starts: [Int], extent: Int) {
    precondition(!inputs.isEmpty, "A concatenation needs at least one input")
    for shape in inputs {
      precondition(shape.indices.contains(axis), "The axis \(axis) is not one of the shape \(shape)")
      var (one, other) = (shape, inputs[0])
      one[axis] = 0
      other[axis] = 0
      precondition(one == other, "The shapes \(inputs[0]) and \(shape) differ elsewhere than along axis \(axis)")
    }
    let ends = zip(inputs, starts).map { $0[axis] + $1 }
    precondition(
      starts.count == inputs.count && zip([0] + ends, starts + [extent]).allSatisfy { $0 <= $1 },
      "Inputs of a concatenation lie in order and do not overlap")
    let inner = inputs[0][(axis + 1)...].reduce(1, *)
    widths = inputs.map { $0[axis] * inner }
    self.starts = starts.map { $0 * inner }
    rowLength = extent * inner
    count = inputs[0][..<axis].reduce(1, *) * rowLength
  }

  /// How many inputs there are.
  package var inputCount: Int { widths.count }
}

/// Writes the outputs in `range` from all inputs, each given at element 0, which leave no gap.
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
    for (index, width) in plan.widths.enumerated() {
      let place = row * plan.rowLength + plan.starts[index]
      let covered = range.clamped(to: place..<place + width)
      if !covered.isEmpty {
        (output + covered.lowerBound * elementSize).copyMemory(
          from: inputs[index] + (row * width + covered.lowerBound - place) * elementSize,
          byteCount: covered.count * elementSize)
      }
    }
  }
}

/// Writes the outputs in `range` as the sum of all inputs, each padded with zeros: what no input covers is 0, and so is
/// −0 where one does. The inputs are given at element 0.
///
/// - Complexity: O(`range.count` + rows · inputs). Allocates nothing.
package func runSumOfPads(
  _ type: ElementType, plan: ConcatenationPlan, inputs: UnsafePointer<UnsafeRawPointer>,
  output: UnsafeMutableRawPointer, range: Range<Int>
) {
  precondition(type.hasArithmetic, "A sum of pads needs floats")
  checkRange(range, within: plan.count)
  if range.isEmpty { return }
  for row in range.lowerBound / plan.rowLength...(range.upperBound - 1) / plan.rowLength {
    // Where what has been written of the row ends.
    var end = row * plan.rowLength
    for (index, width) in plan.widths.enumerated() {
      let place = row * plan.rowLength + plan.starts[index]
      runFillZero(type, target: output, range: range.clamped(to: end..<place))
      let covered = range.clamped(to: place..<place + width)
      if !covered.isEmpty {
        let source = inputs[index] + (row * width + covered.lowerBound - place) * type.byteCount
        adj_add_zero(type.rawValue, source, output + covered.lowerBound * type.byteCount, covered.count)
      }
      end = place + width
    }
    runFillZero(type, target: output, range: range.clamped(to: end..<(row + 1) * plan.rowLength))
  }
}
