// Products with a vector beside a library, which has thresholds of its own for them.

#include "include/CKernels.h"
#include "targets.h"

#define LANES 64   // Decisions/Kernels.md
#define STRIP 256  // Decisions/Kernels.md

#define REAL float
#define MATRIX_VECTOR matrix_vector_f32
#include "matrix_vector_loops.h"

#define REAL double
#define MATRIX_VECTOR matrix_vector_f64
#include "matrix_vector_loops.h"

void adj_matrix_vector(uint8_t type, ptrdiff_t rows, ptrdiff_t columns, const void *matrix, ptrdiff_t row_stride,
                       ptrdiff_t column_stride, const void *x, ptrdiff_t x_stride, void *y, ptrdiff_t y_stride) {
  if (adj_is_float32(type)) {
    ADJ_BEST(matrix_vector_f32)(rows, columns, matrix, row_stride, column_stride, x, x_stride, y, y_stride);
  } else {
    ADJ_BEST(matrix_vector_f64)(rows, columns, matrix, row_stride, column_stride, x, x_stride, y, y_stride);
  }
}
