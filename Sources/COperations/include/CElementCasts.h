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
