// Included once for each REAL, with FN, LOOPS, CHAIN, SPLAT, GATHER naming what it defines and LANES the elements of the widest
// vector.

/// The body for each 0 <= i < count: whole vectors first, then what is left as one vector of which some lanes are idle, so
/// that a short row costs no element by element loop. Which of the two an element falls to changes no bit of it.
#define EACH(BEGIN, END, BODY)                                            \
  {                                                                       \
    const ptrdiff_t whole = BEGIN + ((END - BEGIN) & ~(ptrdiff_t)(LANES - 1)); \
    ADJ_VECTORS(LANES) for (ptrdiff_t i = BEGIN; i < whole; ++i) { BODY } \
    ADJ_MASKED_VECTOR(LANES) for (ptrdiff_t i = whole; i < END; ++i) { BODY } \
  }

#define UNARY_LOOP(OPCODE, EXPRESSION)                                    \
  case OPCODE:                                                            \
    EACH(0, count, const REAL a = pa[i]; output[i] = EXPRESSION;)         \
    return;
#define LONE_LOOP(OPCODE, NAME)                                           \
  case OPCODE:                                                            \
    EACH(0, count, output[i] = FN(NAME)(pa[i]);)                          \
    return;
#define ANGLE_LOOP(OPCODE, NAME)                                                                \
  case OPCODE:                                                                                  \
    for (ptrdiff_t start = 0; start < count; start += BLOCK) {                                  \
      const ptrdiff_t end = count - start < BLOCK ? count : start + BLOCK;                      \
      int wide = 0;                                                                             \
      for (ptrdiff_t i = start; i < end; ++i) wide |= FN(is_wide)(pa[i]);                       \
      if (wide) {                                                                               \
        for (ptrdiff_t i = start; i < end; ++i) output[i] = FN(NAME)(pa[i]);                    \
      } else {                                                                                  \
        EACH(start, end, output[i] = FN(narrow_##NAME)(pa[i]);)                                 \
      }                                                                                         \
    }                                                                                           \
    return;
#define BINARY_LOOP(OPCODE, EXPRESSION)                                   \
  case OPCODE:                                                            \
    EACH(0, count, const REAL a = pa[i]; const REAL b = pb[i]; output[i] = EXPRESSION;) \
    return;
#define STRONG_LOOP(OPCODE, CONDITION, EXPRESSION)                        \
  case OPCODE:                                                            \
    EACH(0, count, const REAL a = pa[i]; const REAL b = pb[i]; output[i] = ADJ_STRONG(CONDITION, EXPRESSION);) \
    return;
#define TERNARY_LOOP(OPCODE, EXPRESSION)                                  \
  case OPCODE:                                                            \
    EACH(0, count, const REAL a = pa[i]; const REAL b = pb[i]; const REAL c = pc[i]; output[i] = EXPRESSION;) \
    return;
#define LOOP(FORM, NAME, TRAITS, ULPS, ...) FORM##_LOOP(adj_operation_##NAME, __VA_ARGS__)

/// output[i] = operation(a[i], b[i], c[i]) for 0 <= i < count; `output` may be any of them.
ADJ_INLINE void LOOPS(uint16_t operation, REAL *output, const REAL *pa, const REAL *pb, const REAL *pc,
                             ptrdiff_t count) {
  switch (operation) {
    ADJ_OPERATIONS(LOOP)
  }
}
#undef UNARY_LOOP
#undef LONE_LOOP
#undef ANGLE_LOOP
#undef BINARY_LOOP
#undef STRONG_LOOP
#undef TERNARY_LOOP
#undef LOOP
#undef EACH

/// Carries out the operations of a chain on one block.
ADJ_KERNEL(void, CHAIN, (const struct block *block), {
  const void **result = block->values + block->operand_count;
  for (ptrdiff_t index = 0; index < block->operation_count; ++index) {
    const struct adj_chain_operation at = block->operations[index];
    if (block->ahead_count > 0) fetch_ahead(block, index);
    REAL *to = result_of(block, at.place, sizeof(REAL));
    ptrdiff_t before = 0, after = 0;
    if (block->extents) {
      const struct adj_chain_extent extent = block->extents[result - block->values];
      const ptrdiff_t rest = block->total - block->position - block->count;
      before = block->position < extent.before ? block->position : extent.before;
      after = rest < extent.after ? rest : extent.after;
      // From the start of a vector on: the elements more are there, and nothing wanted comes of them.
      if (block->position >= FRONT) before = (before + LANES - 1) & ~(ptrdiff_t)(LANES - 1);
    }
    if (at.operation == ADJ_CHAIN_SPLICE) {
      *result++ = splice(block->pieces + at.a, at.b, block->values, sizeof(REAL), (char *)to, block->position, -before,
                         block->count + after);
      continue;
    }
    LOOPS(at.operation, to - before, (const REAL *)block->values[at.a] - before,
          (const REAL *)block->values[at.b] - before, (const REAL *)block->values[at.c] - before,
          before + block->count + after);
    *result++ = to;
  }
})

ADJ_KERNEL(void, SPLAT, (REAL *target, REAL value, ptrdiff_t count), {
  for (ptrdiff_t i = 0; i < count; ++i) target[i] = value;
})

ADJ_KERNEL(int, GATHER, (REAL *target, const REAL *table, const int32_t *indices, ptrdiff_t count, uint32_t rows), {
  int outside = 0;
  for (ptrdiff_t i = 0; i < count; ++i) outside |= (uint32_t)indices[i] >= rows;
  if (outside) return 0;
  for (ptrdiff_t i = 0; i < count; ++i) target[i] = table[indices[i]];
  return 1;
})

#undef REAL
#undef FN
#undef LOOPS
#undef CHAIN
#undef SPLAT
#undef GATHER
#undef LANES
