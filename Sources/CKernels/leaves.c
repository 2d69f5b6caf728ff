// A reduction of long rows in two goes: leaves of fixed length, which may be computed side by side, and what they join to.
//
// A leaf is a power of two of the pairwise tree's blocks, and so a subtree of the tree over the whole row; the tree over
// the leaves' results is the rest of it. Only the last leaf may be shorter, and it is joined last of all either way. So
// the result has the bits of `adj_reduce`.

#include "leaves.h"
#include "pairwise.h"

#define DEFINE_LEAVES(KIND, REAL)                                                                                \
  ADJ_CLONES static void KIND##_leaves(ptrdiff_t columns, const REAL *input, REAL *output, ptrdiff_t begin,      \
                                       ptrdiff_t end) {                                                          \
    for (ptrdiff_t index = begin; index < end; ++index) {                                                        \
      const struct leaf leaf = leaf_at(columns, index);                                                          \
      output[index] = KIND##_of(input + leaf.first, leaf.count);                                                 \
    }                                                                                                            \
  }                                                                                                              \
  static void KIND##_join(ptrdiff_t leaves, const REAL *input, REAL *output, ptrdiff_t begin, ptrdiff_t end) {   \
    for (ptrdiff_t row = begin; row < end; ++row) {                                                              \
      struct KIND##_tree tree;                                                                                   \
      tree.depth = 0, tree.blocks = 0;                                                                           \
      for (ptrdiff_t leaf = 0; leaf < leaves; ++leaf) KIND##_push(&tree, input[row * leaves + leaf]);            \
      output[row] = KIND##_finish(&tree);                                                                        \
    }                                                                                                            \
  }

DEFINE_LEAVES(adj_sum_f32, float)
DEFINE_LEAVES(adj_sum_f64, double)
DEFINE_LEAVES(adj_greatest_f32, float)
DEFINE_LEAVES(adj_greatest_f64, double)

void adj_reduce_leaves(uint8_t operation, uint8_t type, ptrdiff_t columns, const void *input, void *output,
                       ptrdiff_t begin, ptrdiff_t end) {
  if (type == ADJ_FLOAT32) {
    if (operation == ADJ_GREATEST) adj_greatest_f32_leaves(columns, input, output, begin, end);
    else adj_sum_f32_leaves(columns, input, output, begin, end);
  } else {
    if (operation == ADJ_GREATEST) adj_greatest_f64_leaves(columns, input, output, begin, end);
    else adj_sum_f64_leaves(columns, input, output, begin, end);
  }
}

#define JOIN(SUFFIX, REAL)                                                                            \
  {                                                                                                   \
    REAL *const to = output;                                                                          \
    if (operation == ADJ_GREATEST) adj_greatest_##SUFFIX##_join(leaves, input, to, begin, end);       \
    else adj_sum_##SUFFIX##_join(leaves, input, to, begin, end);                                      \
    for (ptrdiff_t row = begin; operation == ADJ_MEAN && row < end; ++row) to[row] /= (REAL)columns; \
  }

void adj_join_leaves(uint8_t operation, uint8_t type, ptrdiff_t columns, const void *input, void *output,
                     ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t leaves = (columns + ADJ_LEAF - 1) / ADJ_LEAF;
  if (type == ADJ_FLOAT32) JOIN(f32, float) else JOIN(f64, double)
}
