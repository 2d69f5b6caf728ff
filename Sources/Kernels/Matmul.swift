internal import CKernels

/// C = A · B, or C = S + A · B, for a range of the blocks of C.
///
/// - Parameters:
///   - a, b, output: at element 0, b packed if the plan reads panels; the output shares no memory with A and B.
///   - sum: what the product is added to, of the shape of C, which may be the output itself; with a library not for products
///     with a vector.
///   - blocks: any range below the plan's ``MatmulPlan/blockCount``.
/// - Complexity: O(`blocks.count` · block · k), on the calling thread alone.
package func runMatmul(
  _ type: ElementType, plan: MatmulPlan, a: UnsafeRawPointer, b: UnsafeRawPointer, addedTo sum: UnsafeRawPointer? = nil,
  output: UnsafeMutableRawPointer, blocks: Range<Int>
) {
  precondition(type.hasArithmetic, "Matrix products need floats")
  precondition(
    sum == nil || MatmulPlan.areProductsOurs || plan.m > 1 && plan.n > 1,
    "A product with a vector, by a library, is not added to what is there")
  checkRange(blocks, within: plan.blockCount)
  let size = type.byteCount
  var index = blocks.lowerBound
  while index < blocks.upperBound {
    let (block, count) =
      MatrixBlockProduct.mergesBlocks ? plan.rectangle(from: index, below: blocks.upperBound) : (plan.block(index), 1)
    index += count
    let first = (block.batch * plan.m + block.top) * plan.n + block.left
    let product = MatrixBlockProduct(
      type: type, plan: plan, accumulates: sum != nil, block: block, a: a + plan.offsetsA[block.batch] * size,
      b: b + plan.offsetsB[block.batch] * size, output: output + first * size)
    if let sum, sum != UnsafeRawPointer(output) { product.copy(from: sum + first * size) }
    if plan.panelLanes > 0 { product.multiplyPacked() } else { product.run() }
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

  /// By the package's own kernel: the bits of an element depend on its row and its column alone.
  func multiplyOurselves() {
    adj_product(
      type.rawValue, VectorLevel.current.rawValue, plan.transposeA ? 1 : 0, plan.transposeB ? 1 : 0, height,
      block.width, plan.k, blockOfA(depth: 0), strideA, blockOfB(depth: 0, left: block.left), strideB, output, plan.n,
      accumulates ? 1 : 0)
  }

  /// The same of a packed B, in panels of all of its rows.
  func multiplyPacked() {
    adj_product_packed(
      type.rawValue, VectorLevel.current.rawValue, plan.transposeA ? 1 : 0, height, block.width, plan.k,
      blockOfA(depth: 0), strideA, b + block.left * plan.k * type.byteCount, output, plan.n, accumulates ? 1 : 0)
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
}
