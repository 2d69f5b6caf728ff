// Included once for each REAL, with LANES elements in 64 bytes; NAME names what it defines.
//
// A sum of products in chunks of its index, as every tile of a convolution forms it: a chain from +0 for each chunk,
// the chunks added in order, to +0.

typedef REAL NAME(vector) __attribute__((vector_size(64)));
/// The same anywhere in memory.
typedef REAL NAME(stored) __attribute__((vector_size(64), aligned(sizeof(REAL)), may_alias));

#undef VECTOR
#undef STORED
#define VECTOR NAME(vector)
#define STORED NAME(stored)
#define SPREAD(x) ((x) - (VECTOR){0})

/// How many of a class's taps, `tap` at least and `taps` at most, stand before `place` among the elements of a kernel.
ADJ_INLINE ptrdiff_t NAME(taps_before)(const ptrdiff_t *places, ptrdiff_t place, ptrdiff_t tap, ptrdiff_t taps) {
  while (tap < taps && places[tap] < place) ++tap;
  return tap;
}

/// sums[A][B], ROWS times COUNT of them, for the taps of `class` and all sources of `plan`, whose planes begin at
/// `plane`: what follows adds the products of one tap, and STEP goes on to the next. The sums so far are kept in
/// `tile`, rows of WIDTH vectors, and in the end all of them.
#undef SUM_CHUNKS
#define SUM_CHUNKS(ROWS, COUNT, WIDTH, STEP, ...)                                                                   \
  const ptrdiff_t *offsets = plan->offsets + class->first_tap, *places = plan->places + class->first_tap;           \
  const ptrdiff_t size = plan->kernel_size, count = plan->sources * size;                                           \
  ptrdiff_t source = 0, tap = 0;                                                                                    \
  for (ptrdiff_t start = 0; start < count; start += ADJ_PRODUCT_CHUNK) {                                            \
    UNROLL for (int r = 0; r < ROWS; ++r) UNROLL for (int v = 0; v < COUNT; ++v) sums[r][v] = (VECTOR){0};          \
    /* So many products from the first of this source on belong to the chunk. */                                    \
    ptrdiff_t left = start + ADJ_PRODUCT_CHUNK - source * size;                                                     \
    while (source < plan->sources && left > 0) {                                                                    \
      ptrdiff_t stop = class->taps;                                                                                 \
      if (left < size) stop = NAME(taps_before)(places, left, tap, stop);                                           \
      for (; tap < stop; ++tap, STEP) __VA_ARGS__                                                                   \
      if (left < size) break;                                                                                       \
      tap = 0, ++source, plane += plan->channel_size, left -= size;                                                 \
    }                                                                                                               \
    if (start == 0) {                                                                                               \
      UNROLL for (int r = 0; r < ROWS; ++r) UNROLL for (int v = 0; v < COUNT; ++v) sums[r][v] += (VECTOR){0};       \
    } else {                                                                                                        \
      UNROLL for (int r = 0; r < ROWS; ++r)                                                                         \
        UNROLL for (int v = 0; v < COUNT; ++v) sums[r][v] += *(const STORED *)(tile + (r * WIDTH + v) * LANES);     \
    }                                                                                                               \
    UNROLL for (int r = 0; r < ROWS; ++r)                                                                           \
      UNROLL for (int v = 0; v < COUNT; ++v) *(STORED *)(tile + (r * WIDTH + v) * LANES) = sums[r][v];              \
  }

/// sums[A][B], ROWS times COUNT of them, over the pixels of an image of `plan`: what follows adds the products of
/// `pixel`, whose upstream is at `panel`. `image` keeps the sums so far.
#undef SUM_PIXELS
#define SUM_PIXELS(ROWS, COUNT, ...)                                                                                \
  const ptrdiff_t pixels = plan->rows * plan->columns, columns = plan->columns;                                     \
  ptrdiff_t row = 0, column = 0;                                                                                    \
  for (ptrdiff_t start = 0; start < pixels; start += ADJ_PRODUCT_CHUNK) {                                           \
    UNROLL for (int r = 0; r < ROWS; ++r) UNROLL for (int v = 0; v < COUNT; ++v) sums[r][v] = (VECTOR){0};          \
    ptrdiff_t left = pixels - start < ADJ_PRODUCT_CHUNK ? pixels - start : ADJ_PRODUCT_CHUNK;                       \
    while (left > 0) {                                                                                              \
      const ptrdiff_t run = columns - column < left ? columns - column : left, first = row * plan->pitch + column;  \
      for (ptrdiff_t pixel = first; pixel < first + run; ++pixel, panel += LANES) __VA_ARGS__                       \
      left -= run, column += run;                                                                                   \
      if (column == columns) column = 0, ++row;                                                                     \
    }                                                                                                               \
    if (start > 0) {                                                                                                \
      UNROLL for (int r = 0; r < ROWS; ++r) UNROLL for (int v = 0; v < COUNT; ++v) sums[r][v] += image[r][v];       \
    }                                                                                                               \
    if (start + ADJ_PRODUCT_CHUNK < pixels) {                                                                       \
      UNROLL for (int r = 0; r < ROWS; ++r) UNROLL for (int v = 0; v < COUNT; ++v) image[r][v] = sums[r][v];        \
    }                                                                                                               \
  }
