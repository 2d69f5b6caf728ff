// Included after product_strips.h: few rows of A times B transposed. What is turned of B is read once, by a few sums,
// to which it goes in registers: it is laid out nowhere.

/// WIDTH columns of some rows: the sums of one chunk of k.
struct NAME(few) {
  ptrdiff_t depth;
  /// Row r and depth p of A: r · a_stride + p. Column j of B: j · b_stride + p.
  const REAL *a;
  ptrdiff_t a_stride;
  const REAL *b;
  ptrdiff_t b_stride;
  /// Row r: r · WIDTH.
  REAL *sums;
};

/// Continues the sums by depth p + skipped <= … < p + PIECE.
__attribute__((always_inline)) TARGET static inline void NAME(continue_turned)(const int rows, const int skipped,
                                                                                NAME(lanes) *sums, const REAL *const *a,
                                                                                ptrdiff_t a_stride, const REAL *b,
                                                                                ptrdiff_t b_stride, ptrdiff_t p) {
  NAME(lanes) right[PIECE];
  NAME(turn_pieces)(right, b + p, b_stride);
#pragma clang loop unroll(full)
  for (int i = skipped; i < PIECE; ++i) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
      sums[r] = __builtin_elementwise_fma((NAME(lanes))a[r / 3][r % 3 * a_stride + p + i], right[i], sums[r]);
    }
  }
}

/// All that is constant is known where it is inlined, so that every sum is a register.
__attribute__((always_inline)) TARGET static inline void NAME(sum_turned)(const int rows, const struct NAME(few) *few) {
  NAME(lanes) sums[TURNED_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r) sums[r] = (NAME(lanes))(REAL)0;
  const ptrdiff_t depth = few->depth, a_stride = few->a_stride, b_stride = few->b_stride;
  const REAL *const b = few->b;
  const REAL *a[(TURNED_ROWS + 2) / 3];
#pragma clang loop unroll(full)
  for (int g = 0; g < (rows + 2) / 3; ++g) {
    a[g] = few->a + 3 * g * a_stride;
    __asm__("" : "+r"(a[g]));
  }
  ptrdiff_t p = 0;
  // A line of the cache in one go; but the more registers a vector takes, the fewer of its pieces find theirs.
  for (; REGISTERS < 4 && p + WIDTH <= depth; p += WIDTH) {
#pragma clang loop unroll(full)
    for (int q = 0; q < WIDTH; q += PIECE) NAME(continue_turned)(rows, 0, sums, a, a_stride, b, b_stride, p + q);
  }
  for (; p + PIECE <= depth; p += PIECE) NAME(continue_turned)(rows, 0, sums, a, a_stride, b, b_stride, p);
  // The last piece ends where the lines do, and begins with what has been summed.
  p = depth - PIECE;
  switch (depth % PIECE) {
#if WIDTH == 16
    case 3: NAME(continue_turned)(rows, 1, sums, a, a_stride, b, b_stride, p); break;
    case 2: NAME(continue_turned)(rows, 2, sums, a, a_stride, b, b_stride, p); break;
#endif
    case 1: NAME(continue_turned)(rows, PIECE - 1, sums, a, a_stride, b, b_stride, p); break;
    default: break;
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r) *(NAME(lanes) *)(few->sums + r * WIDTH) = sums[r];
}

#define TURNED(ROWS) \
  TARGET static void NAME(turned_##ROWS)(const struct NAME(few) *few) { NAME(sum_turned)(ROWS, few); }
#define TURNED_NAME(ROWS) NAME(turned_##ROWS),
EACH_TURNED(TURNED)
static void (*const NAME(turned_kernels)[TURNED_ROWS])(const struct NAME(few) *) = {EACH_TURNED(TURNED_NAME)};
#undef TURNED
#undef TURNED_NAME

static inline int NAME(is_turned)(const struct adj_product *product) {
  const int has_room = product->m * product->k * (ptrdiff_t)sizeof(REAL) <= ADJ_PRODUCT_ROOM;
  return product->b_column != 1 && product->m <= TURNED_ROWS && product->n >= WIDTH && product->k >= PIECE &&
         (product->a_depth == 1 || has_room);
}

/// A few rows, of a B whose columns are lines at least as long as a piece, and enough for a vector.
TARGET static void NAME(turned)(const struct adj_product *product) {
  REAL totals[TURNED_ROWS * WIDTH] __attribute__((aligned(64))), sums[TURNED_ROWS * WIDTH] __attribute__((aligned(64)));
  const ptrdiff_t rows = product->m, n = product->n, k = product->k;
  const REAL *a = product->a;
  ptrdiff_t a_stride = product->a_row;
  if (product->a_depth != 1) {
    // As few rows as these cost little to be laid out.
    REAL *const laid = adj_product_room();
    for (ptrdiff_t p = 0; p < k; ++p) {
      for (ptrdiff_t r = 0; r < rows; ++r) laid[r * k + p] = a[r * a_stride + p * product->a_depth];
    }
    (a = laid, a_stride = k);
  }
  for (ptrdiff_t left = 0; left < n; left += WIDTH) {
    // The last columns are as many as a vector has, of which some may have been written.
    const ptrdiff_t start = left + WIDTH <= n ? left : n - WIDTH;
    const REAL *const b = (const REAL *)product->b + start * product->b_column;
    for (ptrdiff_t first = 0; first < k; first += ADJ_PRODUCT_CHUNK) {
      const struct NAME(few) few = {
          .depth = k - first < ADJ_PRODUCT_CHUNK ? k - first : ADJ_PRODUCT_CHUNK, .a = a + first, .a_stride = a_stride,
          .b = b + first, .b_stride = product->b_column, .sums = first == 0 ? totals : sums,
      };
      NAME(turned_kernels)[rows - 1](&few);
      for (ptrdiff_t i = 0; first > 0 && i < rows * WIDTH; i += WIDTH) {
        *(NAME(lanes) *)(totals + i) = *(NAME(lanes) *)(totals + i) + *(NAME(lanes) *)(sums + i);
      }
    }
    for (ptrdiff_t r = 0; r < rows; ++r) {
      REAL *const c = (REAL *)product->c + r * product->c_row + left * product->c_column;
      NAME(put)(c, product->c_column, totals + r * WIDTH + (left - start), WIDTH - (left - start), product->adds);
    }
  }
}
