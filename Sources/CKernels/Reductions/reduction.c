// Reductions over any axes. Where the innermost axis is reduced, one output after the other is the pairwise sum of what
// lies next to one another; where it is kept, a strip of outputs is summed down side by side. In both, the order of an
// output's additions follows from the shape alone, so that a range of outputs may be cut anywhere.
//
// Norms, means of squares and means look at each sum, and compute it anew where it has left the range (safe_sums.h).

#include "safe_sums.h"

/// Outputs a strip, and rows summed before a result joins the tree.
#define STRIP 64  // Decisions/Sums.md
#define ROWS 16  // Decisions/Sums.md

ADJ_INLINE ptrdiff_t offset_of(ptrdiff_t index, ptrdiff_t rank, const ptrdiff_t *sizes, const ptrdiff_t *strides) {
  ptrdiff_t offset = 0;
  for (ptrdiff_t axis = rank - 1; axis >= 0; --axis) {
    offset += index % sizes[axis] * strides[axis];
    index /= sizes[axis];
  }
  return offset;
}

/// Along the innermost axis: each output is a tree over segments of `inner_size` elements.
#define DEFINE_ALONG(NAME, KIND, TREE, REAL)                                                                          \
  ADJ_KERNEL(void, NAME, (const struct adj_reduction *plan, const REAL *input, REAL *output, ptrdiff_t begin,      \
                          ptrdiff_t end), {                                                                        \
    const ptrdiff_t segments = plan->reduced_count / plan->inner_size;                                            \
    for (ptrdiff_t index = begin; index < end; ++index) {                                                         \
      const REAL *from = input + offset_of(index, plan->kept_rank, plan->kept_sizes, plan->kept_strides);         \
      if (segments == 1) {                                                                                        \
        output[index] = KIND##_of(from, plan->inner_size);                                                        \
        continue;                                                                                                 \
      }                                                                                                           \
      ptrdiff_t coordinates[ADJ_REDUCTION_RANK] = {0};                                                                  \
      struct TREE##_tree tree;                                                                                    \
      tree.depth = 0, tree.blocks = 0;                                                                            \
      for (ptrdiff_t segment = 0; segment < segments; ++segment) {                                                \
        KIND##_push_all(&tree, from, plan->inner_size);                                                           \
        from += adj_step(coordinates, plan->reduced_rank, plan->reduced_sizes, plan->reduced_strides);                \
      }                                                                                                           \
      output[index] = TREE##_finish(&tree);                                                                       \
    }                                                                                                             \
  })

/// Across it: a strip of outputs, each its own tree, all of the same form.
#define DEFINE_ACROSS(NAME, REAL, COMBINE, OF)                                                                    \
  ADJ_KERNEL(void, NAME, (const struct adj_reduction *plan, const REAL *input, REAL *output, ptrdiff_t begin,      \
                          ptrdiff_t end), {                                                                        \
    for (ptrdiff_t index = begin; index < end;) {                                                                 \
      const ptrdiff_t column = index % plan->inner_size;                                                          \
      ptrdiff_t width = plan->inner_size - column;                                                                \
      if (width > STRIP) width = STRIP;                                                                           \
      if (width > end - index) width = end - index;                                                               \
      const REAL *from = input + column                                                                           \
          + offset_of(index / plan->inner_size, plan->kept_rank, plan->kept_sizes, plan->kept_strides);           \
      ptrdiff_t coordinates[ADJ_REDUCTION_RANK] = {0};                                                                  \
      REAL waiting[ADJ_LEVELS][STRIP], sums[STRIP];                                                               \
      int depth = 0;                                                                                              \
      uint64_t blocks = 0;                                                                                        \
      for (ptrdiff_t row = 0; row < plan->reduced_count;) {                                                       \
        const ptrdiff_t stop = plan->reduced_count - row < ROWS ? plan->reduced_count : row + ROWS;               \
        for (ptrdiff_t i = 0; i < width; ++i) sums[i] = OF(from[i]);                                                  \
        from += adj_step(coordinates, plan->reduced_rank, plan->reduced_sizes, plan->reduced_strides);                \
        for (++row; row < stop; ++row) {                                                                          \
          if (width == STRIP) {                                                                                   \
            for (ptrdiff_t i = 0; i < STRIP; ++i) sums[i] = COMBINE(sums[i], OF(from[i]));                            \
          } else {                                                                                                \
            for (ptrdiff_t i = 0; i < width; ++i) sums[i] = COMBINE(sums[i], OF(from[i]));                            \
          }                                                                                                       \
          from += adj_step(coordinates, plan->reduced_rank, plan->reduced_sizes, plan->reduced_strides);              \
        }                                                                                                         \
        for (uint64_t carry = blocks++; carry & 1; carry >>= 1) {                                                 \
          --depth;                                                                                                \
          for (ptrdiff_t i = 0; i < width; ++i) sums[i] = COMBINE(waiting[depth][i], sums[i]);                    \
        }                                                                                                         \
        for (ptrdiff_t i = 0; i < width; ++i) waiting[depth][i] = sums[i];                                        \
        ++depth;                                                                                                  \
      }                                                                                                           \
      --depth;                                                                                                    \
      for (ptrdiff_t i = 0; i < width; ++i) sums[i] = waiting[depth][i];                                          \
      while (depth-- > 0) {                                                                                       \
        for (ptrdiff_t i = 0; i < width; ++i) sums[i] = COMBINE(waiting[depth][i], sums[i]);                      \
      }                                                                                                           \
      for (ptrdiff_t i = 0; i < width; ++i) output[index + i] = sums[i];                                          \
      index += width;                                                                                             \
    }                                                                                                             \
  })

/// Where the elements begin that output `index` is reduced from.
ADJ_INLINE ptrdiff_t first_of(const struct adj_reduction *plan, ptrdiff_t index) {
  if (plan->inner_reduced) return offset_of(index, plan->kept_rank, plan->kept_sizes, plan->kept_strides);
  return index % plan->inner_size
         + offset_of(index / plan->inner_size, plan->kept_rank, plan->kept_sizes, plan->kept_strides);
}

#define DEFINE_REDUCTION(SUFFIX, REAL)                                                                               \
  DEFINE_ALONG(sum_along_##SUFFIX, adj_sum_##SUFFIX, adj_sum_##SUFFIX, REAL)                                         \
  DEFINE_ALONG(squares_along_##SUFFIX, adj_squares_##SUFFIX, adj_sum_##SUFFIX, REAL)                                 \
  DEFINE_ALONG(greatest_along_##SUFFIX, adj_greatest_##SUFFIX, adj_greatest_##SUFFIX, REAL)                          \
  DEFINE_ACROSS(sum_across_##SUFFIX, REAL, adj_plus_##SUFFIX, ADJ_ITSELF)                                   \
  DEFINE_ACROSS(squares_across_##SUFFIX, REAL, adj_plus_##SUFFIX, adj_squared_##SUFFIX)                              \
  DEFINE_ACROSS(greatest_across_##SUFFIX, REAL, adj_maximum_##SUFFIX, ADJ_ITSELF)                           \
  /* The elements of an output: next to one another where they are. */                                               \
  ADJ_INLINE struct adj_safe_elements_##SUFFIX elements_##SUFFIX(const struct adj_reduction *plan, const REAL *input, \
                                                                 ptrdiff_t index) {                                  \
    const int is_row = plan->inner_reduced && plan->reduced_count == plan->inner_size;                               \
    return (struct adj_safe_elements_##SUFFIX){input + first_of(plan, index), is_row ? 0 : plan, plan->reduced_count}; \
  }                                                                                                                  \
  static void means_##SUFFIX(const struct adj_reduction *plan, const REAL *input, REAL *output, ptrdiff_t begin,     \
                             ptrdiff_t end) {                                                                        \
    const REAL count = (REAL)plan->reduced_count;                                                                    \
    for (ptrdiff_t i = begin; i < end; ++i) {                                                                        \
      const REAL sum = output[i];                                                                                    \
      if (sum - sum == 0) output[i] = sum / count;                                                                   \
      else output[i] = adj_safe_mean_##SUFFIX(sum, elements_##SUFFIX(plan, input, i));                               \
    }                                                                                                                \
  }                                                                                                                  \
  ADJ_KERNEL(void, safe_squares_##SUFFIX, (uint8_t operation, const struct adj_reduction *plan, const REAL *input,    \
                                           REAL *output, ptrdiff_t begin, ptrdiff_t end), {                           \
    const ptrdiff_t count = plan->reduced_count;                                                                     \
    if (plan->inner_reduced && count == plan->inner_size && count > ADJ_LEAF) {                                      \
      for (ptrdiff_t i = begin; i < end; ++i) {                                                                      \
        const REAL code = adj_safe_row_code_##SUFFIX(input + first_of(plan, i), count);                              \
        output[i] = adj_safe_of_code_##SUFFIX(operation, code, count);                                               \
      }                                                                                                              \
      return;                                                                                                        \
    }                                                                                                                \
    if (plan->inner_reduced) ADJ_BEST(squares_along_##SUFFIX)(plan, input, output, begin, end);                      \
    else ADJ_BEST(squares_across_##SUFFIX)(plan, input, output, begin, end);                                         \
    for (ptrdiff_t i = begin; i < end; ++i) {                                                                        \
      const REAL code = adj_safe_code_##SUFFIX(output[i], elements_##SUFFIX(plan, input, i));                        \
      output[i] = adj_safe_of_code_##SUFFIX(operation, code, count);                                                 \
    }                                                                                                                \
  })                                                                                                                  \
  static void reduce_##SUFFIX(uint8_t operation, const struct adj_reduction *plan, const REAL *input, REAL *output,  \
                              ptrdiff_t begin, ptrdiff_t end) {                                                      \
    switch (operation) {                                                                                             \
      case ADJ_GREATEST:                                                                                             \
        if (plan->inner_reduced) ADJ_BEST(greatest_along_##SUFFIX)(plan, input, output, begin, end);                 \
        else ADJ_BEST(greatest_across_##SUFFIX)(plan, input, output, begin, end);                                    \
        return;                                                                                                      \
      case ADJ_SUM:                                                                                                  \
      case ADJ_MEAN:                                                                                                 \
        if (plan->inner_reduced) ADJ_BEST(sum_along_##SUFFIX)(plan, input, output, begin, end);                      \
        else ADJ_BEST(sum_across_##SUFFIX)(plan, input, output, begin, end);                                         \
        if (operation == ADJ_MEAN) means_##SUFFIX(plan, input, output, begin, end);                                  \
        return;                                                                                                      \
      default: ADJ_BEST(safe_squares_##SUFFIX)(operation, plan, input, output, begin, end);                          \
    }                                                                                                                \
  }

DEFINE_REDUCTION(f32, float)
DEFINE_REDUCTION(f64, double)

void adj_reduce(uint8_t operation, uint8_t type, struct adj_reduction plan, const void *input, void *output,
                ptrdiff_t begin, ptrdiff_t end) {
  if (adj_is_float32(type)) reduce_f32(operation, &plan, input, output, begin, end);
  else reduce_f64(operation, &plan, input, output, begin, end);
}
