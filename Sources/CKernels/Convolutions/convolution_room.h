// Included once for each REAL, with LANES elements in 64 bytes; NAME names what it defines.
//
// The room around an image holds zeros, and 0 · w is 0 for every number w: adding it changes no sum, and loops need no
// case for the edge. But 0 · infinity and 0 · NaN are NaN, and room is to be skipped, not multiplied. Every sum spoilt
// so is NaN, and some w is no number. Loops therefore look for NaN among their results, at the cost of one addition
// for each vector of sums, or, where sums are short, for a w that is no number; and what is NaN then is summed here
// anew, of pixels alone. Results that are numbers keep their bits.

/// Whether tap `range` reads a pixel for the result at (row, column) of its class.
ADJ_INLINE int NAME(reads_pixel)(struct adj_tap_range range, ptrdiff_t row, ptrdiff_t column) {
  return row >= range.top && row < range.bottom && column >= range.left && column < range.right;
}

/// The results of `lanes` channels at one pixel that are NaN, and that some tap has room for, anew.
ADJ_INLINE void NAME(sum_pixels_at)(const struct adj_tap_sum *plan, struct adj_tap_class class, const REAL *plane,
                                    const REAL *weights, ptrdiff_t panel_size, ptrdiff_t lanes, ptrdiff_t row,
                                    ptrdiff_t column, REAL *to, ptrdiff_t channel) {
  const struct adj_tap_range *ranges = plan->ranges + class.first_tap;
  const ptrdiff_t *offsets = plan->offsets + class.first_tap;
  int has_room = 0;
  for (ptrdiff_t tap = 0; tap < class.taps; ++tap) has_room |= !NAME(reads_pixel)(ranges[tap], row, column);
  if (!has_room) return;
  for (ptrdiff_t lane = 0; lane < lanes; ++lane, to += channel) {
    if (*to == *to) continue;
    const REAL *panel = weights + lane / LANES * panel_size + lane % LANES;
    const REAL *pixel = plane + row * plan->pitch + column;
    REAL sum = 0;
    // Once NaN, always NaN.
    for (ptrdiff_t source = 0; source < plan->sources && sum == sum; ++source, pixel += plan->channel_size) {
      for (ptrdiff_t tap = 0; tap < class.taps; ++tap, panel += LANES) {
        if (NAME(reads_pixel)(ranges[tap], row, column)) sum = ADJ_FMA(pixel[offsets[tap]], *panel, sum);
      }
    }
    *to = sum;
  }
}

/// The rows top <= i < bottom of one class, of `lanes` channels whose results begin at `to`.
ADJ_KERNEL(void, NAME(sum_pixels), (struct adj_tap_sum plan, struct adj_tap_class class, const REAL *plane,
                                    const REAL *weights, ptrdiff_t panel_size, ptrdiff_t lanes, ptrdiff_t top,
                                    ptrdiff_t bottom, REAL *to), {
  const ptrdiff_t channel = plan.height * plan.width;
  for (ptrdiff_t row = top; row < bottom; ++row) {
    REAL *line = to + (class.top + row * plan.row_step) * plan.width + class.left;
    for (ptrdiff_t column = 0; column < class.columns; ++column) {
      NAME(sum_pixels_at)(&plan, class, plane, weights, panel_size, lanes, row, column,
                          line + column * plan.column_step, channel);
    }
  }
})

/// The gradient of one element of a kernel: `plane` and `panel` are those of the first image, `plane_size` and
/// `panel_size` elements from those of the next one.
ADJ_KERNEL(REAL, NAME(sum_upstream), (struct adj_kernel_gradient plan, struct adj_tap_range range, const REAL *plane,
                                      ptrdiff_t plane_size, const REAL *panel, ptrdiff_t panel_size), {
  REAL total = 0;
  for (ptrdiff_t image = 0; image < plan.images && total == total; ++image, plane += plane_size, panel += panel_size) {
    REAL sum = 0;
    for (ptrdiff_t row = range.top; row < range.bottom && sum == sum; ++row) {
      for (ptrdiff_t column = range.left; column < range.right; ++column) {
        sum = ADJ_FMA(plane[row * plan.pitch + column], panel[(row * plan.columns + column) * LANES], sum);
      }
    }
    total += sum;
  }
  return total;
})
