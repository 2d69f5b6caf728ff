// Included once for each REAL of each kind of vectors, with WIDTH elements in 64 bytes, NAME(x) naming what it defines,
// TARGET saying what the processor must have, MOST_ROWS the rows of a tile at most, and MOST_VECTORS(rows) how many
// vectors of columns its sums may take beside so many rows.
//
// A tile of C stays in registers while k runs: each element of A is multiplied by a row of vectors of B. Rows of A are
// read where they lie, so are those of B; only what lies across (B transposed, A transposed where many columns read it)
// and the columns at the edge are laid out first.

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
  int adds;
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
  const ptrdiff_t depth = tile->depth, stride = tile->a_stride, b_depth = tile->b_depth, b_vector = tile->b_vector;
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
  REAL *c = tile->c;
  if (tile->adds) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) {
        NAME(lanes) *const to = (NAME(lanes) *)(c + r * tile->c_stride + v * WIDTH);
        *to = *to + sums[r][v];
      }
    }
  } else {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) *(NAME(lanes) *)(c + r * tile->c_stride + v * WIDTH) = sums[r][v];
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

// Vectors of four lanes of 16 bytes each, and pieces of two of them put together.
#if WIDTH == 16
#define LANE(I) 4 * (I), 4 * (I) + 1, 4 * (I) + 2, 4 * (I) + 3
#else
#define LANE(I) 2 * (I), 2 * (I) + 1
#endif
#define LANES(A, B, I, J, K, L) __builtin_shufflevector(A, B, LANE(I), LANE(J), LANE(K), LANE(L))

/// From the lanes of four vectors the four vectors of their first, second, third and fourth lanes.
__attribute__((always_inline)) TARGET static inline void NAME(turn_lanes)(NAME(lanes) *first, NAME(lanes) *second,
                                                                           NAME(lanes) *third, NAME(lanes) *fourth) {
  const NAME(lanes) even = LANES(*first, *second, 0, 2, 4, 6), odd = LANES(*first, *second, 1, 3, 5, 7);
  const NAME(lanes) more_even = LANES(*third, *fourth, 0, 2, 4, 6), more_odd = LANES(*third, *fourth, 1, 3, 5, 7);
  *first = LANES(even, more_even, 0, 2, 4, 6);
  *second = LANES(odd, more_odd, 0, 2, 4, 6);
  *third = LANES(even, more_even, 1, 3, 5, 7);
  *fourth = LANES(odd, more_odd, 1, 3, 5, 7);
}

/// to[p] = element p of each of WIDTH lines, in their order.
__attribute__((always_inline)) TARGET static inline void NAME(turn_square)(REAL *to, const REAL *from,
                                                                            ptrdiff_t stride) {
  NAME(lanes) x[WIDTH];
#pragma clang loop unroll(full)
  for (int j = 0; j < WIDTH; ++j) x[j] = *(const NAME(lanes) *)(from + j * stride);
#if WIDTH == 16
  // Four lines at a time: their elements p, four of them in each lane of 16 bytes.
#pragma clang loop unroll(full)
  for (int j = 0; j < WIDTH; j += 4) {
#define HALVES(A, B, I) \
  __builtin_shufflevector(A, B, I, I + 16, I + 1, I + 17, I + 4, I + 20, I + 5, I + 21, I + 8, I + 24, I + 9, I + 25, \
                          I + 12, I + 28, I + 13, I + 29)
#define PAIRS(A, B, I) \
  __builtin_shufflevector(A, B, I, I + 1, I + 16, I + 17, I + 4, I + 5, I + 20, I + 21, I + 8, I + 9, I + 24, I + 25, \
                          I + 12, I + 13, I + 28, I + 29)
    const NAME(lanes) a = HALVES(x[j], x[j + 1], 0), b = HALVES(x[j], x[j + 1], 2);
    const NAME(lanes) c = HALVES(x[j + 2], x[j + 3], 0), d = HALVES(x[j + 2], x[j + 3], 2);
    x[j] = PAIRS(a, c, 0);
    x[j + 1] = PAIRS(a, c, 2);
    x[j + 2] = PAIRS(b, d, 0);
    x[j + 3] = PAIRS(b, d, 2);
#undef HALVES
#undef PAIRS
  }
#pragma clang loop unroll(full)
  for (int c = 0; c < 4; ++c) {
    NAME(turn_lanes)(&x[c], &x[c + 4], &x[c + 8], &x[c + 12]);
#pragma clang loop unroll(full)
    for (int lane = 0; lane < 4; ++lane) *(NAME(lanes) *)(to + (4 * lane + c) * WIDTH) = x[c + 4 * lane];
  }
#else
#pragma clang loop unroll(full)
  for (int j = 0; j < WIDTH; j += 2) {
    const NAME(lanes) a = x[j], b = x[j + 1];
    x[j] = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
    x[j + 1] = __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
  }
#pragma clang loop unroll(full)
  for (int c = 0; c < 2; ++c) {
    NAME(turn_lanes)(&x[c], &x[c + 2], &x[c + 4], &x[c + 6]);
#pragma clang loop unroll(full)
    for (int lane = 0; lane < 4; ++lane) *(NAME(lanes) *)(to + (2 * lane + c) * WIDTH) = x[c + 2 * lane];
  }
#endif
}

#undef LANE
#undef LANES

/// panel[p][j] = source[j · stride + p] for the `count` lines j that there are, and 0 for the others.
TARGET static void NAME(turn)(REAL *panel, const REAL *source, ptrdiff_t stride, ptrdiff_t depth, ptrdiff_t count) {
  ptrdiff_t start = 0;
  if (count == WIDTH) {
    for (; start + WIDTH <= depth; start += WIDTH) NAME(turn_square)(panel + start * WIDTH, source + start, stride);
  }
  for (ptrdiff_t j = 0; j < WIDTH; ++j) {
    for (ptrdiff_t p = start; p < depth; ++p) panel[p * WIDTH + j] = j < count ? source[j * stride + p] : (REAL)0;
  }
}

/// panel[p][j] = source[p · stride + j] for the `count` columns j that there are, and anything for the others: what
/// lies there within the `available` elements from `source` on, which takes a move a row.
TARGET static void NAME(lay)(REAL *panel, const REAL *source, ptrdiff_t stride, ptrdiff_t depth, ptrdiff_t count,
                             ptrdiff_t available) {
  ptrdiff_t p = 0;
  for (; p < depth && p * stride + WIDTH <= available; ++p) {
    *(NAME(lanes) *)(panel + p * WIDTH) = *(const NAME(lanes) *)(source + p * stride);
  }
  for (; p < depth; ++p) {
    for (ptrdiff_t j = 0; j < count; ++j) panel[p * WIDTH + j] = source[p * stride + j];
    for (ptrdiff_t j = count; j < WIDTH; ++j) panel[p * WIDTH + j] = 0;
  }
}

/// Rows whose A is laid out at a time, where it lies across.
#define GROUP (128 * 4 / (ptrdiff_t)sizeof(REAL))  // Decisions/Kernels.md
/// A row of a tile that is laid out: whole pieces of a line.
#define LAID_ROWS (MOST_ROWS > 8 ? 16 : 8)
_Static_assert(ADJ_PRODUCT_ROOM >= ((GROUP + MOST_ROWS - 1) / MOST_ROWS * LAID_ROWS * sizeof(REAL) + 8 * 64)
                                       * ADJ_PRODUCT_CHUNK + 32 * 256, "a thread has memory for the panels");

/// The tiles from top to bottom: as many as are needed, of rows that differ by one at most.
#define TILE_TOP(TILE) ((TILE) * rows / tiles)

/// Adds or writes the part of C that lies in `columns` columns from `left` on, of one chunk of k.
TARGET static void NAME(strip)(const struct adj_product *product, ptrdiff_t top, ptrdiff_t rows, ptrdiff_t tiles,
                               ptrdiff_t left, ptrdiff_t columns, ptrdiff_t vectors, ptrdiff_t first, ptrdiff_t depth,
                               int adds, const REAL *a_panels, REAL *b_panels) {
  const int is_edge = columns < vectors * WIDTH, is_turned = product->b_depth == 1 && product->b_column != 1;
  struct NAME(tile) tile = {.depth = depth, .b_depth = product->b_depth, .b_vector = WIDTH};
  const REAL *const b = (const REAL *)product->b + first * product->b_depth + left * product->b_column;
  tile.b = b;
  if (is_turned || is_edge) {
    for (ptrdiff_t v = 0; v < vectors; ++v) {
      const ptrdiff_t count = columns - v * WIDTH < WIDTH ? columns - v * WIDTH : WIDTH;
      if (is_turned) {
        NAME(turn)(b_panels + v * depth * WIDTH, b + v * WIDTH * product->b_column, product->b_column, depth, count);
      } else {
        NAME(lay)(b_panels + v * depth * WIDTH, b + v * WIDTH, product->b_depth, depth, count,
                  (product->k - first - 1) * product->b_depth + product->n - left - v * WIDTH);
      }
    }
    (tile.b = b_panels, tile.b_depth = WIDTH, tile.b_vector = depth * WIDTH);
  }
  const int is_direct = product->c_column == 1 && !is_edge, log = __builtin_ctz((unsigned)vectors);
  const int is_across = product->a_depth != 1;
  for (ptrdiff_t number = 0; number < tiles; ++number) {
    const ptrdiff_t row = TILE_TOP(number), height = TILE_TOP(number + 1) - row;
    if (a_panels) {
      (tile.a = a_panels + number * ADJ_PRODUCT_CHUNK * LAID_ROWS, tile.a_stride = LAID_ROWS);
    } else {
      tile.a = (const REAL *)product->a + (top + row) * product->a_row + first * product->a_depth;
      tile.a_stride = is_across ? product->a_depth : product->a_row;
    }
    REAL *const c = (REAL *)product->c + (top + row) * product->c_row + left * product->c_column;
    const NAME(kernel) kernel = NAME(kernels)[height - 1][log][is_across];
    if (is_direct) {
      (tile.c = c, tile.c_stride = product->c_row, tile.adds = adds);
      kernel(&tile);
      continue;
    }
    REAL buffer[MOST_ROWS * 8 * WIDTH] __attribute__((aligned(64)));
    (tile.c = buffer, tile.c_stride = vectors * WIDTH, tile.adds = 0);
    kernel(&tile);
    for (ptrdiff_t r = 0; r < height; ++r) {
      for (ptrdiff_t j = 0; j < columns; ++j) {
        REAL *const to = c + r * product->c_row + j * product->c_column;
        const REAL sum = buffer[r * vectors * WIDTH + j];
        *to = adds ? *to + sum : sum;
      }
    }
  }
}

TARGET static void NAME(chunks)(const struct adj_product *product) {
  REAL *const b_panels = adj_product_room();
  REAL *const a_panels = b_panels + 8 * WIDTH * ADJ_PRODUCT_CHUNK;
  const int lays_a = product->a_depth != 1 && product->n > 64;
  for (ptrdiff_t top = 0; top < product->m; top += GROUP) {
    const ptrdiff_t rows = product->m - top < GROUP ? product->m - top : GROUP;
    const ptrdiff_t tiles = (rows + MOST_ROWS - 1) / MOST_ROWS;
    // Panels that are turned should stay in the first-level cache.
    const int is_turned = product->b_depth == 1 && product->b_column != 1;
    const ptrdiff_t by_rows = MOST_VECTORS((rows + tiles - 1) / tiles), most_vectors = is_turned && by_rows > 2 ? 2 : by_rows;
    for (ptrdiff_t first = 0; first < product->k; first += ADJ_PRODUCT_CHUNK) {
      const ptrdiff_t depth = product->k - first < ADJ_PRODUCT_CHUNK ? product->k - first : ADJ_PRODUCT_CHUNK;
      if (lays_a) {
        for (ptrdiff_t number = 0; number < tiles; ++number) {
          const ptrdiff_t row = TILE_TOP(number), height = TILE_TOP(number + 1) - row;
          const REAL *from = (const REAL *)product->a + first * product->a_depth + top + row;
          REAL *to = a_panels + number * ADJ_PRODUCT_CHUNK * LAID_ROWS;
          for (ptrdiff_t p = 0; p < depth; ++p, from += product->a_depth, to += LAID_ROWS) {
            for (ptrdiff_t r = 0; r < height; ++r) to[r] = from[r];
          }
        }
      }
      for (ptrdiff_t left = 0; left < product->n;) {
        const ptrdiff_t remaining = product->n - left;
        ptrdiff_t vectors = most_vectors;
        while (vectors > 1 && vectors * WIDTH > remaining) vectors /= 2;
        const ptrdiff_t columns = vectors * WIDTH < remaining ? vectors * WIDTH : remaining;
        NAME(strip)(product, top, rows, tiles, left, columns, vectors, first, depth, first > 0 || product->adds,
                    lays_a ? a_panels : NULL, b_panels);
        left += columns;
      }
    }
  }
}

/// What is there is added to the finished product.
TARGET static void NAME(add_deep)(const struct adj_product *product) {
  enum { ROWS = 32, COLUMNS = 4 * WIDTH };
  REAL *const sums = (REAL *)((char *)adj_product_room() + ADJ_PRODUCT_ROOM - 32 * 256);
  for (ptrdiff_t top = 0; top < product->m; top += ROWS) {
    for (ptrdiff_t left = 0; left < product->n; left += COLUMNS) {
      struct adj_product part = *product;
      part.m = product->m - top < ROWS ? product->m - top : ROWS;
      part.n = product->n - left < COLUMNS ? product->n - left : COLUMNS;
      part.a = (const REAL *)product->a + top * product->a_row;
      part.b = (const REAL *)product->b + left * product->b_column;
      (part.c = sums, part.c_row = COLUMNS, part.c_column = 1, part.adds = 0);
      NAME(chunks)(&part);
      for (ptrdiff_t i = 0; i < part.m; ++i) {
        REAL *const to = (REAL *)product->c + (top + i) * product->c_row + left * product->c_column;
        for (ptrdiff_t j = 0; j < part.n; ++j) to[j * product->c_column] += sums[i * COLUMNS + j];
      }
    }
  }
}

TARGET static void NAME(product)(const struct adj_product *product) {
  struct adj_product exchanged = *product;
  // Fewer columns than a vector has elements: the rows take their place, if they lie so, or if turning them costs less.
  const int lies_across = product->a_depth != 1;
  if (product->n < (lies_across ? WIDTH : WIDTH / 2 + 1) && product->m > product->n) {
    (exchanged.m = product->n, exchanged.n = product->m);
    (exchanged.a = product->b, exchanged.b = product->a);
    (exchanged.a_row = product->b_column, exchanged.a_depth = product->b_depth);
    (exchanged.b_depth = product->a_depth, exchanged.b_column = product->a_row);
    (exchanged.c_row = product->c_column, exchanged.c_column = product->c_row);
  }
  if (exchanged.adds && exchanged.k > ADJ_PRODUCT_CHUNK) NAME(add_deep)(&exchanged);
  else NAME(chunks)(&exchanged);
}

#undef GROUP
#undef LAID_ROWS
#undef TILE_TOP
#undef REAL
#undef WIDTH
#undef NAME
