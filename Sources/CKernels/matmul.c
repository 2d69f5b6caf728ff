// Matrix products where there is no BLAS, and products with a vector everywhere.

#include "include/CKernels.h"
#include "scratch.h"
#include "targets.h"

/// Rows and the depth packed at a time: 24 KiB of floats beside 8 KiB of the other matrix.
#define ROWS_PACKED 48
#define DEPTH 128
/// Rows of sums held in registers: 12 of AVX2's 16, 6 of AVX-512's 32.
#define HEIGHT 6
#define LANES 64
#define STRIP 256

#define REAL float
#define WIDTH 16
#define VECTOR vector_f32
#define PACK pack_f32
#define BLOCK_PRODUCT block_product_f32
#define MATRIX_VECTOR matrix_vector_f32
#include "matmul_loops.h"

#define REAL double
#define WIDTH 8
#define VECTOR vector_f64
#define PACK pack_f64
#define BLOCK_PRODUCT block_product_f64
#define MATRIX_VECTOR matrix_vector_f64
#include "matmul_loops.h"

void adj_matmul_block(uint8_t type, int32_t transpose_a, int32_t transpose_b, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                      const void *a, ptrdiff_t lda, const void *b, ptrdiff_t ldb, void *c, ptrdiff_t ldc,
                      int32_t accumulate) {
  if (type == ADJ_FLOAT32) block_product_f32(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
  else block_product_f64(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
}

void adj_matrix_vector(uint8_t type, ptrdiff_t rows, ptrdiff_t columns, const void *matrix, ptrdiff_t row_stride,
                       ptrdiff_t column_stride, const void *x, ptrdiff_t x_stride, void *y, ptrdiff_t y_stride) {
  if (type == ADJ_FLOAT32) matrix_vector_f32(rows, columns, matrix, row_stride, column_stride, x, x_stride, y, y_stride);
  else matrix_vector_f64(rows, columns, matrix, row_stride, column_stride, x, x_stride, y, y_stride);
}
