// Included once for each REAL; NAME names what it defines.
//
// Maximum pooling where windows overlap or stand apart: a row of the image is split by the remainder of its columns by the
// stride, so that the columns which neighbouring windows have in the same place lie next to one another.

/// Rows split, in [row][remainder][window]; windows and what they reach to the right, in whole vectors.
struct NAME(split) {
  ptrdiff_t windows, line;
  REAL rows[SPLIT];
};

/// How many windows of a row are worked together; none or fewer if the rows they see do not fit.
ADJ_INLINE ptrdiff_t NAME(together)(struct adj_pool plan) {
  if (plan.window_height * plan.column_stride > SPLIT / 32) return 0;  // Decisions/Kernels.md
  const ptrdiff_t reach = (plan.window_width - 1) / plan.column_stride;
  const ptrdiff_t windows = (SPLIT / plan.window_height / plan.column_stride - reach) / 16 * 16 - 16;
  return windows < WINDOWS ? windows : WINDOWS;
}

ADJ_INLINE REAL *NAME(row_of)(struct NAME(split) *split, struct adj_pool plan, ptrdiff_t row) {
  return split->rows + row * plan.column_stride * split->line;
}

/// The columns of the image begin <= c < end that the split row holds, of which `first` is the leftmost if it exists.
ADJ_INLINE void NAME(columns)(const struct NAME(split) *split, struct adj_pool plan, ptrdiff_t first, ptrdiff_t *begin,
                              ptrdiff_t *end) {
  const ptrdiff_t last = first + split->line * plan.column_stride;
  *begin = first < 0 ? 0 : first;
  *end = last < plan.width ? last : plan.width;
}

/// Splits the rows that a chunk of windows sees; what lies outside is below every number. `line` is room for SPLIT
/// elements.
ADJ_INLINE void NAME(split_rows)(struct NAME(split) *split, struct adj_pool plan, struct windows at, const REAL *x,
                                 REAL *line) {
  const ptrdiff_t stride = plan.column_stride, first = at.first * stride - plan.column_padding;
  split->windows = (at.count + 15) / 16 * 16;
  split->line = split->windows + ((plan.window_width - 1) / stride + 15) / 16 * 16;
  ptrdiff_t begin, end;
  NAME(columns)(split, plan, first, &begin, &end);
  for (ptrdiff_t row = at.top; row < at.bottom; ++row) {
    REAL *to = NAME(row_of)(split, plan, row - at.top);
    REAL *plain = stride == 1 ? to : line;
    for (ptrdiff_t c = 0; c < split->line * stride; ++c) plain[c] = -(REAL)__builtin_inf();
    memcpy(plain + begin - first, x + row * plan.width + begin, (size_t)(end - begin) * sizeof(REAL));
    if (stride == 2) {
      for (ptrdiff_t q = 0; q < split->line; ++q) {
        to[q] = line[2 * q];
        to[split->line + q] = line[2 * q + 1];
      }
    } else if (stride > 2) {
      for (ptrdiff_t q = 0; q < split->line; ++q) {
        for (ptrdiff_t p = 0; p < stride; ++p) to[p * split->line + q] = line[q * stride + p];
      }
    }
  }
}

/// Adds split rows to those of an image. `line` is room for SPLIT elements.
ADJ_INLINE void NAME(add_rows)(struct NAME(split) *split, struct adj_pool plan, struct windows at, REAL *y,
                               REAL *line) {
  const ptrdiff_t stride = plan.column_stride, first = at.first * stride - plan.column_padding;
  ptrdiff_t begin, end;
  NAME(columns)(split, plan, first, &begin, &end);
  for (ptrdiff_t row = at.top; row < at.bottom; ++row) {
    const REAL *from = NAME(row_of)(split, plan, row - at.top);
    const REAL *plain = stride == 1 ? from : line;
    if (stride == 2) {
      for (ptrdiff_t q = 0; q < split->line; ++q) {
        line[2 * q] = from[q];
        line[2 * q + 1] = from[split->line + q];
      }
    } else if (stride > 2) {
      for (ptrdiff_t q = 0; q < split->line; ++q) {
        for (ptrdiff_t p = 0; p < stride; ++p) line[q * stride + p] = from[p * split->line + q];
      }
    }
    for (ptrdiff_t c = begin; c < end; ++c) y[row * plan.width + c] += plain[c - first];
  }
}

/// Runs a statement for each window j of a chunk and each element of it: `e` is its place in the split rows.
#define FOR_EACH_ELEMENT(...)                                                                                       \
  for (ptrdiff_t row = 0; row < at.bottom - at.top; ++row) {                                                        \
    for (ptrdiff_t column = 0; column < plan.window_width; ++column) {                                              \
      const ptrdiff_t start =                                                                                       \
          (row * plan.column_stride + column % plan.column_stride) * split->line + column / plan.column_stride;     \
      for (ptrdiff_t j = 0; j < split->windows; ++j) { const ptrdiff_t e = start + j; __VA_ARGS__; }                \
    }                                                                                                               \
  }

/// The largest element of each window of a chunk.
ADJ_INLINE void NAME(split_largest)(const struct NAME(split) *split, struct adj_pool plan, struct windows at,
                                    REAL *largest) {
  const REAL *x = split->rows;
  for (ptrdiff_t j = 0; j < split->windows; ++j) largest[j] = -(REAL)__builtin_inf();
  FOR_EACH_ELEMENT(largest[j] = x[e] > largest[j] || x[e] != x[e] ? x[e] : largest[j])
}

ADJ_INLINE void NAME(chunk_maximum)(struct adj_pool plan, struct windows at, const REAL *x, REAL *to) {
  struct NAME(split) split;
  REAL largest[WINDOWS];
  NAME(split_rows)(&split, plan, at, x, adj_sum_room());
  NAME(split_largest)(&split, plan, at, largest);
  memcpy(to, largest, (size_t)at.count * sizeof(REAL));
}

/// Adds to an image what goes back to it from a chunk of windows. Answers 0, having added nothing, if a window is as low
/// as what lies outside.
ADJ_INLINE int NAME(chunk_gradient)(struct adj_pool plan, struct windows at, const REAL *x, const REAL *upstream,
                                    REAL *y) {
  // Either is room for a line while the other holds rows.
  struct NAME(split) values, *split = &values, *const sums = adj_sum_room();
  _Static_assert(sizeof(*sums) <= ADJ_SUM_ROOM, "a thread has memory for split rows");
  REAL largest[WINDOWS], share[WINDOWS];
  NAME(split_rows)(split, plan, at, x, sums->rows);
  NAME(split_largest)(split, plan, at, largest);
  if (plan.column_padding > 0) {
    for (ptrdiff_t j = 0; j < at.count; ++j) if (largest[j] == -(REAL)__builtin_inf()) return 0;
  }
  for (ptrdiff_t j = 0; j < split->windows; ++j) share[j] = 0;
  FOR_EACH_ELEMENT(share[j] += values.rows[e] == largest[j] ? (REAL)1 : (REAL)0)
  for (ptrdiff_t j = 0; j < at.count; ++j) share[j] = upstream[j] / share[j];
  for (ptrdiff_t j = at.count; j < split->windows; ++j) share[j] = 0;
  sums->windows = values.windows;
  sums->line = values.line;
  memset(sums->rows, 0, (size_t)((at.bottom - at.top) * plan.column_stride * values.line) * sizeof(REAL));
  FOR_EACH_ELEMENT(sums->rows[e] += values.rows[e] == largest[j] ? share[j] : (REAL)0)
  NAME(add_rows)(sums, plan, at, y, values.rows);
  return 1;
}

#undef FOR_EACH_ELEMENT
#undef NAME
#undef REAL
