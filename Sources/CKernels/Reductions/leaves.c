// A reduction of long rows in two goes: leaves of fixed length, which may be computed side by side, and what they join
// to.
//
// A leaf is a power of two of the pairwise tree's blocks, and so a subtree of the tree over the whole row; the tree
// over the leaves' results is the rest of it. Only the last leaf may be shorter, and it is joined last of all either
// way. So the result has the bits of `adj_reduce`, but of a mean that small. What a leaf comes to is the sum or the
// greatest element, of a mean the sum divided by ADJ_LEAF, which does not overflow, and rounds where it is no normal
// number, and of squares a code (safe_sums_of_type.h).

#include "leaves.h"
#include "safe_sums.h"

#define DEFINE_LEAVES(NAME, KIND, REAL, RESULT)                                                                      \
  ADJ_KERNEL(void, NAME, (ptrdiff_t columns, const REAL *input, REAL *output, ptrdiff_t begin, ptrdiff_t end), {  \
    for (ptrdiff_t index = begin; index < end; ++index) {                                                            \
      const struct leaf leaf = leaf_at(columns, index);                                                              \
      output[index] = RESULT(KIND##_of(input + leaf.first, leaf.count), input + leaf.first, leaf.count);             \
    }                                                                                                                \
  })

#define DEFINE_JOIN(KIND, REAL)                                                                                      \
  static void KIND##_join(ptrdiff_t leaves, const REAL *input, REAL *output, ptrdiff_t begin, ptrdiff_t end) {       \
    for (ptrdiff_t row = begin; row < end; ++row) {                                                                  \
      struct KIND##_tree tree;                                                                                       \
      tree.depth = 0, tree.blocks = 0;                                                                               \
      for (ptrdiff_t leaf = 0; leaf < leaves; ++leaf) KIND##_push(&tree, input[row * leaves + leaf]);                \
      output[row] = KIND##_finish(&tree);                                                                            \
    }                                                                                                                \
  }

#define PLAIN(result, from, count) (result)
#define MEAN_F32(sum, from, count) adj_safe_leaf_mean_f32(sum, (struct adj_safe_elements_f32){from, 0, count})
#define MEAN_F64(sum, from, count) adj_safe_leaf_mean_f64(sum, (struct adj_safe_elements_f64){from, 0, count})
#define CODE_F32(sum, from, count) adj_safe_code_f32(sum, (struct adj_safe_elements_f32){from, 0, count})
#define CODE_F64(sum, from, count) adj_safe_code_f64(sum, (struct adj_safe_elements_f64){from, 0, count})

DEFINE_LEAVES(sums_f32, adj_sum_f32, float, PLAIN)
DEFINE_LEAVES(sums_f64, adj_sum_f64, double, PLAIN)
DEFINE_LEAVES(greatest_f32, adj_greatest_f32, float, PLAIN)
DEFINE_LEAVES(greatest_f64, adj_greatest_f64, double, PLAIN)
DEFINE_LEAVES(means_f32, adj_sum_f32, float, MEAN_F32)
DEFINE_LEAVES(means_f64, adj_sum_f64, double, MEAN_F64)
DEFINE_LEAVES(codes_f32, adj_squares_f32, float, CODE_F32)
DEFINE_LEAVES(codes_f64, adj_squares_f64, double, CODE_F64)
DEFINE_JOIN(adj_sum_f32, float)
DEFINE_JOIN(adj_sum_f64, double)
DEFINE_JOIN(adj_greatest_f32, float)
DEFINE_JOIN(adj_greatest_f64, double)

#define LEAVES(SUFFIX)                                                                                               \
  switch (operation) {                                                                                               \
    case ADJ_SUM: ADJ_BEST(sums_##SUFFIX)(columns, input, output, begin, end); return;                               \
    case ADJ_GREATEST: ADJ_BEST(greatest_##SUFFIX)(columns, input, output, begin, end); return;                      \
    case ADJ_MEAN: ADJ_BEST(means_##SUFFIX)(columns, input, output, begin, end); return;                             \
    default: ADJ_BEST(codes_##SUFFIX)(columns, input, output, begin, end); return;                                   \
  }

void adj_reduce_leaves(uint8_t operation, uint8_t type, ptrdiff_t columns, const void *input, void *output,
                       ptrdiff_t begin, ptrdiff_t end) {
  if (adj_is_float32(type)) LEAVES(f32) else LEAVES(f64)
}

#define JOIN(SUFFIX, REAL)                                                                                           \
  {                                                                                                                  \
    const REAL *const from = input;                                                                                  \
    REAL *const to = output;                                                                                         \
    switch (operation) {                                                                                             \
      case ADJ_SUM: adj_sum_##SUFFIX##_join(leaves, from, to, begin, end); return;                                   \
      case ADJ_GREATEST: adj_greatest_##SUFFIX##_join(leaves, from, to, begin, end); return;                         \
      default: break;                                                                                                \
    }                                                                                                                \
    for (ptrdiff_t row = begin; row < end; ++row) {                                                                  \
      const struct adj_safe_leaves_##SUFFIX of_row = {from + row * leaves, 0, columns};                              \
      if (operation == ADJ_MEAN) to[row] = adj_safe_join_means_##SUFFIX(of_row);                                     \
      else to[row] = adj_safe_of_code_##SUFFIX(operation, adj_safe_join_codes_##SUFFIX(of_row), columns);            \
    }                                                                                                                \
  }

void adj_join_leaves(uint8_t operation, uint8_t type, ptrdiff_t columns, const void *input, void *output,
                     ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t leaves = (columns + ADJ_LEAF - 1) / ADJ_LEAF;
  if (adj_is_float32(type)) JOIN(f32, float) else JOIN(f64, double)
}
