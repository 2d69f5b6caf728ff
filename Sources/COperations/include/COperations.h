#pragma once

// The table of elementwise operations, a line each. All else about them follows from it: the opcodes, the cases of
// Swift's `ElementwiseOperation`, the loops over tensors and the machine for scalars, which therefore agree to the bit,
// what an operation is estimated to cost, and how exact it claims to be. Their order is that of the opcodes.
//
// What is computed for each element on its own, from operands broadcast to one shape, gives at the edges what IEEE 754
// says: the logarithm of 0 is -∞, the root of -1 NaN, 1 / 0 is ∞. A NaN operand makes the result NaN, except in
// comparisons (0), in `select` and `route`, which pass on only what they choose, in `downstream` and its relatives next
// to a 0, and in powers of 1 or to 0, which are 1.

#include <stdint.h>

#include "CElementCasts.h"
#include "CElementTypes.h"

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

// X(form, name, traits, ulps, expression).
//
// form: how many operands there are, a, b and c, and what the loops do with the expression:
//   UNARY, BINARY, TERNARY   it is the result. REAL is the element type and FN(f) its function, set by the includer.
//                            Within it a product and a sum may be contracted to a fused multiply-add; between two
//                            operations never, because each result is stored.
//   LONE                     UNARY by the function FN(expression), of which there is a shorter way for one number
//                            alone, to the same bits: FN(lone_expression).
//   ANGLE                    UNARY by the function FN(expression), vectorised only while no angle of a block is wide.
//   STRONG                   BINARY with a condition and an expression: the expression, and a zero of the sign of a
//                            product or quotient of a and b where the condition holds. So the bits are those of the
//                            plain product or quotient wherever that is a number.
// traits: ARITHMETIC, a few instructions; COMMUTATIVE, such whose bits are the same with a and b exchanged; FUNCTION,
//   an exponential, a logarithm or their like.
// ulps: by how many units in the last place the result may be off; 0 if it is the exact one, rounded once.
#define ADJ_OPERATIONS(X)                                                                                             \
  X(UNARY, copy, ARITHMETIC, 0, a)                                                                                    \
  X(UNARY, negate, ARITHMETIC, 0, -a)                                                                                 \
  X(UNARY, square, ARITHMETIC, 0, a * a)                                                                              \
  X(UNARY, squareRoot, ARITHMETIC, 0, FN(sqrt)(a))                                                                    \
  X(UNARY, exponential, FUNCTION, 4, FN(exp)(a))                                                                      \
  X(UNARY, logarithm, FUNCTION, 4, FN(log)(a))                                                                        \
  X(ANGLE, sine, FUNCTION, 4, sin)                                                                                    \
  X(ANGLE, cosine, FUNCTION, 4, cos)                                                                                  \
  X(UNARY, tanh, FUNCTION, 4, FN(tanh)(a))                                                                            \
  /* 1 / (1 + e^-a). */                                                                                               \
  X(LONE, sigmoid, FUNCTION, 4, sigmoid)                                                                              \
  /* max(a, 0). */                                                                                                    \
  X(UNARY, relu, ARITHMETIC, 0, (a > (REAL)0 || a != a) ? a : (REAL)0)                                                \
  X(UNARY, absolute, ARITHMETIC, 0, FN(absolute)(a))                                                                  \
  /* 1, 0 or -1, and NaN for NaN; a zero keeps its sign. */                                                           \
  X(UNARY, sign, ARITHMETIC, 0, a > (REAL)0 ? (REAL)1 : (a < (REAL)0 ? (REAL)-1 : a))                                 \
  X(BINARY, add, COMMUTATIVE, 0, a + b)                                                                               \
  X(BINARY, subtract, ARITHMETIC, 0, a - b)                                                                           \
  X(BINARY, multiply, COMMUTATIVE, 0, a * b)                                                                          \
  X(BINARY, divide, ARITHMETIC, 0, a / b)                                                                             \
  /* a to the power of b. */                                                                                          \
  X(BINARY, power, FUNCTION, 2, FN(pow)(a, b))                                                                        \
  /* These two as in IEEE 754-2019: NaN if either operand is, and +0 above -0. */                                     \
  X(BINARY, maximum, ARITHMETIC, 0, FN(maximum)(a, b))                                                                \
  X(BINARY, minimum, ARITHMETIC, 0, FN(minimum)(a, b))                                                                \
  X(BINARY, greater, ARITHMETIC, 0, a > b ? (REAL)1 : (REAL)0)                                                        \
  X(BINARY, equal, ARITHMETIC, 0, a == b ? (REAL)1 : (REAL)0)                                                         \
  X(TERNARY, select, ARITHMETIC, 0, a != (REAL)0 ? b : c)                                                             \
  /* What max(b, c) sends back to b from upstream a; a tie is split evenly. */                                        \
  X(TERNARY, route, ARITHMETIC, 0, b > c ? a : (b == c ? a * (REAL)0.5 : (REAL)0))                                    \
  /* (2 / √π) ∫₀ᵃ e^-t² dt. */                                                                                        \
  X(UNARY, errorFunction, FUNCTION, 4, FN(erf)(a))                                                                    \
  /* e^a - 1, as exact near 0 as elsewhere. */                                                                        \
  X(UNARY, exponentialMinusOne, FUNCTION, 4, FN(expm1)(a))                                                            \
  /* ln(1 + e^a). */                                                                                                  \
  X(UNARY, softplus, FUNCTION, 4, FN(softplus)(a))                                                                    \
  /* The slope of the sigmoid, e^-|a| / (1 + e^-|a|)². */                                                             \
  X(UNARY, sigmoidSlope, FUNCTION, 4, FN(sigmoid_slope)(a))                                                           \
  /* e^(-a² / 2). */                                                                                                  \
  X(UNARY, bell, FUNCTION, 4, FN(bell)(a))                                                                            \
  /* The distribution function of the normal distribution, erfc(-a / √2) / 2. */                                      \
  X(UNARY, normalDistribution, FUNCTION, 4, FN(normal_distribution)(a))                                               \
  /* 1 / (1 + e^-t) with t = 2 √(2 / π) (a + 0.044715 a³). */                                                         \
  X(UNARY, tanhNormalDistribution, FUNCTION, 4, FN(tanh_normal_distribution)(a))                                      \
  /* a · b, and 0 where a is 0, whatever b is. */                                                                     \
  X(STRONG, downstream, ARITHMETIC, 0, a == (REAL)0, a * b)                                                           \
  /* The same where either is 0, whatever the other is. */                                                            \
  X(STRONG, mutualProduct, COMMUTATIVE, 0, ((a == (REAL)0) | (b == (REAL)0)), a * b)                                  \
  /* a / b, and 0 where a is 0, whatever b is. */                                                                     \
  X(STRONG, downstreamQuotient, ARITHMETIC, 0, a == (REAL)0, a / b)                                                   \
  /* a to the power of b - c, c being a small whole number, as if b - c were not rounded: its digits count, and its   \
     being whole or odd where a is negative. Else as `power`. */                                                      \
  X(TERNARY, shiftedPower, FUNCTION, 2, FN(shifted_power)(a, b, c))                                                   \
  /* √(a² + b²), also where a square is too large or too small to be held. */                                         \
  X(BINARY, hypotenuse, ARITHMETIC, 2, FN(hypotenuse)(a, b))                                                          \
  /* The angle in -π...π of the point (b, a), its ordinate first; of zeros and infinities as in C. */                 \
  X(BINARY, atan2, FUNCTION, 4, FN(atan2)(a, b))                                                                      \
  /* a / (a² + b²), also where a square is too large or too small to be held; 0 at the origin and at infinity. */     \
  X(BINARY, circleInversion, FUNCTION, 4, FN(circle_inversion)(a, b))                                                 \
  /* ln(1 + a), as exact near 0 as elsewhere. */                                                                      \
  X(UNARY, logarithmOfOnePlus, FUNCTION, 4, FN(log1p)(a))                                                             \
  /* Whole numbers: not above a, not below a, and next to a, of two the even one. A zero has the sign of a. */        \
  X(UNARY, floor, ARITHMETIC, 0, FN(floor)(a))                                                                        \
  X(UNARY, ceiling, ARITHMETIC, 0, -FN(floor)(-a))                                                                    \
  X(UNARY, round, ARITHMETIC, 0, FN(round)(a))                                                                        \

#define ADJ_OPCODE(FORM, NAME, TRAITS, ULPS, ...) \
  adj_operation_##NAME __attribute__((swift_name(#NAME))),

enum __attribute__((enum_extensibility(closed), swift_name("ElementwiseOperation"))) adj_operation : uint8_t {
  ADJ_OPERATIONS(ADJ_OPCODE)
};

#define ADJ_ONE_MORE(FORM, NAME, TRAITS, ULPS, ...) +1

enum {
  ADJ_OPERATION_COUNT = 0 ADJ_OPERATIONS(ADJ_ONE_MORE),
};

enum : uint8_t { ADJ_ARITHMETIC = 0, ADJ_COMMUTATIVE = 1, ADJ_FUNCTION = 2 };

/// The bits of an opcode, in which one more stands for what is no operation.
enum { ADJ_OPCODE_BITS = 8 };
_Static_assert(ADJ_OPERATION_COUNT < 1 << ADJ_OPCODE_BITS, "an opcode has too few bits for all operations");

/// What the table says of an operation.
struct adj_operation_facts {
  const char *name;
  uint8_t arity, traits, ulps;
};

/// By opcode.
extern const struct adj_operation_facts adj_operation_table[ADJ_OPERATION_COUNT];

static inline struct adj_operation_facts adj_facts_of(uint8_t opcode) { return adj_operation_table[opcode]; }

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
