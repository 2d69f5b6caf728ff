#pragma once

// Every elementwise operation, defined once. The loops over tensors and the machine for scalars both expand these
// lists, which is why they agree to the bit. REAL is the element type and FN(f) its function, set by the includer.
//
// Within one operation a product and a sum may be contracted to a fused multiply-add; between two never, because each
// result is stored. X(opcode, expression in a, b, c).

#include "functions_f32.h"
#include "functions_f64.h"
#include "functions_normal.h"
#include "functions_power.h"
#include "functions_special.h"
#include "include/CKernels.h"

#define ADJ_UNARY_OPERATIONS(X)                                         \
  X(ADJ_COPY, a)                                                        \
  X(ADJ_NEGATE, -a)                                                     \
  X(ADJ_SQUARE, a * a)                                                  \
  X(ADJ_SQUARE_ROOT, FN(sqrt)(a))                                       \
  X(ADJ_EXPONENTIAL, FN(exp)(a))                                        \
  X(ADJ_LOGARITHM, FN(log)(a))                                          \
  X(ADJ_TANH, FN(tanh)(a))                                              \
  X(ADJ_RELU, (a > (REAL)0 || a != a) ? a : (REAL)0)                    \
  X(ADJ_ABSOLUTE, FN(absolute)(a))                                      \
  X(ADJ_SIGN, a > (REAL)0 ? (REAL)1 : (a < (REAL)0 ? (REAL)-1 : a))    \
  X(ADJ_ERROR_FUNCTION, FN(erf)(a))                                     \
  X(ADJ_EXPONENTIAL_MINUS_ONE, FN(expm1)(a))                            \
  X(ADJ_SOFTPLUS, FN(softplus)(a))                                      \
  X(ADJ_SIGMOID_SLOPE, FN(sigmoid_slope)(a))                            \
  X(ADJ_BELL, FN(bell)(a))                                              \
  X(ADJ_NORMAL_DISTRIBUTION, FN(normal_distribution)(a))                \
  X(ADJ_TANH_NORMAL_DISTRIBUTION, FN(tanh_normal_distribution)(a))

/// Of which there is a shorter way for one number alone, to the same bits: FN(lone_NAME).
#define ADJ_LONE_OPERATIONS(X) X(ADJ_SIGMOID, sigmoid)

/// Vectorised only while no angle of a block is wide.
#define ADJ_ANGLE_OPERATIONS(X) \
  X(ADJ_SINE, sin)              \
  X(ADJ_COSINE, cos)

#define ADJ_BINARY_OPERATIONS(X)                  \
  X(ADJ_ADD, a + b)                               \
  X(ADJ_SUBTRACT, a - b)                          \
  X(ADJ_MULTIPLY, a * b)                          \
  X(ADJ_DIVIDE, a / b)                            \
  X(ADJ_POWER, FN(pow)(a, b))                     \
  X(ADJ_MAXIMUM, FN(maximum)(a, b))               \
  X(ADJ_MINIMUM, FN(minimum)(a, b))               \
  X(ADJ_HYPOTENUSE, FN(hypotenuse)(a, b))         \
  X(ADJ_GREATER, a > b ? (REAL)1 : (REAL)0)       \
  X(ADJ_EQUAL, a == b ? (REAL)1 : (REAL)0)

/// X(opcode, condition, expression): the expression, and a zero of the sign of a product or quotient of a and b where the
/// condition holds. So the bits are those of the plain product or quotient wherever that is a number.
#define ADJ_STRONG_OPERATIONS(X)                                        \
  X(ADJ_DOWNSTREAM, a == (REAL)0, a * b)                                \
  X(ADJ_MUTUAL_PRODUCT, ((a == (REAL)0) | (b == (REAL)0)), a * b)       \
  X(ADJ_DOWNSTREAM_QUOTIENT, a == (REAL)0, a / b)
/// What an operation of these lists gives: without a branch, in loops over many.
#define ADJ_STRONG(CONDITION, EXPRESSION) FN(signed)((CONDITION) ? (REAL)0 : (EXPRESSION), a, b)

/// route(upstream, a, b): what max(a, b) sends back to a; a tie is split evenly.
#define ADJ_TERNARY_OPERATIONS(X)                                    \
  X(ADJ_SELECT, a != (REAL)0 ? b : c)                                \
  X(ADJ_ROUTE, b > c ? a : (b == c ? a * (REAL)0.5 : (REAL)0))       \
  X(ADJ_SHIFTED_POWER, FN(shifted_power)(a, b, c))
