// Included once for each REAL, with MATRIX_VECTOR naming what it defines.

/// Each y is a dot product of LANES running sums where the row is contiguous; where the columns are, all y of a strip
/// grow together. Neither depends on where a range of rows begins.
ADJ_KERNEL(void, MATRIX_VECTOR, (ptrdiff_t rows, ptrdiff_t columns, const REAL *matrix, ptrdiff_t row_stride,
                                 ptrdiff_t column_stride, const REAL *x, ptrdiff_t x_stride, REAL *y,
                                 ptrdiff_t y_stride), {
  if (column_stride == 1) {
    for (ptrdiff_t i = 0; i < rows; ++i) {
      const REAL *row = matrix + i * row_stride;
      REAL lanes[LANES] = {0};
      ptrdiff_t j = 0;
      if (x_stride == 1) {
        for (; j + LANES <= columns; j += LANES) {
          for (int lane = 0; lane < LANES; ++lane) lanes[lane] = ADJ_FMA(row[j + lane], x[j + lane], lanes[lane]);
        }
      } else {
        for (; j + LANES <= columns; j += LANES) {
          for (int lane = 0; lane < LANES; ++lane) {
            lanes[lane] = ADJ_FMA(row[j + lane], x[(j + lane) * x_stride], lanes[lane]);
          }
        }
      }
      for (ptrdiff_t lane = 0; j < columns; ++j, ++lane) lanes[lane] = ADJ_FMA(row[j], x[j * x_stride], lanes[lane]);
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
        for (ptrdiff_t i = 0; i < STRIP; ++i) sums[i] = ADJ_FMA(factor, from[i], sums[i]);
      } else {
        for (ptrdiff_t i = 0; i < count; ++i) sums[i] = ADJ_FMA(factor, from[i * row_stride], sums[i]);
      }
    }
    for (ptrdiff_t i = 0; i < count; ++i) y[(start + i) * y_stride] = sums[i];
  }
})

#undef REAL
#undef MATRIX_VECTOR
