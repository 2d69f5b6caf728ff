// The copy gate's adder: contributions added in the order they are given, element by element.

#include "include/CKernels.h"
#include "targets.h"
#include <string.h>

/// Elements whose partial sums stay in the L1 cache while all inputs pass by.
#define BLOCK 1024  // Decisions/Sums.md

#define DEFINE_ACCUMULATE(NAME, ELEMENT, PLUS)                                                                   \
  ADJ_KERNEL(void, NAME, (const void *const *inputs, ptrdiff_t count, ELEMENT *output, ptrdiff_t begin,           \
                          ptrdiff_t end), {                                                                       \
    for (ptrdiff_t start = begin; start < end; start += BLOCK) {                                                 \
      const ptrdiff_t length = end - start < BLOCK ? end - start : BLOCK;                                        \
      ELEMENT *to = output + start;                                                                              \
      const ELEMENT *first = (const ELEMENT *)inputs[0] + start;                                                 \
      if (count == 1) {                                                                                          \
        if (to != first) memcpy(to, first, (size_t)length * sizeof(ELEMENT));                                    \
        continue;                                                                                                \
      }                                                                                                          \
      const ELEMENT *second = (const ELEMENT *)inputs[1] + start;                                                \
      ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < length; ++i) to[i] = PLUS(first[i], second[i]);                  \
      for (ptrdiff_t input = 2; input < count; ++input) {                                                        \
        const ELEMENT *next = (const ELEMENT *)inputs[input] + start;                                            \
        ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < length; ++i) to[i] = PLUS(to[i], next[i]);                     \
      }                                                                                                          \
    }                                                                                                            \
  })

#define PLUS_REAL(a, b) ((a) + (b))
#define PLUS_INTEGER(a, b) ((int32_t)((uint32_t)(a) + (uint32_t)(b)))
DEFINE_ACCUMULATE(accumulate_f32, float, PLUS_REAL)
DEFINE_ACCUMULATE(accumulate_f64, double, PLUS_REAL)
DEFINE_ACCUMULATE(accumulate_i32, int32_t, PLUS_INTEGER)

#define DEFINE_ADD_ZERO(NAME, ELEMENT)                                                          \
  ADJ_KERNEL(void, NAME, (const ELEMENT *input, ELEMENT *output, ptrdiff_t count), {         \
    ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) output[i] = input[i] + (ELEMENT)0;    \
  })
DEFINE_ADD_ZERO(add_zero_f32, float)
DEFINE_ADD_ZERO(add_zero_f64, double)

void adj_add_zero(uint8_t type, const void *input, void *output, ptrdiff_t count) {
  if (adj_is_float32(type)) ADJ_BEST(add_zero_f32)(input, output, count);
  else ADJ_BEST(add_zero_f64)(input, output, count);
}

void adj_accumulate(uint8_t type, const void *const *inputs, ptrdiff_t count, void *output, ptrdiff_t begin,
                    ptrdiff_t end) {
  switch (type) {
    case adj_element_float32: ADJ_BEST(accumulate_f32)(inputs, count, output, begin, end); return;
    case adj_element_float64: ADJ_BEST(accumulate_f64)(inputs, count, output, begin, end); return;
    case adj_element_int32: ADJ_BEST(accumulate_i32)(inputs, count, output, begin, end); return;
    default: __builtin_trap();
  }
}
