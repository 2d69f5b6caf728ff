#pragma once

// Sums of squares and means that are right where the plain sum overflows or underflows, of both types.

#include "pairwise.h"

#define ADJ_REDUCTION_RANK 32
/// Elements are multiplied by two to the minus this for a mean whose sum overflows: so many floats take 4 TiB.
#define MEAN_DOWN 40
// Not each file that includes this calls each of them, and they are called seldom.
#define ADJ_UNUSED __attribute__((unused, noinline))

/// Steps through the reduced axes without the innermost, as an odometer does; answers the change of offset.
ADJ_INLINE ptrdiff_t adj_step(ptrdiff_t *coordinates, ptrdiff_t rank, const ptrdiff_t *sizes, const ptrdiff_t *strides) {
  ptrdiff_t change = 0;
  for (ptrdiff_t axis = rank - 1; axis >= 0; --axis) {
    change += strides[axis];
    if (++coordinates[axis] < sizes[axis]) break;
    change -= sizes[axis] * strides[axis];
    coordinates[axis] = 0;
  }
  return change;
}

#define REAL float
#define NAME(x) adj_safe_##x##_f32
#define FN(x) adj_##x##_f32
#define SUM(x) adj_sum_f32_##x
#define SQUARES(x) adj_squares_f32_##x
#define LARGEST 0x1.fffffep127f
#define LOW 0x1p-80f
#define DOWN 64
#define UP 32
#define MARGIN_DOWN 32
#define MARGIN_UP 56
#define MAXIMUM_EXPONENT 126
#define MEAN_SQUARE_DOWN 80
#include "safe_sums_of_type.h"

#define REAL double
#define NAME(x) adj_safe_##x##_f64
#define FN(x) adj_##x##_f64
#define SUM(x) adj_sum_f64_##x
#define SQUARES(x) adj_squares_f64_##x
#define LARGEST 0x1.fffffffffffffp1023
#define LOW 0x1p-960
#define DOWN 512
#define UP 256
#define MARGIN_DOWN 256
#define MARGIN_UP 520
#define MAXIMUM_EXPONENT 1022
#define MEAN_SQUARE_DOWN 640
#include "safe_sums_of_type.h"
