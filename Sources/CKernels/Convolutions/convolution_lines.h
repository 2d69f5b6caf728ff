// Included once for each REAL, with LANES elements in 64 bytes, and each size of tile: LINE_TILES(T) those of ROWS
// results times COUNT vectors of pixels, at most MOST_LINES and MOST_VECTORS(rows). SIZED names what it defines.
//
// Where few channels are results of the same sources, as in a depthwise convolution of one, they would leave the lanes
// of a panel empty. Pixels of a plane fill them: a vector of the plane is multiplied by one weight.

#define DEFINE_LINES(ROWS, COUNT)                                                                                   \
  ADJ_LARGE void SIZED(lines_##ROWS##_##COUNT)(const struct adj_tap_sum *plan, const struct adj_tap_class *class,   \
                                               const REAL *plane, ptrdiff_t step, const REAL *weight,               \
                                               ptrdiff_t next, REAL *tile) {                                        \
    VECTOR sums[ROWS][COUNT];                                                                                       \
    SUM_CHUNKS(ROWS, COUNT, 8, ++weight, {                                                                          \
      const REAL *pixels = plane + offsets[tap];                                                                    \
      VECTOR right[COUNT];                                                                                          \
      UNROLL for (int v = 0; v < COUNT; ++v) right[v] = *(const STORED *)(pixels + v * step);                       \
      UNROLL for (int r = 0; r < ROWS; ++r)                                                                         \
        UNROLL for (int v = 0; v < COUNT; ++v) sums[r][v] = ADJ_FMA(SPREAD(weight[r * next]), right[v], sums[r][v]); \
    })                                                                                                              \
  }
LINE_TILES(DEFINE_LINES)

/// Computes a tile of one of the sizes that there are.
ADJ_INLINE void SIZED(lines)(ptrdiff_t rows, ptrdiff_t vectors, const struct adj_tap_sum *plan,
                             const struct adj_tap_class *class, const REAL *plane, ptrdiff_t step, const REAL *weight,
                             ptrdiff_t next, REAL *tile) {
  switch (rows * 16 + vectors) {
#define LINES_CASE(ROWS, COUNT) \
  case ROWS * 16 + COUNT: SIZED(lines_##ROWS##_##COUNT)(plan, class, plane, step, weight, next, tile); break;
    LINE_TILES(LINES_CASE)
#undef LINES_CASE
  }
}

/// Stores a tile's row of `count` pixels from `start` on, which are counted over the ends of the image's rows.
ADJ_INLINE void SIZED(store_run)(const struct adj_tap_sum *plan, const struct adj_tap_class *class, const REAL *from,
                                 ptrdiff_t top, ptrdiff_t start, ptrdiff_t count, REAL *to) {
  ptrdiff_t column = start % plan->pitch;
  REAL *line = to + (class->top + (top + start / plan->pitch) * plan->row_step) * plan->width + class->left;
  for (ptrdiff_t p = 0; p < count; line += plan->row_step * plan->width, column = 0) {
    const ptrdiff_t stop = plan->pitch - column < count - p ? plan->pitch - column : count - p;
    const ptrdiff_t stored = stop < class->columns - column ? stop : class->columns - column;
    REAL *pixel = line + column * plan->column_step;
    if (plan->column_step == 1) {
      if (stored > 0) NAME(copy_row)(from + p, stored, pixel);
    } else {
      for (ptrdiff_t i = 0; i < stored; ++i) pixel[i * plan->column_step] = from[p + i];
    }
    p += stop;
  }
}

/// The rows top <= i < bottom of `rows` results, their pixels counted on over the ends of rows.
ADJ_INLINE void SIZED(sum_run)(const struct adj_tap_sum *plan, const struct adj_tap_class *class, const REAL *source,
                               const REAL *weight, ptrdiff_t rows, ptrdiff_t top, ptrdiff_t bottom, REAL *tile,
                               REAL *to) {
  const ptrdiff_t next = plan->sources * plan->tap_count, channel = plan->height * plan->width;
  const ptrdiff_t length = (bottom - top - 1) * plan->pitch + class->columns;
  for (ptrdiff_t start = 0; start < length;) {
    ptrdiff_t vectors = MOST_VECTORS(rows);
    while (vectors > 1 && vectors * LANES > length - start + LANES - 1) vectors /= 2;
    SIZED(lines)(rows, vectors, plan, class, source + top * plan->pitch + start, LANES, weight, next, tile);
    const ptrdiff_t count = length - start < vectors * LANES ? length - start : vectors * LANES;
    for (ptrdiff_t r = 0; r < rows; ++r) {
      SIZED(store_run)(plan, class, tile + r * 8 * LANES, top, start, count, to + r * channel);
    }
    start += count;
  }
}

/// The same, a vector for each row of the image: where planes have much room beside few pixels.
ADJ_INLINE void SIZED(sum_rows)(const struct adj_tap_sum *plan, const struct adj_tap_class *class, const REAL *source,
                                const REAL *weight, ptrdiff_t rows, ptrdiff_t top, ptrdiff_t bottom, REAL *tile,
                                REAL *to) {
  const ptrdiff_t next = plan->sources * plan->tap_count, channel = plan->height * plan->width;
  for (ptrdiff_t row = top; row < bottom;) {
    ptrdiff_t vectors = MOST_VECTORS(rows);
    while (vectors > bottom - row) vectors /= 2;
    for (ptrdiff_t left = 0; left < class->columns; left += LANES) {
      SIZED(lines)(rows, vectors, plan, class, source + row * plan->pitch + left, plan->pitch, weight, next, tile);
      const ptrdiff_t count = class->columns - left < LANES ? class->columns - left : LANES;
      for (ptrdiff_t r = 0; r < rows; ++r) {
        REAL *line = to + r * channel + (class->top + row * plan->row_step) * plan->width + class->left;
        line += left * plan->column_step;
        for (ptrdiff_t v = 0; v < vectors; ++v, line += plan->row_step * plan->width) {
          const REAL *from = tile + (r * 8 + v) * LANES;
          if (plan->column_step == 1) NAME(copy_row)(from, count, line);
          else for (ptrdiff_t i = 0; i < count; ++i) line[i * plan->column_step] = from[i];
        }
      }
    }
    row += vectors;
  }
}

ADJ_KERNEL(void, SIZED(line_sum), (struct adj_tap_sum plan, const REAL *planes, const REAL *weights, REAL *output,
                                   ptrdiff_t begin, ptrdiff_t end), {
  REAL tile[MOST_LINES * 8 * LANES] __attribute__((aligned(64)));
  const ptrdiff_t next = plan.sources * plan.tap_count, channel = plan.height * plan.width;
  for (ptrdiff_t block = begin; block < end; ++block) {
    const ptrdiff_t band = block % plan.bands, image = block / plan.bands % plan.images;
    const ptrdiff_t group = block / plan.bands / plan.images;
    const REAL *source = planes + (image * plan.groups + group) * plan.sources * plan.channel_size;
    for (ptrdiff_t number = 0; number < plan.class_count; ++number) {
      const struct adj_tap_class class = plan.classes[number];
      const ptrdiff_t top = band * plan.band;
      const ptrdiff_t bottom = class.rows < top + plan.band ? class.rows : top + plan.band;
      if (top >= bottom) continue;
      for (ptrdiff_t result = 0; result < plan.results; result += MOST_LINES) {
        const ptrdiff_t rows = plan.results - result < MOST_LINES ? plan.results - result : MOST_LINES;
        const REAL *weight = weights + (group * plan.results + result) * next + class.first_tap * plan.sources;
        REAL *to = output + ((image * plan.groups + group) * plan.results + result) * channel;
        if (plan.runs_on) SIZED(sum_run)(&plan, &class, source, weight, rows, top, bottom, tile, to);
        else SIZED(sum_rows)(&plan, &class, source, weight, rows, top, bottom, tile, to);
        if (plan.ranges && !NAME(are_numbers)(weight, rows, next, plan.sources * class.taps)) {
          const struct NAME(weights) all_weights = {weight, 1, next};
          ADJ_BEST(NAME(sum_pixels))(plan, class, source, all_weights, rows, top, bottom, to);
        }
      }
    }
  }
})

#undef DEFINE_LINES
#undef LINE_TILES
#undef MOST_VECTORS
#undef SIZED
