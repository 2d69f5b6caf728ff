// Included once for each REAL of each kind of vectors, with WIDTH elements in 64 bytes, NAME(x) naming what it defines,
// TARGET saying what the processor must have, MOST_ROWS the rows of a tile at most, and MOST_VECTORS(rows) how many
// vectors of columns its sums may take beside so many rows.
//
// A tile of C stays in registers while k runs: each element of A is multiplied by a row of vectors of B. Rows of A are
// read where they lie, so are those of B; only what lies across (B transposed, A transposed where many columns read
// it), columns at the edge, and rows of B that a cache cannot keep side by side are laid out first.

typedef REAL NAME(lanes) __attribute__((ext_vector_type(WIDTH), aligned(sizeof(REAL))));

/// A tile of C: where its rows begin, and what they are sums of.
struct NAME(tile) {
  ptrdiff_t depth;
  /// Row r and depth p of A: r · a_stride + p, or, laid across, r + p · a_stride.
  const REAL *a;
  ptrdiff_t a_stride;
  /// Depth p of B's vector v: p · b_depth + v · b_vector.
  const REAL *b;
  ptrdiff_t b_depth, b_vector;
  REAL *c;
  ptrdiff_t c_stride;
  /// Whether the sums begin with what is there, and whether they are added to it.
  int continues, adds;
};

/// Computes a tile. All that is constant is known where it is inlined, so that every sum is a register.
__attribute__((always_inline)) TARGET static inline void NAME(compute)(const int rows, const int vectors,
                                                                        const int is_across,
                                                                        const struct NAME(tile) *tile) {
  NAME(lanes) sums[MOST_ROWS][8];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) sums[r][v] = (NAME(lanes))(REAL)0;
  }
  if (tile->continues) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) sums[r][v] = *(NAME(lanes) *)(tile->c + r * tile->c_stride + v * WIDTH);
    }
  }
  const ptrdiff_t depth = tile->depth, stride = tile->a_stride, b_depth = tile->b_depth, b_vector = tile->b_vector;
  REAL *const c = tile->c;
  const ptrdiff_t c_stride = tile->c_stride;
  const int adds = tile->adds;
  const REAL *b = tile->b;
  // One pointer for three rows: with one for each, sums would leave their registers.
  const REAL *a[(MOST_ROWS + 2) / 3];
  const int groups = is_across ? 1 : (rows + 2) / 3;
#pragma clang loop unroll(full)
  for (int g = 0; g < groups; ++g) {
    a[g] = tile->a + 3 * g * stride;
    __asm__("" : "+r"(a[g]));
  }
  for (ptrdiff_t p = 0; p < depth; ++p) {
    // Of elements of A and registers of B, those that are fewer stay beside the sums.
    if (rows < vectors * REGISTERS) {
      NAME(lanes) left[MOST_ROWS];
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; ++r) left[r] = (NAME(lanes))(is_across ? a[0][r] : a[r / 3][r % 3 * stride]);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) {
        const NAME(lanes) right = *(const NAME(lanes) *)(b + v * b_vector);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; ++r) sums[r][v] = __builtin_elementwise_fma(left[r], right, sums[r][v]);
      }
    } else {
      NAME(lanes) right[8];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) right[v] = *(const NAME(lanes) *)(b + v * b_vector);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; ++r) {
        const NAME(lanes) left = (NAME(lanes))(is_across ? a[0][r] : a[r / 3][r % 3 * stride]);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; ++v) sums[r][v] = __builtin_elementwise_fma(left, right[v], sums[r][v]);
      }
    }
    b += b_depth;
#pragma clang loop unroll(full)
    for (int g = 0; g < groups; ++g) a[g] += is_across ? stride : 1;
  }
  if (adds) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) {
        NAME(lanes) *const to = (NAME(lanes) *)(c + r * c_stride + v * WIDTH);
        *to = *to + sums[r][v];
      }
    }
  } else {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) *(NAME(lanes) *)(c + r * c_stride + v * WIDTH) = sums[r][v];
    }
  }
}

typedef void (*NAME(kernel))(const struct NAME(tile) *tile);

#define TILE(ROWS, VECTORS)                                                                                       \
  TARGET static void NAME(rows_##ROWS##_##VECTORS)(const struct NAME(tile) *tile) {                               \
    NAME(compute)(ROWS, VECTORS, 0, tile);                                                                        \
  }                                                                                                               \
  TARGET static void NAME(across_##ROWS##_##VECTORS)(const struct NAME(tile) *tile) {                             \
    NAME(compute)(ROWS, VECTORS, 1, tile);                                                                        \
  }
#define TILE_NAMES(ROWS, VECTORS) {NAME(rows_##ROWS##_##VECTORS), NAME(across_##ROWS##_##VECTORS)}
TILES(TILE)

/// Of so many rows and 1, 2, 4 or 8 vectors, for rows of A and for A laid across.
static const NAME(kernel) NAME(kernels)[MOST_ROWS][4][2] = {TILE_TABLE(TILE_NAMES)};
#undef TILE
#undef TILE_NAMES
