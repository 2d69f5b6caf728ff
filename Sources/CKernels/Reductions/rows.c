// Softmax and its relatives, a row at a time. The row's greatest element is subtracted first, so that the largest power
// is 1 and none overflows; powers are summed pairwise. The greatest element itself stays out of the sum: beside its 1
// the other powers would be rounded away, and with them all that a row tells of how sure it is.

#include <float.h>
#include <string.h>

#include "pairwise.h"

/// Powers kept at a time: of many short rows, so that one loop computes them all, or of a part of a long one.
#define BLOCK ADJ_SUM_BLOCK  // Decisions/Kernels.md

// The larger of two numbers if neither is NaN. A row that has one becomes NaN through its powers all the same.
ADJ_INLINE float larger_float(float a, float b) { return b > a ? b : a; }
ADJ_INLINE double larger_double(double a, double b) { return b > a ? b : a; }
ADJ_DEFINE_PAIRWISE(larger_f32, float, larger_float)
ADJ_DEFINE_PAIRWISE(larger_f64, double, larger_double)

#define REAL float
#define LANES 16
#define BITS uint32_t
#define COUNT int32_t
#define MOST FLT_MAX
#define FN(name) adj_##name##_f32
#define SUM(part) adj_sum_f32_##part
#define LARGER(part) larger_f32_##part
#define ROW(name) name##_f32
#include "row_loops.h"

#define REAL double
#define LANES 8
#define BITS uint64_t
#define COUNT int64_t
#define MOST DBL_MAX
#define FN(name) adj_##name##_f64
#define SUM(part) adj_sum_f64_##part
#define LARGER(part) larger_f64_##part
#define ROW(name) name##_f64
#include "row_loops.h"

ptrdiff_t adj_rows(uint16_t operation, uint8_t type, const void *const *inputs, void *output, ptrdiff_t columns,
                   ptrdiff_t begin, ptrdiff_t end) {
  if (adj_is_float32(type)) return rows_f32(operation, inputs, output, columns, begin, end);
  return rows_f64(operation, inputs, output, columns, begin, end);
}
