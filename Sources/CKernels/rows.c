// Softmax and its relatives, a row at a time. The row's greatest element is subtracted first, so that the largest power
// is 1 and none overflows; powers are summed pairwise.

#include "pairwise.h"

/// Powers kept at a time: of many short rows, so that one loop computes them all, or of a part of a long one.
#define BLOCK ADJ_SUM_BLOCK

// The larger of two numbers if neither is NaN. A row that has one becomes NaN through its powers all the same.
ADJ_INLINE float larger_float(float a, float b) { return b > a ? b : a; }
ADJ_INLINE double larger_double(double a, double b) { return b > a ? b : a; }
ADJ_DEFINE_PAIRWISE(larger_f32, float, larger_float)
ADJ_DEFINE_PAIRWISE(larger_f64, double, larger_double)

#define DEFINE_ROWS(SUFFIX, REAL)                                                                                 \
  /* Of each row: its greatest element and the sum of e^(x - greatest). The powers of rows that fit a block */    \
  /* together are left in `powers`; a single longer row overwrites them block after block. */                     \
  ADJ_INLINE void summarise_##SUFFIX(const REAL *from, ptrdiff_t rows, ptrdiff_t columns, REAL *greatest,         \
                                     REAL *sums, REAL *powers) {                                                  \
    if (columns > BLOCK) {                                                                                        \
      struct adj_sum_##SUFFIX##_tree tree;                                                                        \
      tree.depth = 0, tree.blocks = 0;                                                                            \
      greatest[0] = larger_##SUFFIX##_of(from, columns);                                                          \
      for (ptrdiff_t start = 0; start < columns; start += BLOCK) {                                                \
        const ptrdiff_t count = columns - start < BLOCK ? columns - start : BLOCK;                                \
        for (ptrdiff_t i = 0; i < count; ++i) powers[i] = adj_exp_##SUFFIX(from[start + i] - greatest[0]);        \
        adj_sum_##SUFFIX##_push(&tree, adj_sum_##SUFFIX##_block(powers, count));                                  \
      }                                                                                                           \
      sums[0] = adj_sum_##SUFFIX##_finish(&tree);                                                                 \
      return;                                                                                                     \
    }                                                                                                             \
    for (ptrdiff_t row = 0; row < rows; ++row) {                                                                  \
      const REAL *x = from + row * columns;                                                                       \
      greatest[row] = larger_##SUFFIX##_block(x, columns);                                                        \
      for (ptrdiff_t i = 0; i < columns; ++i) powers[row * columns + i] = x[i] - greatest[row];                   \
    }                                                                                                             \
    for (ptrdiff_t i = 0; i < rows * columns; ++i) powers[i] = adj_exp_##SUFFIX(powers[i]);                       \
    for (ptrdiff_t row = 0; row < rows; ++row) sums[row] = adj_sum_##SUFFIX##_block(powers + row * columns, columns); \
  }                                                                                                               \
  ADJ_INLINE ptrdiff_t rows_together_##SUFFIX(ptrdiff_t columns, ptrdiff_t rows) {                                \
    const ptrdiff_t fitting = columns < BLOCK ? BLOCK / columns : 1;                                              \
    return fitting < rows ? fitting : rows;                                                                       \
  }                                                                                                               \
  ADJ_CLONES static void softmax_##SUFFIX(const REAL *input, REAL *output, ptrdiff_t columns, ptrdiff_t begin,    \
                                          ptrdiff_t end) {                                                        \
    REAL greatest[BLOCK], sums[BLOCK], powers[BLOCK];                                                             \
    for (ptrdiff_t first = begin; first < end;) {                                                                 \
      const ptrdiff_t rows = rows_together_##SUFFIX(columns, end - first);                                        \
      summarise_##SUFFIX(input + first * columns, rows, columns, greatest, sums, powers);                         \
      for (ptrdiff_t row = 0; row < rows; ++row) {                                                                \
        const REAL *from = input + (first + row) * columns;                                                       \
        REAL *to = output + (first + row) * columns;                                                              \
        if (columns > BLOCK) {                                                                                    \
          ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < columns; ++i) {                                               \
            to[i] = adj_exp_##SUFFIX(from[i] - greatest[row]) / sums[row];                                        \
          }                                                                                                       \
        } else {                                                                                                  \
          for (ptrdiff_t i = 0; i < columns; ++i) to[i] = powers[row * columns + i] / sums[row];                  \
        }                                                                                                         \
      }                                                                                                           \
      first += rows;                                                                                              \
    }                                                                                                             \
  }                                                                                                               \
  ADJ_CLONES static void log_softmax_##SUFFIX(const REAL *input, REAL *output, ptrdiff_t columns,                 \
                                              ptrdiff_t begin, ptrdiff_t end) {                                   \
    REAL greatest[BLOCK], sums[BLOCK], powers[BLOCK];                                                             \
    for (ptrdiff_t first = begin; first < end;) {                                                                 \
      const ptrdiff_t rows = rows_together_##SUFFIX(columns, end - first);                                        \
      summarise_##SUFFIX(input + first * columns, rows, columns, greatest, sums, powers);                         \
      for (ptrdiff_t row = 0; row < rows; ++row) {                                                                \
        const REAL *from = input + (first + row) * columns;                                                       \
        REAL *to = output + (first + row) * columns;                                                              \
        const REAL logarithm = adj_log_##SUFFIX(sums[row]);                                                       \
        ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < columns; ++i) to[i] = (from[i] - greatest[row]) - logarithm;    \
      }                                                                                                           \
      first += rows;                                                                                              \
    }                                                                                                             \
  }                                                                                                               \
  ADJ_CLONES static ptrdiff_t cross_entropy_##SUFFIX(const REAL *logits, const int32_t *labels, REAL *losses,     \
                                                     ptrdiff_t columns, ptrdiff_t begin, ptrdiff_t end) {         \
    REAL greatest[BLOCK], sums[BLOCK], powers[BLOCK];                                                             \
    for (ptrdiff_t first = begin; first < end;) {                                                                 \
      const ptrdiff_t rows = rows_together_##SUFFIX(columns, end - first);                                        \
      summarise_##SUFFIX(logits + first * columns, rows, columns, greatest, sums, powers);                        \
      for (ptrdiff_t row = 0; row < rows; ++row) {                                                                \
        const int32_t label = labels[first + row];                                                                \
        if (label < 0 || label >= columns) return first + row;                                                    \
        losses[first + row] =                                                                                     \
            adj_log_##SUFFIX(sums[row]) - (logits[(first + row) * columns + label] - greatest[row]);              \
      }                                                                                                           \
      first += rows;                                                                                              \
    }                                                                                                             \
    return -1;                                                                                                    \
  }

DEFINE_ROWS(f32, float)
DEFINE_ROWS(f64, double)

void adj_softmax(uint8_t type, const void *input, void *output, ptrdiff_t columns, ptrdiff_t begin, ptrdiff_t end) {
  if (type == ADJ_FLOAT32) softmax_f32(input, output, columns, begin, end);
  else softmax_f64(input, output, columns, begin, end);
}

void adj_log_softmax(uint8_t type, const void *input, void *output, ptrdiff_t columns, ptrdiff_t begin,
                     ptrdiff_t end) {
  if (type == ADJ_FLOAT32) log_softmax_f32(input, output, columns, begin, end);
  else log_softmax_f64(input, output, columns, begin, end);
}

ptrdiff_t adj_cross_entropy(uint8_t type, const void *logits, const int32_t *labels, void *losses, ptrdiff_t columns,
                            ptrdiff_t begin, ptrdiff_t end) {
  if (type == ADJ_FLOAT32) return cross_entropy_f32(logits, labels, losses, columns, begin, end);
  return cross_entropy_f64(logits, labels, losses, columns, begin, end);
}
