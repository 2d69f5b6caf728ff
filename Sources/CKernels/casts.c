// Elements of any type as those of any other: out of memory into a wide type that has each of them exactly, and from
// there into the other. Where either is that wide type itself, that is one loop, else two over blocks that stay in the
// L1 cache: so a type costs five loops, and not two for each other type.

#include "include/CKernels.h"
#include "targets.h"
#include <string.h>

/// Elements of a block between two loops.
#define BLOCK 512  // Decisions/Kernels.md

enum wide { WIDE_f32, WIDE_f64, WIDE_i32, WIDE_i64 };

#define DEFINE_INTO(NAME, ELEMENT, FROM)                                                                       \
  ADJ_KERNEL(void, into_##NAME##_of_##FROM, (const adj_##FROM *input, ELEMENT *output, ptrdiff_t count), {     \
    ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) output[i] = adj_##NAME##_of_##FROM(input[i]);        \
  })

#define DEFINE_LOOPS(NAME, ELEMENT, WIDE, ...)                                                                 \
  ADJ_KERNEL(void, out_of_##NAME, (const ELEMENT *input, adj_##WIDE *output, ptrdiff_t count), {               \
    ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) output[i] = adj_wide_of_##NAME(input[i]);            \
  })                                                                                                           \
  DEFINE_INTO(NAME, ELEMENT, f32)                                                                              \
  DEFINE_INTO(NAME, ELEMENT, f64)                                                                              \
  DEFINE_INTO(NAME, ELEMENT, i32)                                                                              \
  DEFINE_INTO(NAME, ELEMENT, i64)                                                                              \
  static void into_##NAME(enum wide wide, const void *input, void *output, ptrdiff_t count) {                  \
    switch (wide) {                                                                                            \
      case WIDE_f32: ADJ_BEST(into_##NAME##_of_f32)(input, output, count); return;                             \
      case WIDE_f64: ADJ_BEST(into_##NAME##_of_f64)(input, output, count); return;                             \
      case WIDE_i32: ADJ_BEST(into_##NAME##_of_i32)(input, output, count); return;                             \
      case WIDE_i64: ADJ_BEST(into_##NAME##_of_i64)(input, output, count); return;                             \
    }                                                                                                          \
  }
ADJ_ELEMENT_TYPES(DEFINE_LOOPS)

#define IS_WIDE(ELEMENT, WIDE) _Generic((ELEMENT)0, adj_##WIDE: 1, default: 0)

/// The wide type of each type, and whether its elements lie in memory as that.
static const struct {
  uint8_t wide, is_wide, wide_size;
} layouts[] = {
#define LAYOUT(NAME, ELEMENT, WIDE, ...) {WIDE_##WIDE, IS_WIDE(ELEMENT, WIDE), sizeof(adj_##WIDE)},
    ADJ_ELEMENT_TYPES(LAYOUT)};

static void out_of(uint8_t type, const void *input, void *output, ptrdiff_t count) {
  switch (type) {
#define OUT_OF(NAME, ...) case adj_element_##NAME: ADJ_BEST(out_of_##NAME)(input, output, count); return;
    ADJ_ELEMENT_TYPES(OUT_OF)
  }
}

static void into(uint8_t type, enum wide wide, const void *input, void *output, ptrdiff_t count) {
  switch (type) {
#define INTO(NAME, ...) case adj_element_##NAME: into_##NAME(wide, input, output, count); return;
    ADJ_ELEMENT_TYPES(INTO)
  }
}

void adj_cast(uint8_t from, uint8_t to, const void *input, void *output, ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t size = adj_facts_of_element(from).size, result_size = adj_facts_of_element(to).size;
  if (from == to) {
    if (begin < end) memcpy((char *)output + begin * size, (const char *)input + begin * size, (size_t)((end - begin) * size));
    return;
  }
  const enum wide wide = layouts[from].wide;
  for (ptrdiff_t start = begin; start < end;) {
    const char *elements = (const char *)input + start * size;
    char *results = (char *)output + start * result_size;
    if (layouts[from].is_wide) {
      into(to, wide, elements, results, end - start);
      return;
    }
    if (layouts[to].is_wide && layouts[to].wide == wide) {
      out_of(from, elements, results, end - start);
      return;
    }
    _Alignas(64) char block[BLOCK * 8];
    const ptrdiff_t count = end - start < BLOCK ? end - start : BLOCK;
    out_of(from, elements, block, count);
    into(to, wide, block, results, count);
    start += count;
  }
}

/// Fills by the bits of an element.
#define DEFINE_FILL(NAME, BITS)                                                                \
  ADJ_KERNEL(void, NAME, (BITS bits, BITS *target, ptrdiff_t begin, ptrdiff_t end), {          \
    for (ptrdiff_t i = begin; i < end; ++i) target[i] = bits;                                  \
  })
DEFINE_FILL(fill_1, uint8_t)
DEFINE_FILL(fill_2, uint16_t)
DEFINE_FILL(fill_4, uint32_t)
DEFINE_FILL(fill_8, uint64_t)

void adj_fill(uint8_t type, double value, void *target, ptrdiff_t begin, ptrdiff_t end) {
  union {
    uint8_t bits_1;
    uint16_t bits_2;
    uint32_t bits_4;
    uint64_t bits_8;
  } element = {.bits_8 = 0};
  adj_cast(adj_element_float64, type, &value, &element, 0, 1);
  switch (adj_facts_of_element(type).size) {
    case 1: ADJ_BEST(fill_1)(element.bits_1, target, begin, end); return;
    case 2: ADJ_BEST(fill_2)(element.bits_2, target, begin, end); return;
    case 4: ADJ_BEST(fill_4)(element.bits_4, target, begin, end); return;
    default: ADJ_BEST(fill_8)(element.bits_8, target, begin, end);
  }
}

double adj_rounded(uint8_t type, double value) {
  uint64_t element = 0;
  adj_cast(adj_element_float64, type, &value, &element, 0, 1);
  adj_cast(type, adj_element_float64, &element, &value, 0, 1);
  return value;
}
