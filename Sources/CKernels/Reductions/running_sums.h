#pragma once

// Sums of any number of elements, one after the other, whose rounding errors do not grow with that number.

#include "include/CKernels.h"
#include "targets.h"

/// A running sum of floats is kept as a double, which holds many more digits than its roundings cost.
ADJ_INLINE double adj_begin_f32(float first) { return first; }
ADJ_INLINE float adj_add_f32(double *sum, float value) { return (float)(*sum = *sum + value); }
ADJ_INLINE float adj_end_f32(const double *sum) { return (float)*sum; }
typedef double adj_running_f32;

/// One of doubles, with the sum of its roundings (T. Ogita, S. Rump, S. Oishi, "Accurate sum and dot product", SIAM J.
/// Sci. Comput. 26, 2005, algorithm 4.4).
typedef struct {
  double sum, lost;
} adj_running_f64;
ADJ_INLINE adj_running_f64 adj_begin_f64(double first) { return (adj_running_f64){first, 0}; }
ADJ_INLINE double adj_end_f64(const adj_running_f64 *running) {
  const double result = running->sum + running->lost;
  // What was lost is NaN once the sum is infinite; and a sum of -0 stays -0.
  return running->lost != 0 && result == result ? result : running->sum;
}
ADJ_INLINE double adj_add_f64(adj_running_f64 *running, double value) {
  const double before = running->sum, sum = before + value, taken = sum - before;
  running->sum = sum;
  running->lost += (before - (sum - taken)) + (value - taken);
  return adj_end_f64(running);
}
