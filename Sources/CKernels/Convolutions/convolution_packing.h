// Included once for each REAL, with LANES elements in 64 bytes; NAME names what it defines.

typedef REAL NAME(whole) __attribute__((vector_size(64), aligned(sizeof(REAL)), may_alias));
typedef REAL NAME(half) __attribute__((vector_size(32), aligned(sizeof(REAL)), may_alias));

/// A row of `count` elements: the last vector ends where the row does, over what the one before it wrote.
ADJ_INLINE void NAME(copy_row)(const REAL *from, ptrdiff_t count, REAL *to) {
  if (count >= LANES) {
    for (ptrdiff_t i = 0; i < count - LANES; i += LANES) *(NAME(whole) *)(to + i) = *(const NAME(whole) *)(from + i);
    *(NAME(whole) *)(to + count - LANES) = *(const NAME(whole) *)(from + count - LANES);
  } else if (count >= LANES / 2) {
    *(NAME(half) *)to = *(const NAME(half) *)from;
    *(NAME(half) *)(to + count - LANES / 2) = *(const NAME(half) *)(from + count - LANES / 2);
  } else {
    for (ptrdiff_t i = 0; i < count; ++i) to[i] = from[i];
  }
}

/// The places begin <= i < end, of at most `count`, whose pixels phase + i · stride lie in 0 ..< extent.
ADJ_INLINE void NAME(within)(ptrdiff_t phase, ptrdiff_t stride, ptrdiff_t extent, ptrdiff_t count, ptrdiff_t *begin,
                             ptrdiff_t *end) {
  *end = phase < extent ? (extent - phase + stride - 1) / stride : 0;
  if (*end > count) *end = count;
  *begin = phase < 0 ? (-phase + stride - 1) / stride : 0;
  if (*begin > *end) *begin = *end;
}

ADJ_KERNEL(void, NAME(planes), (struct adj_planes plan, const REAL *input, REAL *output, ptrdiff_t begin,
                                ptrdiff_t end), {
  const ptrdiff_t size = plan.rows * plan.pitch, phases = plan.row_phase_count * plan.column_phase_count;
  const ptrdiff_t stride = plan.column_stride;
  REAL *to = output + begin * phases * size;
  for (ptrdiff_t image = begin; image < end; ++image) {
    for (ptrdiff_t a = 0; a < plan.row_phase_count; ++a) {
      ptrdiff_t top, bottom;
      NAME(within)(plan.row_phases[a], plan.row_stride, plan.height, plan.rows, &top, &bottom);
      for (ptrdiff_t b = 0; b < plan.column_phase_count; ++b, to += size) {
        ptrdiff_t left, right;
        NAME(within)(plan.column_phases[b], stride, plan.width, plan.pitch, &left, &right);
        if (bottom - top < plan.rows || right - left < plan.pitch) memset(to, 0, (size_t)size * sizeof(REAL));
        for (ptrdiff_t i = top; i < bottom; ++i) {
          const ptrdiff_t row = image * plan.height + i * plan.row_stride + plan.row_phases[a];
          const REAL *from = input + row * plan.width + plan.column_phases[b];
          REAL *line = to + i * plan.pitch;
          if (stride == 1) NAME(copy_row)(from + left, right - left, line + left);
          else for (ptrdiff_t j = left; j < right; ++j) line[j] = from[j * stride];
        }
      }
    }
  }
  if (end == plan.images) memset(to, 0, ADJ_PLANES_SLACK * sizeof(REAL));
})

ADJ_KERNEL(void, NAME(panels), (struct adj_panels plan, const REAL *input, REAL *output, ptrdiff_t begin,
                                ptrdiff_t end), {
  if (plan.is_of_one) {
    for (ptrdiff_t line = begin; line < end; ++line) {
      const REAL *from = input + line / plan.lines * plan.matrix_size + line % plan.lines * plan.line_stride;
      REAL *to = output + line * plan.columns;
      for (ptrdiff_t i = 0; i < plan.columns; ++i) to[i] = from[plan.offsets ? plan.offsets[i] : i];
    }
    return;
  }
  const ptrdiff_t panels = (plan.lines + LANES - 1) / LANES;
  for (ptrdiff_t panel = begin; panel < end; ++panel) {
    const ptrdiff_t line = panel % panels * LANES;
    const ptrdiff_t lanes = plan.lines - line < LANES ? plan.lines - line : LANES;
    const REAL *from = input + panel / panels * plan.matrix_size + line * plan.line_stride;
    REAL *to = output + panel * plan.columns * LANES;
    for (ptrdiff_t column = 0; column < plan.columns; ++column, to += LANES) {
      const REAL *source = from + (plan.offsets ? plan.offsets[column] : column);
#if LANES == 16
      // Columns next to one another, whole vectors of lanes: four at a time.
      if (lanes == LANES && column + 4 <= plan.columns
          && (!plan.offsets
              || (plan.offsets[column + 1] == plan.offsets[column] + 1
                  && plan.offsets[column + 2] == plan.offsets[column] + 2
                  && plan.offsets[column + 3] == plan.offsets[column] + 3))) {
        load_turned(source, plan.line_stride, to);
        column += 3;
        to += 3 * LANES;
        continue;
      }
#endif
      if (lanes == LANES) {
        for (ptrdiff_t lane = 0; lane < LANES; ++lane) to[lane] = source[lane * plan.line_stride];
      } else {
        for (ptrdiff_t lane = 0; lane < lanes; ++lane) to[lane] = source[lane * plan.line_stride];
        for (ptrdiff_t lane = lanes; lane < LANES; ++lane) to[lane] = 0;
      }
    }
  }
})
