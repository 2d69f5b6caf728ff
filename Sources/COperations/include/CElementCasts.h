#pragma once

// One element of a type as one of another. Each is the nearest number of its type, a tie going to the even one, by the
// same operations on every processor, whether or not it can convert halves itself:
//   a floating-point number beyond the largest becomes an infinity, one below the smallest a zero of its sign, a NaN
//   stays one with as many of its bits as there is room for, and is quiet;
//   a floating-point number becomes the integer before its point, one out of range the nearest that is in it, a NaN 0;
//   an integer beyond the range of another becomes the nearest in it.

#include "CElementTypes.h"

#include <string.h>

typedef float adj_f32;
typedef double adj_f64;
typedef int32_t adj_i32;
typedef int64_t adj_i64;

static inline uint32_t adj_bits_of_f32(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
static inline float adj_f32_of_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// float32

static inline float adj_wide_of_float32(float x) { return x; }
static inline float adj_float32_of_f32(float x) { return x; }
static inline float adj_float32_of_f64(double x) { return (float)x; }
static inline float adj_float32_of_i32(int32_t x) { return (float)x; }
static inline float adj_float32_of_i64(int64_t x) { return (float)x; }

// float64

static inline double adj_wide_of_float64(double x) { return x; }
static inline double adj_float64_of_f32(float x) { return x; }
static inline double adj_float64_of_f64(double x) { return x; }
static inline double adj_float64_of_i32(int32_t x) { return x; }
static inline double adj_float64_of_i64(int64_t x) { return (double)x; }

// int32

static inline int32_t adj_wide_of_int32(int32_t x) { return x; }
static inline int32_t adj_int32_of_f32(float x) {
  return x != x ? 0 : x >= 0x1p31f ? INT32_MAX : x < -0x1p31f ? INT32_MIN : (int32_t)x;
}
static inline int32_t adj_int32_of_f64(double x) {
  return x != x ? 0 : x >= 0x1p31 ? INT32_MAX : x <= -0x1p31 ? INT32_MIN : (int32_t)x;
}
static inline int32_t adj_int32_of_i32(int32_t x) { return x; }
static inline int32_t adj_int32_of_i64(int64_t x) {
  return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int32_t)x;
}

// int64

static inline int64_t adj_wide_of_int64(int64_t x) { return x; }
static inline int64_t adj_int64_of_f32(float x) {
  return x != x ? 0 : x >= 0x1p63f ? INT64_MAX : x < -0x1p63f ? INT64_MIN : (int64_t)x;
}
static inline int64_t adj_int64_of_f64(double x) {
  return x != x ? 0 : x >= 0x1p63 ? INT64_MAX : x < -0x1p63 ? INT64_MIN : (int64_t)x;
}
static inline int64_t adj_int64_of_i32(int32_t x) { return x; }
static inline int64_t adj_int64_of_i64(int64_t x) { return x; }

// bool: whatever is not 0 is 1, in memory, too.

static inline int32_t adj_wide_of_bool(uint8_t x) { return x != 0; }
static inline uint8_t adj_bool_of_f32(float x) { return x != 0; }
static inline uint8_t adj_bool_of_f64(double x) { return x != 0; }
static inline uint8_t adj_bool_of_i32(int32_t x) { return x != 0; }
static inline uint8_t adj_bool_of_i64(int64_t x) { return x != 0; }

// float16 and bfloat16: rounded from a float, and from what a float does not have by way of the float that is odd.

/// Of the two floats around x the one whose last digit is 1, and x where it is a float: rounded to fewer digits than a
/// float has, at least two less, it gives what x would. (Boldo, Melquiond, When double rounding is odd, 2005.)
static inline float adj_odd_f32_of_f64(double x) {
  const float nearest = (float)x;
  const double back = nearest;
  const uint32_t bits = adj_bits_of_f32(nearest);
  const uint32_t toward_zero = __builtin_fabs(back) > __builtin_fabs(x) ? (uint32_t)-1 : 1;
  return adj_f32_of_bits(back != x && x == x && !(bits & 1) ? bits + toward_zero : bits);
}
/// The same of an integer, to the digits that a double has.
static inline double adj_odd_f64_of_i64(int64_t x) {
  const int64_t lowest = x & 0x7ff, kept = x - lowest;
  const int isLarge = x >= (INT64_C(1) << 53) || x <= -(INT64_C(1) << 53);
  return (double)(isLarge ? kept | (int64_t)(lowest != 0) << 11 : x);
}

static inline float adj_wide_of_float16(uint16_t x) {
  const uint32_t sign = (uint32_t)(x & 0x8000) << 16, magnitude = x & 0x7fff;
  const uint32_t normal = (magnitude << 13) + ((127 - 15) << 23);
  const uint32_t subnormal = adj_bits_of_f32((float)(int32_t)magnitude * 0x1p-24f);
  const uint32_t beyond = magnitude << 13 | 0x7f800000 | (magnitude > 0x7c00 ? 0x00400000 : 0);
  return adj_f32_of_bits(sign | (magnitude < 0x0400 ? subnormal : magnitude < 0x7c00 ? normal : beyond));
}
static inline uint16_t adj_float16_of_f32(float x) {
  const uint32_t bits = adj_bits_of_f32(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  const uint32_t normal = (magnitude - ((127 - 15) << 23) + 0x0fff + (magnitude >> 13 & 1)) >> 13;
  // Next to 1/2 a float's last digit is that of the smallest half.
  const uint32_t subnormal = adj_bits_of_f32(adj_f32_of_bits(magnitude) + 0.5f) - adj_bits_of_f32(0.5f);
  const uint32_t beyond = magnitude > 0x7f800000 ? 0x7e00 | (magnitude >> 13 & 0x03ff) : 0x7c00;
  return (uint16_t)(sign | (magnitude < 0x38800000 ? subnormal : magnitude < 0x47800000 ? normal : beyond));
}

static inline float adj_wide_of_bfloat16(uint16_t x) {
  return adj_f32_of_bits((uint32_t)x << 16 | ((x & 0x7fff) > 0x7f80 ? 0x00400000 : 0));
}
static inline uint16_t adj_bfloat16_of_f32(float x) {
  const uint32_t bits = adj_bits_of_f32(x);
  const uint32_t number = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x0040 : number);
}

#define ADJ_ROUNDED_FROM_FLOATS(NAME)                                                                              \
  static inline uint16_t adj_##NAME##_of_f64(double x) { return adj_##NAME##_of_f32(adj_odd_f32_of_f64(x)); }     \
  static inline uint16_t adj_##NAME##_of_i32(int32_t x) { return adj_##NAME##_of_f64(x); }                        \
  static inline uint16_t adj_##NAME##_of_i64(int64_t x) { return adj_##NAME##_of_f64(adj_odd_f64_of_i64(x)); }

ADJ_ROUNDED_FROM_FLOATS(float16)
ADJ_ROUNDED_FROM_FLOATS(bfloat16)
