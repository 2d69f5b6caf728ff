#pragma once

// The table of element types, a line each. All else about them follows from it: the cases of Swift's `ElementType`, the
// bytes of an element, its numbers at the edges, its name in files, and the loops that cast and fill.

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

// X(name, element, wide, kind, precision, exponent, stored).
//
// name: the case of Swift's `ElementType`, and what messages call it. Those of kind ARITHMETIC stand first.
// element: the type of C as which an element lies in memory.
// wide: f32, f64, i32 or i64, the least of these that has each element exactly. An element is cast to any type from
//   there, by functions of CElementCasts.h: `adj_wide_of_<name>` and, for each `wide`, `adj_<name>_of_<wide>`.
// kind: ARITHMETIC, floating-point numbers that gates compute with; FLOATING, such that are stored, moved and cast;
//   INTEGER.
// precision, exponent: the largest element is (2 - 2^(1 - precision)) · 2^exponent.
// stored: the type's name in a safetensors file.
#define ADJ_ELEMENT_TYPES(X)                                 \
  X(float32, float, f32, ARITHMETIC, 24, 127, "F32")         \
  X(float64, double, f64, ARITHMETIC, 53, 1023, "F64")       \
  X(int32, int32_t, i32, INTEGER, 31, 30, "I32")             \
  X(int64, int64_t, i64, INTEGER, 63, 62, "I64")             \
  X(bool, uint8_t, i32, INTEGER, 1, 0, "BOOL")               \
  X(float16, uint16_t, f32, FLOATING, 11, 15, "F16")         \
  X(bfloat16, uint16_t, f32, FLOATING, 8, 127, "BF16")

#define ADJ_TYPE(NAME, ...) adj_element_##NAME __attribute__((swift_name(#NAME))),

enum __attribute__((enum_extensibility(closed))) adj_element_type : uint8_t { ADJ_ELEMENT_TYPES(ADJ_TYPE) };

enum : uint8_t { ADJ_KIND_INTEGER = 0, ADJ_KIND_FLOATING = 1, ADJ_KIND_ARITHMETIC = 3 };

#define ADJ_ONE_TYPE_MORE(...) +1
#define ADJ_ONE_IF_ARITHMETIC(NAME, ELEMENT, WIDE, KIND, ...) +(ADJ_KIND_##KIND == ADJ_KIND_ARITHMETIC)

enum {
  ADJ_TYPE_COUNT = 0 ADJ_ELEMENT_TYPES(ADJ_ONE_TYPE_MORE),
  ADJ_ARITHMETIC_TYPE_COUNT = 0 ADJ_ELEMENT_TYPES(ADJ_ONE_IF_ARITHMETIC),
};

#define ADJ_STANDS_FIRST(NAME, ELEMENT, WIDE, KIND, ...)                                                  \
  _Static_assert((adj_element_##NAME < ADJ_ARITHMETIC_TYPE_COUNT) == (ADJ_KIND_##KIND == ADJ_KIND_ARITHMETIC),      \
                 "types that gates compute with stand first");
ADJ_ELEMENT_TYPES(ADJ_STANDS_FIRST)

/// What the table says of a type.
struct adj_element_facts {
  const char *name, *stored;
  int16_t precision, exponent;
  uint8_t size, kind;
};

/// By element type.
extern const struct adj_element_facts adj_element_table[ADJ_TYPE_COUNT];

static inline struct adj_element_facts adj_facts_of_element(uint8_t type) { return adj_element_table[type]; }

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
