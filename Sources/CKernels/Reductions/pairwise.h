#pragma once

// Sums whose rounding error grows with the logarithm of their length, in an order fixed by that length alone.
//
// Elements are taken in blocks; within a block LANES sums run side by side, and are then added in a binary tree. The
// blocks' results are added in a binary tree as well, the way a binary counter carries: after the 2^k-th block, k
// results wait, one for each set bit of the count. (Pairwise summation: N. Higham, "The accuracy of floating point
// summation", SIAM J. Sci. Comput. 14, 1993.)

#include "functions_f32.h"
#include "functions_f64.h"
#include "include/CKernels.h"

#define ADJ_LANES 32  // Decisions/Sums.md
#define ADJ_SUM_BLOCK 512  // Decisions/Sums.md
/// More than the bits of any block count.
#define ADJ_LEVELS 56  // Decisions/Sums.md

/// Defines, for one element type and one function that combines two numbers: the tree over blocks.
#define ADJ_DEFINE_TREE(NAME, REAL, COMBINE)                                                      \
  struct NAME##_tree {                                                                            \
    REAL waiting[ADJ_LEVELS];                                                                     \
    int depth;                                                                                    \
    uint64_t blocks;                                                                              \
  };                                                                                              \
  ADJ_INLINE void NAME##_push(struct NAME##_tree *tree, REAL value) {                             \
    for (uint64_t carry = tree->blocks++; carry & 1; carry >>= 1) {                               \
      value = COMBINE(tree->waiting[--tree->depth], value);                                       \
    }                                                                                             \
    tree->waiting[tree->depth++] = value;                                                         \
  }                                                                                               \
  ADJ_INLINE REAL NAME##_finish(struct NAME##_tree *tree) {                                       \
    REAL value = tree->waiting[--tree->depth];                                                    \
    while (tree->depth > 0) value = COMBINE(tree->waiting[--tree->depth], value);                 \
    return value;                                                                                 \
  }

/// Defines a block's result, and the result of any number of elements: of each what OF makes of it, in TREE's way.
#define ADJ_DEFINE_ELEMENTS(NAME, TREE, REAL, COMBINE, OF)                                        \
  ADJ_INLINE REAL NAME##_block(const REAL *values, ptrdiff_t count) {                             \
    REAL lanes[ADJ_LANES];                                                                        \
    if (count < ADJ_LANES) {                                                                      \
      REAL value = OF(values[0]);                                                                     \
      for (ptrdiff_t i = 1; i < count; ++i) value = COMBINE(value, OF(values[i]));                    \
      return value;                                                                               \
    }                                                                                             \
    for (int lane = 0; lane < ADJ_LANES; ++lane) lanes[lane] = OF(values[lane]);                      \
    ptrdiff_t start = ADJ_LANES;                                                                  \
    for (; start + ADJ_LANES <= count; start += ADJ_LANES) {                                      \
      for (int lane = 0; lane < ADJ_LANES; ++lane) {                                              \
        lanes[lane] = COMBINE(lanes[lane], OF(values[start + lane]));                                 \
      }                                                                                           \
    }                                                                                             \
    for (ptrdiff_t i = start; i < count; ++i) lanes[i - start] = COMBINE(lanes[i - start], OF(values[i])); \
    for (int half = ADJ_LANES / 2; half > 0; half /= 2) {                                         \
      for (int lane = 0; lane < half; ++lane) lanes[lane] = COMBINE(lanes[lane], lanes[lane + half]); \
    }                                                                                             \
    return lanes[0];                                                                              \
  }                                                                                               \
  ADJ_INLINE void NAME##_push_all(struct TREE##_tree *tree, const REAL *values, ptrdiff_t count) { \
    for (ptrdiff_t start = 0; start < count; start += ADJ_SUM_BLOCK) {                            \
      const ptrdiff_t rest = count - start;                                                       \
      TREE##_push(tree, NAME##_block(values + start, rest < ADJ_SUM_BLOCK ? rest : ADJ_SUM_BLOCK)); \
    }                                                                                             \
  }                                                                                               \
  ADJ_INLINE REAL NAME##_of(const REAL *values, ptrdiff_t count) {                                \
    if (count <= ADJ_SUM_BLOCK) return NAME##_block(values, count);                               \
    struct TREE##_tree tree;                                                                      \
    tree.depth = 0, tree.blocks = 0;                                                              \
    NAME##_push_all(&tree, values, count);                                                        \
    return TREE##_finish(&tree);                                                                  \
  }

/// Both, of the elements themselves.
#define ADJ_DEFINE_PAIRWISE(NAME, REAL, COMBINE) \
  ADJ_DEFINE_TREE(NAME, REAL, COMBINE)           \
  ADJ_DEFINE_ELEMENTS(NAME, NAME, REAL, COMBINE, ADJ_ITSELF)
#define ADJ_ITSELF(x) (x)

ADJ_INLINE float adj_plus_f32(float a, float b) { return a + b; }
ADJ_INLINE double adj_plus_f64(double a, double b) { return a + b; }
ADJ_INLINE float adj_squared_f32(float a) { return a * a; }
ADJ_INLINE double adj_squared_f64(double a) { return a * a; }
ADJ_DEFINE_PAIRWISE(adj_sum_f32, float, adj_plus_f32)
ADJ_DEFINE_PAIRWISE(adj_sum_f64, double, adj_plus_f64)
ADJ_DEFINE_PAIRWISE(adj_greatest_f32, float, adj_maximum_f32)
ADJ_DEFINE_PAIRWISE(adj_greatest_f64, double, adj_maximum_f64)
// Sums of squares.
ADJ_DEFINE_ELEMENTS(adj_squares_f32, adj_sum_f32, float, adj_plus_f32, adj_squared_f32)
ADJ_DEFINE_ELEMENTS(adj_squares_f64, adj_sum_f64, double, adj_plus_f64, adj_squared_f64)
