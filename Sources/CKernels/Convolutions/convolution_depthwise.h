// Included once for each REAL, with LANES elements in 64 bytes; NAME names what it defines.
//
// The gradient of kernels that have one channel and one filter each, as in a depthwise convolution: each lane is a
// group of its own, so that images lie in panels as the upstream does.

/// total[t] += sum over the pixels of an image of plane[offset t + pixel] · panel[pixel], lane by lane.
#define DEFINE_DEPTHWISE(COUNT)                                                                                     \
  ADJ_LARGE void NAME(depthwise_##COUNT)(const struct adj_kernel_gradient *plan, const ptrdiff_t *offsets,          \
                                         const REAL *plane, const REAL *panel, REAL *total) {                       \
    VECTOR sums[COUNT][1], image[COUNT][1];                                                                         \
    const REAL *taps[COUNT];                                                                                        \
    UNROLL for (int t = 0; t < COUNT; ++t) taps[t] = plane + offsets[t] * LANES;                                    \
    SUM_PIXELS(COUNT, 1, {                                                                                          \
      const VECTOR upstream = *(const STORED *)panel;                                                               \
      UNROLL for (int t = 0; t < COUNT; ++t)                                                                        \
        sums[t][0] = ADJ_FMA(*(const STORED *)(taps[t] + pixel * LANES), upstream, sums[t][0]);                     \
    })                                                                                                              \
    UNROLL for (int t = 0; t < COUNT; ++t) *(STORED *)(total + t * LANES) += sums[t][0];                            \
  }
DEFINE_DEPTHWISE(9)
DEFINE_DEPTHWISE(5)
DEFINE_DEPTHWISE(3)
DEFINE_DEPTHWISE(1)

ADJ_KERNEL(void, NAME(depthwise_gradient), (struct adj_kernel_gradient plan, const REAL *planes, const REAL *panels,
                                            REAL *output, ptrdiff_t begin, ptrdiff_t end), {
  const ptrdiff_t taps = plan.tap_count, runs = (taps + ADJ_DEPTHWISE_TAPS - 1) / ADJ_DEPTHWISE_TAPS;
  const ptrdiff_t all = (plan.groups + LANES - 1) / LANES;
  const ptrdiff_t plane_size = plan.channel_size * LANES, panel_size = plan.rows * plan.columns * LANES;
  for (ptrdiff_t block = begin; block < end; ++block) {
    const ptrdiff_t first = block % runs * ADJ_DEPTHWISE_TAPS, number = block / runs;
    const ptrdiff_t stop = taps - first < ADJ_DEPTHWISE_TAPS ? taps : first + ADJ_DEPTHWISE_TAPS;
    const ptrdiff_t lanes = plan.groups - number * LANES < LANES ? plan.groups - number * LANES : LANES;
    REAL totals[ADJ_DEPTHWISE_TAPS * LANES] __attribute__((aligned(64)));
    memset(totals, 0, sizeof totals);
    for (ptrdiff_t image = 0; image < plan.images; ++image) {
      const REAL *plane = planes + (image * all + number) * plane_size;
      const REAL *panel = panels + (image * all + number) * panel_size;
      for (ptrdiff_t tap = first; tap < stop;) {
        REAL *total = totals + (tap - first) * LANES;
        const ptrdiff_t *offsets = plan.offsets + tap;
        // Registers hold nine sums where there are 32, or where a vector takes one.
        if (stop - tap >= 9 && has_wide_registers()) NAME(depthwise_9)(&plan, offsets, plane, panel, total), tap += 9;
        else if (stop - tap >= 5) NAME(depthwise_5)(&plan, offsets, plane, panel, total), tap += 5;
        else if (stop - tap >= 3) NAME(depthwise_3)(&plan, offsets, plane, panel, total), tap += 3;
        else NAME(depthwise_1)(&plan, offsets, plane, panel, total), tap += 1;
      }
    }
    for (ptrdiff_t lane = 0; lane < lanes; ++lane) {
      for (ptrdiff_t tap = first; tap < stop; ++tap) {
        const REAL total = totals[(tap - first) * LANES + lane];
        REAL *to = output + (number * LANES + lane) * taps + tap;
        *to = total;
        if (total == total || !plan.ranges) continue;
        *to = ADJ_BEST(NAME(sum_upstream))(plan, plan.ranges[tap],
                                           planes + number * plane_size + plan.offsets[tap] * LANES + lane,
                                           all * plane_size, LANES, panels + number * panel_size + lane,
                                           all * panel_size);
      }
    }
  }
})

#undef DEFINE_DEPTHWISE
