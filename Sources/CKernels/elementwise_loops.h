// Included once for each REAL, with FN, LOOPS and SPLAT naming what it defines.

/// output[i] = operation(a[i], b[i], c[i]) for 0 <= i < count; `output` may be any of them.
ADJ_CLONES static void LOOPS(uint16_t operation, REAL *output, const REAL *pa, const REAL *pb, const REAL *pc,
                             ptrdiff_t count) {
  switch (operation) {
#define X(OPCODE, EXPRESSION)                                             \
  case OPCODE:                                                            \
    ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) {               \
      const REAL a = pa[i];                                               \
      output[i] = EXPRESSION;                                             \
    }                                                                     \
    return;
    ADJ_UNARY_OPERATIONS(X)
#undef X
#define X(OPCODE, NAME)                                                                         \
  case OPCODE:                                                                                  \
    for (ptrdiff_t start = 0; start < count; start += BLOCK) {                                  \
      const ptrdiff_t end = count - start < BLOCK ? count : start + BLOCK;                      \
      int wide = 0;                                                                             \
      for (ptrdiff_t i = start; i < end; ++i) wide |= FN(is_wide)(pa[i]);                       \
      if (wide) {                                                                               \
        for (ptrdiff_t i = start; i < end; ++i) output[i] = FN(NAME)(pa[i]);                    \
      } else {                                                                                  \
        ADJ_INDEPENDENT for (ptrdiff_t i = start; i < end; ++i) {                               \
          output[i] = FN(narrow_##NAME)(pa[i]);                                                 \
        }                                                                                       \
      }                                                                                         \
    }                                                                                           \
    return;
    ADJ_ANGLE_OPERATIONS(X)
#undef X
#define X(OPCODE, EXPRESSION)                                             \
  case OPCODE:                                                            \
    ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) {               \
      const REAL a = pa[i], b = pb[i];                                    \
      output[i] = EXPRESSION;                                             \
    }                                                                     \
    return;
    ADJ_BINARY_OPERATIONS(X)
#undef X
#define X(OPCODE, EXPRESSION)                                             \
  case OPCODE:                                                            \
    ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) {               \
      const REAL a = pa[i], b = pb[i], c = pc[i];                         \
      output[i] = EXPRESSION;                                             \
    }                                                                     \
    return;
    ADJ_TERNARY_OPERATIONS(X)
#undef X
  }
}

ADJ_CLONES static void SPLAT(REAL *target, REAL value, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; ++i) target[i] = value;
}

#undef REAL
#undef FN
#undef LOOPS
#undef SPLAT
