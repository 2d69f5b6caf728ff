/// A block set into zeros: what slicing sends back.
///
/// Immutable, and shared by any number of threads.
package struct PadPlan: Sendable, Equatable {
  private let input, starts, output: [Int]
  private let inputStrides: [Int]
  /// Elements of the output.
  package let count: Int

  /// `input` at `starts` of a tensor of shape `output`.
  package init(input: [Int], starts: [Int], output: [Int]) {
    checkBlock(input, at: starts, within: output)
    // A scalar is a row of one.
    self.input = input.isEmpty ? [1] : input
    self.starts = starts.isEmpty ? [0] : starts
    self.output = output.isEmpty ? [1] : output
    inputStrides = StridedLayout.rowMajorStrides(of: self.input)
    count = output.reduce(1, *)
  }

  /// Where the input's row begins that lies in row `row` of the output, `nil` if none does.
  fileprivate func inputRow(under row: Int) -> Int? {
    var (rest, offset) = (row, 0)
    for axis in stride(from: output.count - 2, through: 0, by: -1) {
      let coordinate = rest % output[axis] - starts[axis]
      rest /= output[axis]
      if coordinate < 0 || coordinate >= input[axis] { return nil }
      offset += coordinate * inputStrides[axis]
    }
    return offset
  }

  fileprivate var rowLength: Int { output[output.count - 1] }
  fileprivate var columns: Range<Int> {
    let first = starts[starts.count - 1]
    return first..<first + input[input.count - 1]
  }
}

/// Writes the outputs in `range`: the input where it lies, zero elsewhere.
///
/// - Parameter elementSize: bytes of an element, of which zero is all bits 0.
/// - Complexity: O(`range.count`). Allocates nothing.
package func runPad(
  elementSize: Int, plan: PadPlan, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, range: Range<Int>
) {
  checkRange(range, within: plan.count)
  var position = range.lowerBound
  while position < range.upperBound {
    let (row, column) = position.quotientAndRemainder(dividingBy: plan.rowLength)
    let end = min(range.upperBound, (row + 1) * plan.rowLength)
    (output + position * elementSize)
      .initializeMemory(as: UInt8.self, repeating: 0, count: (end - position) * elementSize)
    let covered = plan.columns.clamped(to: column..<column + end - position)
    if !covered.isEmpty, let from = plan.inputRow(under: row) {
      (output + (row * plan.rowLength + covered.lowerBound) * elementSize).copyMemory(
        from: input + (from + covered.lowerBound - plan.columns.lowerBound) * elementSize,
        byteCount: covered.count * elementSize)
    }
    position = end
  }
}
