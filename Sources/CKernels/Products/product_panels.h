// Included after product_tiles.h: how columns of B, or rows of A, are laid out side by side.

/// Elements of 16 bytes, a lane of a vector.
#define PIECE (16 / (int)sizeof(REAL))
typedef REAL NAME(piece) __attribute__((ext_vector_type(PIECE), aligned(sizeof(REAL))));

// Vectors one after the other.
#if WIDTH == 16
#define TWO(A, B) __builtin_shufflevector(A, B, 0, 1, 2, 3, 4, 5, 6, 7)
#define ALL(A, B) __builtin_shufflevector(A, B, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#else
#define TWO(A, B) __builtin_shufflevector(A, B, 0, 1, 2, 3)
#define ALL(A, B) __builtin_shufflevector(A, B, 0, 1, 2, 3, 4, 5, 6, 7)
#endif

/// Elements 0 … PIECE - 1 of four lines, PIECE lines between them: a lane of each.
__attribute__((always_inline)) TARGET static inline void NAME(gather)(NAME(lanes) *to, const REAL *source,
                                                                       ptrdiff_t stride) {
#define LINE(J) (*(const NAME(piece) *)(source + (J) * PIECE * stride))
  *to = ALL(TWO(LINE(0), LINE(1)), TWO(LINE(2), LINE(3)));
#undef LINE
}

#undef TWO
#undef ALL

/// x[p] = element p of each of WIDTH lines, for p < PIECE. Lines are put beside one another as they are read, without a
/// shuffle, so that only what is within a lane is turned.
__attribute__((always_inline)) TARGET static inline void NAME(turn_pieces)(NAME(lanes) x[PIECE], const REAL *source,
                                                                            ptrdiff_t stride) {
#pragma clang loop unroll(full)
  for (int j = 0; j < PIECE; ++j) NAME(gather)(&x[j], source + j * stride, stride);
#if WIDTH == 16
#define HALVES(A, B, I) \
  __builtin_shufflevector(A, B, I, I + 16, I + 1, I + 17, I + 4, I + 20, I + 5, I + 21, I + 8, I + 24, I + 9, I + 25, \
                          I + 12, I + 28, I + 13, I + 29)
#define PAIRS(A, B, I) \
  __builtin_shufflevector(A, B, I, I + 1, I + 16, I + 17, I + 4, I + 5, I + 20, I + 21, I + 8, I + 9, I + 24, I + 25, \
                          I + 12, I + 13, I + 28, I + 29)
  const NAME(lanes) a = HALVES(x[0], x[1], 0), b = HALVES(x[0], x[1], 2);
  const NAME(lanes) c = HALVES(x[2], x[3], 0), d = HALVES(x[2], x[3], 2);
  x[0] = PAIRS(a, c, 0);
  x[1] = PAIRS(a, c, 2);
  x[2] = PAIRS(b, d, 0);
  x[3] = PAIRS(b, d, 2);
#undef HALVES
#undef PAIRS
#else
  const NAME(lanes) a = x[0], b = x[1];
  x[0] = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
  x[1] = __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
#endif
}

/// panel[p · panel_stride + j] = source[j · stride + p] for WIDTH lines j and the first `wanted` of PIECE elements p.
__attribute__((always_inline)) TARGET static inline void NAME(turn_piece)(REAL *panel, ptrdiff_t panel_stride,
                                                                           const REAL *source, ptrdiff_t stride,
                                                                           ptrdiff_t wanted) {
  NAME(lanes) x[PIECE];
  NAME(turn_pieces)(x, source, stride);
#pragma clang loop unroll(full)
  for (int p = 0; p < PIECE; ++p) {
    if (p < wanted) *(NAME(lanes) *)(panel + p * panel_stride) = x[p];
  }
}

/// panel[p · panel_stride + j] = source[j · stride + p] for the `count` lines j that there are, fewer than a vector has
/// or shorter than a piece, and 0 for the others up to WIDTH.
TARGET static void NAME(turn_edge)(REAL *panel, ptrdiff_t panel_stride, const REAL *source, ptrdiff_t stride,
                                   ptrdiff_t depth, ptrdiff_t count) {
  REAL square[WIDTH * WIDTH] __attribute__((aligned(64))) = {0};
  for (ptrdiff_t start = 0; start < depth; start += WIDTH) {
    const ptrdiff_t length = depth - start < WIDTH ? depth - start : WIDTH;
    for (ptrdiff_t j = 0; j < count; ++j) {
      const REAL *const line = source + j * stride + start;
      if (length == WIDTH) {
        *(NAME(lanes) *)(square + j * WIDTH) = *(const NAME(lanes) *)line;
      } else {
        for (ptrdiff_t p = 0; p < length; ++p) square[j * WIDTH + p] = line[p];
      }
    }
    for (ptrdiff_t p = 0; p < length; p += PIECE) {
      NAME(turn_piece)(panel + (start + p) * panel_stride, panel_stride, square + p, WIDTH, length - p);
    }
  }
}

/// The same of any `count` lines of any length.
TARGET static void NAME(turn)(REAL *panel, ptrdiff_t panel_stride, const REAL *source, ptrdiff_t stride,
                              ptrdiff_t depth, ptrdiff_t count) {
  if (count < WIDTH || depth < PIECE) {
    NAME(turn_edge)(panel, panel_stride, source, stride, depth, count);
    return;
  }
  ptrdiff_t start = 0;
  for (; start + WIDTH <= depth; start += WIDTH) {
#pragma clang loop unroll(full)
    for (int p = 0; p < WIDTH; p += PIECE) {
      NAME(turn_piece)(panel + (start + p) * panel_stride, panel_stride, source + start + p, stride, PIECE);
    }
  }
  // The last piece ends where the lines do, and turns some elements again.
  for (; start < depth; start += PIECE) {
    const ptrdiff_t from = start + PIECE <= depth ? start : depth - PIECE;
    NAME(turn_piece)(panel + from * panel_stride, panel_stride, source + from, stride, PIECE);
  }
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
