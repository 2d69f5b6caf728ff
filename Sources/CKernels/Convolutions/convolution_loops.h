// Included once for each REAL, with LANES elements in 64 bytes, and each size of tile: PIXELS (of the tap sum) or TAPS
// (of the kernel gradient) times at most VECTORS vectors of sums. SIZED names what it defines.

/// tile[p] = sum over sources and taps of plane[p + offset] · panel, chunk by chunk, for each pixel p of a tile; the
/// second vector is that of the panel `next` elements further on. Adds all sums to `*all`, if there is one, which is
/// NaN if any of them is.
#define DEFINE_TILE(FUNCTION, COUNT)                                                                                \
  ADJ_INLINE void FUNCTION(const struct adj_tap_sum *plan, const struct adj_tap_class *class, const REAL *plane,    \
                           const REAL *panel, ptrdiff_t next, REAL *tile, VECTOR *all) {                            \
    VECTOR sums[PIXELS][COUNT];                                                                                     \
    SUM_CHUNKS(PIXELS, COUNT, VECTORS, panel += LANES, {                                                            \
      const REAL *pixels = plane + offsets[tap];                                                                    \
      VECTOR weights[COUNT];                                                                                        \
      UNROLL for (int v = 0; v < COUNT; ++v) weights[v] = *(const STORED *)(panel + v * next);                      \
      UNROLL for (int p = 0; p < PIXELS; ++p)                                                                       \
        UNROLL for (int v = 0; v < COUNT; ++v) sums[p][v] = ADJ_FMA(SPREAD(pixels[p]), weights[v], sums[p][v]);     \
    })                                                                                                              \
    if (all) {                                                                                                      \
      VECTOR even = (VECTOR){0}, odd = *all;                                                                        \
      UNROLL for (int p = 0; p < PIXELS; p += 2) {                                                                  \
        UNROLL for (int v = 0; v < COUNT; ++v) even += sums[p][v], odd += sums[p + 1][v];                           \
      }                                                                                                             \
      *all = even + odd;                                                                                            \
    }                                                                                                               \
  }

DEFINE_TILE(SIZED(tile_one), 1)
#if VECTORS == 2
DEFINE_TILE(SIZED(tile_two), 2)
#endif

/// Adds 0 · w to `*all` for so many vectors w: NaN if any of them is infinite or NaN.
ADJ_INLINE void SIZED(add_zeros)(const REAL *panel, ptrdiff_t count, VECTOR *all) {
  VECTOR sum = *all;
  for (ptrdiff_t i = 0; i < count; ++i) sum += *(const STORED *)(panel + i * LANES) * (REAL)0;
  *all = sum;
}

/// Whether any lane is NaN; sometimes also where some are infinite.
ADJ_INLINE int SIZED(holds_nan)(const VECTOR *all) {
  REAL sum = 0;
  UNROLL for (int lane = 0; lane < LANES; ++lane) sum += (*all)[lane];
  return sum != sum;
}

/// The results of `lanes` channels at `count` pixels of one row, `step` elements apart.
ADJ_INLINE void SIZED(store_tile)(const REAL *tile, ptrdiff_t lanes, ptrdiff_t count, REAL *to, ptrdiff_t channel,
                                  ptrdiff_t step) {
#if LANES == 16
  if (step == 1 && count >= 4 && lanes % LANES == 0) {
    for (ptrdiff_t lane = 0; lane < lanes; lane += LANES, to += LANES * channel) {
      // Four pixels at a time, the last four again where they are not as many.
      for (ptrdiff_t p = 0;; p += 4) {
        if (p > count - 4) p = count - 4;
        store_turned(tile + p * VECTORS * LANES + lane, VECTORS * LANES, to + p, channel);
        if (p + 4 >= count) break;
      }
    }
    return;
  }
#endif
  for (ptrdiff_t lane = 0; lane < lanes; ++lane, to += channel) {
    if (step == 1) for (ptrdiff_t p = 0; p < count; ++p) to[p] = tile[p * VECTORS * LANES + lane];
    else for (ptrdiff_t p = 0; p < count; ++p) to[p * step] = tile[p * VECTORS * LANES + lane];
  }
}

ADJ_KERNEL(void, SIZED(tap_sum), (struct adj_tap_sum plan, const REAL *planes, const REAL *panels, REAL *output,
                                  ptrdiff_t begin, ptrdiff_t end), {
  REAL tile[PIXELS * VECTORS * LANES];
  const ptrdiff_t pairs = (plan.results + 2 * LANES - 1) / (2 * LANES);
  const ptrdiff_t group_panels = (plan.results + LANES - 1) / LANES;
  const ptrdiff_t panel_size = plan.sources * plan.tap_count * LANES, channel = plan.height * plan.width;
  for (ptrdiff_t block = begin; block < end; ++block) {
    const ptrdiff_t band = block % plan.bands, image = block / plan.bands % plan.images;
    const ptrdiff_t pair = block / plan.bands / plan.images % pairs, group = block / plan.bands / plan.images / pairs;
    const REAL *source = planes + (image * plan.groups + group) * plan.sources * plan.channel_size;
    for (ptrdiff_t first = pair * 2; first < group_panels && first < pair * 2 + 2; first += VECTORS) {
      const ptrdiff_t result = first * LANES, left = plan.results - result;
      const ptrdiff_t lanes = left < VECTORS * LANES ? left : VECTORS * LANES;
      const REAL *panel = panels + (group * group_panels + first) * panel_size;
      REAL *to = output + ((image * plan.groups + group) * plan.results + result) * channel;
      for (ptrdiff_t number = 0; number < plan.class_count; ++number) {
        const struct adj_tap_class class = plan.classes[number];
        const REAL *weights = panel + class.first_tap * plan.sources * LANES;
        const ptrdiff_t top = band * plan.band;
        const ptrdiff_t bottom = class.rows < top + plan.band ? class.rows : top + plan.band;
        if (top >= bottom) continue;
        VECTOR all = (VECTOR){0}, *checked = NULL;
        if (plan.ranges && plan.sources * class.taps >= SHORT_SUM) checked = &all;
        else if (plan.ranges) {
          for (ptrdiff_t i = 0; i < lanes; i += LANES) {
            SIZED(add_zeros)(weights + i / LANES * panel_size, plan.sources * class.taps, &all);
          }
        }
        // Where tiles begin: in each row anew, or on and on.
        const ptrdiff_t stretches = plan.runs_on ? 1 : bottom - top;
        const ptrdiff_t length = plan.runs_on ? (bottom - top - 1) * plan.pitch + class.columns : class.columns;
        for (ptrdiff_t stretch = 0; stretch < stretches; ++stretch) {
          for (ptrdiff_t start = 0; start < length; start += PIXELS) {
            const REAL *plane = source + (top + stretch) * plan.pitch + start;
#if VECTORS == 2
            if (lanes > LANES) SIZED(tile_two)(&plan, &class, plane, weights, panel_size, tile, checked);
            else
#endif
            SIZED(tile_one)(&plan, &class, plane, weights, panel_size, tile, checked);
            const ptrdiff_t stop = length - start < PIXELS ? length - start : PIXELS;
            for (ptrdiff_t p = 0; p < stop;) {
              const ptrdiff_t row = top + stretch + (start + p) / plan.pitch, column = (start + p) % plan.pitch;
              ptrdiff_t count = plan.pitch - column < stop - p ? plan.pitch - column : stop - p;
              const ptrdiff_t next = p + count;
              if (count > class.columns - column) count = class.columns - column;
              if (count > 0) {
                REAL *line = to + (class.top + row * plan.row_step) * plan.width + class.left;
                REAL *pixel = line + column * plan.column_step;
                SIZED(store_tile)(tile + p * VECTORS * LANES, lanes, count, pixel, channel, plan.column_step);
              }
              p = next;
            }
          }
        }
        if (SIZED(holds_nan)(&all)) {
          const struct NAME(weights) all_weights = {weights, LANES, panel_size};
          ADJ_BEST(NAME(sum_pixels))(plan, class, source, all_weights, lanes, top, bottom, to);
        }
      }
    }
  }
})

/// total[t] += sum over the pixels of an image of plane[t][pixel] · panel[pixel], chunk by chunk, for each tap t of a
/// tile.
#define DEFINE_GRADIENT(FUNCTION, COUNT)                                                                            \
  ADJ_INLINE void FUNCTION(const struct adj_kernel_gradient *plan, const REAL *const *taps, const REAL *panel,      \
                           ptrdiff_t next, REAL *total) {                                                           \
    VECTOR sums[TAPS][COUNT], image[TAPS][COUNT];                                                                   \
    const REAL *plane[TAPS];                                                                                        \
    UNROLL for (int t = 0; t < TAPS; ++t) plane[t] = taps[t];                                                       \
    SUM_PIXELS(TAPS, COUNT, {                                                                                       \
      VECTOR upstream[COUNT];                                                                                       \
      UNROLL for (int v = 0; v < COUNT; ++v) upstream[v] = *(const STORED *)(panel + v * next);                     \
      UNROLL for (int t = 0; t < TAPS; ++t)                                                                         \
        UNROLL for (int v = 0; v < COUNT; ++v)                                                                      \
          sums[t][v] = ADJ_FMA(SPREAD(plane[t][pixel]), upstream[v], sums[t][v]);                                   \
    })                                                                                                              \
    UNROLL for (int t = 0; t < TAPS; ++t)                                                                           \
      UNROLL for (int v = 0; v < COUNT; ++v) *(STORED *)(total + (t * 2 + v) * LANES) += sums[t][v];                \
  }

DEFINE_GRADIENT(SIZED(gradient_one), 1)
#if VECTORS == 2
DEFINE_GRADIENT(SIZED(gradient_two), 2)
#endif

ADJ_KERNEL(void, SIZED(kernel_gradient), (struct adj_kernel_gradient plan, const REAL *planes, const REAL *panels,
                                          REAL *output, ptrdiff_t begin, ptrdiff_t end), {
  // Tiles may overhang the block by less than one of them.
  REAL(*const totals)[(BLOCK + TAPS) * 2 * LANES] = adj_sum_room();
  _Static_assert(BLOCKS_TOGETHER * sizeof(totals[0]) <= ADJ_SUM_ROOM, "a thread has memory for the totals");
  const ptrdiff_t elements = plan.sources * plan.tap_count, blocks = (elements + BLOCK - 1) / BLOCK;
  const ptrdiff_t pairs = (plan.results + 2 * LANES - 1) / (2 * LANES);
  const ptrdiff_t group_panels = (plan.results + LANES - 1) / LANES;
  const ptrdiff_t panel_size = plan.rows * plan.columns * LANES;
  for (ptrdiff_t first = begin; first < end;) {
    const ptrdiff_t pair = first / blocks % pairs, group = first / blocks / pairs, number = first % blocks;
    ptrdiff_t together = end - first < BLOCKS_TOGETHER ? end - first : BLOCKS_TOGETHER;
    if (together > blocks - number) together = blocks - number;
    const ptrdiff_t result = pair * 2 * LANES, left = plan.results - result;
    const ptrdiff_t lanes = left < 2 * LANES ? left : 2 * LANES;
    memset(totals, 0, (size_t)together * sizeof(totals[0]));
    for (ptrdiff_t image = 0; image < plan.images; ++image) {
      const REAL *source = planes + (image * plan.groups + group) * plan.sources * plan.channel_size;
      const REAL *panel = panels + ((image * plan.groups + group) * group_panels + pair * 2) * panel_size;
      for (ptrdiff_t block = 0; block < together; ++block) {
        const ptrdiff_t start = (number + block) * BLOCK;
        const ptrdiff_t stop = elements - start < BLOCK ? elements : start + BLOCK;
        for (ptrdiff_t element = start; element < stop; element += TAPS) {
          const REAL *taps[TAPS];
          for (ptrdiff_t t = 0; t < TAPS; ++t) {
            const ptrdiff_t e = element + t < elements ? element + t : elements - 1;
            taps[t] = source + e / plan.tap_count * plan.channel_size + plan.offsets[e % plan.tap_count];
          }
          REAL *total = totals[block] + (element - start) * 2 * LANES;
#if VECTORS == 2
          if (lanes > LANES) {
            SIZED(gradient_two)(&plan, taps, panel, panel_size, total);
            continue;
          }
#endif
          SIZED(gradient_one)(&plan, taps, panel, panel_size, total);
          if (VECTORS == 1 && lanes > LANES) {
            SIZED(gradient_one)(&plan, taps, panel + panel_size, panel_size, total + LANES);
          }
        }
      }
    }
    for (ptrdiff_t block = 0; block < together; ++block) {
      const ptrdiff_t start = (number + block) * BLOCK;
      const ptrdiff_t stop = elements - start < BLOCK ? elements : start + BLOCK;
      for (ptrdiff_t lane = 0; lane < lanes; ++lane) {
        REAL *to = output + (group * plan.results + result + lane) * elements;
        for (ptrdiff_t e = start; e < stop; ++e) {
          const REAL total = totals[block][(e - start) * 2 * LANES + lane];
          to[e] = total;
          if (total == total || !plan.ranges) continue;
          const ptrdiff_t tap = e % plan.tap_count, plane_size = plan.groups * plan.sources * plan.channel_size;
          const REAL *plane = planes + (group * plan.sources + e / plan.tap_count) * plan.channel_size;
          const REAL *panel = panels + (group * group_panels + pair * 2 + lane / LANES) * panel_size + lane % LANES;
          to[e] = ADJ_BEST(NAME(sum_upstream))(plan, plan.ranges[tap], plane + plan.offsets[tap], plane_size, 1, panel,
                                               plan.groups * group_panels * panel_size);
        }
      }
    }
    first += together;
  }
})

#undef DEFINE_TILE
#undef DEFINE_GRADIENT
#undef PIXELS
#undef TAPS
#undef VECTORS
#undef SIZED
