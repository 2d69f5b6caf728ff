// Included once for each REAL, with LANES elements in 64 bytes; NAME names what it defines.
//
// The room around an image holds zeros, and 0 · w is 0 for every number w: adding it changes no sum but the sign of one
// that vanishes, which is +0 in the end, and loops need no case for the edge. But 0 · infinity and 0 · NaN are NaN, and
// room is to be skipped, not multiplied. Every sum spoilt so is NaN, and some w is no number. Loops therefore look for
// NaN among their results, at the cost of one addition for each vector of sums, or, where sums are short, for a w that
// is no number; and what is NaN then is summed here anew, of pixels alone. Results that are numbers keep their bits.

/// Whether tap `range` reads a pixel for the result at (row, column) of its class.
ADJ_INLINE int NAME(reads_pixel)(struct adj_tap_range range, ptrdiff_t row, ptrdiff_t column) {
  return row >= range.top && row < range.bottom && column >= range.left && column < range.right;
}

/// The weights of a class: those of `lanes` results beside one another, of the next ones `next` elements further on.
struct NAME(weights) {
  const REAL *first;
  ptrdiff_t lanes, next;
};

/// Whether each of `count` weights of each of `results` channels is a number, whose product with 0 is 0.
ADJ_INLINE int NAME(are_numbers)(const REAL *weight, ptrdiff_t results, ptrdiff_t next, ptrdiff_t count) {
  REAL sum = 0;
  for (ptrdiff_t result = 0; result < results; ++result, weight += next) {
    for (ptrdiff_t i = 0; i < count; ++i) sum += weight[i] * (REAL)0;
  }
  return sum == sum;
}

/// Those of `results` channels at one pixel that are NaN, and that some tap has room for, anew.
ADJ_INLINE void NAME(sum_pixels_at)(const struct adj_tap_sum *plan, struct adj_tap_class class, const REAL *plane,
                                    struct NAME(weights) weights, ptrdiff_t results, ptrdiff_t row, ptrdiff_t column,
                                    REAL *to, ptrdiff_t channel) {
  const struct adj_tap_range *ranges = plan->ranges + class.first_tap;
  const ptrdiff_t *offsets = plan->offsets + class.first_tap, *places = plan->places + class.first_tap;
  int has_room = 0;
  for (ptrdiff_t tap = 0; tap < class.taps; ++tap) has_room |= !NAME(reads_pixel)(ranges[tap], row, column);
  if (!has_room) return;
  for (ptrdiff_t result = 0; result < results; ++result, to += channel) {
    if (*to == *to) continue;
    const REAL *weight = weights.first + result / weights.lanes * weights.next + result % weights.lanes;
    const REAL *pixel = plane + row * plan->pitch + column;
    // Once NaN, always NaN.
    REAL total = 0, chunk = 0;
    ptrdiff_t end = ADJ_PRODUCT_CHUNK;
    for (ptrdiff_t source = 0; source < plan->sources && chunk == chunk; ++source, pixel += plan->channel_size) {
      for (ptrdiff_t tap = 0; tap < class.taps; ++tap, weight += weights.lanes) {
        for (; source * plan->kernel_size + places[tap] >= end; end += ADJ_PRODUCT_CHUNK) total += chunk, chunk = 0;
        if (NAME(reads_pixel)(ranges[tap], row, column)) chunk = ADJ_FMA(pixel[offsets[tap]], *weight, chunk);
      }
    }
    *to = total + chunk;
  }
}

/// The rows top <= i < bottom of one class, of `results` channels that begin at `to`.
ADJ_KERNEL(void, NAME(sum_pixels), (struct adj_tap_sum plan, struct adj_tap_class class, const REAL *plane,
                                    struct NAME(weights) weights, ptrdiff_t results, ptrdiff_t top, ptrdiff_t bottom,
                                    REAL *to), {
  const ptrdiff_t channel = plan.height * plan.width;
  for (ptrdiff_t row = top; row < bottom; ++row) {
    REAL *line = to + (class.top + row * plan.row_step) * plan.width + class.left;
    for (ptrdiff_t column = 0; column < class.columns; ++column) {
      NAME(sum_pixels_at)(&plan, class, plane, weights, results, row, column, line + column * plan.column_step,
                          channel);
    }
  }
})

/// The gradient of one element of a kernel: `plane` and `panel` are those of the first image, `plane_size` and
/// `panel_size` elements from those of the next one. Pixels of a plane are `step` elements apart.
ADJ_KERNEL(REAL, NAME(sum_upstream), (struct adj_kernel_gradient plan, struct adj_tap_range range, const REAL *plane,
                                      ptrdiff_t plane_size, ptrdiff_t step, const REAL *panel, ptrdiff_t panel_size), {
  REAL total = 0;
  for (ptrdiff_t image = 0; image < plan.images && total == total; ++image, plane += plane_size, panel += panel_size) {
    REAL sum = 0, chunk = 0;
    ptrdiff_t end = ADJ_PRODUCT_CHUNK;
    for (ptrdiff_t row = range.top; row < range.bottom && chunk == chunk; ++row) {
      for (ptrdiff_t column = range.left; column < range.right; ++column) {
        const ptrdiff_t pixel = row * plan.columns + column;
        for (; pixel >= end; end += ADJ_PRODUCT_CHUNK) sum += chunk, chunk = 0;
        chunk = ADJ_FMA(plane[(row * plan.pitch + column) * step], panel[pixel * LANES], chunk);
      }
    }
    total += sum + chunk;
  }
  return total;
})
