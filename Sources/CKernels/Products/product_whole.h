// Included after product_turned.h and product_row.h: which of them a product is worked by.

/// Whether rows so many elements apart are a multiple of so many bytes apart.
#define APART(STRIDE, BYTES) ((STRIDE) * (ptrdiff_t)sizeof(REAL) % (BYTES) == 0)

/// Rows of a tile at most. A shallow product has low and wide ones, of which a strip of B is still in the first-level
/// cache; but not where many vectors would be left over, which would have fewer sums under way.
static inline ptrdiff_t NAME(most_rows)(const struct adj_product *product) {
  const int is_wide = product->n % (4 * WIDTH) == 0 || product->n >= 8 * WIDTH;
  if (product->k <= ADJ_SHALLOW && is_wide) return SHALLOW_ROWS;
  // Rows of A that share a set of the cache would drive one another out.
  const int shares = product->a_depth == 1 && APART(product->a_row, ADJ_SAME_SET);
  return shares && MOST_ROWS > ADJ_ROWS_OF_SAME_SET ? ADJ_ROWS_OF_SAME_SET : MOST_ROWS;
}

/// A product of few rows, one chunk and whole vectors, of which nothing is laid out: tiles, and nothing else. A small
/// product takes less time than looking what it needs.
TARGET static void NAME(small)(const struct adj_product *product) {
  const uint32_t rows = (uint32_t)product->m, most_rows = (uint32_t)NAME(most_rows)(product);
  const uint32_t tiles = (rows + most_rows - 1) / most_rows;
  const uint32_t height = rows / tiles, taller = rows % tiles;
  const int is_across = product->a_depth != 1;
  const ptrdiff_t n = product->n, most_vectors = MOST_VECTORS(height + (taller > 0));
  struct NAME(tile) tile = {
      .depth = product->k, .a_stride = is_across ? product->a_depth : product->a_row, .b = product->b,
      .b_depth = product->b_depth, .b_vector = WIDTH, .c_stride = product->c_row, .adds = product->adds,
  };
  for (ptrdiff_t left = 0; left < n;) {
    ptrdiff_t vectors = most_vectors;
    while (vectors * WIDTH > n - left) vectors /= 2;
    const int log = __builtin_ctz((unsigned)vectors);
    (tile.a = product->a, tile.c = (REAL *)product->c + left);
    for (uint32_t number = 0; number < tiles; ++number) {
      const ptrdiff_t tall = height + (number < taller);
      NAME(kernels)[tall - 1][log][is_across](&tile);
      (tile.a += tall * product->a_row, tile.c += tall * product->c_row);
    }
    (left += vectors * WIDTH, tile.b += vectors * WIDTH);
  }
}

static inline int NAME(is_small)(const struct adj_product *product) {
  return product->m <= ADJ_FEW_ROWS && product->k <= ADJ_PRODUCT_CHUNK && product->n <= 32 * WIDTH &&
         product->n % WIDTH == 0 && product->b_column == 1 && product->c_column == 1 &&
         (product->a_depth == 1 || product->n <= 64);
}

/// The columns below `end`, whole vectors, of few rows times a B so large that its pages would be looked for again for
/// each strip: B is read in the order in which it lies, and the sums of a piece of each row stay at hand.
TARGET static void NAME(stream)(const struct NAME(pass) *pass, ptrdiff_t end) {
  enum { COLUMNS = ADJ_PIECE / sizeof(REAL) };
  const struct adj_product *const product = pass->product;
  const int is_across = product->a_depth != 1;
  REAL *const sums = pass->b_panels;
  struct NAME(tile) tile = {.b_depth = product->b_depth, .b_vector = WIDTH, .c_stride = COLUMNS};
  tile.a_stride = pass->a_panels ? LAID_ROWS : is_across ? product->a_depth : product->a_row;
  for (ptrdiff_t start = 0; start < end; start += COLUMNS) {
    const ptrdiff_t columns = end - start < COLUMNS ? end - start : COLUMNS;
    for (ptrdiff_t p = 0; p < pass->depth; p += ADJ_DEPTH_TOGETHER) {
      tile.depth = pass->depth - p < ADJ_DEPTH_TOGETHER ? pass->depth - p : ADJ_DEPTH_TOGETHER;
      tile.continues = p > 0;
      tile.a = (const REAL *)product->a + pass->top * product->a_row + (pass->first + p) * product->a_depth;
      if (pass->a_panels) tile.a = pass->a_panels + p * LAID_ROWS;
      for (ptrdiff_t left = 0; left < columns;) {
        ptrdiff_t vectors = MOST_VECTORS(pass->rows);
        while (vectors * WIDTH > columns - left) vectors /= 2;
        (tile.b = NAME(of_b)(product, pass->first + p, start + left), tile.c = sums + left);
        NAME(kernels)[pass->rows - 1][__builtin_ctz((unsigned)vectors)][is_across](&tile);
        left += vectors * WIDTH;
      }
    }
    for (ptrdiff_t r = 0; r < pass->rows; ++r) {
      REAL *const c = (REAL *)product->c + (pass->top + r) * product->c_row + start * product->c_column;
      NAME(put)(c, product->c_column, sums + r * COLUMNS, columns, pass->adds);
    }
  }
}
_Static_assert(MOST_ROWS * ADJ_PIECE <= 8 * 64 * ADJ_PRODUCT_CHUNK, "sums of few rows fit where B is laid out");

/// One chunk of k of the rows of a pass.
TARGET static void NAME(chunk)(struct NAME(pass) *pass) {
  const struct adj_product *const product = pass->product;
  const int lies = product->b_column == 1 && !product->b_panel;
  const ptrdiff_t bytes = product->k * product->n * (ptrdiff_t)sizeof(REAL), stride = product->b_depth;
  const int lays_b = lies && pass->rows > ADJ_FEW_ROWS &&
                     APART(stride, product->k > ADJ_SHALLOW / 2 ? ADJ_SAME_SET : ADJ_SAME_SET / 2);
  pass->fetches = lies && pass->rows > ADJ_FEW_ROWS && bytes > ADJ_FETCHED;
  ptrdiff_t left = 0;
  const ptrdiff_t streamed = APART(stride, ADJ_SAME_SET) ? ADJ_STREAMED : ADJ_STREAMED_APART;
  if (lies && pass->tiles == 1 && bytes > streamed) {
    left = product->n / WIDTH * WIDTH;
    NAME(stream)(pass, left);
  }
  // Panels that are turned should stay in the first-level cache.
  ptrdiff_t most_vectors = MOST_VECTORS(NAME(height)(pass, 0));
  if (product->b_column != 1 && most_vectors > 2 && product->k > ADJ_SHALLOW) most_vectors = 2;
  (pass->laid = 0, pass->laid_end = 0);
  while (left < product->n) {
    const ptrdiff_t remaining = product->n - left;
    if (lays_b && left >= pass->laid_end && remaining >= most_vectors * WIDTH) NAME(lay_b)(pass, left, most_vectors);
    ptrdiff_t vectors = most_vectors;
    while (vectors > 1 && vectors * WIDTH > remaining) vectors /= 2;
    const ptrdiff_t columns = vectors * WIDTH < remaining ? vectors * WIDTH : remaining;
    NAME(strip)(pass, left, columns, vectors);
    left += columns;
  }
}

TARGET static void NAME(chunks)(const struct adj_product *product) {
  REAL *const b_panels = adj_product_room();
  struct NAME(pass) pass = {.product = product, .b_panels = b_panels};
  const ptrdiff_t most_rows = NAME(most_rows)(product);
  // There is room for the rows of tiles that are as high as they can be.
  const int lays_a = product->a_depth != 1 && product->n > 64 && most_rows == MOST_ROWS;
  if (lays_a) pass.a_panels = b_panels + 8 * WIDTH * ADJ_PRODUCT_CHUNK;
  for (pass.top = 0; pass.top < product->m; pass.top += GROUP) {
    pass.rows = product->m - pass.top < GROUP ? product->m - pass.top : GROUP;
    pass.tiles = (pass.rows + most_rows - 1) / most_rows;
    (pass.height = pass.rows / pass.tiles, pass.taller = pass.rows % pass.tiles);
    for (pass.first = 0; pass.first < product->k; pass.first += ADJ_PRODUCT_CHUNK) {
      pass.depth = product->k - pass.first < ADJ_PRODUCT_CHUNK ? product->k - pass.first : ADJ_PRODUCT_CHUNK;
      pass.adds = pass.first > 0 || product->adds;
      if (pass.a_panels) NAME(lay_a)(&pass);
      NAME(chunk)(&pass);
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
      part.b = NAME(of_b)(product, 0, left);
      (part.c = sums, part.c_row = COLUMNS, part.c_column = 1, part.adds = 0);
      NAME(chunks)(&part);
      for (ptrdiff_t i = 0; i < part.m; ++i) {
        REAL *const to = (REAL *)product->c + (top + i) * product->c_row + left * product->c_column;
        for (ptrdiff_t j = 0; j < part.n; ++j) to[j * product->c_column] += sums[i * COLUMNS + j];
      }
    }
  }
}

TARGET static void NAME(any)(const struct adj_product *product) {
  if (NAME(is_small)(product)) NAME(small)(product);
  else if (product->m == 1 && product->b_column == 1 && product->n > 8 * WIDTH) NAME(row)(product);
  else if (NAME(is_turned)(product)) NAME(turned)(product);
  else if (product->adds && product->k > ADJ_PRODUCT_CHUNK) NAME(add_deep)(product);
  else NAME(chunks)(product);
}

/// Each panel in one go, from its first row to its last.
TARGET static void NAME(pack)(const struct adj_packing *packing) {
  for (ptrdiff_t panel = packing->first; panel < packing->end; ++panel) {
    const ptrdiff_t left = panel * WIDTH, count = packing->n - left < WIDTH ? packing->n - left : WIDTH;
    const REAL *const from = (const REAL *)packing->b + left * packing->column;
    REAL *const to = (REAL *)packing->panels + left * packing->k;
    if (packing->depth == 1) {
      NAME(turn)(to, WIDTH, from, packing->column, packing->k, count);
    } else {
      // Of an edge nothing but its own columns is read, so that zeros lie beside them.
      NAME(lay)(to, WIDTH, from, packing->depth, packing->k, count, count == WIDTH ? PTRDIFF_MAX : 0);
    }
  }
}

TARGET static void NAME(product)(const struct adj_product *product) {
  if (product->b_panel) {
    if (product->adds && product->k > ADJ_PRODUCT_CHUNK) NAME(add_deep)(product);
    else NAME(chunks)(product);
    return;
  }
  // Few columns fill their vectors badly: the rows take their place, if they lie so, or if turning them costs less.
  const ptrdiff_t n = product->n;
  const int lies_across = product->a_depth != 1, ends_early = n > WIDTH && n <= 3 * WIDTH / 2 && product->m > 4 * WIDTH;
  if (product->m > n && (n < (lies_across ? WIDTH : WIDTH / 2 + 1) || (lies_across && ends_early))) {
    const struct adj_product exchanged = {
        .m = n, .n = product->m, .k = product->k, .a = product->b, .b = product->a, .c = product->c,
        .a_row = product->b_column, .a_depth = product->b_depth, .b_depth = product->a_depth,
        .b_column = product->a_row, .c_row = product->c_column, .c_column = product->c_row, .adds = product->adds,
    };
    NAME(any)(&exchanged);
  } else {
    NAME(any)(product);
  }
}

#undef GROUP
#undef LAID_ROWS
#undef PIECE
#undef APART
#undef REAL
#undef WIDTH
#undef NAME
