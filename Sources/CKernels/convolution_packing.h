// Included once for each REAL, with LANES elements in 64 bytes; NAME names what it defines.

ADJ_CLONES static void NAME(planes)(struct adj_planes plan, const REAL *input, REAL *output, ptrdiff_t begin,
                                    ptrdiff_t end) {
  const ptrdiff_t size = plan.rows * plan.pitch, phases = plan.row_phase_count * plan.column_phase_count;
  REAL *to = output + begin * phases * size;
  for (ptrdiff_t image = begin; image < end; ++image) {
    for (ptrdiff_t a = 0; a < plan.row_phase_count; ++a) {
      for (ptrdiff_t b = 0; b < plan.column_phase_count; ++b) {
        const ptrdiff_t stride = plan.column_stride, phase = plan.column_phases[b];
        // The columns that have pixels: phase + j · stride in 0 ..< width.
        const ptrdiff_t after = plan.width - phase;
        ptrdiff_t first = phase < 0 ? (-phase + stride - 1) / stride : 0;
        ptrdiff_t last = after > 0 ? (after + stride - 1) / stride : 0;
        if (last > plan.pitch) last = plan.pitch;
        if (first > last) first = last;
        for (ptrdiff_t i = 0; i < plan.rows; ++i, to += plan.pitch) {
          const ptrdiff_t row = i * plan.row_stride + plan.row_phases[a];
          if (row < 0 || row >= plan.height) {
            memset(to, 0, (size_t)plan.pitch * sizeof(REAL));
            continue;
          }
          const REAL *from = input + (image * plan.height + row) * plan.width + phase;
          for (ptrdiff_t j = 0; j < first; ++j) to[j] = 0;
          if (stride == 1) for (ptrdiff_t j = first; j < last; ++j) to[j] = from[j];
          else for (ptrdiff_t j = first; j < last; ++j) to[j] = from[j * stride];
          for (ptrdiff_t j = last; j < plan.pitch; ++j) to[j] = 0;
        }
      }
    }
  }
  if (end == plan.images) memset(to, 0, ADJ_PLANES_SLACK * sizeof(REAL));
}

ADJ_CLONES static void NAME(panels)(struct adj_panels plan, const REAL *input, REAL *output, ptrdiff_t begin,
                                    ptrdiff_t end) {
  const ptrdiff_t panels = (plan.lines + LANES - 1) / LANES;
  for (ptrdiff_t panel = begin; panel < end; ++panel) {
    const ptrdiff_t line = panel % panels * LANES;
    const ptrdiff_t lanes = plan.lines - line < LANES ? plan.lines - line : LANES;
    const REAL *from = input + panel / panels * plan.matrix_size + line * plan.line_stride;
    REAL *to = output + panel * plan.columns * LANES;
    for (ptrdiff_t column = 0; column < plan.columns; ++column, to += LANES) {
      const REAL *source = from + (plan.offsets ? plan.offsets[column] : column);
      if (lanes == LANES) {
        for (ptrdiff_t lane = 0; lane < LANES; ++lane) to[lane] = source[lane * plan.line_stride];
      } else {
        for (ptrdiff_t lane = 0; lane < lanes; ++lane) to[lane] = source[lane * plan.line_stride];
        for (ptrdiff_t lane = lanes; lane < LANES; ++lane) to[lane] = 0;
      }
    }
  }
}
