internal import CKernels

/// What a reduction keeps.
package enum ReduceOperation: UInt8, CaseIterable, Sendable {
  case sum
  /// NaN if any element is.
  case maximum
  /// The sum divided by the number of elements summed: it does not overflow where the sum does.
  case mean
  /// The root of the sum of squares, and the mean of squares: neither overflows nor underflows unless it is out of range.
  case norm, meanSquare
  /// The norm where it and the sum of squares are ordinary numbers. Else minus the norm times a power of two: at most −1,
  /// of 2⁻⁶⁴ (2⁻⁵¹² of doubles), where squares overflow; above −1/2, of 2³² (2²⁵⁶), where they underflow.
  case scaledNorm
  /// The mean of squares where their sum is a number. Else minus the mean of the squares of x · 2⁻⁸⁰ (2⁻⁶⁴⁰ of doubles).
  case scaledMeanSquare
}

/// Which axes of an input are reduced, with neighbours of the same kind merged once.
///
/// The output has the kept axes in order; whether reduced ones stay as axes of size 1 makes no difference to memory.
/// Immutable, and shared by any number of threads.
///
/// ```swift
/// let plan = ReductionPlan(input: [128, 10], axes: [0])   // a column sum: 10 outputs
/// ```
package struct ReductionPlan: Sendable, Equatable {
  /// Elements of the output.
  package let outputCount: Int
  /// Elements reduced to each output.
  package let reducedCount: Int

  private let keptSizes, keptStrides, reducedSizes, reducedStrides: [Int]
  private let innerSize: Int
  private let innerReduced: Bool

  /// A caller's mistake if an axis is not one of the input's. Axes may come in any order; naming one twice is the same
  /// as once.
  package init(input: [Int], axes: [Int]) {
    for axis in axes {
      precondition(input.indices.contains(axis), "The axis \(axis) is not one of the shape \(input)")
    }
    let strides = StridedLayout.rowMajorStrides(of: input)
    // One entry for each run of axes of one kind: row-major axes next to one another always merge.
    var runs: [(size: Int, stride: Int, reduced: Bool)] = []
    for (axis, size) in input.enumerated() {
      precondition(size >= 1, "A tensor needs at least one element, got the shape \(input)")
      if size == 1 { continue }
      let reduced = axes.contains(axis)
      if let last = runs.last, last.reduced == reduced {
        runs[runs.count - 1] = (last.size * size, strides[axis], reduced)
      } else {
        runs.append((size, strides[axis], reduced))
      }
    }
    outputCount = runs.filter { !$0.reduced }.reduce(1) { $0 * $1.size }
    reducedCount = runs.filter { $0.reduced }.reduce(1) { $0 * $1.size }
    let inner = runs.popLast()
    innerSize = inner?.size ?? 1
    innerReduced = inner?.reduced ?? true
    precondition(runs.count < StridedLayout.maximumRank, "A reduction has too many axes: \(input)")
    // C wants a pointer, even to no axes.
    func padded(_ values: [Int]) -> [Int] { values.isEmpty ? [1] : values }
    keptSizes = padded(runs.filter { !$0.reduced }.map(\.size))
    keptStrides = padded(runs.filter { !$0.reduced }.map(\.stride))
    reducedSizes = padded(runs.filter { $0.reduced }.map(\.size))
    reducedStrides = padded(runs.filter { $0.reduced }.map(\.stride))
    _checkInvariants()
  }

  func _checkInvariants() {
    assert(keptSizes.count == keptStrides.count && reducedSizes.count == reducedStrides.count)
    assert(outputCount == keptSizes.reduce(1, *) * (innerReduced ? 1 : innerSize))
    assert(reducedCount == reducedSizes.reduce(1, *) * (innerReduced ? innerSize : 1))
  }

  @inline(__always)
  func withC<Result>(_ body: (adj_reduction) -> Result) -> Result {
    keptSizes.withUnsafeBufferPointer { keptSizes in
      keptStrides.withUnsafeBufferPointer { keptStrides in
        reducedSizes.withUnsafeBufferPointer { reducedSizes in
          reducedStrides.withUnsafeBufferPointer { reducedStrides in
            body(
              adj_reduction(
                kept_rank: keptSizes.count, reduced_rank: reducedSizes.count, kept_sizes: keptSizes.baseAddress!,
                kept_strides: keptStrides.baseAddress!, reduced_sizes: reducedSizes.baseAddress!,
                reduced_strides: reducedStrides.baseAddress!, inner_size: innerSize, reduced_count: reducedCount,
                inner_reduced: innerReduced ? 1 : 0))
          }
        }
      }
    }
  }
}

/// Reduces `input` to the outputs in `range`.
///
/// Sums are pairwise: their rounding error grows with the logarithm of the count. The order of additions follows from
/// the plan alone, so the bits do not depend on how outputs are cut into ranges. Allocates nothing.
///
/// - Complexity: O(`range.count` · `plan.reducedCount`).
package func runReduction(
  _ operation: ReduceOperation, _ type: ElementType, plan: ReductionPlan, input: UnsafeRawPointer,
  output: UnsafeMutableRawPointer, range: Range<Int>
) {
  precondition(type.hasArithmetic, "Reductions need floats")
  checkRange(range, within: plan.outputCount)
  if range.isEmpty { return }
  plan.withC { adj_reduce(operation.rawValue, type.rawValue, $0, input, output, range.lowerBound, range.upperBound) }
}
