// Circular convolution of rows and its gradient with respect to the taps. A tap reads the circle from some element on,
// to its end and then from its start: two runs of elements next to one another.

#include "pairwise.h"

#define BLOCK ADJ_SUM_BLOCK

/// Which element of the circle tap `j` reads for element 0 of the result.
ADJ_INLINE ptrdiff_t first_read(ptrdiff_t j, ptrdiff_t origin, int32_t reversed, ptrdiff_t n) {
  const ptrdiff_t shift = reversed ? j - origin : origin - j;
  return shift < 0 ? shift + n : shift;
}

#define DEFINE_CIRCULAR(SUFFIX, REAL)                                                                               \
  ADJ_KERNEL(void, convolution_##SUFFIX, (const REAL *a, const REAL *b, REAL *output, ptrdiff_t n, ptrdiff_t taps,   \
                                          ptrdiff_t origin, int32_t reversed, ptrdiff_t begin, ptrdiff_t end), {     \
    for (ptrdiff_t row = begin; row < end; ++row) {                                                                 \
      const REAL *circle = a + row * n;                                                                             \
      REAL *y = output + row * n;                                                                                   \
      for (ptrdiff_t i = 0; i < n; ++i) y[i] = 0;                                                                   \
      for (ptrdiff_t j = 0; j < taps; ++j) {                                                                        \
        const REAL tap = b[row * taps + j];                                                                         \
        const ptrdiff_t first = first_read(j, origin, reversed, n);                                                 \
        REAL *rest = y + (n - first);                                                                               \
        ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < n - first; ++i) y[i] = ADJ_FMA(tap, circle[first + i], y[i]);     \
        ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < first; ++i) rest[i] = ADJ_FMA(tap, circle[i], rest[i]);           \
      }                                                                                                             \
    }                                                                                                               \
  })                                                                                                                 \
  ADJ_KERNEL(void, correlation_##SUFFIX, (const REAL *a, const REAL *u, REAL *output, ptrdiff_t n, ptrdiff_t taps,   \
                                          ptrdiff_t origin, int32_t reversed, ptrdiff_t begin, ptrdiff_t end), {     \
    REAL products[BLOCK];                                                                                           \
    for (ptrdiff_t row = begin; row < end; ++row) {                                                                 \
      const REAL *circle = a + row * n, *weights = u + row * n;                                                     \
      for (ptrdiff_t j = 0; j < taps; ++j) {                                                                        \
        const ptrdiff_t first = first_read(j, origin, reversed, n);                                                 \
        struct adj_sum_##SUFFIX##_tree tree;                                                                        \
        tree.depth = 0, tree.blocks = 0;                                                                            \
        for (ptrdiff_t start = 0; start < n; start += BLOCK) {                                                      \
          const ptrdiff_t stop = n - start < BLOCK ? n : start + BLOCK;                                             \
          ptrdiff_t turn = n - first;                                                                               \
          turn = turn < start ? start : turn > stop ? stop : turn;                                                  \
          for (ptrdiff_t i = start; i < turn; ++i) products[i - start] = weights[i] * circle[first + i];            \
          for (ptrdiff_t i = turn; i < stop; ++i) products[i - start] = weights[i] * circle[first + i - n];         \
          adj_sum_##SUFFIX##_push(&tree, adj_sum_##SUFFIX##_block(products, stop - start));                         \
        }                                                                                                           \
        output[row * taps + j] = adj_sum_##SUFFIX##_finish(&tree);                                                  \
      }                                                                                                             \
    }                                                                                                               \
  })

DEFINE_CIRCULAR(f32, float)
DEFINE_CIRCULAR(f64, double)

void adj_circular_convolution(uint8_t type, const void *a, const void *b, void *output, ptrdiff_t n, ptrdiff_t taps,
                              ptrdiff_t origin, int32_t reversed, ptrdiff_t begin, ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(convolution_f32)(a, b, output, n, taps, origin, reversed, begin, end);
  else ADJ_BEST(convolution_f64)(a, b, output, n, taps, origin, reversed, begin, end);
}

void adj_circular_correlation(uint8_t type, const void *a, const void *u, void *output, ptrdiff_t n, ptrdiff_t taps,
                              ptrdiff_t origin, int32_t reversed, ptrdiff_t begin, ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(correlation_f32)(a, u, output, n, taps, origin, reversed, begin, end);
  else ADJ_BEST(correlation_f64)(a, u, output, n, taps, origin, reversed, begin, end);
}
