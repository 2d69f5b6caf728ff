// Included once for each REAL; NAME names what it defines, FN(f) is a function of that type, SUM and SQUARES are its
// pairwise sums.
//
// Sums of squares that neither overflow nor lose what underflows, and sums that do not overflow on their way to a mean.
//
// The plain pairwise sum of squares stands where it is between LOW and LARGEST; elsewhere the elements are read again,
// times a power of two. The sum is passed on as a *code*: itself, where it stands (and 0, infinity or NaN, where
// elements force them); else minus the norm, its root: times 2^-DOWN, at least 1, where squares overflow, and times
// 2^UP, less than 1, where they underflow. Rows longer than a leaf are coded leaf by leaf, so that they have the same
// bits whether leaves are computed side by side or not.

/// Elements of a reduction in their order: those of one output, or `count` next to one another if there is no plan.
struct NAME(elements) {
  const REAL *from;
  const struct adj_reduction *plan;
  ptrdiff_t count;
};

/// A walk over elements, a block at a time.
struct NAME(walk) {
  struct NAME(elements) elements;
  ptrdiff_t read, within, coordinates[ADJ_REDUCTION_RANK];
};

ADJ_INLINE struct NAME(walk) NAME(walk_over)(struct NAME(elements) elements) {
  return (struct NAME(walk)){elements, 0, 0, {0}};
}

/// Copies the next block, times `factor`; answers how many elements it has, 0 behind the last.
ADJ_INLINE ptrdiff_t NAME(next_block)(struct NAME(walk) *walk, REAL factor, REAL *block) {
  const struct adj_reduction *plan = walk->elements.plan;
  const ptrdiff_t row = !plan ? walk->elements.count : plan->inner_reduced ? plan->inner_size : 1;
  ptrdiff_t filled = 0;
  while (filled < ADJ_SUM_BLOCK && walk->read < walk->elements.count) {
    ptrdiff_t length = row - walk->within;
    if (length > ADJ_SUM_BLOCK - filled) length = ADJ_SUM_BLOCK - filled;
    const REAL *from = walk->elements.from + walk->within;
    for (ptrdiff_t i = 0; i < length; ++i) block[filled + i] = from[i] * factor;
    filled += length, walk->within += length, walk->read += length;
    if (walk->within < row || !plan) continue;
    walk->within = 0;
    walk->elements.from += adj_step(walk->coordinates, plan->reduced_rank, plan->reduced_sizes, plan->reduced_strides);
  }
  return filled;
}

/// The sum of `elements` times `factor`.
static ADJ_UNUSED REAL NAME(scaled_sum)(struct NAME(elements) elements, REAL factor) {
  struct NAME(walk) walk = NAME(walk_over)(elements);
  struct SUM(tree) tree = {.depth = 0, .blocks = 0};
  REAL block[ADJ_SUM_BLOCK];
  for (ptrdiff_t count; (count = NAME(next_block)(&walk, factor, block)) > 0;) {
    SUM(push)(&tree, SUM(block)(block, count));
  }
  return SUM(finish)(&tree);
}

/// The sum of the squares of `elements` times `factor`.
static ADJ_UNUSED REAL NAME(scaled_squares)(struct NAME(elements) elements, REAL factor) {
  struct NAME(walk) walk = NAME(walk_over)(elements);
  struct SUM(tree) tree = {.depth = 0, .blocks = 0};
  REAL block[ADJ_SUM_BLOCK];
  for (ptrdiff_t count; (count = NAME(next_block)(&walk, factor, block)) > 0;) {
    SUM(push)(&tree, SQUARES(block)(block, count));
  }
  return SUM(finish)(&tree);
}

/// The largest magnitude of `elements`, or NaN.
static ADJ_UNUSED REAL NAME(largest_magnitude)(struct NAME(elements) elements) {
  struct NAME(walk) walk = NAME(walk_over)(elements);
  REAL block[ADJ_SUM_BLOCK], largest = 0;
  for (ptrdiff_t count; (count = NAME(next_block)(&walk, 1, block)) > 0;) {
    for (ptrdiff_t i = 0; i < count; ++i) {
      const REAL magnitude = block[i] < 0 ? -block[i] : block[i];
      largest = magnitude > largest || magnitude != magnitude ? magnitude : largest;
      if (largest != largest) return largest;
    }
  }
  return largest;
}

/// The code of `squares` · 4^exponent, which is above 0.
static ADJ_UNUSED REAL NAME(encoded)(REAL squares, int exponent) {
  const REAL total = FN(scaled)(squares, 2 * exponent);
  if (total >= LOW && total <= LARGEST) return total;
  if (total < LOW) return -FN(scaled)(ADJ_SQRT(squares), exponent + UP);
  // At least 1, being the root of what has rounded to infinity.
  return -FN(scaled)(ADJ_SQRT(squares), exponent - DOWN);
}

static ADJ_UNUSED REAL NAME(rare_code)(struct NAME(elements) elements) {
  const REAL largest = NAME(largest_magnitude)(elements);
  if (!(largest > 0 && largest <= LARGEST)) return largest;
  int exponent = FN(exponent)(largest);
  // So that two to minus the exponent is a number.
  if (exponent < -MAXIMUM_EXPONENT) exponent = -MAXIMUM_EXPONENT;
  return NAME(encoded)(NAME(scaled_squares)(elements, FN(scaled)(1, -exponent)), exponent);
}

/// The code of elements whose plain sum of squares is `sum`.
ADJ_INLINE REAL NAME(code)(REAL sum, struct NAME(elements) elements) {
  return sum >= LOW && sum <= LARGEST ? sum : NAME(rare_code)(elements);
}

/// Leaves of a row: their codes, or elements of which to compute those.
struct NAME(leaves) {
  const REAL *codes, *values;
  ptrdiff_t columns;
};

ADJ_INLINE REAL NAME(leaf_code)(struct NAME(leaves) leaves, ptrdiff_t leaf) {
  if (leaves.codes) return leaves.codes[leaf];
  const ptrdiff_t start = leaf * ADJ_LEAF, rest = leaves.columns - start, count = rest < ADJ_LEAF ? rest : ADJ_LEAF;
  const REAL *from = leaves.values + start;
  return NAME(code)(SQUARES(of)(from, count), (struct NAME(elements)){from, 0, count});
}

/// A code's sum of squares is the result · 4^exponent.
ADJ_INLINE REAL NAME(decoded)(REAL code, int *exponent) {
  *exponent = 0;
  if (!(code < 0)) return code;
  // The norm, times what keeps its square within the range.
  const int is_large = code <= -1;
  const REAL norm = FN(scaled)(-code, is_large ? -MARGIN_DOWN : MARGIN_UP);
  *exponent = is_large ? DOWN + MARGIN_DOWN : -UP - MARGIN_UP;
  return norm * norm;
}

/// The sum over leaves is the result · 4^exponent.
static ADJ_UNUSED REAL NAME(sum_of_leaves)(struct NAME(leaves) leaves, int exponent) {
  const ptrdiff_t count = (leaves.columns + ADJ_LEAF - 1) / ADJ_LEAF;
  struct SUM(tree) tree = {.depth = 0, .blocks = 0};
  for (ptrdiff_t leaf = 0; leaf < count; ++leaf) {
    int own;
    const REAL squares = NAME(decoded)(NAME(leaf_code)(leaves, leaf), &own);
    SUM(push)(&tree, FN(scaled)(squares, 2 * (own - exponent)));
  }
  return SUM(finish)(&tree);
}

static ADJ_UNUSED REAL NAME(rare_join)(struct NAME(leaves) leaves) {
  const ptrdiff_t count = (leaves.columns + ADJ_LEAF - 1) / ADJ_LEAF;
  int exponent = -UP - MARGIN_UP;
  for (ptrdiff_t leaf = 0; leaf < count; ++leaf) {
    int own;
    const REAL squares = NAME(decoded)(NAME(leaf_code)(leaves, leaf), &own);
    if (squares != 0 && own > exponent) exponent = own;
  }
  REAL sum = NAME(sum_of_leaves)(leaves, exponent);
  // Leaves that stand, of a sum that does not.
  if (sum > LARGEST && exponent == 0) sum = NAME(sum_of_leaves)(leaves, exponent = DOWN / 2);
  return sum > 0 && sum <= LARGEST ? NAME(encoded)(sum, exponent) : sum;
}

/// The code of a row from those of its leaves.
ADJ_INLINE REAL NAME(join_codes)(struct NAME(leaves) leaves) {
  const ptrdiff_t count = (leaves.columns + ADJ_LEAF - 1) / ADJ_LEAF;
  struct SUM(tree) tree = {.depth = 0, .blocks = 0};
  for (ptrdiff_t leaf = 0; leaf < count; ++leaf) {
    const REAL code = NAME(leaf_code)(leaves, leaf);
    if (code < 0) return NAME(rare_join)(leaves);
    SUM(push)(&tree, code);
  }
  const REAL sum = SUM(finish)(&tree);
  return sum > LARGEST ? NAME(rare_join)(leaves) : sum;
}

/// What is made of the code of `count` squares.
ADJ_INLINE REAL NAME(of_code)(uint8_t operation, REAL code, ptrdiff_t count) {
  const int exponent = !(code < 0) ? 0 : code <= -1 ? DOWN : -UP;
  const REAL norm = -code;
  if (operation == ADJ_SCALED_NORM) return code < 0 ? code : ADJ_SQRT(code);
  if (operation == ADJ_SCALED_MEAN_SQUARE && code <= -1) {
    const REAL scaled = FN(scaled)(norm, DOWN - MEAN_SQUARE_DOWN);
    return -(scaled * (scaled / (REAL)count));
  }
  if (operation == ADJ_NORM) return code < 0 ? FN(scaled)(norm, exponent) : ADJ_SQRT(code);
  return code < 0 ? FN(scaled)(norm * (norm / (REAL)count), 2 * exponent) : code / (REAL)count;
}

/// The code of a row of `count` elements next to one another.
ADJ_INLINE REAL NAME(row_code)(const REAL *from, ptrdiff_t count) {
  if (count > ADJ_LEAF) return NAME(join_codes)((struct NAME(leaves)){0, from, count});
  return NAME(code)(SQUARES(of)(from, count), (struct NAME(elements)){from, 0, count});
}

/// `sum` · 2^exponent · factor for a mean, where rounding up from means of the largest number is undone.
ADJ_INLINE REAL NAME(bounded_mean)(REAL sum, REAL count, int exponent) {
  const REAL mean = FN(scaled)(sum / count, exponent);
  return sum - sum == 0 && !(mean - mean == 0) ? (mean < 0 ? -LARGEST : LARGEST) : mean;
}

/// The sum of a leaf divided by ADJ_LEAF, the elements of a whole one, from its plain sum: it does not overflow.
ADJ_INLINE REAL NAME(leaf_mean)(REAL sum, struct NAME(elements) elements) {
  if (sum - sum == 0) return sum / ADJ_LEAF;
  return NAME(bounded_mean)(NAME(scaled_sum)(elements, FN(scaled)(1, -MEAN_DOWN)), ADJ_LEAF, MEAN_DOWN);
}

/// The mean of a row from those of its leaves.
static ADJ_UNUSED REAL NAME(join_means)(struct NAME(leaves) leaves) {
  const ptrdiff_t count = (leaves.columns + ADJ_LEAF - 1) / ADJ_LEAF;
  const REAL divisor = (REAL)leaves.columns / ADJ_LEAF;
  for (int exponent = 0;; exponent = MEAN_DOWN) {
    struct SUM(tree) tree = {.depth = 0, .blocks = 0};
    for (ptrdiff_t leaf = 0; leaf < count; ++leaf) {
      const ptrdiff_t start = leaf * ADJ_LEAF, rest = leaves.columns - start, length = rest < ADJ_LEAF ? rest : ADJ_LEAF;
      const REAL *from = leaves.values + start;
      const REAL mean = leaves.codes
          ? leaves.codes[leaf]
          : NAME(leaf_mean)(SUM(of)(from, length), (struct NAME(elements)){from, 0, length});
      SUM(push)(&tree, exponent == 0 ? mean : FN(scaled)(mean, -exponent));
    }
    const REAL sum = SUM(finish)(&tree);
    if (sum - sum == 0 || exponent != 0) return NAME(bounded_mean)(sum, divisor, exponent);
  }
}

/// The mean of elements from their plain sum.
ADJ_INLINE REAL NAME(mean)(REAL sum, struct NAME(elements) elements) {
  if (sum - sum == 0) return sum / (REAL)elements.count;
  if (!elements.plan && elements.count > ADJ_LEAF) {
    return NAME(join_means)((struct NAME(leaves)){0, elements.from, elements.count});
  }
  const REAL scaled = NAME(scaled_sum)(elements, FN(scaled)(1, -MEAN_DOWN));
  return NAME(bounded_mean)(scaled, (REAL)elements.count, MEAN_DOWN);
}

#undef REAL
#undef NAME
#undef FN
#undef SUM
#undef SQUARES
#undef LARGEST
#undef LOW
#undef DOWN
#undef UP
#undef MARGIN_DOWN
#undef MARGIN_UP
#undef MAXIMUM_EXPONENT
#undef MEAN_SQUARE_DOWN
