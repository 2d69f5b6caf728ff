// Softmax and its relatives, a row at a time. The row's greatest element is subtracted first, so that the largest power
// is 1 and none overflows; powers are summed pairwise.

#include "pairwise.h"

#define DEFINE_ROWS(SUFFIX, REAL, LOG)                                                                            \
  /* The sum of e^(x - greatest) over a row; the powers are kept if `powers` is not null. */                      \
  ADJ_INLINE REAL exponential_sum_##SUFFIX(const REAL *row, REAL greatest, REAL *powers, ptrdiff_t columns) {     \
    REAL scratch[ADJ_SUM_BLOCK];                                                                                  \
    struct adj_sum_##SUFFIX##_tree tree;                                                                          \
    tree.depth = 0, tree.blocks = 0;                                                                              \
    for (ptrdiff_t start = 0; start < columns; start += ADJ_SUM_BLOCK) {                                          \
      const ptrdiff_t count = columns - start < ADJ_SUM_BLOCK ? columns - start : ADJ_SUM_BLOCK;                  \
      REAL *block = powers ? powers + start : scratch;                                                            \
      ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) {                                                     \
        block[i] = adj_exp_##SUFFIX(row[start + i] - greatest);                                                   \
      }                                                                                                           \
      adj_sum_##SUFFIX##_push(&tree, adj_sum_##SUFFIX##_block(block, count));                                     \
    }                                                                                                             \
    return adj_sum_##SUFFIX##_finish(&tree);                                                                      \
  }                                                                                                               \
  ADJ_CLONES static void softmax_##SUFFIX(const REAL *input, REAL *output, ptrdiff_t columns, ptrdiff_t begin,    \
                                          ptrdiff_t end) {                                                        \
    for (ptrdiff_t row = begin; row < end; ++row) {                                                               \
      const REAL *from = input + row * columns;                                                                   \
      REAL *to = output + row * columns;                                                                          \
      const REAL greatest = adj_greatest_##SUFFIX##_of(from, columns);                                            \
      const REAL sum = exponential_sum_##SUFFIX(from, greatest, to, columns);                                     \
      ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < columns; ++i) to[i] = to[i] / sum;                                \
    }                                                                                                             \
  }                                                                                                               \
  ADJ_CLONES static void log_softmax_##SUFFIX(const REAL *input, REAL *output, ptrdiff_t columns,                 \
                                              ptrdiff_t begin, ptrdiff_t end) {                                   \
    for (ptrdiff_t row = begin; row < end; ++row) {                                                               \
      const REAL *from = input + row * columns;                                                                   \
      REAL *to = output + row * columns;                                                                          \
      const REAL greatest = adj_greatest_##SUFFIX##_of(from, columns);                                            \
      const REAL logarithm = LOG(exponential_sum_##SUFFIX(from, greatest, 0, columns));                           \
      ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < columns; ++i) to[i] = (from[i] - greatest) - logarithm;           \
    }                                                                                                             \
  }                                                                                                               \
  ADJ_CLONES static ptrdiff_t cross_entropy_##SUFFIX(const REAL *logits, const int32_t *labels, REAL *losses,     \
                                                     ptrdiff_t columns, ptrdiff_t begin, ptrdiff_t end) {         \
    for (ptrdiff_t row = begin; row < end; ++row) {                                                               \
      if (labels[row] < 0 || labels[row] >= columns) return row;                                                  \
      const REAL *from = logits + row * columns;                                                                  \
      const REAL greatest = adj_greatest_##SUFFIX##_of(from, columns);                                            \
      const REAL logarithm = LOG(exponential_sum_##SUFFIX(from, greatest, 0, columns));                           \
      losses[row] = logarithm - (from[labels[row]] - greatest);                                                   \
    }                                                                                                             \
    return -1;                                                                                                    \
  }

DEFINE_ROWS(f32, float, adj_log_f32)
DEFINE_ROWS(f64, double, adj_log_f64)

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
