// Included once for each REAL and size of VECTOR, of WIDTH elements; SIZED names what it defines.
//
// Maximum pooling by 2 x 2 windows 2 apart, which networks use most: neighbours in a vector are exchanged, so that a
// window's largest element stands in the places of both its columns, and what goes back to them is written as it is read.

typedef REAL SIZED(vector) __attribute__((vector_size(WIDTH * sizeof(REAL))));
typedef SIZED(vector) SIZED(stored) __attribute__((aligned(sizeof(REAL)), may_alias));
typedef REAL SIZED(half) __attribute__((vector_size(WIDTH / 2 * sizeof(REAL))));
typedef SIZED(half) SIZED(stored_half) __attribute__((aligned(sizeof(REAL)), may_alias));

#define VECTOR SIZED(vector)
#define MASK SIZED(mask)
typedef __typeof__((VECTOR){0} > (VECTOR){0}) MASK;

ADJ_INLINE VECTOR SIZED(choose)(MASK where, VECTOR a, VECTOR b) {
  return (VECTOR)((where & (MASK)a) | (~where & (MASK)b));
}

ADJ_INLINE VECTOR SIZED(larger)(VECTOR a, VECTOR b) { return SIZED(choose)((a > b) | (a != a), a, b); }

/// The largest element of each window of two rows, in both places.
ADJ_INLINE VECTOR SIZED(windows)(VECTOR upper, VECTOR lower) {
  const VECTOR largest = SIZED(larger)(upper, lower);
  return SIZED(larger)(largest, SWAPPED(largest));
}

/// The results of two rows of `count` windows.
ADJ_INLINE void SIZED(halve)(const REAL *upper, const REAL *lower, ptrdiff_t count, REAL *to) {
  // The last vector ends where the row does, and writes again what the one before it wrote.
  for (ptrdiff_t start = 0;; start += WIDTH) {
    if (start > 2 * count - WIDTH) start = 2 * count - WIDTH;
    const VECTOR largest =
        SIZED(windows)(*(const SIZED(stored) *)(upper + start), *(const SIZED(stored) *)(lower + start));
    *(SIZED(stored_half) *)(to + start / 2) = FIRSTS(largest);
    if (start + WIDTH >= 2 * count) return;
  }
}

/// What of `upstream` goes back to two rows of `count` windows.
ADJ_INLINE void SIZED(halve_gradient)(const REAL *upper, const REAL *lower, const REAL *upstream, ptrdiff_t count,
                                      REAL *to_upper, REAL *to_lower) {
  for (ptrdiff_t start = 0;; start += WIDTH) {
    if (start > 2 * count - WIDTH) start = 2 * count - WIDTH;
    const VECTOR above = *(const SIZED(stored) *)(upper + start), below = *(const SIZED(stored) *)(lower + start);
    const VECTOR largest = SIZED(windows)(above, below), zero = (VECTOR){0}, one = zero + 1;
    const VECTOR winners = SIZED(choose)(above == largest, one, zero) + SIZED(choose)(below == largest, one, zero);
    const SIZED(half) gradient = *(const SIZED(stored_half) *)(upstream + start / 2);
    const VECTOR share = TWICE(gradient) / (winners + SWAPPED(winners));
    *(SIZED(stored) *)(to_upper + start) = SIZED(choose)(above == largest, share, zero);
    *(SIZED(stored) *)(to_lower + start) = SIZED(choose)(below == largest, share, zero);
    if (start + WIDTH >= 2 * count) return;
  }
}

#undef VECTOR
#undef MASK
#undef WIDTH
#undef SIZED
#undef SWAPPED
#undef FIRSTS
#undef TWICE
