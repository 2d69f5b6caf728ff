// The machine for graphs of scalars: elementwise operations with one lane, operands anywhere in a slab.

#include "include/CKernels.h"
#include "operations.h"

// A run of one operation is looped without looking at the switch again.
#define RUN(OPCODE, EXPRESSION)                                                       \
  case OPCODE:                                                                        \
    do {                                                                              \
      const REAL a = slab[next->a], b = slab[next->b], c = slab[next->c];             \
      (void)a, (void)b, (void)c;                                                      \
      slab[next->result] = EXPRESSION;                                                \
      ++next;                                                                         \
    } while (next < end && next->operation == OPCODE);                                \
    break;
#define RUN_ANGLE(OPCODE, NAME) RUN(OPCODE, FN(NAME)(a))

#define DEFINE_MACHINE(NAME)                                                                                \
  ADJ_CLONES static void NAME(const struct adj_scalar_instruction *next, ptrdiff_t count, REAL *slab) {     \
    const struct adj_scalar_instruction *end = next + count;                                                \
    while (next < end) {                                                                                    \
      switch (next->operation) {                                                                            \
        ADJ_UNARY_OPERATIONS(RUN)                                                                           \
        ADJ_ANGLE_OPERATIONS(RUN_ANGLE)                                                                     \
        ADJ_BINARY_OPERATIONS(RUN)                                                                          \
        ADJ_TERNARY_OPERATIONS(RUN)                                                                         \
        default: __builtin_trap();                                                                          \
      }                                                                                                     \
    }                                                                                                       \
  }

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

void adj_scalars(uint8_t type, const struct adj_scalar_instruction *instructions, ptrdiff_t count, void *slab) {
  if (type == ADJ_FLOAT32) machine_f32(instructions, count, slab);
  else machine_f64(instructions, count, slab);
}
