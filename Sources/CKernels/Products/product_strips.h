// Included after product_panels.h: strips of C, as wide as a tile, from top to bottom.

/// Rows whose A is laid out at a time, where it lies across.
#define GROUP (128 * 4 / (ptrdiff_t)sizeof(REAL))  // Decisions/Kernels.md
/// A row of a tile that is laid out: whole pieces of a line.
#define LAID_ROWS (MOST_ROWS > 8 ? 16 : 8)
_Static_assert(ADJ_PRODUCT_ROOM >= ((GROUP + MOST_ROWS - 1) / MOST_ROWS * LAID_ROWS * sizeof(REAL) + 8 * 64)
                                       * ADJ_PRODUCT_CHUNK + 32 * 256, "a thread has memory for the panels");

/// The rows of a product that are worked on together, and one chunk of k: tiles from top to bottom, of which the first
/// `taller` have `height + 1` rows and the others `height`.
struct NAME(pass) {
  const struct adj_product *product;
  ptrdiff_t top, rows, tiles, height, taller;
  ptrdiff_t first, depth;
  /// Whether what is there is added to, and whether the strips to come are fetched.
  int adds, fetches;
  /// Where A is laid out, if it is, and B; and the columns of B that are, for several strips.
  REAL *a_panels, *b_panels;
  ptrdiff_t laid, laid_end;
};

static inline ptrdiff_t NAME(height)(const struct NAME(pass) *pass, ptrdiff_t tile) {
  return pass->height + (tile < pass->taller);
}

/// Where B's row `first` and column `left` are; of a packed B the first column of a panel.
static inline const REAL *NAME(of_b)(const struct adj_product *product, ptrdiff_t first, ptrdiff_t left) {
  if (product->b_panel) return (const REAL *)product->b + left / WIDTH * product->b_panel + first * WIDTH;
  return (const REAL *)product->b + first * product->b_depth + left * product->b_column;
}

/// Lays out A that lies across: for each depth, the rows of each tile.
TARGET static void NAME(lay_a)(const struct NAME(pass) *pass) {
  typedef REAL rows __attribute__((ext_vector_type(LAID_ROWS), aligned(sizeof(REAL))));
  const struct adj_product *const product = pass->product;
  const REAL *line = (const REAL *)product->a + pass->first * product->a_depth + pass->top;
  const REAL *const last = (const REAL *)product->a + (product->k - 1) * product->a_depth + product->m - LAID_ROWS;
  REAL *to = pass->a_panels;
  for (ptrdiff_t p = 0; p < pass->depth; ++p, line += product->a_depth, to += LAID_ROWS) {
    const REAL *from = line;
    for (ptrdiff_t tile = 0; tile < pass->tiles; ++tile) {
      REAL *const panel = to + tile * ADJ_PRODUCT_CHUNK * LAID_ROWS;
      const ptrdiff_t height = NAME(height)(pass, tile);
      // A move of as many as a panel has room for, wherever they end within A.
      if (from <= last) {
        *(rows *)panel = *(const rows *)from;
      } else {
        for (ptrdiff_t r = 0; r < height; ++r) panel[r] = from[r];
      }
      from += height;
    }
  }
}

/// Lays out B's columns from `left` on for strips of `vectors` vectors.
TARGET static void NAME(lay_b)(struct NAME(pass) *pass, ptrdiff_t left, ptrdiff_t vectors) {
  const ptrdiff_t width = vectors * WIDTH, whole = (pass->product->n - left) / width;
  const ptrdiff_t strips = whole < ADJ_LAID_VECTORS / vectors ? whole : ADJ_LAID_VECTORS / vectors;
  const REAL *from = NAME(of_b)(pass->product, pass->first, left);
  REAL *to = pass->b_panels;
  for (ptrdiff_t p = 0; p < pass->depth; ++p, from += pass->product->b_depth, to += width) {
    for (ptrdiff_t strip = 0; strip < strips; ++strip) {
      for (ptrdiff_t j = 0; j < width; j += WIDTH) {
        *(NAME(lanes) *)(to + strip * pass->depth * width + j) = *(const NAME(lanes) *)(from + strip * width + j);
      }
    }
  }
  (pass->laid = left, pass->laid_end = left + strips * width);
}

/// Has a tile's share of the strip of B that is `ahead` columns further, or in the next chunk, brought into the
/// second-level cache.
TARGET static void NAME(fetch_b)(const struct NAME(pass) *pass, ptrdiff_t tile, ptrdiff_t left, ptrdiff_t ahead,
                                 ptrdiff_t vectors) {
  const struct adj_product *const product = pass->product;
  ptrdiff_t first = pass->first;
  left += ahead;
  if (left >= product->n) (left -= product->n, first += ADJ_PRODUCT_CHUNK);
  if (first >= product->k || left + vectors * WIDTH > product->n) return;
  const ptrdiff_t depth = product->k - first < ADJ_PRODUCT_CHUNK ? product->k - first : ADJ_PRODUCT_CHUNK;
  const ptrdiff_t share = (depth + pass->tiles - 1) / pass->tiles, start = tile * share;
  const ptrdiff_t end = start + share < depth ? start + share : depth;
  const REAL *b = NAME(of_b)(product, first + start, left);
  for (ptrdiff_t p = start; p < end; ++p, b += product->b_depth) {
    for (ptrdiff_t v = 0; v < vectors; ++v) __builtin_prefetch(b + v * WIDTH, 0, 2);
  }
}

/// Writes a row of sums, or adds them to what is there.
TARGET static inline void NAME(put)(REAL *to, ptrdiff_t stride, const REAL *sums, ptrdiff_t count, int adds) {
  ptrdiff_t j = 0;
  if (stride == 1) {
#define PUT(N)                                                                     \
  {                                                                                \
    typedef REAL piece __attribute__((ext_vector_type(N), aligned(sizeof(REAL)))); \
    const piece sum = *(const piece *)(sums + j);                                  \
    *(piece *)(to + j) = adds ? *(const piece *)(to + j) + sum : sum;              \
    j += N;                                                                        \
  }
    while (j + WIDTH <= count) PUT(WIDTH)
    if (WIDTH > 8 && j + 8 <= count) PUT(8)
    if (j + 4 <= count) PUT(4)
    if (j + 2 <= count) PUT(2)
#undef PUT
  }
  for (; j < count; ++j) to[j * stride] = adds ? to[j * stride] + sums[j] : sums[j];
}

/// Lays out the columns of B that are one strip's alone: those that lie across, or end within a vector.
TARGET static void NAME(lay_strip)(const struct NAME(pass) *pass, ptrdiff_t left, ptrdiff_t columns,
                                   ptrdiff_t vectors) {
  const struct adj_product *const product = pass->product;
  for (ptrdiff_t j = 0; j < columns; j += WIDTH) {
    const ptrdiff_t count = columns - j < WIDTH ? columns - j : WIDTH;
    const REAL *const from = NAME(of_b)(product, pass->first, left + j);
    if (product->b_column != 1) {
      NAME(turn)(pass->b_panels + j, vectors * WIDTH, from, product->b_column, pass->depth, count);
    } else {
      const ptrdiff_t available = (product->k - pass->first - 1) * product->b_depth + product->n - left - j;
      NAME(lay)(pass->b_panels + j, vectors * WIDTH, from, product->b_depth, pass->depth, count, available);
    }
  }
}

/// Adds or writes the part of C that lies in `columns` columns from `left` on, of one chunk of k.
TARGET static void NAME(strip)(const struct NAME(pass) *pass, ptrdiff_t left, ptrdiff_t columns, ptrdiff_t vectors) {
  const struct adj_product *const product = pass->product;
  const int is_edge = columns < vectors * WIDTH, is_direct = product->c_column == 1 && !is_edge;
  const int is_across = product->a_depth != 1, log = __builtin_ctz((unsigned)vectors);
  struct NAME(tile) tile = {
      .depth = pass->depth, .a_stride = is_across ? product->a_depth : product->a_row,
      .b = NAME(of_b)(product, pass->first, left), .b_depth = product->b_depth, .b_vector = WIDTH,
  };
  if (product->b_panel) {
    tile.b_vector = product->b_panel;
  } else if (left < pass->laid_end) {
    (tile.b = pass->b_panels + (left - pass->laid) * pass->depth, tile.b_depth = vectors * WIDTH);
  } else if (product->b_column != 1 || is_edge) {
    NAME(lay_strip)(pass, left, columns, vectors);
    (tile.b = pass->b_panels, tile.b_depth = vectors * WIDTH);
  }
  const ptrdiff_t ahead = pass->laid_end > 0 ? ADJ_LAID_VECTORS * WIDTH : columns;
  ptrdiff_t row = pass->top;
  for (ptrdiff_t number = 0; number < pass->tiles; ++number) {
    const ptrdiff_t height = NAME(height)(pass, number);
    if (pass->a_panels) {
      (tile.a = pass->a_panels + number * ADJ_PRODUCT_CHUNK * LAID_ROWS, tile.a_stride = LAID_ROWS);
    } else {
      tile.a = (const REAL *)product->a + row * product->a_row + pass->first * product->a_depth;
    }
    REAL *const c = (REAL *)product->c + row * product->c_row + left * product->c_column;
    row += height;
    if (pass->fetches) NAME(fetch_b)(pass, number, left, ahead, vectors);
    const NAME(kernel) kernel = NAME(kernels)[height - 1][log][is_across];
    if (is_direct) {
      (tile.c = c, tile.c_stride = product->c_row, tile.adds = pass->adds);
      kernel(&tile);
      continue;
    }
    REAL buffer[MOST_ROWS * 8 * WIDTH] __attribute__((aligned(64)));
    (tile.c = buffer, tile.c_stride = vectors * WIDTH);
    kernel(&tile);
    for (ptrdiff_t r = 0; r < height; ++r) {
      NAME(put)(c + r * product->c_row, product->c_column, buffer + r * vectors * WIDTH, columns, pass->adds);
    }
  }
}
