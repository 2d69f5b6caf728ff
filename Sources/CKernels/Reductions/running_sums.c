// Rows added to running sums.

#include "running_sums.h"

#define DEFINE_RUNNING(SUFFIX, REAL)                                                                          \
  ADJ_KERNEL(void, add_running_##SUFFIX, (const REAL *source, adj_running_##SUFFIX *sums, ptrdiff_t count), { \
    ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) adj_add_##SUFFIX(sums + i, source[i]);              \
  })                                                                                                           \
  static void end_running_##SUFFIX(const adj_running_##SUFFIX *sums, REAL *target, ptrdiff_t count) {         \
    for (ptrdiff_t i = 0; i < count; ++i) target[i] = adj_end_##SUFFIX(sums + i);                             \
  }

DEFINE_RUNNING(f32, float)
DEFINE_RUNNING(f64, double)

ptrdiff_t adj_running_sum_bytes(uint8_t type) {
  return adj_is_float32(type) ? (ptrdiff_t)sizeof(adj_running_f32) : (ptrdiff_t)sizeof(adj_running_f64);
}

void adj_add_running(uint8_t type, const void *source, void *sums, ptrdiff_t count) {
  if (adj_is_float32(type)) ADJ_BEST(add_running_f32)(source, sums, count);
  else ADJ_BEST(add_running_f64)(source, sums, count);
}

void adj_end_running(uint8_t type, const void *sums, void *target, ptrdiff_t count) {
  if (adj_is_float32(type)) end_running_f32(sums, target, count);
  else end_running_f64(sums, target, count);
}
