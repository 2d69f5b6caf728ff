// Convolution as sums of shifted planes. A tile of PIXELS × 2 vectors of sums stays in registers while all channels and
// taps go by: each step loads two vectors of a panel and spreads one element of a plane for each pixel. Nothing is
// gathered into a matrix, which is what makes this faster than the fastest product of such a matrix.

#include "include/CKernels.h"
#include "product.h"
#include "scratch.h"
#include "targets.h"
#include <string.h>

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

/// Whether there are 32 registers of 64 bytes. If not, tiles are made for 16 of half the size.
static int has_wide_registers(void) { return adj_level() == ADJ_VECTORS_512; }

/// Blocks of the kernel gradient whose sums lie on the stack at a time, 28 KiB of them.
#define BLOCKS_TOGETHER 16  // Decisions/Kernels.md
#define BLOCK ADJ_KERNEL_BLOCK

/// Sums of fewer products are checked by what they multiply, not by what comes of it.
#define SHORT_SUM 128  // Decisions/Sums.md

typedef float four __attribute__((vector_size(16), aligned(4), may_alias));
typedef float sixteen __attribute__((vector_size(64), aligned(4), may_alias));

#define SHUFFLED(a, b, i, j, k, l)                                                                                 \
  __builtin_shufflevector(a, b, i, j, k, l, i + 4, j + 4, k + 4, l + 4, i + 8, j + 8, k + 8, l + 8, i + 12, j + 12, \
                          k + 12, l + 12)
#define QUARTER(v, q) __builtin_shufflevector(v, v, 4 * q, 4 * q + 1, 4 * q + 2, 4 * q + 3)

/// Of four vectors, within each quarter, the matrix of 4 x 4 elements transposed.
ADJ_INLINE void turn_quarters(sixteen *v) {
  const sixteen low_ab = SHUFFLED(v[0], v[1], 0, 16, 1, 17), high_ab = SHUFFLED(v[0], v[1], 2, 18, 3, 19);
  const sixteen low_cd = SHUFFLED(v[2], v[3], 0, 16, 1, 17), high_cd = SHUFFLED(v[2], v[3], 2, 18, 3, 19);
  v[0] = SHUFFLED(low_ab, low_cd, 0, 1, 16, 17);
  v[1] = SHUFFLED(low_ab, low_cd, 2, 3, 18, 19);
  v[2] = SHUFFLED(high_ab, high_cd, 0, 1, 16, 17);
  v[3] = SHUFFLED(high_ab, high_cd, 2, 3, 18, 19);
}

/// to[lane · line + p] = panel[p · column + lane], for 16 lanes and 4 columns p.
ADJ_INLINE void store_turned(const float *panel, ptrdiff_t column, float *to, ptrdiff_t line) {
  sixteen v[4];
  UNROLL for (int p = 0; p < 4; ++p) v[p] = *(const sixteen *)(panel + p * column);
  turn_quarters(v);
  // Quarter q of the i-th vector is lane 4 · q + i.
  UNROLL for (int i = 0; i < 4; ++i) {
    *(four *)(to + i * line) = QUARTER(v[i], 0);
    *(four *)(to + (4 + i) * line) = QUARTER(v[i], 1);
    *(four *)(to + (8 + i) * line) = QUARTER(v[i], 2);
    *(four *)(to + (12 + i) * line) = QUARTER(v[i], 3);
  }
}

/// panel[p · 16 + lane] = from[lane · line + p], for 16 lanes and 4 columns p.
ADJ_INLINE void load_turned(const float *from, ptrdiff_t line, float *panel) {
  sixteen v[4];
  UNROLL for (int i = 0; i < 4; ++i) {
    float quarters[16];
    UNROLL for (int q = 0; q < 4; ++q) *(four *)(quarters + 4 * q) = *(const four *)(from + (4 * q + i) * line);
    v[i] = *(const sixteen *)quarters;
  }
  turn_quarters(v);
  UNROLL for (int p = 0; p < 4; ++p) *(sixteen *)(panel + p * 16) = v[p];
}

/// Results at a time where pixels fill the lanes, and the sizes of such tiles.
#define MOST_LINES 4  // Decisions/Kernels.md
#define WIDE_LINES(T) \
  T(1, 8) T(1, 4) T(1, 2) T(1, 1) T(2, 4) T(2, 2) T(2, 1) T(3, 4) T(3, 2) T(3, 1) T(4, 4) T(4, 2) T(4, 1)
#define NARROW_LINES(T) T(1, 4) T(1, 2) T(1, 1) T(2, 2) T(2, 1) T(3, 1) T(4, 1)

#define REAL float
#define LANES 16
#define NAME(x) x##_f32
#include "convolution_chunks.h"
#include "convolution_packing.h"
#include "convolution_room.h"
#include "convolution_depthwise.h"
#define PIXELS 14  // Decisions/Kernels.md
#define TAPS 14
#define VECTORS 2  // Decisions/Kernels.md
#define SIZED(x) x##_wide_f32
#include "convolution_loops.h"
#define SIZED(x) x##_wide_f32
#define LINE_TILES WIDE_LINES
#define MOST_VECTORS(ROWS) ((ROWS) == 1 ? 8 : 4)
#include "convolution_lines.h"
#define PIXELS 6  // Decisions/Kernels.md
#define TAPS 5  // Decisions/Kernels.md
#define VECTORS 1
#define SIZED(x) x##_narrow_f32
#include "convolution_loops.h"
#define SIZED(x) x##_narrow_f32
#define LINE_TILES NARROW_LINES
#define MOST_VECTORS(ROWS) ((ROWS) == 1 ? 4 : (ROWS) == 2 ? 2 : 1)
#include "convolution_lines.h"
#undef REAL
#undef LANES
#undef NAME

#define REAL double
#define LANES 8
#define NAME(x) x##_f64
#include "convolution_chunks.h"
#include "convolution_packing.h"
#include "convolution_room.h"
#include "convolution_depthwise.h"
#define PIXELS 14
#define TAPS 14
#define VECTORS 2
#define SIZED(x) x##_wide_f64
#include "convolution_loops.h"
#define SIZED(x) x##_wide_f64
#define LINE_TILES WIDE_LINES
#define MOST_VECTORS(ROWS) ((ROWS) == 1 ? 8 : 4)
#include "convolution_lines.h"
#define PIXELS 6
#define TAPS 5
#define VECTORS 1
#define SIZED(x) x##_narrow_f64
#include "convolution_loops.h"
#define SIZED(x) x##_narrow_f64
#define LINE_TILES NARROW_LINES
#define MOST_VECTORS(ROWS) ((ROWS) == 1 ? 4 : (ROWS) == 2 ? 2 : 1)
#include "convolution_lines.h"

void adj_convolution_planes(uint8_t type, struct adj_planes plan, const void *input, void *output, ptrdiff_t begin,
                            ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(planes_f32)(plan, input, output, begin, end);
  else ADJ_BEST(planes_f64)(plan, input, output, begin, end);
}

void adj_convolution_panels(uint8_t type, struct adj_panels plan, const void *input, void *output, ptrdiff_t begin,
                            ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(panels_f32)(plan, input, output, begin, end);
  else ADJ_BEST(panels_f64)(plan, input, output, begin, end);
}

void adj_convolution_taps(uint8_t type, struct adj_tap_sum plan, const void *planes, const void *panels, void *output,
                          ptrdiff_t begin, ptrdiff_t end) {
  const int wide = !plan.narrow && has_wide_registers();
  if (adj_is_float32(type)) {
    (wide ? ADJ_BEST(tap_sum_wide_f32) : ADJ_BEST(tap_sum_narrow_f32))(plan, planes, panels, output, begin, end);
  } else {
    (wide ? ADJ_BEST(tap_sum_wide_f64) : ADJ_BEST(tap_sum_narrow_f64))(plan, planes, panels, output, begin, end);
  }
}

void adj_convolution_lines(uint8_t type, struct adj_tap_sum plan, const void *planes, const void *weights, void *output,
                           ptrdiff_t begin, ptrdiff_t end) {
  const int wide = !plan.narrow && has_wide_registers();
  if (adj_is_float32(type)) {
    (wide ? ADJ_BEST(line_sum_wide_f32) : ADJ_BEST(line_sum_narrow_f32))(plan, planes, weights, output, begin, end);
  } else {
    (wide ? ADJ_BEST(line_sum_wide_f64) : ADJ_BEST(line_sum_narrow_f64))(plan, planes, weights, output, begin, end);
  }
}

void adj_convolution_kernel_gradient(uint8_t type, struct adj_kernel_gradient plan, const void *planes,
                                     const void *panels, void *output, ptrdiff_t begin, ptrdiff_t end) {
  const int wide = !plan.narrow && has_wide_registers();
  if (adj_is_float32(type)) {
    (wide ? ADJ_BEST(kernel_gradient_wide_f32)
          : ADJ_BEST(kernel_gradient_narrow_f32))(plan, planes, panels, output, begin, end);
  } else {
    (wide ? ADJ_BEST(kernel_gradient_wide_f64)
          : ADJ_BEST(kernel_gradient_narrow_f64))(plan, planes, panels, output, begin, end);
  }
}

void adj_convolution_depthwise_gradient(uint8_t type, struct adj_kernel_gradient plan, const void *planes,
                                        const void *panels, void *output, ptrdiff_t begin, ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(depthwise_gradient_f32)(plan, planes, panels, output, begin, end);
  else ADJ_BEST(depthwise_gradient_f64)(plan, planes, panels, output, begin, end);
}
