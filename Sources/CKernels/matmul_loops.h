// Included once for each REAL, with WIDTH elements in 64 bytes, and VECTOR, PACK, BLOCK_PRODUCT, MATRIX_VECTOR naming
// what it defines. The scheme is that of K. Goto and R. van de Geijn, "Anatomy of high-performance matrix
// multiplication", ACM Trans. Math. Softw. 34, 2008: a packed panel of A (HEIGHT rows) times a packed panel of B
// (WIDTH columns), the HEIGHT × WIDTH sums staying in registers while k runs.

typedef REAL VECTOR __attribute__((vector_size(64)));

/// panel[p][i] = the i-th of `used` lines at depth p, and zero for the other lines up to `lines`. Source lines lie
/// across memory (line i, depth p at p · stride + i) or along it (i · stride + p); the latter a cache line of
/// each at a time.
ADJ_INLINE void PACK(REAL *panel, ptrdiff_t lines, const REAL *source, ptrdiff_t stride, int across, ptrdiff_t depth,
                     ptrdiff_t used) {
  if (across) {
    for (ptrdiff_t p = 0; p < depth; ++p) {
      if (used == lines) {
        for (ptrdiff_t i = 0; i < lines; ++i) panel[p * lines + i] = source[p * stride + i];
      } else {
        for (ptrdiff_t i = 0; i < lines; ++i) panel[p * lines + i] = i < used ? source[p * stride + i] : (REAL)0;
      }
    }
    return;
  }
  for (ptrdiff_t start = 0; start < depth; start += 16) {
    const ptrdiff_t end = depth - start < 16 ? depth : start + 16;
    for (ptrdiff_t i = 0; i < used; ++i) {
      for (ptrdiff_t p = start; p < end; ++p) panel[p * lines + i] = source[i * stride + p];
    }
    for (ptrdiff_t i = used; i < lines; ++i) {
      for (ptrdiff_t p = start; p < end; ++p) panel[p * lines + i] = 0;
    }
  }
}

ADJ_CLONES static void BLOCK_PRODUCT(int transpose_a, int transpose_b, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                                     const REAL *a, ptrdiff_t lda, const REAL *b, ptrdiff_t ldb, REAL *c,
                                     ptrdiff_t ldc, int accumulate) {
  REAL *const restrict packed_a = adj_sum_room(), *const restrict packed_b = packed_a + ROWS_PACKED * DEPTH;
  _Static_assert((ROWS_PACKED + WIDTH) * DEPTH * sizeof(REAL) <= ADJ_SUM_ROOM, "a thread has memory for the panels");
  for (ptrdiff_t top = 0; top < m; top += ROWS_PACKED) {
    const ptrdiff_t bottom = m - top < ROWS_PACKED ? m : top + ROWS_PACKED;
    for (ptrdiff_t first = 0; first < k; first += DEPTH) {
      const ptrdiff_t depth = k - first < DEPTH ? k - first : DEPTH;
      REAL *panel = packed_a;
      for (ptrdiff_t row = top; row < bottom; row += HEIGHT) {
        const ptrdiff_t height = bottom - row < HEIGHT ? bottom - row : HEIGHT;
        PACK(panel, HEIGHT, transpose_a ? a + first * lda + row : a + row * lda + first, lda, transpose_a, depth,
             height);
        panel += depth * HEIGHT;
      }
      for (ptrdiff_t column = 0; column < n; column += WIDTH) {
        const ptrdiff_t width = n - column < WIDTH ? n - column : WIDTH;
        PACK(packed_b, WIDTH, transpose_b ? b + column * ldb + first : b + first * ldb + column, ldb, !transpose_b,
             depth, width);
        panel = packed_a;
        for (ptrdiff_t row = top; row < bottom; row += HEIGHT) {
          const ptrdiff_t height = bottom - row < HEIGHT ? bottom - row : HEIGHT;
          VECTOR sums[HEIGHT];
          for (int i = 0; i < HEIGHT; ++i) sums[i] = (VECTOR){0};
          for (ptrdiff_t p = 0; p < depth; ++p) {
            const VECTOR right = *(const VECTOR *)(packed_b + p * WIDTH);
            for (int i = 0; i < HEIGHT; ++i) sums[i] += panel[p * HEIGHT + i] * right;
          }
          panel += depth * HEIGHT;
          for (ptrdiff_t i = 0; i < height; ++i) {
            REAL *to = c + (row + i) * ldc + column;
            const REAL *from = (const REAL *)&sums[i];
            if (accumulate || first > 0) {
              for (ptrdiff_t j = 0; j < width; ++j) to[j] += from[j];
            } else {
              for (ptrdiff_t j = 0; j < width; ++j) to[j] = from[j];
            }
          }
        }
      }
    }
  }
}

/// Each y is a dot product of LANES running sums where the row is contiguous; where the columns are, all y of a strip
/// grow together. Neither depends on where a range of rows begins.
ADJ_CLONES static void MATRIX_VECTOR(ptrdiff_t rows, ptrdiff_t columns, const REAL *matrix, ptrdiff_t row_stride,
                                     ptrdiff_t column_stride, const REAL *x, ptrdiff_t x_stride, REAL *y,
                                     ptrdiff_t y_stride) {
  if (column_stride == 1) {
    for (ptrdiff_t i = 0; i < rows; ++i) {
      const REAL *row = matrix + i * row_stride;
      REAL lanes[LANES] = {0};
      ptrdiff_t j = 0;
      if (x_stride == 1) {
        for (; j + LANES <= columns; j += LANES) {
          for (int lane = 0; lane < LANES; ++lane) lanes[lane] += row[j + lane] * x[j + lane];
        }
      } else {
        for (; j + LANES <= columns; j += LANES) {
          for (int lane = 0; lane < LANES; ++lane) lanes[lane] += row[j + lane] * x[(j + lane) * x_stride];
        }
      }
      for (ptrdiff_t lane = 0; j < columns; ++j, ++lane) lanes[lane] += row[j] * x[j * x_stride];
      for (int half = LANES / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
      }
      y[i * y_stride] = lanes[0];
    }
    return;
  }
  for (ptrdiff_t start = 0; start < rows; start += STRIP) {
    const ptrdiff_t count = rows - start < STRIP ? rows - start : STRIP;
    REAL sums[STRIP] = {0};
    for (ptrdiff_t j = 0; j < columns; ++j) {
      const REAL factor = x[j * x_stride];
      const REAL *from = matrix + j * column_stride + start * row_stride;
      if (row_stride == 1 && count == STRIP) {
        for (ptrdiff_t i = 0; i < STRIP; ++i) sums[i] += factor * from[i];
      } else {
        for (ptrdiff_t i = 0; i < count; ++i) sums[i] += factor * from[i * row_stride];
      }
    }
    for (ptrdiff_t i = 0; i < count; ++i) y[(start + i) * y_stride] = sums[i];
  }
}

#undef REAL
#undef WIDTH
#undef VECTOR
#undef PACK
#undef BLOCK_PRODUCT
#undef MATRIX_VECTOR
