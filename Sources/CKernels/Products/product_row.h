// Included after product_tiles.h: one row of A times B. Each element of B is read once, so that little counts but how
// fast it comes. It is read in the order in which it lies, a few of its rows side by side, while the sums of a piece of
// the row stay in the first-level cache.

/// Continues the chains of `columns` columns by `depth` elements of k, or begins them. The last vector of columns ends
/// where they do and may overlap the one before, but has sums of its own.
__attribute__((always_inline)) TARGET static inline void NAME(continue_row)(const int depth, const int begins,
                                                                             REAL *sums, ptrdiff_t columns,
                                                                             const REAL *a, ptrdiff_t a_depth,
                                                                             const REAL *b, ptrdiff_t b_depth) {
  NAME(lanes) left[ADJ_ROWS_TOGETHER];
#pragma clang loop unroll(full)
  for (int p = 0; p < depth; ++p) left[p] = (NAME(lanes))a[p * a_depth];
  // As many registers of sums as stay in their place beside those of A.
  enum { VECTORS = 4 / REGISTERS };
  ptrdiff_t j = 0;
  for (; j + VECTORS * WIDTH <= columns; j += VECTORS * WIDTH) {
    NAME(lanes) sum[VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < VECTORS; ++v) {
      sum[v] = begins ? (NAME(lanes))(REAL)0 : *(NAME(lanes) *)(sums + j + v * WIDTH);
    }
#pragma clang loop unroll(full)
    for (int p = 0; p < depth; ++p) {
#pragma clang loop unroll(full)
      for (int v = 0; v < VECTORS; ++v) {
        const NAME(lanes) right = *(const NAME(lanes) *)(b + p * b_depth + j + v * WIDTH);
        sum[v] = __builtin_elementwise_fma(left[p], right, sum[v]);
      }
    }
#pragma clang loop unroll(full)
    for (int v = 0; v < VECTORS; ++v) *(NAME(lanes) *)(sums + j + v * WIDTH) = sum[v];
  }
  for (; j < columns; j += WIDTH) {
    const REAL *const from = b + (j + WIDTH <= columns ? j : columns - WIDTH);
    NAME(lanes) sum = begins ? (NAME(lanes))(REAL)0 : *(NAME(lanes) *)(sums + j);
#pragma clang loop unroll(full)
    for (int p = 0; p < depth; ++p) {
      sum = __builtin_elementwise_fma(left[p], *(const NAME(lanes) *)(from + p * b_depth), sum);
    }
    *(NAME(lanes) *)(sums + j) = sum;
  }
}

/// The sums of one chunk of k.
TARGET static void NAME(row_chunk)(REAL *sums, ptrdiff_t columns, ptrdiff_t depth, const REAL *a, ptrdiff_t a_depth,
                                   const REAL *b, ptrdiff_t b_depth) {
  enum { TOGETHER = ADJ_ROWS_TOGETHER };
  ptrdiff_t p = 0;
  if (depth >= TOGETHER) {
    NAME(continue_row)(TOGETHER, 1, sums, columns, a, a_depth, b, b_depth);
    for (p = TOGETHER; p + TOGETHER <= depth; p += TOGETHER) {
      NAME(continue_row)(TOGETHER, 0, sums, columns, a + p * a_depth, a_depth, b + p * b_depth, b_depth);
    }
  } else {
    NAME(continue_row)(1, 1, sums, columns, a, a_depth, b, b_depth);
    p = 1;
  }
  for (; p < depth; ++p) {
    NAME(continue_row)(1, 0, sums, columns, a + p * a_depth, a_depth, b + p * b_depth, b_depth);
  }
}

/// A row of more columns than a vector has, of B that lies as its columns do.
TARGET static void NAME(row)(const struct adj_product *product) {
  enum { COLUMNS = ADJ_PIECE / sizeof(REAL) };
  REAL *const totals = adj_product_room(), *const sums = totals + COLUMNS;
  for (ptrdiff_t start = 0; start < product->n; start += COLUMNS) {
    // The last piece is as wide as a vector at least, and may overlap the one before.
    const ptrdiff_t left = product->n - start < WIDTH ? product->n - WIDTH : start;
    const ptrdiff_t columns = product->n - left < COLUMNS ? product->n - left : COLUMNS;
    for (ptrdiff_t first = 0; first < product->k; first += ADJ_PRODUCT_CHUNK) {
      const ptrdiff_t depth = product->k - first < ADJ_PRODUCT_CHUNK ? product->k - first : ADJ_PRODUCT_CHUNK;
      const REAL *const a = (const REAL *)product->a + first * product->a_depth;
      const REAL *const b = (const REAL *)product->b + first * product->b_depth + left;
      NAME(row_chunk)(first == 0 ? totals : sums, columns, depth, a, product->a_depth, b, product->b_depth);
      for (ptrdiff_t j = 0; first > 0 && j < columns; j += WIDTH) {
        *(NAME(lanes) *)(totals + j) = *(NAME(lanes) *)(totals + j) + *(NAME(lanes) *)(sums + j);
      }
    }
    // What has been summed twice is written once.
    const ptrdiff_t last = (columns - 1) / WIDTH * WIDTH, overlap = last + WIDTH - columns;
    REAL *const c = (REAL *)product->c + left * product->c_column;
    for (ptrdiff_t j = start - left; j < columns; ++j) {
      REAL *const to = c + j * product->c_column;
      const REAL total = totals[j < last ? j : j + overlap];
      *to = product->adds ? *to + total : total;
    }
  }
}
