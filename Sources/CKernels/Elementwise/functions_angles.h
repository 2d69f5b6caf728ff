#pragma once

// Sine and cosine of floats and of doubles, without branches for the angles that occur; of wide ones by as many digits
// of 2 / pi as it takes.
//
// Polynomials: S. Moshier, Cephes Mathematical Library (sinf.c); FreeBSD msun (k_sin.c, k_cos.c). Wide angles: M.
// Payne, R. Hanek, "Radian reduction for trigonometric functions", SIGNUM Newsletter 18, 1983.

#include "functions_f32.h"
#include "functions_f64.h"

/// The binary digits of 2 / pi behind the point, in words, from the first one on; after 64 zeros for doubles.
static const uint32_t adj_two_over_pi_f32[] = {
    0xA2F9836E, 0x4E441529, 0xFC2757D1, 0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB,
};
static const uint64_t adj_two_over_pi_f64[] = {
    0x0000000000000000, 0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041, 0xFE5163ABDEBBC561,
    0xB7246E3A424DD2E0, 0x06492EEA09D1921C, 0xFE1DEB1CB129A73E, 0xE88235F52EBB4484, 0xE99C7026B45F7E41,
    0x3991D639835339F4, 0x9C845F8BBDF9283B, 0x1FF897FFDE05980F, 0xEF2F118B5A0A6D1F, 0x6D367ECF27CB09B7,
    0x4F463F669E5FEA2D, 0x7527BAC7EBE5F17B, 0x3D0739F78A5292EA, 0x6BFB5FB11F8D5D08, 0x56033046FC7B6BAB,
    0xF0CFBC209AF4361D,
};

/// Past this, taking multiples of pi / 2 off a float loses digits of pi.
#define ADJ_WIDE_ANGLE_F32 4.0e8f
/// The largest angle that is reduced already: at most pi / 4.
#define ADJ_SMALL_ANGLE_F32 0.785f

/// sin(x - low) for |x| <= pi / 4, of which `low` is at most the last place. The factor 6 has the term of x³ take it
/// off.
ADJ_INLINE float adj_reduced_sin_f32(float x, float low) {
  float z = x * x;
  float p = ADJ_FMA(-1.9515295891e-4f, z * z, ADJ_FMA(8.3321608736e-3f, z, -1.6666654611e-1f));
  return ADJ_FMA(p, ADJ_FMA(z, x, 6.0f * low), x);
}

/// cos(x - low) likewise. What rounding took off 1 - z / 2 is added to the smaller terms.
ADJ_INLINE float adj_reduced_cos_f32(float x, float low) {
  float z = x * x;
  float half = 0.5f * z;
  float near = 1.0f - half;
  float p = ADJ_FMA(2.443315711809948e-5f, z, -1.388731625493765e-3f);
  p = ADJ_FMA(p, z, 4.166664568298827e-2f);
  float rest = ADJ_FMA(low, x, (1.0f - near) - half);
  return near + ADJ_FMA(p, z * z, rest);
}

/// sin(r + quadrant · pi / 2) for |r| <= pi / 4, which is cut in two floats.
ADJ_INLINE float adj_turned_f32(double r, uint32_t quadrant) {
  double high = adj_float_f64(adj_bits_f64(r) & ~(uint64_t)0x1FFFFFFF);
  float low = (float)(high - r);
  float sine = adj_reduced_sin_f32((float)high, low), cosine = adj_reduced_cos_f32((float)high, low);
  float chosen = quadrant & 1 ? cosine : sine;
  return adj_float_f32(adj_bits_f32(chosen) ^ (quadrant & 2) << 30);
}

/// sin(x + quarters · pi / 2) for |x| <= ADJ_WIDE_ANGLE_F32; NaN for infinity. A small x stays as it is.
ADJ_INLINE float adj_turn_f32(float x, uint32_t quarters) {
  const double shift = 6755399441055744.0;
  double angle = x;
  double shifted = ADJ_FMA(angle, 6.36619772367581382433e-01, shift);
  double n = shifted - shift;
  uint32_t quadrant = (uint32_t)adj_bits_f64(shifted) + quarters;
  return adj_turned_f32(ADJ_FMA(-n, 1.58932547735281966916e-08, ADJ_FMA(-n, 1.57079631090164184570e+00, angle)),
                        quadrant);
}

/// sin(x + quarters · pi / 2) for |x| >= 2^25; NaN for infinity and NaN.
///
/// x = m · 2^e with a whole m of 24 bits. Digits of 2 / pi whose product with 2^e is a multiple of 4 turn full circles
/// and are left out; 96 after them give 2 of the quarter's number and at least 70 behind the point, of which an angle
/// next to a multiple of pi / 2 loses 30.
ADJ_LARGE float adj_wide_turn_f32(float x, uint32_t quarters) {
  uint32_t bits = adj_bits_f32(x), exponent = bits >> 23 & 0xFF;
  uint32_t m = (bits & 0x007FFFFF) | 0x00800000;
  if (exponent == 0xFF) return NAN;
  uint32_t first = exponent - (127 + 23 + 2);
  const uint32_t *words = adj_two_over_pi_f32 + first / 32;
  uint32_t shift = first % 32;
  uint64_t a = ((uint64_t)words[0] << 32 | words[1]) << shift >> 32;
  uint64_t b = ((uint64_t)words[1] << 32 | words[2]) << shift >> 32;
  uint64_t c = ((uint64_t)words[2] << 32 | words[3]) << shift >> 32;
  uint64_t turns = (m * a << 32) + m * b + (m * c >> 32);
  // The nearest whole number of quarters, and what is left, between minus and plus one half.
  uint32_t quadrant = (uint32_t)((turns + ((uint64_t)1 << 61)) >> 62);
  double r = (double)(int64_t)(turns - ((uint64_t)quadrant << 62)) * 0x1.921fb54442d18p-62;
  return bits >> 31 ? adj_turned_f32(-r, quarters - quadrant) : adj_turned_f32(r, quarters + quadrant);
}

ADJ_INLINE int adj_is_wide_f32(float x) { return adj_absolute_f32(x) > ADJ_WIDE_ANGLE_F32; }
ADJ_INLINE float adj_narrow_sin_f32(float x) { return adj_turn_f32(x, 0); }
ADJ_INLINE float adj_narrow_cos_f32(float x) { return adj_turn_f32(x, 1); }

/// One angle alone: a small one does not wait for the reduction that would leave it as it is.
ADJ_INLINE float adj_sin_f32(float x) {
  if (adj_absolute_f32(x) <= ADJ_SMALL_ANGLE_F32) return adj_reduced_sin_f32(x, 0.0f);
  return adj_is_wide_f32(x) ? adj_wide_turn_f32(x, 0) : adj_narrow_sin_f32(x);
}

ADJ_INLINE float adj_cos_f32(float x) {
  if (adj_absolute_f32(x) <= ADJ_SMALL_ANGLE_F32) return adj_reduced_cos_f32(x, 0.0f);
  return adj_is_wide_f32(x) ? adj_wide_turn_f32(x, 1) : adj_narrow_cos_f32(x);
}

/// Past this, the multiples of the parts of pi / 2 are no longer exact.
#define ADJ_WIDE_ANGLE_F64 8.0e5

/// sin(angle + rest + quadrant · pi / 2) for |angle| <= pi / 4 and a `rest` of at most the last place.
ADJ_LARGE double adj_turned_f64(double angle, double rest, uint64_t quadrant) {
  double z = angle * angle;
  double fourth = z * z;
  double cube = z * angle;
  double sine = ADJ_FMA(1.58969099521155010221e-10, z, -2.50507602534068634195e-08);
  sine = ADJ_FMA(sine, fourth, ADJ_FMA(2.75573137070700676789e-06, z, -1.98412698298579493134e-04));
  sine = ADJ_FMA(sine, z, 8.33333333332248946124e-03);
  sine = angle - ADJ_FMA(cube, 1.66666666666666324348e-01, ADJ_FMA(z, ADJ_FMA(0.5, rest, -(cube * sine)), -rest));
  double cosine = ADJ_FMA(-1.13596475577881948265e-11, z, 2.08757232129817482790e-09);
  cosine = ADJ_FMA(cosine, fourth, ADJ_FMA(-2.75573143513906633035e-07, z, 2.48015872894767294178e-05));
  cosine = ADJ_FMA(cosine, fourth, ADJ_FMA(-1.38888888888741095749e-03, z, 4.16666666666666019037e-02));
  double half = 0.5 * z;
  double near = 1.0 - half;
  cosine = near + (((1.0 - near) - half) + ADJ_FMA(z, z * cosine, -(angle * rest)));
  double chosen = quadrant & 1 ? cosine : sine;
  return quadrant & 2 ? -chosen : chosen;
}

/// sin(x + quarters · pi / 2) for |x| <= ADJ_WIDE_ANGLE_F64.
///
/// pi / 2 is the sum of three parts of 33 bits, whose multiples are exact, and a rest. What taking them off x rounds
/// away is kept in `rest`, so that next to a multiple of pi / 2 the result has as many right digits as anywhere. The
/// sine of -0 is -0.
ADJ_INLINE double adj_turn_f64(double x, uint64_t quarters) {
  const double shift = 6755399441055744.0;
  double shifted = ADJ_FMA(x, 6.36619772367581382433e-01, shift);
  double n = shifted - shift;
  uint64_t quadrant = adj_bits_f64(shifted) + quarters;
  double first = ADJ_FMA(-n, 1.57079632673412561417e+00, x);
  double second = n * 6.07710050630396597660e-11;
  double r = first - second;
  double back = r - first;
  double lost = (first - (r - back)) - (second + back);
  double third = ADJ_FMA(n, 2.02226624871116645580e-21, n * 8.47842766036889956997e-32);
  double angle = r + (lost - third);
  double rest = (r - angle) + (lost - third);
  double result = adj_turned_f64(angle, rest, quadrant);
  return quarters == 0 && x == 0.0 ? x : result;
}

/// sin(x + quarters · pi / 2) for |x| >= 1; NaN for infinity and NaN.
///
/// It works as `adj_wide_turn_f32` does. Of the 192 digits at least 137 are fractional and right; an angle next to a
/// multiple of pi / 2 loses 62 of them.
ADJ_LARGE double adj_wide_turn_f64(double x, uint64_t quarters) {
  uint64_t bits = adj_bits_f64(x), m = (bits & 0x000FFFFFFFFFFFFF) | 0x0010000000000000;
  uint64_t exponent = bits >> 52 & 0x7FF;
  if (exponent == 0x7FF) return NAN;
  uint64_t first = exponent - (1023 + 52 + 2 - 64);
  const uint64_t *words = adj_two_over_pi_f64 + first / 64;
  uint64_t shift = first % 64;
  uint64_t a = words[0] << shift | words[1] >> 1 >> (63 - shift);
  uint64_t b = words[1] << shift | words[2] >> 1 >> (63 - shift);
  uint64_t c = words[2] << shift | words[3] >> 1 >> (63 - shift);
  unsigned __int128 low = (unsigned __int128)m * c;
  unsigned __int128 middle = (unsigned __int128)m * b + (uint64_t)(low >> 64);
  uint64_t turns = m * a + (uint64_t)(middle >> 64), behind = (uint64_t)middle, last = (uint64_t)low;
  // The nearest whole number of quarters, and how far it is off.
  uint64_t quadrant = (turns + ((uint64_t)1 << 61)) >> 62;
  turns -= quadrant << 62;
  int below = turns >> 63 != 0;
  if (below) {
    last = -last;
    behind = ~behind + (last == 0);
    turns = ~turns + (last == 0 && behind == 0);
  }
  // Its first 117 binary digits that count, as the sum of two doubles.
  int zeros = 0;
  if (turns == 0) turns = behind, behind = last, zeros = 64;
  int more = __builtin_clzll(turns | 1);
  turns = turns << more | behind >> 1 >> (63 - more);
  behind = behind << more | last >> 1 >> (63 - more);
  double high = (double)(turns >> 11), low_part = (double)(turns << 53 | behind >> 11) * 0x1p-64;
  // Times pi / 2, in two parts.
  double product = high * 0x1.921fb54442d18p+0;
  double lost = ADJ_FMA(high, 0x1.921fb54442d18p+0, -product);
  lost = ADJ_FMA(high, 0x1.1a62633145c07p-54, ADJ_FMA(low_part, 0x1.921fb54442d18p+0, lost));
  double scale = adj_float_f64((uint64_t)(1023 - 51 - zeros - more) << 52);
  double sum = product + lost;
  double angle = sum * scale, rest = (lost - (sum - product)) * scale;
  int negative = bits >> 63 != 0;
  if (negative != below) angle = -angle, rest = -rest;
  return adj_turned_f64(angle, rest, quarters + (negative ? -quadrant : quadrant));
}

ADJ_INLINE int adj_is_wide_f64(double x) { return adj_absolute_f64(x) > ADJ_WIDE_ANGLE_F64; }
ADJ_INLINE double adj_narrow_sin_f64(double x) { return adj_turn_f64(x, 0); }
ADJ_INLINE double adj_narrow_cos_f64(double x) { return adj_turn_f64(x, 1); }
ADJ_INLINE double adj_sin_f64(double x) { return adj_is_wide_f64(x) ? adj_wide_turn_f64(x, 0) : adj_narrow_sin_f64(x); }
ADJ_INLINE double adj_cos_f64(double x) { return adj_is_wide_f64(x) ? adj_wide_turn_f64(x, 1) : adj_narrow_cos_f64(x); }
