extension WrongLine {
  /// Wrong lines in products of matrices and in the packing of what they read.
  static let products: [WrongLine] = [
    WrongLine(
      "the panels of a product lie on the stack",
      in: "Sources/CKernels/Products/product_whole.h",
      replace: "  REAL *const b_panels = adj_product_room();",
      with: "  _Alignas(64) REAL b_panels[(8 * WIDTH + GROUP * 3) * ADJ_PRODUCT_CHUNK];",
      caughtBy: "KernelsTests.KernelStackTests"),
    WrongLine(
      "the last of 65 is left out",
      in: "Sources/CKernels/matrix_vector_loops.h",
      replace: "for (ptrdiff_t lane = 0; j < columns; ++j, ++lane)",
      with: "for (ptrdiff_t lane = 0; j < columns - (columns == 65); ++j, ++lane)",
      caughtBy: "KernelsTests.MatrixVectorTests"),
    WrongLine(
      "a deep sum is cut into chunks of 240",
      in: "Sources/CKernels/Products/product.h",
      replace: "ADJ_PRODUCT_CHUNK = 256",
      with: "ADJ_PRODUCT_CHUNK = 240",
      caughtBy: "KernelsTests.MatrixKernelTests/`the definition is what three loops of fused multiply-adds give`"),
    WrongLine(
      "what is there is added before the chunks",
      in: "Sources/CKernels/Products/product_whole.h",
      replace: "else if (product->adds && product->k > ADJ_PRODUCT_CHUNK) NAME(add_deep)(product);",
      with: "else if (0) NAME(add_deep)(product);",
      caughtBy: "KernelsTests.MatrixKernelTests/`so they do of deep and of tall products`"),
    WrongLine(
      "the second part of a deep sum replaces the first",
      in: "Sources/CKernels/Products/product_whole.h",
      replace: "pass.adds = pass.first > 0 || product->adds;",
      with: "pass.adds = product->adds;",
      caughtBy: "KernelsTests.MatrixKernelTests/`so they do of deep and of tall products`"),
    WrongLine(
      "the last row of an edge is read beyond the matrix",
      in: "Sources/CKernels/Products/product_strips.h",
      replace: "(product->k - pass->first - 1) * product->b_depth",
      with: "(product->k - pass->first) * product->b_depth",
      caughtBy: "KernelsTests.MatrixKernelTests"),
    WrongLine(
      "what is left behind whole squares is not turned",
      in: "Sources/CKernels/Products/product_panels.h",
      replace: "for (ptrdiff_t start = 0; start < depth; start += WIDTH) {",
      with: "for (ptrdiff_t start = 0; start + WIDTH <= depth; start += WIDTH) {",
      caughtBy: "KernelsTests.MatrixKernelTests"),
    WrongLine(
      "the last of short lines is read as a whole vector",
      in: "Sources/CKernels/Products/product_panels.h",
      replace: "if (j < count && j * stride + WIDTH <= (count - 1) * stride + depth) {",
      with: "if (j < count) {",
      caughtBy: "KernelsTests.MatrixKernelTests"),
    WrongLine(
      "the rows of A that lie across are read beyond the matrix",
      in: "Sources/CKernels/Products/product_strips.h",
      replace: "if (from <= last) {",
      with: "if (1) {",
      caughtBy: "KernelsTests.MatrixKernelTests"),
    WrongLine(
      "the last vector of a row has the sums of the one before",
      in: "Sources/CKernels/Products/product_row.h",
      replace: "const REAL total = totals[j < last ? j : j + overlap];",
      with: "const REAL total = totals[j];",
      caughtBy: "KernelsTests.MatrixKernelTests/`so they do where caches decide how a product is worked`"),
    WrongLine(
      "what two pieces of a row share is added twice",
      in: "Sources/CKernels/Products/product_row.h",
      replace: "for (ptrdiff_t j = start - left; j < columns; ++j) {",
      with: "for (ptrdiff_t j = 0; j < columns; ++j) {",
      caughtBy: "KernelsTests.MatrixKernelTests/`so they do where caches decide how a product is worked`"),
    WrongLine(
      "the chains of a stream begin anew",
      in: "Sources/CKernels/Products/product_whole.h",
      replace: "tile.continues = p > 0;",
      with: "tile.continues = 0;",
      caughtBy: "KernelsTests.MatrixKernelTests/`so they do where caches decide how a product is worked`"),
    WrongLine(
      "a strip more than there is counts as laid out",
      in: "Sources/CKernels/Products/product_strips.h",
      replace: "pass->laid_end = left + strips * width);",
      with: "pass->laid_end = left + (strips + 1) * width);",
      caughtBy: "KernelsTests.MatrixKernelTests/`so they do where caches decide how a product is worked`"),
    WrongLine(
      "a small product has a chunk and one more",
      in: "Sources/CKernels/Products/product_whole.h",
      replace: "product->k <= ADJ_PRODUCT_CHUNK && product->n <= 32 * WIDTH",
      with: "product->k <= ADJ_PRODUCT_CHUNK + 1 && product->n <= 32 * WIDTH",
      caughtBy: "KernelsTests.MatrixKernelTests/`so they do where caches decide how a product is worked`"),
    WrongLine(
      "the end of a row of sums replaces what it is added to",
      in: "Sources/CKernels/Products/product_strips.h",
      replace: "*(piece *)(to + j) = adds ? *(const piece *)(to + j) + sum : sum;",
      with: "*(piece *)(to + j) = sum;",
      caughtBy: "KernelsTests.MatrixKernelTests"),
    WrongLine(
      "rows of blocks are put together beyond the end of a batch",
      in: "Sources/Kernels/MatmulPlan.swift",
      replace: "min((end - first) / blocksAcross, down)",
      with: "(end - first) / blocksAcross",
      caughtBy: "KernelsTests.ProductBlockTests"),
    WrongLine(
      "a rectangle of blocks is as wide as its first",
      in: "Sources/Kernels/MatmulPlan.swift",
      replace: "width: last.left + last.width - start.left)",
      with: "width: start.width)",
      caughtBy: "KernelsTests.ProductBlockTests"),
    WrongLine(
      "kernels for vectors of 256 bits are taken to fit a processor with 512",
      in: "Sources/Kernels/MatrixBlockProduct+Backend.swift",
      replace: "case .bits512: fitting = cores512",
      with: "case .bits512: fitting = cores512 + [\"Haswell\"]",
      caughtBy: "KernelsTests.ProductBlockTests"),
    WrongLine(
      "each strip of columns begins at the first panel",
      in: "Sources/CKernels/Products/product_strips.h",
      replace: "return (const REAL *)product->b + left / WIDTH * product->b_panel + first * WIDTH;",
      with: "return (const REAL *)product->b + first * WIDTH;",
      caughtBy: "KernelsTests.PackingTests"),
    WrongLine(
      "the last panel of a matrix reads what lies beside its columns",
      in: "Sources/CKernels/Products/product_whole.h",
      replace: "count == WIDTH ? PTRDIFF_MAX : 0);",
      with: "PTRDIFF_MAX);",
      caughtBy: "KernelsTests.PackingTests"),
    WrongLine(
      "blocks of a product of panels begin within a panel",
      in: "Sources/Kernels/MatmulPlan.swift",
      replace: "if stripWidth < n { plan.stripWidth = max(lanes, stripWidth / lanes * lanes) }",
      with: "",
      caughtBy: "KernelsTests.PackingTests"),
  ]
}
