// Included after product_tiles.h: how columns of B, or rows of A, are laid out side by side.

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

/// to[p · stride + j] = element p of x[j] for each p below `depth`.
__attribute__((always_inline)) TARGET static inline void NAME(turn_square)(NAME(lanes) x[WIDTH], ptrdiff_t depth,
                                                                            REAL *to, ptrdiff_t stride) {
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
    for (int lane = 0; lane < 4; ++lane) {
      if (4 * lane + c < depth) *(NAME(lanes) *)(to + (4 * lane + c) * stride) = x[c + 4 * lane];
    }
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
    for (int lane = 0; lane < 4; ++lane) {
      if (2 * lane + c < depth) *(NAME(lanes) *)(to + (2 * lane + c) * stride) = x[c + 2 * lane];
    }
  }
#endif
}

#undef LANE
#undef LANES

/// panel[p · panel_stride + j] = source[j · stride + p] for the `count` lines j that there are, each as long as a vector
/// at least, and 0 for the others up to WIDTH.
TARGET static void NAME(turn_long)(REAL *panel, ptrdiff_t panel_stride, const REAL *source, ptrdiff_t stride,
                                   ptrdiff_t depth, ptrdiff_t count) {
  // The last square ends where the lines do, and turns some elements again.
  for (ptrdiff_t start = 0; start < depth; start += WIDTH) {
    const ptrdiff_t from = start + WIDTH <= depth ? start : depth - WIDTH;
    NAME(lanes) x[WIDTH];
#pragma clang loop unroll(full)
    for (int j = 0; j < WIDTH; ++j) {
      x[j] = j < count ? *(const NAME(lanes) *)(source + j * stride + from) : (NAME(lanes))(REAL)0;
    }
    NAME(turn_square)(x, WIDTH, panel + from * panel_stride, panel_stride);
  }
}

/// The same of lines that are shorter than a vector: one is read wherever it ends within the last line.
TARGET static void NAME(turn_short)(REAL *panel, ptrdiff_t panel_stride, const REAL *source, ptrdiff_t stride,
                                    ptrdiff_t depth, ptrdiff_t count) {
  NAME(lanes) x[WIDTH];
#pragma clang loop unroll(full)
  for (int j = 0; j < WIDTH; ++j) {
    x[j] = (NAME(lanes))(REAL)0;
    if (j < count && j * stride + WIDTH <= (count - 1) * stride + depth) {
      x[j] = *(const NAME(lanes) *)(source + j * stride);
    } else if (j < count) {
      REAL line[WIDTH] = {0};
      for (ptrdiff_t p = 0; p < depth; ++p) line[p] = source[j * stride + p];
      x[j] = *(const NAME(lanes) *)line;
    }
  }
  NAME(turn_square)(x, depth, panel, panel_stride);
}

/// panel[p · panel_stride + j] = source[j · stride + p] for the `count` lines j that there are, and 0 for the others.
TARGET static void NAME(turn)(REAL *panel, ptrdiff_t panel_stride, const REAL *source, ptrdiff_t stride,
                              ptrdiff_t depth, ptrdiff_t count) {
  if (depth < WIDTH) NAME(turn_short)(panel, panel_stride, source, stride, depth, count);
  else NAME(turn_long)(panel, panel_stride, source, stride, depth, count);
}

/// panel[p · panel_stride + j] = source[p · stride + j] for the `count` columns j that there are, and anything for the
/// others: what lies there within the `available` elements from `source` on, which takes a move a row.
TARGET static void NAME(lay)(REAL *panel, ptrdiff_t panel_stride, const REAL *source, ptrdiff_t stride, ptrdiff_t depth,
                             ptrdiff_t count, ptrdiff_t available) {
  ptrdiff_t p = 0;
  for (; p < depth && p * stride + WIDTH <= available; ++p) {
    *(NAME(lanes) *)(panel + p * panel_stride) = *(const NAME(lanes) *)(source + p * stride);
  }
  for (; p < depth; ++p) {
    for (ptrdiff_t j = 0; j < count; ++j) panel[p * panel_stride + j] = source[p * stride + j];
    for (ptrdiff_t j = count; j < WIDTH; ++j) panel[p * panel_stride + j] = 0;
  }
}
