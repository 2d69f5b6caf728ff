internal import CKernels

/// Moving elements without computing: a row-major output whose elements are read from an input at some strides.
///
/// Immutable, and shared by any number of threads.
package struct MovementPlan: Sendable, Equatable {
  let layout: StridedLayout
  /// The input's element under output element 0.
  let offset: Int
  /// Elements of the output.
  package let count: Int

  private init(output: [Int], strides: [Int], offset: Int) {
    layout = StridedLayout(output: output, operandStrides: [strides])
    self.offset = offset
    count = layout.count
  }

  /// Axis i of the output is axis `permutation[i]` of the input.
  package static func transpose(input: [Int], permutation: [Int]) -> MovementPlan {
    precondition(
      permutation.sorted() == Array(input.indices), "\(permutation) is not a permutation of the axes of \(input)")
    let strides = StridedLayout.rowMajorStrides(of: input)
    return MovementPlan(output: permutation.map { input[$0] }, strides: permutation.map { strides[$0] }, offset: 0)
  }

  /// The block of `input` that begins at `starts` and has the shape `output`.
  package static func slice(input: [Int], starts: [Int], output: [Int]) -> MovementPlan {
    checkBlock(output, at: starts, within: input)
    let strides = StridedLayout.rowMajorStrides(of: input)
    return MovementPlan(output: output, strides: strides, offset: zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 })
  }
}

/// Both shapes have one rank, and the block lies inside.
func checkBlock(_ block: [Int], at starts: [Int], within whole: [Int]) {
  precondition(
    block.count == whole.count && starts.count == whole.count
      && whole.indices.allSatisfy { starts[$0] >= 0 && block[$0] >= 1 && starts[$0] <= whole[$0] - block[$0] },
    "A block \(block) at \(starts) does not lie within \(whole)")
}

/// Copies the elements a plan selects to the outputs in `range`: a transpose or a slice.
///
/// Input and output are given at element 0 and share no memory. Allocates nothing.
/// - Parameter elementSize: bytes of an element: 1, 2, 4 or 8.
/// - Complexity: O(`range.count`); a transpose moves in tiles, so that each cache line is read once.
package func runMovement(
  elementSize: Int, plan: MovementPlan, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, range: Range<Int>
) {
  checkElementSize(elementSize)
  checkRange(range, within: plan.count)
  if range.isEmpty { return }
  plan.layout.withC {
    adj_strided_copy(
      elementSize, $0, input + plan.offset * elementSize, output + range.lowerBound * elementSize, range.lowerBound,
      range.upperBound)
  }
}
