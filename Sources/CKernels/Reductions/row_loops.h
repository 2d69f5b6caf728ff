// Included once for each REAL, with BITS an unsigned integer of its size, COUNT a signed one, MOST its largest number,
// FN(name) a function of that type, SUM(part) and LARGER(part) the parts of its pairwise sum and maximum, and ROW(name)
// naming what this file defines.

/// ln(1 + u) for u >= 0: what rounding 1 + u took off u is put back as a factor (W. Kahan).
ADJ_INLINE REAL ROW(log1p)(REAL u) {
  REAL sum = 1 + u;
  return sum == 1 ? u : FN(log)(sum) * (u / (sum - 1));
}

/// e^(x - greatest) as if the difference were not rounded.
ADJ_INLINE REAL ROW(power)(REAL x, REAL greatest) {
  REAL difference = x - greatest, back = difference - x;
  REAL lost = (x - (difference - back)) - (greatest + back);
  REAL power = FN(exp)(difference);
  return ADJ_FMA(power, difference > -1000 ? lost : 0, power);
}

/// How many elements of a row are the greatest.
ADJ_INLINE COUNT ROW(ties)(const REAL *x, ptrdiff_t columns, REAL greatest) {
  COUNT ties = 0;
  const ptrdiff_t whole = columns & ~(ptrdiff_t)(LANES - 1);
  ADJ_VECTORS(LANES) for (ptrdiff_t i = 0; i < whole; ++i) ties += x[i] == greatest;
  ADJ_MASKED_VECTOR(LANES) for (ptrdiff_t i = whole; i < columns; ++i) ties += x[i] == greatest;
  return ties;
}

/// What the others of a row add that has infinities: nothing finite counts beside them. NaN if one is in the row.
ADJ_INLINE REAL ROW(others_of_infinity)(const REAL *x, ptrdiff_t columns) {
  for (ptrdiff_t i = 0; i < columns; ++i) {
    if (x[i] != x[i]) return x[i];
  }
  return 0;
}

/// Of each row: its greatest element, and the sum of e^(x - greatest) over all elements but that one. The powers of
/// rows that fit a block together are left in `powers`; those of a single longer row in `long_powers` if it is there,
/// which may be the row itself.
ADJ_INLINE void ROW(summarise)(const REAL *from, ptrdiff_t rows, ptrdiff_t columns, REAL *greatest, REAL *others,
                               REAL *powers, REAL *long_powers) {
  REAL below[BLOCK];
  if (columns > BLOCK) {
    struct SUM(tree) tree;
    COUNT ties = 0;
    tree.depth = 0, tree.blocks = 0;
    const REAL most = LARGER(of)(from, columns);
    const int is_infinite = most == (REAL)INFINITY;
    const REAL of_infinity = is_infinite ? ROW(others_of_infinity)(from, columns) : 0;
    for (ptrdiff_t start = 0; start < columns; start += BLOCK) {
      const ptrdiff_t count = columns - start < BLOCK ? columns - start : BLOCK;
      ties += ROW(ties)(from + start, count, most);
      for (ptrdiff_t i = 0; i < count; ++i) {
        const REAL power = ROW(power)(from[start + i], most);
        below[i] = from[start + i] == most ? power - 1 : power;
        powers[i] = power;
      }
      if (long_powers) memcpy(long_powers + start, powers, (size_t)count * sizeof *powers);
      SUM(push)(&tree, SUM(block)(below, count));
    }
    greatest[0] = most;
    others[0] = is_infinite ? of_infinity : SUM(finish)(&tree) + (REAL)(ties - 1);
    return;
  }
  for (ptrdiff_t row = 0; row < rows; ++row) {
    const REAL most = LARGER(block)(from + row * columns, columns);
    greatest[row] = most;
    for (ptrdiff_t i = 0; i < columns; ++i) below[row * columns + i] = most;
  }
  for (ptrdiff_t i = 0; i < rows * columns; ++i) {
    const REAL power = ROW(power)(from[i], below[i]);
    below[i] = from[i] == below[i] ? power - 1 : power;
    powers[i] = power;
  }
  for (ptrdiff_t row = 0; row < rows; ++row) {
    const REAL *x = from + row * columns, most = greatest[row];
    const COUNT ties = ROW(ties)(x, columns, most);
    others[row] = most == (REAL)INFINITY ? ROW(others_of_infinity)(x, columns)
                                         : SUM(block)(below + row * columns, columns) + (REAL)(ties - 1);
  }
}

ADJ_INLINE ptrdiff_t ROW(together)(ptrdiff_t columns, ptrdiff_t rows) {
  const ptrdiff_t fitting = columns < BLOCK ? BLOCK / columns : 1;
  return fitting < rows ? fitting : rows;
}

ADJ_KERNEL(void, ROW(softmax), (const REAL *input, REAL *output, ptrdiff_t columns, ptrdiff_t begin, ptrdiff_t end), {
  REAL greatest[BLOCK], others[BLOCK], powers[BLOCK];
  for (ptrdiff_t first = begin; first < end;) {
    const ptrdiff_t rows = ROW(together)(columns, end - first);
    ROW(summarise)(input + first * columns, rows, columns, greatest, others, powers, output + first * columns);
    for (ptrdiff_t row = 0; row < rows; ++row) {
      REAL *to = output + (first + row) * columns;
      const REAL *from = columns > BLOCK ? to : powers + row * columns, sum = 1 + others[row];
      ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < columns; ++i) to[i] = from[i] / sum;
    }
    first += rows;
  }
})

ADJ_KERNEL(void, ROW(log_softmax), (const REAL *input, REAL *output, ptrdiff_t columns, ptrdiff_t begin,
                                    ptrdiff_t end), {
  REAL greatest[BLOCK], others[BLOCK], powers[BLOCK];
  for (ptrdiff_t first = begin; first < end;) {
    const ptrdiff_t rows = ROW(together)(columns, end - first);
    ROW(summarise)(input + first * columns, rows, columns, greatest, others, powers, NULL);
    for (ptrdiff_t row = 0; row < rows; ++row) others[row] = ROW(log1p)(others[row]);
    for (ptrdiff_t row = 0; row < rows; ++row) {
      const REAL *from = input + (first + row) * columns;
      REAL *to = output + (first + row) * columns;
      const REAL most = greatest[row], logarithm = others[row];
      ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < columns; ++i) to[i] = (from[i] - most) - logarithm;
    }
    first += rows;
  }
})

ADJ_KERNEL(void, ROW(log_sum_exp), (const REAL *input, REAL *output, ptrdiff_t columns, ptrdiff_t begin,
                                    ptrdiff_t end), {
  REAL greatest[BLOCK], others[BLOCK], powers[BLOCK];
  for (ptrdiff_t first = begin; first < end;) {
    const ptrdiff_t rows = ROW(together)(columns, end - first);
    ROW(summarise)(input + first * columns, rows, columns, greatest, others, powers, NULL);
    for (ptrdiff_t row = 0; row < rows; ++row) {
      // Below minus infinity there is nothing to add; a NaN beside it stays one.
      REAL other = others[row];
      if (greatest[row] == -(REAL)INFINITY) {
        other = 0;
        for (ptrdiff_t i = 0; i < columns; ++i) {
          const REAL x = input[(first + row) * columns + i];
          if (x != x) other = x;
        }
      }
      output[first + row] = greatest[row] + ROW(log1p)(other);
    }
    first += rows;
  }
})

/// Of labels `step` apart, 0 if one is all rows', the losses times `sign`.
ADJ_KERNEL(ptrdiff_t, ROW(cross_entropy), (const REAL *logits, const int32_t *labels, ptrdiff_t step, REAL sign,
                                           REAL *losses, ptrdiff_t columns, ptrdiff_t begin, ptrdiff_t end), {
  REAL greatest[BLOCK], others[BLOCK], powers[BLOCK];
  for (ptrdiff_t first = begin; first < end;) {
    const ptrdiff_t rows = ROW(together)(columns, end - first);
    ROW(summarise)(logits + first * columns, rows, columns, greatest, others, powers, NULL);
    for (ptrdiff_t row = 0; row < rows; ++row) others[row] = ROW(log1p)(others[row]);
    for (ptrdiff_t row = 0; row < rows; ++row) {
      const int32_t label = labels[(first + row) * step];
      if (label < 0 || label >= columns) return first + row;
      losses[first + row] = sign * (others[row] - (logits[(first + row) * columns + label] - greatest[row]));
    }
    first += rows;
  }
  return -1;
})

/// upstream · (softmax(x) - one-hot), and 0 where upstream is 0. At a label that is the greatest, p - 1 is what the
/// others leave: it is not taken from a p that has rounded to 1.
ADJ_KERNEL(ptrdiff_t, ROW(cross_entropy_gradient), (const REAL *upstreams, const REAL *logits, const int32_t *labels,
                                                    REAL *output, ptrdiff_t columns, ptrdiff_t begin, ptrdiff_t end), {
  REAL greatest[BLOCK], others[BLOCK], powers[BLOCK], chosen[BLOCK];
  for (ptrdiff_t first = begin; first < end;) {
    const ptrdiff_t rows = ROW(together)(columns, end - first);
    for (ptrdiff_t row = 0; row < rows; ++row) {
      const int32_t label = labels[first + row];
      if (label < 0 || label >= columns) return first + row;
      chosen[row] = logits[(first + row) * columns + label];
    }
    ROW(summarise)(logits + first * columns, rows, columns, greatest, others, powers, output + first * columns);
    for (ptrdiff_t row = 0; row < rows; ++row) {
      REAL *to = output + (first + row) * columns;
      const REAL upstream = upstreams[first + row];
      if (upstream == 0) {
        for (ptrdiff_t i = 0; i < columns; ++i) to[i] = 0;
        continue;
      }
      const REAL *from = columns > BLOCK ? to : powers + row * columns, sum = 1 + others[row];
      const REAL slope = chosen[row] - greatest[row] == 0 ? -(others[row] / sum)
                                                         : ROW(power)(chosen[row], greatest[row]) / sum - 1;
      ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < columns; ++i) to[i] = upstream * (from[i] / sum);
      to[labels[first + row]] = upstream * slope;
    }
    first += rows;
  }
  return -1;
})

/// The sum over a row of target · (ln sum e^x - x), in which a target of 0 counts 0 whatever its logit is.
ADJ_KERNEL(void, ROW(soft_cross_entropy), (const REAL *logits, const REAL *targets, REAL *losses, ptrdiff_t columns,
                                           ptrdiff_t begin, ptrdiff_t end), {
  REAL greatest[BLOCK], others[BLOCK], powers[BLOCK];
  for (ptrdiff_t first = begin; first < end;) {
    const ptrdiff_t rows = ROW(together)(columns, end - first);
    ROW(summarise)(logits + first * columns, rows, columns, greatest, others, powers, NULL);
    for (ptrdiff_t row = 0; row < rows; ++row) {
      const REAL *x = logits + (first + row) * columns, *target = targets + (first + row) * columns;
      const REAL most = greatest[row], logarithm = ROW(log1p)(others[row]);
      struct SUM(tree) tree;
      tree.depth = 0, tree.blocks = 0;
      for (ptrdiff_t start = 0; start < columns; start += BLOCK) {
        const ptrdiff_t count = columns - start < BLOCK ? columns - start : BLOCK;
        for (ptrdiff_t i = 0; i < count; ++i) {
          const REAL t = target[start + i];
          powers[i] = t != 0 ? t * (logarithm - (x[start + i] - most)) : 0;
        }
        SUM(push)(&tree, SUM(block)(powers, count));
      }
      losses[first + row] = SUM(finish)(&tree);
    }
    first += rows;
  }
})

/// Of `values` the one beside a probability above one half, of which a row has one at most; 0 if it has none.
ADJ_INLINE REAL ROW(at_most_likely)(const REAL *p, const REAL *values, ptrdiff_t columns) {
  BITS bits = 0;
  for (ptrdiff_t i = 0; i < columns; ++i) bits |= p[i] > (REAL)0.5 ? FN(bits)(values[i]) : 0;
  return FN(float)(bits);
}

/// A mean of a row's values under its probabilities, taken of scale · (value - shift).
struct ROW(mean) {
  REAL shift, mean, inverse, scale;
};

/// The values are taken from that of an element that has more than half of the probability: all others are then small
/// beside it, and where its probability has rounded to 1 the mean still is right. A value that is the shift itself
/// counts 0, whatever its probability is.
ADJ_INLINE struct ROW(mean) ROW(scaled_mean)(const REAL *p, const REAL *values, ptrdiff_t columns, REAL total,
                                             REAL scale) {
  REAL terms[BLOCK];
  struct ROW(mean) result = {scale * ROW(at_most_likely)(p, values, columns), 0, 1 / total, scale};
  struct SUM(tree) tree;
  tree.depth = 0, tree.blocks = 0;
  for (ptrdiff_t start = 0; start < columns; start += BLOCK) {
    const ptrdiff_t count = columns - start < BLOCK ? columns - start : BLOCK;
    for (ptrdiff_t i = 0; i < count; ++i) {
      const REAL value = scale * values[start + i] - result.shift;
      terms[i] = value != 0 ? p[start + i] * value : 0;
    }
    SUM(push)(&tree, SUM(block)(terms, count));
  }
  const REAL sum = SUM(finish)(&tree);
  result.mean = sum != 0 ? sum / total : 0;
  return result;
}

/// So far values are made smaller where one of them less another, or their sum, is beyond the largest number.
#define SMALLER ((REAL)0x1p-32)

ADJ_INLINE struct ROW(mean) ROW(mean)(const REAL *p, const REAL *values, ptrdiff_t columns) {
  const REAL total = SUM(of)(p, columns);
  struct ROW(mean) result = ROW(scaled_mean)(p, values, columns, total, 1);
  if (!(FN(absolute)(result.mean) <= MOST)) result = ROW(scaled_mean)(p, values, columns, total, SMALLER);
  return result;
}

/// p · (v - mean of v).
ADJ_KERNEL(void, ROW(softmax_gradient), (const REAL *probabilities, const REAL *upstream, REAL *output,
                                         ptrdiff_t columns, ptrdiff_t begin, ptrdiff_t end), {
  for (ptrdiff_t row = begin; row < end; ++row) {
    const REAL *p = probabilities + row * columns, *values = upstream + row * columns;
    REAL *to = output + row * columns;
    const struct ROW(mean) m = ROW(mean)(p, values, columns);
    const REAL scale = m.scale, shift = m.shift, mean = m.mean, inverse = m.inverse;
    if (scale == 1) {
      ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < columns; ++i) {
        const REAL difference = (values[i] - shift) - mean;
        to[i] = difference != 0 ? (p[i] * inverse) * difference : 0;
      }
    } else {
      ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < columns; ++i) {
        const REAL difference = (scale * values[i] - shift) - mean;
        to[i] = difference != 0 ? (p[i] * inverse) * difference * (1 / scale) : 0;
      }
    }
  }
})

/// v - mean of v.
ADJ_KERNEL(void, ROW(centred), (const REAL *probabilities, const REAL *input, REAL *output, ptrdiff_t columns,
                                ptrdiff_t begin, ptrdiff_t end), {
  for (ptrdiff_t row = begin; row < end; ++row) {
    const REAL *p = probabilities + row * columns, *values = input + row * columns;
    REAL *to = output + row * columns;
    const struct ROW(mean) m = ROW(mean)(p, values, columns);
    const REAL back = 1 / m.scale;
    ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < columns; ++i) {
      to[i] = ((m.scale * values[i] - m.shift) - m.mean) * back;
    }
  }
})

/// A sum over a row without the element that has more than half of the probability, if one has.
ADJ_INLINE REAL ROW(sum_of_unlikely)(const REAL *p, const REAL *values, ptrdiff_t columns, REAL scale) {
  REAL terms[BLOCK];
  struct SUM(tree) tree;
  tree.depth = 0, tree.blocks = 0;
  for (ptrdiff_t start = 0; start < columns; start += BLOCK) {
    const ptrdiff_t count = columns - start < BLOCK ? columns - start : BLOCK;
    for (ptrdiff_t i = 0; i < count; ++i) terms[i] = p[start + i] > (REAL)0.5 ? 0 : scale * values[start + i];
    SUM(push)(&tree, SUM(block)(terms, count));
  }
  return SUM(finish)(&tree);
}

/// v - p · sum of v. At a probability above one half that is v · (1 - p) - p · (sum of the other v), with 1 - p the sum
/// of the other probabilities.
ADJ_KERNEL(void, ROW(log_softmax_gradient), (const REAL *probabilities, const REAL *upstream, REAL *output,
                                             ptrdiff_t columns, ptrdiff_t begin, ptrdiff_t end), {
  for (ptrdiff_t row = begin; row < end; ++row) {
    const REAL *p = probabilities + row * columns, *values = upstream + row * columns;
    REAL *to = output + row * columns;
    const REAL likely = ROW(at_most_likely)(p, p, columns), value = ROW(at_most_likely)(p, values, columns);
    const REAL unlikely = ROW(sum_of_unlikely)(p, p, columns, 1), total = likely + unlikely;
    REAL scale = 1, rest = ROW(sum_of_unlikely)(p, values, columns, 1), sum = rest + value;
    if (!(FN(absolute)(rest) <= MOST && FN(absolute)(sum) <= MOST)) {
      scale = SMALLER, rest = ROW(sum_of_unlikely)(p, values, columns, scale), sum = rest + scale * value;
    }
    const REAL back = 1 / scale, inverse = 1 / total;
    const REAL peak = ADJ_FMA(scale * value, unlikely * inverse, -(likely * inverse * rest)) * back;
    ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < columns; ++i) {
      const REAL taken = sum != 0 ? (p[i] * inverse) * sum : 0;
      const REAL result = (scale * values[i] - taken) * back;
      to[i] = p[i] > (REAL)0.5 ? peak : result;
    }
  }
})

static ptrdiff_t ROW(rows)(uint16_t operation, const void *const *inputs, REAL *output, ptrdiff_t columns,
                           ptrdiff_t begin, ptrdiff_t end) {
  const REAL *a = inputs[0];
  switch (operation) {
  case ADJ_SOFTMAX: ADJ_BEST(ROW(softmax))(a, output, columns, begin, end); return -1;
  case ADJ_LOG_SOFTMAX: ADJ_BEST(ROW(log_softmax))(a, output, columns, begin, end); return -1;
  case ADJ_LOG_SUM_EXP: ADJ_BEST(ROW(log_sum_exp))(a, output, columns, begin, end); return -1;
  case ADJ_CROSS_ENTROPY: return ADJ_BEST(ROW(cross_entropy))(a, inputs[1], 1, 1, output, columns, begin, end);
  case ADJ_ENTRY_LOSS: return ADJ_BEST(ROW(cross_entropy))(a, inputs[1], 0, 1, output, columns, begin, end);
  case ADJ_ENTRY_LOG_PROBABILITY: return ADJ_BEST(ROW(cross_entropy))(a, inputs[1], 0, -1, output, columns, begin, end);
  case ADJ_CROSS_ENTROPY_GRADIENT:
    return ADJ_BEST(ROW(cross_entropy_gradient))(a, inputs[1], inputs[2], output, columns, begin, end);
  case ADJ_SOFT_CROSS_ENTROPY: ADJ_BEST(ROW(soft_cross_entropy))(a, inputs[1], output, columns, begin, end); return -1;
  case ADJ_SOFTMAX_GRADIENT: ADJ_BEST(ROW(softmax_gradient))(a, inputs[1], output, columns, begin, end); return -1;
  case ADJ_CENTRED: ADJ_BEST(ROW(centred))(a, inputs[1], output, columns, begin, end); return -1;
  case ADJ_LOG_SOFTMAX_GRADIENT:
    ADJ_BEST(ROW(log_softmax_gradient))(a, inputs[1], output, columns, begin, end);
    return -1;
  }
  return -1;
}

#undef SMALLER
#undef REAL
#undef LANES
#undef BITS
#undef COUNT
#undef MOST
#undef FN
#undef SUM
#undef LARGER
#undef ROW
