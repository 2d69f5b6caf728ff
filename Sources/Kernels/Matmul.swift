internal import CKernels

/// C = A · B, or C + A · B, for a range of the rows of C, batch after batch.
///
/// - Parameters:
///   - rows: bounded by multiples of the plan's ``MatmulPlan/blockHeight`` within a batch, or a batch's end.
///   - a, b, output: at element 0; the output shares no memory with the others.
/// - Complexity: O(`rows.count` · n · k), on the calling thread alone.
package func runMatmul(
  _ type: ElementType, plan: MatmulPlan, a: UnsafeRawPointer, b: UnsafeRawPointer, output: UnsafeMutableRawPointer,
  rows: Range<Int>, accumulates: Bool = false
) {
  precondition(type != .int32, "Matrix products need floats")
  precondition(!accumulates || plan.m > 1 && plan.n > 1, "A product with a vector is not added to what is there")
  checkRange(rows, within: plan.rowCount)
  precondition(
    plan.boundary(atOrAfter: rows.lowerBound) == rows.lowerBound
      && plan.boundary(atOrAfter: rows.upperBound) == rows.upperBound,
    "The rows \(rows) of a matrix product are divided at multiples of its block height, \(plan.blockHeight)")
  let size = type.byteCount
  var row = rows.lowerBound
  while row < rows.upperBound {
    let (batch, top) = row.quotientAndRemainder(dividingBy: plan.m)
    let height = min(plan.blockHeight, plan.m - top)
    let matrixA = a + plan.offsetsA[batch] * size
    let matrixB = b + plan.offsetsB[batch] * size
    let product = MatrixBlockProduct(
      type: type, plan: plan, accumulates: accumulates, top: top, height: height, a: matrixA, b: matrixB,
      output: output + row * plan.n * size)
    product.run()
    row += height
  }
}

/// `height` rows of C, from row `top` of one product.
struct MatrixBlockProduct {
  let type: ElementType
  let plan: MatmulPlan
  let accumulates: Bool
  let top, height: Int
  /// The matrices at element 0; the output at its row `top`.
  let a, b: UnsafeRawPointer
  let output: UnsafeMutableRawPointer

  func run() {
    if plan.n == 1 {
      timesVector()
    } else if plan.m == 1 {
      vectorTimes()
    } else {
      block()
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
