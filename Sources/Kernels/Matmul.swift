internal import CKernels

/// C = A · B, or C = S + A · B, for a range of the blocks of C.
///
/// - Parameters:
///   - a, b, output: at element 0; the output shares no memory with A and B.
///   - sum: what the product is added to, of the shape of C, which may be the output itself; not for products with a
///     vector.
///   - blocks: any range below the plan's ``MatmulPlan/blockCount``.
/// - Complexity: O(`blocks.count` · block · k), on the calling thread alone.
package func runMatmul(
  _ type: ElementType, plan: MatmulPlan, a: UnsafeRawPointer, b: UnsafeRawPointer, addedTo sum: UnsafeRawPointer? = nil,
  output: UnsafeMutableRawPointer, blocks: Range<Int>
) {
  precondition(type != .int32, "Matrix products need floats")
  precondition(sum == nil || plan.m > 1 && plan.n > 1, "A product with a vector is not added to what is there")
  checkRange(blocks, within: plan.blockCount)
  let size = type.byteCount
  for index in blocks {
    let block = plan.block(index)
    let first = (block.batch * plan.m + block.top) * plan.n + block.left
    let product = MatrixBlockProduct(
      type: type, plan: plan, accumulates: sum != nil, block: block, a: a + plan.offsetsA[block.batch] * size,
      b: b + plan.offsetsB[block.batch] * size, output: output + first * size)
    if let sum, sum != UnsafeRawPointer(output) { product.copy(from: sum + first * size) }
    product.run()
  }
}

/// One block of C.
struct MatrixBlockProduct {
  let type: ElementType
  let plan: MatmulPlan
  let accumulates: Bool
  let block: MatmulPlan.Block
  /// The matrices at element 0; the output at its block.
  let a, b: UnsafeRawPointer
  let output: UnsafeMutableRawPointer

  var top: Int { block.top }
  var height: Int { block.height }

  func copy(from sum: UnsafeRawPointer) {
    let row = plan.n * type.byteCount
    for offset in 0..<height {
      (output + offset * row).copyMemory(from: sum + offset * row, byteCount: block.width * type.byteCount)
    }
  }

  func run() {
    if plan.n == 1 {
      timesVector()
    } else if plan.m == 1 {
      vectorTimes()
    } else {
      multiplyBlock()
    }
  }

  /// Elements from one stored row of A or B to the next.
  var strideA: Int { plan.transposeA ? plan.m : plan.k }
  var strideB: Int { plan.transposeB ? plan.k : plan.n }

  /// The first element of A's block at row `top` and column `depth`.
  func blockOfA(depth: Int) -> UnsafeRawPointer {
    a + (plan.transposeA ? depth * strideA + top : top * strideA + depth) * type.byteCount
  }

  /// The first element of B's block at row `depth` and column `left`.
  func blockOfB(depth: Int, left: Int) -> UnsafeRawPointer {
    b + (plan.transposeB ? left * strideB + depth : depth * strideB + left) * type.byteCount
  }

  /// n = 1: each row of A times the vector B. Never given to BLAS, whose products with vectors have thresholds of
  /// their own.
  private func timesVector() {
    adj_matrix_vector(
      type.rawValue, height, plan.k, blockOfA(depth: 0), plan.transposeA ? 1 : strideA, plan.transposeA ? strideA : 1,
      b, 1, output, 1)
  }

  /// m = 1: the vector A times each column of B.
  private func vectorTimes() {
    adj_matrix_vector(
      type.rawValue, plan.n, plan.k, b, plan.transposeB ? strideB : 1, plan.transposeB ? 1 : strideB, a, 1, output, 1)
  }
}
