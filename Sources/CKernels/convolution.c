// Convolution as sums of shifted planes. A tile of PIXELS × 2 vectors of sums stays in registers while all channels and
// taps go by: each step loads two vectors of a panel and spreads one element of a plane for each pixel. Nothing is
// gathered into a matrix, which is what makes this faster than the fastest product of such a matrix.

#include "include/CKernels.h"
#include "targets.h"
#include <string.h>

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

/// Whether there are 32 registers of 64 bytes. If not, tiles are made for 16 of half the size.
static int has_wide_registers(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f");
#else
  return 0;
#endif
}

/// Blocks of the kernel gradient whose sums lie on the stack at a time, 28 KiB of them.
#define BLOCKS_TOGETHER 16
#define BLOCK ADJ_KERNEL_BLOCK

#define REAL float
#define LANES 16
#define NAME(x) x##_f32
#include "convolution_packing.h"
#define PIXELS 14
#define TAPS 14
#define VECTORS 2
#define SIZED(x) x##_wide_f32
#include "convolution_loops.h"
#define PIXELS 6
#define TAPS 5
#define VECTORS 1
#define SIZED(x) x##_narrow_f32
#include "convolution_loops.h"
#undef REAL
#undef LANES
#undef NAME

#define REAL double
#define LANES 8
#define NAME(x) x##_f64
#include "convolution_packing.h"
#define PIXELS 14
#define TAPS 14
#define VECTORS 2
#define SIZED(x) x##_wide_f64
#include "convolution_loops.h"
#define PIXELS 6
#define TAPS 5
#define VECTORS 1
#define SIZED(x) x##_narrow_f64
#include "convolution_loops.h"

void adj_convolution_planes(uint8_t type, struct adj_planes plan, const void *input, void *output, ptrdiff_t begin,
                            ptrdiff_t end) {
  if (type == ADJ_FLOAT32) planes_f32(plan, input, output, begin, end);
  else planes_f64(plan, input, output, begin, end);
}

void adj_convolution_panels(uint8_t type, struct adj_panels plan, const void *input, void *output, ptrdiff_t begin,
                            ptrdiff_t end) {
  if (type == ADJ_FLOAT32) panels_f32(plan, input, output, begin, end);
  else panels_f64(plan, input, output, begin, end);
}

void adj_convolution_taps(uint8_t type, struct adj_tap_sum plan, const void *planes, const void *panels, void *output,
                          ptrdiff_t begin, ptrdiff_t end) {
  const int wide = has_wide_registers();
  if (type == ADJ_FLOAT32) (wide ? tap_sum_wide_f32 : tap_sum_narrow_f32)(plan, planes, panels, output, begin, end);
  else (wide ? tap_sum_wide_f64 : tap_sum_narrow_f64)(plan, planes, panels, output, begin, end);
}

void adj_convolution_kernel_gradient(uint8_t type, struct adj_kernel_gradient plan, const void *planes,
                                     const void *panels, void *output, ptrdiff_t begin, ptrdiff_t end) {
  const int wide = has_wide_registers();
  if (type == ADJ_FLOAT32) {
    (wide ? kernel_gradient_wide_f32 : kernel_gradient_narrow_f32)(plan, planes, panels, output, begin, end);
  } else {
    (wide ? kernel_gradient_wide_f64 : kernel_gradient_narrow_f64)(plan, planes, panels, output, begin, end);
  }
}
