// Pooling: each channel by itself, a row of windows at a time. For one element of the window after the other, a loop runs
// over the windows of the row; elements that lie in the padding are left out of it.
//
// What is added up in long sums, of large windows, of many windows to a pixel or of many channels, is added pairwise.

#include "safe_sums.h"
#include "scratch.h"
#include <string.h>

/// Windows of a row worked at a time.
#define WINDOWS 256  // Decisions/Kernels.md
/// The most numbers that are added one after the other.
#define SHORT_SUM 256  // Decisions/Sums.md
#define FEW 32  // Decisions/Sums.md
/// Of the channels beside one another that are summed, so many are added one after the other; and elements worked at a time.
#define CHANNELS 64  // Decisions/Sums.md
#define STRIP 256  // Decisions/Kernels.md
/// More than the bits of how many such sums there are.
#define CHANNEL_LEVELS 28

// Vectors that are passed to inlined functions never reach the ABI that the warning is about.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpsabi"
#endif

#define SWAPPED_4(v) __builtin_shufflevector(v, v, 1, 0, 3, 2)
#define SWAPPED_8(v) __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6)
#define SWAPPED_16(v) __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)
#define FIRSTS_4(v) __builtin_shufflevector(v, v, 0, 2)
#define FIRSTS_8(v) __builtin_shufflevector(v, v, 0, 2, 4, 6)
#define FIRSTS_16(v) __builtin_shufflevector(v, v, 0, 2, 4, 6, 8, 10, 12, 14)
#define TWICE_4(v) __builtin_shufflevector(v, v, 0, 0, 1, 1)
#define TWICE_8(v) __builtin_shufflevector(v, v, 0, 0, 1, 1, 2, 2, 3, 3)
#define TWICE_16(v) __builtin_shufflevector(v, v, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7)

#define REAL float
#define WIDTH 16
#define SIZED(x) x##_wide_f32
#define SWAPPED SWAPPED_16
#define FIRSTS FIRSTS_16
#define TWICE TWICE_16
#include "pooling_halves.h"
#undef REAL
#define REAL float
#define WIDTH 8
#define SIZED(x) x##_narrow_f32
#define SWAPPED SWAPPED_8
#define FIRSTS FIRSTS_8
#define TWICE TWICE_8
#include "pooling_halves.h"
#undef REAL
#define REAL double
#define WIDTH 8
#define SIZED(x) x##_wide_f64
#define SWAPPED SWAPPED_8
#define FIRSTS FIRSTS_8
#define TWICE TWICE_8
#include "pooling_halves.h"
#undef REAL
#define REAL double
#define WIDTH 4
#define SIZED(x) x##_narrow_f64
#define SWAPPED SWAPPED_4
#define FIRSTS FIRSTS_4
#define TWICE TWICE_4
#include "pooling_halves.h"
#undef REAL

/// Whether windows are 2 x 2 and 2 apart, at least `least` of them in a row.
ADJ_INLINE int halves(struct adj_pool plan, ptrdiff_t least) {
  return plan.window_height == 2 && plan.window_width == 2 && plan.row_stride == 2 && plan.column_stride == 2
         && plan.row_padding == 0 && plan.column_padding == 0 && plan.result_width >= least;
}

/// The first row of the images that those windows see which make row `row` of the results.
ADJ_INLINE ptrdiff_t first_row(struct adj_pool plan, ptrdiff_t row) {
  return row / plan.result_height * plan.height + row % plan.result_height * 2;
}

/// The windows of a chunk of a row.
struct windows {
  /// Its first window, and how many there are.
  ptrdiff_t first, count;
  /// The rows of the image that its windows see.
  ptrdiff_t top, bottom;
};

ADJ_INLINE struct windows windows_at(struct adj_pool plan, ptrdiff_t row, ptrdiff_t first, ptrdiff_t most) {
  const ptrdiff_t start = row * plan.row_stride - plan.row_padding, end = start + plan.window_height;
  const ptrdiff_t left = plan.result_width - first;
  return (struct windows){first, left < most ? left : most, start < 0 ? 0 : start,
                          end < plan.height ? end : plan.height};
}

/// The windows begin <= j < end of a chunk whose column `column` lies within the image.
ADJ_INLINE void having_column(struct adj_pool plan, struct windows windows, ptrdiff_t column, ptrdiff_t *begin,
                              ptrdiff_t *end) {
  // Window first + j has it at (first + j) · stride + offset.
  const ptrdiff_t stride = plan.column_stride, offset = windows.first * stride + column - plan.column_padding;
  *begin = offset < 0 ? (-offset + stride - 1) / stride : 0;
  *end = plan.width > offset ? (plan.width - offset + stride - 1) / stride : 0;
  if (*end > windows.count) *end = windows.count;
}

/// Places begin <= p < end along one axis.
struct reach {
  ptrdiff_t begin, end;
};

/// The pixels of an image of `extent` that a window of `length` holds which begins at `start`.
ADJ_INLINE struct reach reach_of(ptrdiff_t start, ptrdiff_t length, ptrdiff_t extent) {
  const ptrdiff_t begin = start < 0 ? 0 : start, end = start + length < extent ? start + length : extent;
  return (struct reach){begin, end < begin ? begin : end};
}

/// The windows, of `count`, that hold the pixel `place`, counted from where the first window begins.
ADJ_INLINE struct reach holders_of(ptrdiff_t place, ptrdiff_t length, ptrdiff_t stride, ptrdiff_t count) {
  const ptrdiff_t begin = place < length ? 0 : (place - length) / stride + 1, end = place / stride + 1;
  return (struct reach){begin, end < count ? end : count};
}

/// The most windows that hold one pixel.
ADJ_INLINE ptrdiff_t holders(struct adj_pool plan) {
  const ptrdiff_t rows = (plan.window_height + plan.row_stride - 1) / plan.row_stride;
  const ptrdiff_t columns = (plan.window_width + plan.column_stride - 1) / plan.column_stride;
  return (rows < plan.result_height ? rows : plan.result_height)
         * (columns < plan.result_width ? columns : plan.result_width);
}

/// Runs a statement for each window j of a chunk and each pixel of it: `pixel` is its place in the channel.
#define FOR_EACH_PIXEL(...)                                                                                         \
  for (ptrdiff_t row = at.top; row < at.bottom; ++row) {                                                            \
    for (ptrdiff_t column = 0; column < plan.window_width; ++column) {                                              \
      ptrdiff_t from, to;                                                                                           \
      having_column(plan, at, column, &from, &to);                                                                  \
      const ptrdiff_t start = row * plan.width + at.first * plan.column_stride + column - plan.column_padding;      \
      if (plan.column_stride == 1) {                                                                                \
        ADJ_INDEPENDENT for (ptrdiff_t j = from; j < to; ++j) { const ptrdiff_t pixel = start + j; __VA_ARGS__; }   \
      } else if (plan.column_stride == 2) {                                                                         \
        ADJ_INDEPENDENT for (ptrdiff_t j = from; j < to; ++j) { const ptrdiff_t pixel = start + 2 * j; __VA_ARGS__; } \
      } else {                                                                                                      \
        for (ptrdiff_t j = from; j < to; ++j) { const ptrdiff_t pixel = start + j * plan.column_stride; __VA_ARGS__; } \
      }                                                                                                             \
    }                                                                                                               \
  }

/// Runs a statement for each chunk `at` of at most `most` windows of the channels begin <= c < end, whose images begin at `image` and
/// results at `result`; `place` is where the chunk's first result lies.
#define FOR_EACH_CHUNK(most, ...)                                                                                   \
  for (ptrdiff_t channel = begin; channel < end; ++channel) {                                                       \
    const ptrdiff_t image = channel * plan.height * plan.width;                                                     \
    for (ptrdiff_t i = 0; i < plan.result_height; ++i) {                                                            \
      for (ptrdiff_t first = 0; first < plan.result_width; first += most) {                                         \
        const struct windows at = windows_at(plan, i, first, most);                                                 \
        const ptrdiff_t place = (channel * plan.result_height + i) * plan.result_width + first;                     \
        __VA_ARGS__                                                                                                 \
      }                                                                                                             \
    }                                                                                                               \
  }

/// Elements of the rows of an image that are split at a time.
#define SPLIT 2048  // Decisions/Kernels.md

#define REAL float
#define NAME(x) x##_f32
#include "pooling_rows.h"
#define REAL double
#define NAME(x) x##_f64
#include "pooling_rows.h"

#define DEFINE_POOLING(SUFFIX, REAL, LANES)                                                                         \
  ADJ_INLINE void largest_##SUFFIX(struct adj_pool plan, struct windows at, const REAL *x, REAL *largest) {         \
    for (ptrdiff_t j = 0; j < at.count; ++j) largest[j] = -(REAL)__builtin_inf();                                   \
    /* NaN is larger than any number, and stays. */                                                                 \
    FOR_EACH_PIXEL(largest[j] = x[pixel] > largest[j] || x[pixel] != x[pixel] ? x[pixel] : largest[j])              \
  }                                                                                                                 \
  /* How many elements of each window are its largest. */                                                           \
  ADJ_INLINE void winners_##SUFFIX(struct adj_pool plan, struct windows at, const REAL *x, const REAL *largest,     \
                                   REAL *winners) {                                                                 \
    for (ptrdiff_t j = 0; j < at.count; ++j) winners[j] = 0;                                                        \
    FOR_EACH_PIXEL(winners[j] += x[pixel] == largest[j] ? (REAL)1 : (REAL)0)                                        \
  }                                                                                                                 \
  /* By what a sum over each window is divided for its mean. */                                                     \
  ADJ_INLINE void pixels_##SUFFIX(struct adj_pool plan, struct windows at, REAL *pixels) {                          \
    const REAL all = (REAL)(plan.window_height * plan.window_width);                                                \
    for (ptrdiff_t j = 0; j < at.count; ++j) pixels[j] = plan.counts_padding ? all : 0;                             \
    if (plan.counts_padding) return;                                                                                \
    FOR_EACH_PIXEL((void)pixel, pixels[j] += 1)                                                                     \
  }                                                                                                                 \
  ADJ_KERNEL(void, maximum_##SUFFIX, (struct adj_pool plan, const REAL *input, REAL *output, ptrdiff_t begin,        \
                                      ptrdiff_t end), {                                                              \
    if (halves(plan, LANES / 4)) {                                                                                  \
      for (ptrdiff_t row = begin * plan.result_height; row < end * plan.result_height; ++row) {                     \
        const REAL *upper = input + first_row(plan, row) * plan.width;                                              \
        REAL *to = output + row * plan.result_width;                                                                \
        if (plan.result_width >= LANES / 2) halve_wide_##SUFFIX(upper, upper + plan.width, plan.result_width, to);  \
        else halve_narrow_##SUFFIX(upper, upper + plan.width, plan.result_width, to);                               \
      }                                                                                                             \
      return;                                                                                                       \
    }                                                                                                               \
    const ptrdiff_t together = together_##SUFFIX(plan);                                                             \
    if (together > 0) {                                                                                             \
      FOR_EACH_CHUNK(together, chunk_maximum_##SUFFIX(plan, at, input + image, output + place);)                    \
    } else {                                                                                                        \
      FOR_EACH_CHUNK(WINDOWS, largest_##SUFFIX(plan, at, input + image, output + place);)                           \
    }                                                                                                               \
  })                                                                                                                 \
  ADJ_KERNEL(void, maximum_gradient_##SUFFIX, (struct adj_pool plan, const REAL *upstream, const REAL *input,        \
                                               REAL *output, ptrdiff_t begin, ptrdiff_t end), {                      \
    REAL largest[WINDOWS], share[WINDOWS];                                                                          \
    if (!halves(plan, LANES / 4) || plan.height % 2 != 0 || plan.width % 2 != 0) {                                  \
      memset(output + begin * plan.height * plan.width, 0,                                                          \
             (size_t)((end - begin) * plan.height * plan.width) * sizeof(REAL));                                    \
    }                                                                                                               \
    if (halves(plan, LANES / 4)) {                                                                                  \
      for (ptrdiff_t row = begin * plan.result_height; row < end * plan.result_height; ++row) {                     \
        const ptrdiff_t place = first_row(plan, row) * plan.width;                                                  \
        const REAL *upper = input + place, *given = upstream + row * plan.result_width;                             \
        REAL *to = output + place;                                                                                  \
        if (plan.result_width >= LANES / 2) {                                                                       \
          halve_gradient_wide_##SUFFIX(upper, upper + plan.width, given, plan.result_width, to, to + plan.width);   \
        } else {                                                                                                    \
          halve_gradient_narrow_##SUFFIX(upper, upper + plan.width, given, plan.result_width, to, to + plan.width); \
        }                                                                                                           \
      }                                                                                                             \
      return;                                                                                                       \
    }                                                                                                               \
    const ptrdiff_t together = together_##SUFFIX(plan);                                                             \
    FOR_EACH_CHUNK((together > 0 ? together : WINDOWS), {                                                           \
      const REAL *x = input + image;                                                                                \
      REAL *y = output + image;                                                                                     \
      if (together > 0 && chunk_gradient_##SUFFIX(plan, at, x, upstream + place, y)) continue;                      \
      largest_##SUFFIX(plan, at, x, largest);                                                                       \
      winners_##SUFFIX(plan, at, x, largest, share);                                                                \
      for (ptrdiff_t j = 0; j < at.count; ++j) share[j] = upstream[place + j] / share[j];                           \
      FOR_EACH_PIXEL(y[pixel] += x[pixel] == largest[j] ? share[j] : (REAL)0)                                       \
    })                                                                                                              \
  })                                                                                                                 \
  ADJ_KERNEL(void, maximum_selection_##SUFFIX, (struct adj_pool plan, const REAL *values, const REAL *input,         \
                                                REAL *output, ptrdiff_t begin, ptrdiff_t end), {                     \
    REAL largest[WINDOWS], winners[WINDOWS];                                                                        \
    FOR_EACH_CHUNK(WINDOWS, {                                                                                       \
      const REAL *x = input + image, *v = values + image;                                                           \
      REAL *y = output + place;                                                                                     \
      largest_##SUFFIX(plan, at, x, largest);                                                                       \
      winners_##SUFFIX(plan, at, x, largest, winners);                                                              \
      for (ptrdiff_t j = 0; j < at.count; ++j) y[j] = 0;                                                            \
      FOR_EACH_PIXEL(y[j] += x[pixel] == largest[j] ? v[pixel] : (REAL)0)                                           \
      for (ptrdiff_t j = 0; j < at.count; ++j) y[j] = winners[j] > 0 ? y[j] / winners[j] : 0;                       \
    })                                                                                                              \
  })                                                                                                                 \
  /* The mean of the window of row i and column j of the results, by its sum pairwise; times 2^-exponent on the way. */ \
  ADJ_INLINE REAL pairwise_mean_##SUFFIX(struct adj_pool plan, const REAL *x, ptrdiff_t i, ptrdiff_t j,             \
                                         int exponent) {                                                            \
    const struct windows at = windows_at(plan, i, j, 1);                                                            \
    const struct reach columns = reach_of(j * plan.column_stride - plan.column_padding, plan.window_width, plan.width); \
    const REAL factor = adj_scaled_##SUFFIX(1, -exponent);                                                     \
    struct adj_sum_##SUFFIX##_tree tree;                                                                            \
    REAL block[ADJ_SUM_BLOCK];                                                                                      \
    ptrdiff_t filled = 0;                                                                                           \
    tree.depth = 0, tree.blocks = 0;                                                                                \
    for (ptrdiff_t row = at.top; row < at.bottom; ++row) {                                                          \
      for (ptrdiff_t column = columns.begin; column < columns.end;) {                                               \
        ptrdiff_t count = columns.end - column;                                                                     \
        if (count > ADJ_SUM_BLOCK - filled) count = ADJ_SUM_BLOCK - filled;                                         \
        const REAL *from = x + row * plan.width + column;                                                           \
        for (ptrdiff_t k = 0; k < count; ++k) block[filled + k] = from[k] * factor;                                 \
        column += count, filled += count;                                                                           \
        if (filled < ADJ_SUM_BLOCK) continue;                                                                       \
        adj_sum_##SUFFIX##_push(&tree, adj_sum_##SUFFIX##_block(block, filled));                                    \
        filled = 0;                                                                                                 \
      }                                                                                                             \
    }                                                                                                               \
    if (filled > 0) adj_sum_##SUFFIX##_push(&tree, adj_sum_##SUFFIX##_block(block, filled));                        \
    const ptrdiff_t held = (at.bottom - at.top) * (columns.end - columns.begin);                                    \
    const ptrdiff_t pixels = plan.counts_padding ? plan.window_height * plan.window_width : held;                   \
    return adj_safe_bounded_mean_##SUFFIX(held > 0 ? adj_sum_##SUFFIX##_finish(&tree) : 0, (REAL)pixels, exponent); \
  }                                                                                                                 \
  static __attribute__((noinline)) REAL rare_mean_##SUFFIX(struct adj_pool plan, const REAL *x, ptrdiff_t i,        \
                                                           ptrdiff_t j) {                                           \
    return pairwise_mean_##SUFFIX(plan, x, i, j, MEAN_DOWN);                                                        \
  }                                                                                                                 \
  ADJ_KERNEL(void, mean_##SUFFIX, (struct adj_pool plan, const REAL *input, REAL *output, ptrdiff_t begin,           \
                                   ptrdiff_t end), {                                                                 \
    REAL pixels[WINDOWS];                                                                                           \
    /* A loop over the windows of a row is of no use where there is but one. */                                     \
    const ptrdiff_t most = plan.result_width == 1 ? FEW : SHORT_SUM;                                                \
    const int is_short = plan.window_height * plan.window_width <= most;                                            \
    FOR_EACH_CHUNK(WINDOWS, {                                                                                       \
      const REAL *x = input + image;                                                                                \
      REAL *y = output + place;                                                                                     \
      if (is_short) {                                                                                               \
        pixels_##SUFFIX(plan, at, pixels);                                                                          \
        for (ptrdiff_t j = 0; j < at.count; ++j) y[j] = 0;                                                          \
        FOR_EACH_PIXEL(y[j] += x[pixel])                                                                            \
        for (ptrdiff_t j = 0; j < at.count; ++j) y[j] /= pixels[j];                                                 \
      } else {                                                                                                      \
        for (ptrdiff_t j = 0; j < at.count; ++j) y[j] = pairwise_mean_##SUFFIX(plan, x, i, first + j, 0);           \
      }                                                                                                             \
      int32_t overflows = 0;                                                                                     \
      for (ptrdiff_t j = 0; j < at.count; ++j) overflows |= y[j] - y[j] != 0;                                    \
      if (!overflows) continue;                                                                                  \
      for (ptrdiff_t j = 0; j < at.count; ++j) if (y[j] - y[j] != 0) y[j] = rare_mean_##SUFFIX(plan, x, i, first + j); \
    })                                                                                                              \
  })                                                                                                                 \
  /* What goes back to the pixel in `row` and `column` of a channel from all windows that hold it, pairwise. */     \
  ADJ_INLINE REAL pairwise_share_##SUFFIX(struct adj_pool plan, const REAL *upstream, ptrdiff_t row,                \
                                          ptrdiff_t column) {                                                       \
    const struct reach rows = holders_of(row + plan.row_padding, plan.window_height, plan.row_stride,               \
                                         plan.result_height);                                                       \
    const struct reach columns = holders_of(column + plan.column_padding, plan.window_width, plan.column_stride,    \
                                            plan.result_width);                                                     \
    struct adj_sum_##SUFFIX##_tree tree;                                                                            \
    REAL block[ADJ_SUM_BLOCK];                                                                                      \
    ptrdiff_t filled = 0;                                                                                           \
    tree.depth = 0, tree.blocks = 0;                                                                                \
    for (ptrdiff_t i = rows.begin; i < rows.end; ++i) {                                                             \
      const struct reach down = reach_of(i * plan.row_stride - plan.row_padding, plan.window_height, plan.height);  \
      for (ptrdiff_t j = columns.begin; j < columns.end;) {                                                         \
        ptrdiff_t count = columns.end - j;                                                                          \
        if (count > ADJ_SUM_BLOCK - filled) count = ADJ_SUM_BLOCK - filled;                                         \
        const REAL *from = upstream + i * plan.result_width + j;                                                    \
        REAL *to = block + filled;                                                                                  \
        const REAL height = (REAL)(down.end - down.begin), all = (REAL)(plan.window_height * plan.window_width);    \
        for (ptrdiff_t k = 0; k < count; ++k) {                                                                     \
          const ptrdiff_t left = (j + k) * plan.column_stride - plan.column_padding, right = left + plan.window_width; \
          const int32_t width = (int32_t)((right < plan.width ? right : plan.width) - (left < 0 ? 0 : left));       \
          to[k] = from[k] / (plan.counts_padding ? all : height * (REAL)width);                                     \
        }                                                                                                           \
        j += count, filled += count;                                                                                \
        if (filled < ADJ_SUM_BLOCK) continue;                                                                       \
        adj_sum_##SUFFIX##_push(&tree, adj_sum_##SUFFIX##_block(block, filled));                                    \
        filled = 0;                                                                                                 \
      }                                                                                                             \
    }                                                                                                               \
    if (filled > 0) adj_sum_##SUFFIX##_push(&tree, adj_sum_##SUFFIX##_block(block, filled));                        \
    return tree.depth > 0 ? adj_sum_##SUFFIX##_finish(&tree) : 0;                                                   \
  }                                                                                                                 \
  ADJ_KERNEL(void, mean_gradient_##SUFFIX, (struct adj_pool plan, const REAL *upstream, REAL *output, ptrdiff_t begin, \
                                            ptrdiff_t end), {                                                        \
    REAL share[WINDOWS];                                                                                            \
    if (holders(plan) > SHORT_SUM) {                                                                                \
      for (ptrdiff_t pixel = begin * plan.height * plan.width; pixel < end * plan.height * plan.width; ++pixel) {   \
        const ptrdiff_t channel = pixel / (plan.height * plan.width), within = pixel % (plan.height * plan.width);  \
        const REAL *from = upstream + channel * plan.result_height * plan.result_width;                             \
        output[pixel] = pairwise_share_##SUFFIX(plan, from, within / plan.width, within % plan.width);              \
      }                                                                                                             \
      return;                                                                                                       \
    }                                                                                                               \
    memset(output + begin * plan.height * plan.width, 0,                                                            \
           (size_t)((end - begin) * plan.height * plan.width) * sizeof(REAL));                                      \
    FOR_EACH_CHUNK(WINDOWS, {                                                                                       \
      REAL *y = output + image;                                                                                     \
      pixels_##SUFFIX(plan, at, share);                                                                             \
      for (ptrdiff_t j = 0; j < at.count; ++j) share[j] = upstream[place + j] / share[j];                           \
      FOR_EACH_PIXEL(y[pixel] += share[j])                                                                          \
    })                                                                                                              \
  })                                                                                                                 \
  ADJ_KERNEL(void, channel_window_sum_##SUFFIX, (ptrdiff_t channels, ptrdiff_t size, ptrdiff_t radius,               \
                                                 const REAL *input, REAL *output, ptrdiff_t begin, ptrdiff_t end), { \
    for (ptrdiff_t channel = begin; channel < end; ++channel) {                                                     \
      const ptrdiff_t within = channel % channels, base = channel - within;                                         \
      const ptrdiff_t first = within < radius ? 0 : within - radius;                                                \
      const ptrdiff_t last = channels - 1 - within < radius ? channels - 1 : within + radius;                       \
      REAL *y = output + channel * size;                                                                            \
      const REAL *x = input + (base + first) * size;                                                                \
      if (last - first < CHANNELS) {                                                                                \
        memcpy(y, x, (size_t)size * sizeof(REAL));                                                                  \
        for (ptrdiff_t other = 1; other <= last - first; ++other) {                                                 \
          for (ptrdiff_t i = 0; i < size; ++i) y[i] += x[other * size + i];                                         \
        }                                                                                                           \
        continue;                                                                                                   \
      }                                                                                                             \
      for (ptrdiff_t start = 0; start < size; start += STRIP) {                                                     \
        const ptrdiff_t width = size - start < STRIP ? size - start : STRIP;                                        \
        REAL(*const waiting)[STRIP] = adj_sum_room();                                                               \
        _Static_assert(CHANNEL_LEVELS * STRIP * sizeof(REAL) <= ADJ_SUM_ROOM, "a thread has memory for the sums");  \
        REAL sums[STRIP];                                                                                           \
        int depth = 0;                                                                                              \
        uint64_t blocks = 0;                                                                                        \
        for (ptrdiff_t other = 0; other <= last - first;) {                                                         \
          const ptrdiff_t stop = last - first + 1 - other < CHANNELS ? last - first + 1 : other + CHANNELS;         \
          memcpy(sums, x + other * size + start, (size_t)width * sizeof(REAL));                                     \
          for (++other; other < stop; ++other) {                                                                    \
            const REAL *from = x + other * size + start;                                                            \
            for (ptrdiff_t i = 0; i < width; ++i) sums[i] += from[i];                                               \
          }                                                                                                         \
          for (uint64_t carry = blocks++; carry & 1; carry >>= 1) {                                                 \
            --depth;                                                                                                \
            for (ptrdiff_t i = 0; i < width; ++i) sums[i] = waiting[depth][i] + sums[i];                            \
          }                                                                                                         \
          memcpy(waiting[depth++], sums, (size_t)width * sizeof(REAL));                                             \
        }                                                                                                           \
        memcpy(sums, waiting[--depth], (size_t)width * sizeof(REAL));                                               \
        while (depth-- > 0) {                                                                                       \
          for (ptrdiff_t i = 0; i < width; ++i) sums[i] = waiting[depth][i] + sums[i];                              \
        }                                                                                                           \
        memcpy(y + start, sums, (size_t)width * sizeof(REAL));                                                      \
      }                                                                                                             \
    }                                                                                                               \
  })

DEFINE_POOLING(f32, float, 16)
DEFINE_POOLING(f64, double, 8)

void adj_pool_maximum(uint8_t type, struct adj_pool plan, const void *input, void *output, ptrdiff_t begin,
                      ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(maximum_f32)(plan, input, output, begin, end);
  else ADJ_BEST(maximum_f64)(plan, input, output, begin, end);
}

void adj_pool_maximum_gradient(uint8_t type, struct adj_pool plan, const void *upstream, const void *input, void *output,
                               ptrdiff_t begin, ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(maximum_gradient_f32)(plan, upstream, input, output, begin, end);
  else ADJ_BEST(maximum_gradient_f64)(plan, upstream, input, output, begin, end);
}

void adj_pool_maximum_selection(uint8_t type, struct adj_pool plan, const void *values, const void *input, void *output,
                                ptrdiff_t begin, ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(maximum_selection_f32)(plan, values, input, output, begin, end);
  else ADJ_BEST(maximum_selection_f64)(plan, values, input, output, begin, end);
}

void adj_pool_mean(uint8_t type, struct adj_pool plan, const void *input, void *output, ptrdiff_t begin, ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(mean_f32)(plan, input, output, begin, end);
  else ADJ_BEST(mean_f64)(plan, input, output, begin, end);
}

void adj_pool_mean_gradient(uint8_t type, struct adj_pool plan, const void *upstream, void *output, ptrdiff_t begin,
                            ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(mean_gradient_f32)(plan, upstream, output, begin, end);
  else ADJ_BEST(mean_gradient_f64)(plan, upstream, output, begin, end);
}

void adj_channel_window_sum(uint8_t type, ptrdiff_t channels, ptrdiff_t size, ptrdiff_t radius, const void *input,
                            void *output, ptrdiff_t begin, ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(channel_window_sum_f32)(channels, size, radius, input, output, begin, end);
  else ADJ_BEST(channel_window_sum_f64)(channels, size, radius, input, output, begin, end);
}
