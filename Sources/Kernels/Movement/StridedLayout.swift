internal import CKernels

/// How operands are read under a row-major output: for each operand one stride an axis, in elements.
///
/// Axes of size 1 are dropped and axes that every operand walks through in one stride are merged, once, so that a run
/// has as few axes as the memory really has. At least one axis is left.
struct StridedLayout: Sendable, Equatable {
  /// Axes a run can keep track of; far above what shapes have once merged.
  static let maximumRank = 32  // Decisions/Limits.md

  /// Elements along each axis of the output, outer to inner.
  let sizes: [Int]
  /// `operandCount` times `sizes.count` strides.
  let strides: [Int]
  let operandCount: Int

  /// - Parameter operandStrides: for each operand, its stride along each axis of `output`.
  init(output: [Int], operandStrides: [[Int]]) {
    var sizes: [Int] = []
    var strides = operandStrides.map { _ in [Int]() }
    for (axis, size) in output.enumerated() {
      precondition(size >= 1, "A tensor needs at least one element, got the shape \(output)")
      if size == 1 { continue }
      let merges =
        !sizes.isEmpty && operandStrides.indices.allSatisfy { strides[$0].last == operandStrides[$0][axis] * size }
      if merges {
        sizes[sizes.count - 1] *= size
        for operand in strides.indices { strides[operand][sizes.count - 1] = operandStrides[operand][axis] }
      } else {
        sizes.append(size)
        for operand in strides.indices { strides[operand].append(operandStrides[operand][axis]) }
      }
    }
    if sizes.isEmpty {
      sizes = [1]
      strides = strides.map { _ in [1] }
    }
    precondition(sizes.count <= Self.maximumRank, "A tensor has at most \(Self.maximumRank) axes, got \(output)")
    self.sizes = sizes
    self.strides = strides.flatMap { $0 }
    operandCount = operandStrides.count
  }

  /// Whether every operand lies like the output.
  var isInPlace: Bool { sizes.count == 1 && strides.allSatisfy { $0 == 1 } }

  /// Elements of the output.
  var count: Int { sizes.reduce(1, *) }

  /// Calls `body` with the layout as C sees it; allocates nothing.
  @inline(__always)
  func withC<Result>(_ body: (adj_layout) -> Result) -> Result {
    sizes.withUnsafeBufferPointer { sizes in
      strides.withUnsafeBufferPointer { strides in
        body(
          adj_layout(
            rank: sizes.count, operands: operandCount, sizes: sizes.baseAddress!, strides: strides.baseAddress!))
      }
    }
  }

  /// The strides of a row-major tensor.
  static func rowMajorStrides(of shape: [Int]) -> [Int] {
    var strides = shape
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      stride *= shape[axis]
    }
    return strides
  }
}
