// The machine for graphs of scalars: elementwise operations with one lane, operands anywhere in a slab.
//
// A run of one operation is computed in blocks of a fixed length whose operands are gathered, without a branch between
// them. Results are apart from operands, so that what is left over is not looped over one by one: the last block begins
// where it ends with the run, and computes again what the one before it has computed already.

#include "include/CKernels.h"
#include "functions.h"

/// The longest block: the lanes of one AVX-512 register, two of AVX2.
#define LONG_BLOCK 16  // Decisions/Scalars.md
#define SHORT_BLOCK ADJ_SCALAR_SHORTEST_RUN

#define EACH(LENGTH, LANES)                                                              \
  _Pragma("clang loop vectorize(assume_safety) unroll(disable)")                         \
  for (ptrdiff_t i = 0; i < LENGTH; ++i) { LANES }

#define GATHER_1(i) const REAL a = slab[pa[i]];
#define GATHER_2(i) GATHER_1(i) const REAL b = slab[pb[i]];
#define GATHER_3(i) GATHER_2(i) const REAL c = slab[pc[i]];

/// A block of `LENGTH` results from the pointers `pa`, `pb`, `pc` and `out`.
#define BLOCK_OF(LENGTH, ARITY, EXPRESSION) EACH(LENGTH, GATHER_##ARITY(i) out[i] = EXPRESSION;)

/// The same for an angle: together only while none of the block is wide.
#define BLOCK_OF_ANGLES(LENGTH, NAME)                                                    \
  REAL angles[LENGTH];                                                                   \
  int wide = 0;                                                                          \
  EACH(LENGTH, angles[i] = slab[pa[i]];)                                                 \
  EACH(LENGTH, wide |= FN(is_wide)(angles[i]);)                                          \
  if (wide) {                                                                            \
    for (ptrdiff_t i = 0; i < LENGTH; ++i) out[i] = FN(NAME)(angles[i]);                 \
  } else {                                                                               \
    EACH(LENGTH, out[i] = FN(narrow_##NAME)(angles[i]);)                                 \
  }

/// Where code of this kind is run. It ends with a jump of its own to the next, so that the processor sees what usually
/// comes after it: one jump for all of them is foreseen less well.
#define CODE(OPCODE, FORM) CODE_OF(OPCODE, FORM)
#define CODE_OF(OPCODE, FORM) OPCODE##_##FORM:
#define NEXT                                                                             \
  if (code >= end) return;                                                               \
  goto *(base + offsets[*code & ((1u << ADJ_SCALAR_KIND_BITS) - 1)])

/// How many bytes of code are asked for before they are read. Operands lie in as many streams as a gate has, anew in each
/// run, which the processor takes too long to recognise.
#define AHEAD 4096  // Decisions/Scalars.md
#define LINE 64

ADJ_INLINE void fetch(const void *base, uintptr_t bytes) { __builtin_prefetch((const void *)((uintptr_t)base + bytes)); }

#define FETCH_CODE(LENGTH, ARITY)                                                        \
  for (uintptr_t bytes = 0; bytes < LENGTH * ARITY * sizeof *first; bytes += LINE)       \
    fetch(first + ARITY * done, AHEAD + bytes);

#define RUN(OPCODE, ARITY, LONG, SHORT)                                                  \
  CODE(OPCODE, ADJ_SCALAR_RUN) {                                                         \
    const ptrdiff_t count = code[0] >> ADJ_SCALAR_KIND_BITS;                             \
    const uint32_t *const first = code + 1;                                              \
    if (count >= LONG_BLOCK) {                                                           \
      for (ptrdiff_t done = 0; done < count; done += LONG_BLOCK) {                       \
        const ptrdiff_t at = done + LONG_BLOCK <= count ? done : count - LONG_BLOCK;     \
        const uint32_t *const pa = first + at, *const pb = pa + count, *const pc = pb + count; \
        REAL *const out = result + at;                                                   \
        (void)pb, (void)pc;                                                              \
        FETCH_CODE(LONG_BLOCK, ARITY)                                                    \
        LONG                                                                             \
      }                                                                                  \
    } else {                                                                             \
      for (ptrdiff_t done = 0; done < count; done += SHORT_BLOCK) {                      \
        const ptrdiff_t at = done + SHORT_BLOCK <= count ? done : count - SHORT_BLOCK;   \
        const uint32_t *const pa = first + at, *const pb = pa + count, *const pc = pb + count; \
        REAL *const out = result + at;                                                   \
        (void)pb, (void)pc;                                                              \
        FETCH_CODE(SHORT_BLOCK, ARITY)                                                   \
        SHORT                                                                            \
      }                                                                                  \
    }                                                                                    \
    code = first + ARITY * count;                                                        \
    result += count;                                                                     \
    NEXT;                                                                                \
  }

/// A single gate: the results of the two singles before it stay in registers.
#define SINGLE(OPCODE, FORM, WORDS, OPERANDS, EXPRESSION)                                \
  CODE(OPCODE, FORM) {                                                                   \
    OPERANDS                                                                             \
    before = last;                                                                       \
    last = EXPRESSION;                                                                   \
    *result++ = last;                                                                    \
    code += 1 + WORDS;                                                                   \
    NEXT;                                                                                \
  }

/// Gates of one operation, each of which reads the result of the one before it.
#define SERIES(OPCODE, EXPRESSION)                                                       \
  CODE(OPCODE, ADJ_SCALAR_SERIES) {                                                      \
    const uint32_t *pb = code + 1;                                                       \
    code = pb + (code[0] >> ADJ_SCALAR_KIND_BITS);                                       \
    do {                                                                                 \
      const REAL a = last, b = slab[*pb++];                                              \
      before = last;                                                                     \
      last = EXPRESSION;                                                                 \
      *result++ = last;                                                                  \
    } while (pb < code);                                                                 \
    NEXT;                                                                                \
  }

#define UNARY_GATE(OPCODE, EXPRESSION)                                                   \
  SINGLE(OPCODE, ADJ_SCALAR_SINGLE, 1, const REAL a = slab[code[1]];, EXPRESSION)        \
  SINGLE(OPCODE, ADJ_SCALAR_A_IS_LAST, 0, const REAL a = last;, EXPRESSION)              \
  SINGLE(OPCODE, ADJ_SCALAR_A_IS_BEFORE, 0, const REAL a = before;, EXPRESSION)
#define UNARY_CASES(OPCODE, EXPRESSION)                                                  \
  RUN(OPCODE, 1, BLOCK_OF(LONG_BLOCK, 1, EXPRESSION), BLOCK_OF(SHORT_BLOCK, 1, EXPRESSION)) \
  UNARY_GATE(OPCODE, EXPRESSION)
#define LONE_CASES(OPCODE, NAME)                                                         \
  RUN(OPCODE, 1, BLOCK_OF(LONG_BLOCK, 1, FN(NAME)(a)), BLOCK_OF(SHORT_BLOCK, 1, FN(NAME)(a))) \
  UNARY_GATE(OPCODE, FN(lone_##NAME)(a))
#define ANGLE_CASES(OPCODE, NAME)                                                        \
  RUN(OPCODE, 1, BLOCK_OF_ANGLES(LONG_BLOCK, NAME), BLOCK_OF_ANGLES(SHORT_BLOCK, NAME))  \
  UNARY_GATE(OPCODE, FN(NAME)(a))
#define BINARY_GATE(OPCODE, EXPRESSION)                                                  \
  SINGLE(OPCODE, ADJ_SCALAR_SINGLE, 2, const REAL a = slab[code[1]]; const REAL b = slab[code[2]];, EXPRESSION) \
  SINGLE(OPCODE, ADJ_SCALAR_A_IS_LAST, 1, const REAL a = last; const REAL b = slab[code[1]];, EXPRESSION) \
  SINGLE(OPCODE, ADJ_SCALAR_B_IS_LAST, 1, const REAL a = slab[code[1]]; const REAL b = last;, EXPRESSION) \
  SINGLE(OPCODE, ADJ_SCALAR_A_IS_BEFORE, 1, const REAL a = before; const REAL b = slab[code[1]];, EXPRESSION) \
  SINGLE(OPCODE, ADJ_SCALAR_LAST_AND_BEFORE, 0, const REAL a = last; const REAL b = before;, EXPRESSION) \
  SINGLE(OPCODE, ADJ_SCALAR_BEFORE_AND_LAST, 0, const REAL a = before; const REAL b = last;, EXPRESSION)
#define BINARY_CASES(OPCODE, EXPRESSION)                                                 \
  RUN(OPCODE, 2, BLOCK_OF(LONG_BLOCK, 2, EXPRESSION), BLOCK_OF(SHORT_BLOCK, 2, EXPRESSION)) \
  SERIES(OPCODE, EXPRESSION)                                                             \
  BINARY_GATE(OPCODE, EXPRESSION)

/// A NaN is rare: a gate alone branches on it, and nothing waits for the branch.
#define STRONG_GATE(CONDITION, EXPRESSION)                                               \
  ({                                                                                     \
    REAL y = EXPRESSION;                                                                 \
    if (__builtin_expect(y != y, 0)) {                                                   \
      ADJ_RARELY;                                                                        \
      if (CONDITION) y = FN(signed)((REAL)0, a, b);                                      \
    }                                                                                    \
    y;                                                                                   \
  })
#define STRONG_CASES(OPCODE, CONDITION, EXPRESSION)                                      \
  RUN(OPCODE, 2, BLOCK_OF(LONG_BLOCK, 2, ADJ_STRONG(CONDITION, EXPRESSION)),             \
      BLOCK_OF(SHORT_BLOCK, 2, ADJ_STRONG(CONDITION, EXPRESSION)))                       \
  SERIES(OPCODE, STRONG_GATE(CONDITION, EXPRESSION))                                     \
  BINARY_GATE(OPCODE, STRONG_GATE(CONDITION, EXPRESSION))

#define TERNARY_CASES(OPCODE, EXPRESSION)                                                \
  RUN(OPCODE, 3, BLOCK_OF(LONG_BLOCK, 3, EXPRESSION), BLOCK_OF(SHORT_BLOCK, 3, EXPRESSION)) \
  SINGLE(OPCODE, ADJ_SCALAR_SINGLE, 3,                                                   \
         const REAL a = slab[code[1]]; const REAL b = slab[code[2]]; const REAL c = slab[code[3]];, EXPRESSION)

#define CASES(FORM, NAME, TRAITS, ULPS, ...) FORM##_CASES(adj_operation_##NAME, __VA_ARGS__)

/// Where the kinds of code are, counted from `base`.
#define PLACE(OPCODE, FORM) PLACE_OF(OPCODE, FORM)
#define PLACE_OF(OPCODE, FORM) \
  [ADJ_SCALAR_KIND(OPCODE, FORM)] = (int32_t)((const char *)&&OPCODE##_##FORM - (const char *)&&unknown),
#define UNARY_PLACES(OPCODE)                                                             \
  PLACE(OPCODE, ADJ_SCALAR_RUN)                                                          \
  PLACE(OPCODE, ADJ_SCALAR_SINGLE)                                                       \
  PLACE(OPCODE, ADJ_SCALAR_A_IS_LAST)                                                    \
  PLACE(OPCODE, ADJ_SCALAR_A_IS_BEFORE)
#define LONE_PLACES UNARY_PLACES
#define ANGLE_PLACES UNARY_PLACES
#define BINARY_PLACES(OPCODE)                                                            \
  UNARY_PLACES(OPCODE)                                                                   \
  PLACE(OPCODE, ADJ_SCALAR_SERIES)                                                       \
  PLACE(OPCODE, ADJ_SCALAR_B_IS_LAST)                                                    \
  PLACE(OPCODE, ADJ_SCALAR_LAST_AND_BEFORE)                                              \
  PLACE(OPCODE, ADJ_SCALAR_BEFORE_AND_LAST)
#define STRONG_PLACES BINARY_PLACES
#define TERNARY_PLACES(OPCODE)                                                           \
  PLACE(OPCODE, ADJ_SCALAR_RUN)                                                          \
  PLACE(OPCODE, ADJ_SCALAR_SINGLE)
#define PLACES(FORM, NAME, TRAITS, ULPS, ...) FORM##_PLACES(adj_operation_##NAME)

/// Code of a kind that there is not leads to `unknown`, as all that the table does not name.
#define DEFINE_MACHINE(NAME)                                                             \
  ADJ_KERNEL(void, NAME, (const uint32_t *code, const uint32_t *end, REAL *slab, REAL *result), { \
    static const int32_t offsets[1 << ADJ_SCALAR_KIND_BITS] = {                          \
        ADJ_OPERATIONS(PLACES) PLACE(ADJ_SCALAR_FETCH, ADJ_SCALAR_RUN)};                 \
    const char *const base = (const char *)&&unknown;                                    \
    REAL last = 0, before = 0;                                                           \
    NEXT;                                                                                \
    ADJ_OPERATIONS(CASES)                                                                \
    CODE(ADJ_SCALAR_FETCH, ADJ_SCALAR_RUN) {                                             \
      const uint32_t *line = code + 1;                                                   \
      for (code = line + (code[0] >> ADJ_SCALAR_KIND_BITS); line < code; ++line) fetch(slab, (uintptr_t)*line * LINE); \
      NEXT;                                                                              \
    }                                                                                    \
    unknown:                                                                             \
    __builtin_trap();                                                                    \
  })

#define REAL float
#define FN(name) adj_##name##_f32
DEFINE_MACHINE(machine_f32)
#undef REAL
#undef FN

#define REAL double
#define FN(name) adj_##name##_f64
DEFINE_MACHINE(machine_f64)
#undef REAL
#undef FN

void adj_scalars(uint8_t type, const uint32_t *code, ptrdiff_t words, void *slab, ptrdiff_t first_result) {
  if (adj_is_float32(type)) ADJ_BEST(machine_f32)(code, code + words, slab, (float *)slab + first_result);
  else ADJ_BEST(machine_f64)(code, code + words, slab, (double *)slab + first_result);
}
