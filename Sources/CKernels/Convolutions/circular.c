// Circular convolution of rows and its gradient with respect to the taps. A tap reads the circle from some element on,
// to its end and then from its start: two runs of elements next to one another.
//
// An element of a convolution is a sum over taps, in chunks of 256 fused multiply-adds that are added in order, to +0.
// The gradient of a tap is a sum of rounded products over the circle, added pairwise as a reduction's: one chain over a
// long circle would have its additions wait for one another.

#include "pairwise.h"
#include "product.h"

#define BLOCK ADJ_SUM_BLOCK

/// Which element of the circle tap `j` reads for element 0 of the result.
ADJ_INLINE ptrdiff_t first_read(ptrdiff_t j, ptrdiff_t origin, int32_t reversed, ptrdiff_t n) {
  const ptrdiff_t shift = reversed ? j - origin : origin - j;
  return shift < 0 ? shift + n : shift;
}

/// The element of start ..< stop from which on the circle is read from its start again, which is at `turn`.
ADJ_INLINE ptrdiff_t turned_at(ptrdiff_t turn, ptrdiff_t start, ptrdiff_t stop) {
  return turn < start ? start : turn > stop ? stop : turn;
}

#define DEFINE_CIRCULAR(SUFFIX, REAL)                                                                               \
  /* The elements start <= i < stop of one tap's products, added to y[i - start] or to +0; the last tap's with +0. */\
  ADJ_INLINE void add_tap_##SUFFIX(const int is_first, const int is_last, REAL tap, const REAL *circle, ptrdiff_t n,\
                                   ptrdiff_t first, ptrdiff_t start, ptrdiff_t stop, REAL *y) {                     \
    const ptrdiff_t turn = turned_at(n - first, start, stop);                                                       \
    const REAL *run = circle + (turn > start ? first + start : 0);                                                  \
    ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < turn - start; ++i) {                                                  \
      const REAL sum = ADJ_FMA(tap, run[i], is_first ? (REAL)0 : y[i]);                                             \
      y[i] = is_last ? sum + (REAL)0 : sum;                                                                         \
    }                                                                                                               \
    REAL *rest = y + (turn - start);                                                                                \
    run = circle + (first + turn >= n ? first + turn - n : 0);                                                      \
    ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < stop - turn; ++i) {                                                   \
      const REAL sum = ADJ_FMA(tap, run[i], is_first ? (REAL)0 : rest[i]);                                          \
      rest[i] = is_last ? sum + (REAL)0 : sum;                                                                      \
    }                                                                                                               \
  }                                                                                                                 \
  /* The sum of `taps` of them: the first reads from element `first` on, and each other `step` further. */          \
  ADJ_INLINE void add_taps_##SUFFIX(const REAL *b, ptrdiff_t taps, const REAL *circle, ptrdiff_t n, ptrdiff_t first,\
                                    ptrdiff_t step, ptrdiff_t start, ptrdiff_t stop, REAL *y) {                     \
    if (taps == 1) {                                                                                                \
      add_tap_##SUFFIX(1, 1, b[0], circle, n, first, start, stop, y);                                               \
      return;                                                                                                       \
    }                                                                                                               \
    add_tap_##SUFFIX(1, 0, b[0], circle, n, first, start, stop, y);                                                 \
    for (ptrdiff_t j = 1; j < taps; ++j) {                                                                          \
      first += step;                                                                                                \
      first = first < 0 ? first + n : first >= n ? first - n : first;                                               \
      if (j + 1 < taps) add_tap_##SUFFIX(0, 0, b[j], circle, n, first, start, stop, y);                             \
      else add_tap_##SUFFIX(0, 1, b[j], circle, n, first, start, stop, y);                                          \
    }                                                                                                               \
  }                                                                                                                 \
  ADJ_KERNEL(void, convolution_##SUFFIX, (const REAL *a, const REAL *b, REAL *output, ptrdiff_t n, ptrdiff_t taps,  \
                                          ptrdiff_t origin, int32_t reversed, ptrdiff_t begin, ptrdiff_t end), {    \
    REAL chunk[BLOCK];                                                                                              \
    const ptrdiff_t step = reversed ? 1 : -1;                                                                       \
    for (ptrdiff_t row = begin; row < end; ++row) {                                                                 \
      const REAL *circle = a + row * n, *tap = b + row * taps;                                                      \
      REAL *y = output + row * n;                                                                                   \
      const ptrdiff_t count = taps < ADJ_PRODUCT_CHUNK ? taps : ADJ_PRODUCT_CHUNK;                                  \
      add_taps_##SUFFIX(tap, count, circle, n, first_read(0, origin, reversed, n), step, 0, n, y);                  \
      for (ptrdiff_t j = count; j < taps; j += ADJ_PRODUCT_CHUNK) {                                                 \
        const ptrdiff_t more = taps - j < ADJ_PRODUCT_CHUNK ? taps - j : ADJ_PRODUCT_CHUNK;                         \
        for (ptrdiff_t start = 0; start < n; start += BLOCK) {                                                      \
          const ptrdiff_t stop = n - start < BLOCK ? n : start + BLOCK;                                             \
          add_taps_##SUFFIX(tap + j, more, circle, n, first_read(j, origin, reversed, n), step, start, stop, chunk);\
          for (ptrdiff_t i = start; i < stop; ++i) y[i] += chunk[i - start];                                        \
        }                                                                                                           \
      }                                                                                                             \
    }                                                                                                               \
  })                                                                                                                \
  ADJ_KERNEL(void, correlation_##SUFFIX, (const REAL *a, const REAL *u, REAL *output, ptrdiff_t n, ptrdiff_t taps,  \
                                          ptrdiff_t origin, int32_t reversed, ptrdiff_t begin, ptrdiff_t end), {    \
    REAL products[BLOCK];                                                                                           \
    for (ptrdiff_t row = begin; row < end; ++row) {                                                                 \
      const REAL *circle = a + row * n, *weights = u + row * n;                                                     \
      for (ptrdiff_t j = 0; j < taps; ++j) {                                                                        \
        const ptrdiff_t first = first_read(j, origin, reversed, n);                                                 \
        struct adj_sum_##SUFFIX##_tree tree;                                                                        \
        tree.depth = 0, tree.blocks = 0;                                                                            \
        for (ptrdiff_t start = 0; start < n; start += BLOCK) {                                                      \
          const ptrdiff_t stop = n - start < BLOCK ? n : start + BLOCK;                                             \
          const ptrdiff_t turn = turned_at(n - first, start, stop);                                                 \
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
