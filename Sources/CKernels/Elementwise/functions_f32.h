#pragma once

// Elementary functions of a float, free of branches so that a loop over them is vectorised. Each rounds the same
// wherever it stands in a loop: no result depends on an element's position. Over every float the result is the
// correctly rounded one or its neighbour; sigmoid's at most the one after.
//
// Polynomials: S. Moshier, Cephes Mathematical Library (expf.c, logf.c, tanhf.c).

#include "targets.h"
#include <stdint.h>
#include <string.h>

ADJ_INLINE uint32_t adj_bits_f32(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

ADJ_INLINE float adj_float_f32(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

ADJ_INLINE float adj_sqrt_f32(float x) { return ADJ_SQRT(x); }
ADJ_INLINE float adj_absolute_f32(float x) { return adj_float_f32(adj_bits_f32(x) & 0x7FFFFFFFu); }

/// The whole number next to x, of two the even one: what is added leaves no room for digits behind the point.
ADJ_INLINE float adj_round_f32(float x) {
  float magnitude = adj_absolute_f32(x);
  float whole = (magnitude + 8388608.0f) - 8388608.0f;
  float result = adj_float_f32(adj_bits_f32(whole) | (adj_bits_f32(x) & 0x80000000u));
  return magnitude < 8388608.0f ? result : x;
}

/// The greatest whole number that is not above x.
ADJ_INLINE float adj_floor_f32(float x) {
  float whole = adj_round_f32(x);
  return whole - (whole > x ? 1.0f : 0.0f);
}

/// x with a minus sign if a and b are numbers of different signs, as their product has. The sign of a NaN, which is not the
/// same on all processors, does not count.
ADJ_INLINE float adj_signed_f32(float x, float a, float b) {
  uint32_t sign = (adj_bits_f32(a) ^ adj_bits_f32(b)) & 0x80000000u;
  return adj_float_f32(adj_bits_f32(x) | (((a == a) & (b == b)) ? sign : 0));
}

/// 2 to the power of `n`, for -126 <= n <= 127.
ADJ_INLINE float adj_power_of_two_f32(int32_t n) { return adj_float_f32((uint32_t)(n + 127) << 23); }

/// The exponent of a normal number, and -127 of smaller ones.
ADJ_INLINE int adj_exponent_f32(float x) { return (int)(adj_bits_f32(x) >> 23 & 0xFF) - 127; }

/// What e^x is made of: e^r - 1 with |r| <= ln 2 / 2, and an n with x = n · ln 2 + r, in two halves.
typedef struct {
  float minus_one;
  int32_t half, rest;
} adj_exp_parts_f32;

/// Takes x = high - low apart with n = round(x / ln 2), for -110 <= x <= 100. Adding 1.5 · 2^23 rounds to an integer
/// and leaves it in the low bits, without a conversion that a NaN would make undefined. Terms are paired so that few
/// wait for one another: alone, a gate costs what it waits.
ADJ_INLINE adj_exp_parts_f32 adj_split_exp_f32(float high, float low) {
  const float shift = 12582912.0f;
  float shifted = ADJ_FMA(high - low, 1.44269504088896341f, shift);
  uint32_t difference = adj_bits_f32(shifted) - 0x4B400000u;
  float n = shifted - shift;
  float r = ADJ_FMA(-n, 0.693359375f, high);
  r = ADJ_FMA(n, 2.12194440e-4f, r) - low;
  float square = r * r;
  float p = ADJ_FMA(1.9875691500e-4f, r, 1.3981999507e-3f);
  p = ADJ_FMA(p, square, ADJ_FMA(8.3334519073e-3f, r, 4.1665795894e-2f));
  p = ADJ_FMA(p, square, ADJ_FMA(1.6666665459e-1f, r, 5.0000001201e-1f));
  p = ADJ_FMA(p, square, r);
  int32_t half = (int32_t)difference >> 1;
  return (adj_exp_parts_f32){p, half, (int32_t)(difference - (uint32_t)half)};
}

/// e^x = 2^n · e^r, for -110 <= x <= 100. The power of two is multiplied in two halves, so that results too small for
/// a normal float are rounded once and results too large overflow to infinity.
ADJ_INLINE float adj_bounded_exp_f32(float x) {
  adj_exp_parts_f32 parts = adj_split_exp_f32(x, 0.0f);
  float first = adj_power_of_two_f32(parts.half);
  return ADJ_FMA(parts.minus_one, first, first) * adj_power_of_two_f32(parts.rest);
}

ADJ_INLINE float adj_exp_f32(float x) {
  float bounded = x > 100.0f ? 100.0f : x;
  return adj_bounded_exp_f32(bounded < -110.0f ? -110.0f : bounded);
}

/// ln x = k · ln 2 + ln m with sqrt(1/2) <= m < sqrt(2); subnormal numbers are first multiplied by 2^23.
ADJ_INLINE float adj_log_f32(float x) {
  int subnormal = x < 1.17549435e-38f;
  float normal = subnormal ? x * 8388608.0f : x;
  uint32_t bits = adj_bits_f32(normal) + (0x3F800000u - 0x3F3504F3u);
  float k = (float)((int32_t)(bits >> 23) - (subnormal ? 127 + 23 : 127));
  float m = adj_float_f32((bits & 0x007FFFFFu) + 0x3F3504F3u) - 1.0f;
  float square = m * m;
  float p = 7.0376836292e-2f;
  p = ADJ_FMA(p, m, -1.1514610310e-1f);
  p = ADJ_FMA(p, m, 1.1676998740e-1f);
  p = ADJ_FMA(p, m, -1.2420140846e-1f);
  p = ADJ_FMA(p, m, 1.4249322787e-1f);
  p = ADJ_FMA(p, m, -1.6668057665e-1f);
  p = ADJ_FMA(p, m, 2.0000714765e-1f);
  p = ADJ_FMA(p, m, -2.4999993993e-1f);
  p = ADJ_FMA(p, m, 3.3333331174e-1f);
  p = p * m * square;
  p = ADJ_FMA(k, -2.12194440e-4f, p);
  p = p - 0.5f * square;
  float result = ADJ_FMA(k, 0.693359375f, m + p);
  result = x == INFINITY ? x : result;
  result = x == 0.0f ? -INFINITY : result;
  return x < 0.0f ? NAN : (x != x ? x : result);
}

ADJ_INLINE float adj_tanh_f32(float x) {
  float magnitude = adj_absolute_f32(x);
  float square = magnitude * magnitude;
  float p = -5.70498872745e-3f;
  p = ADJ_FMA(p, square, 2.06390887954e-2f);
  p = ADJ_FMA(p, square, -5.37397155531e-2f);
  p = ADJ_FMA(p, square, 1.33314422036e-1f);
  p = ADJ_FMA(p, square, -3.33332819422e-1f);
  float small = ADJ_FMA(p * square, magnitude, magnitude);
  float large = 1.0f - 2.0f / (adj_exp_f32(2.0f * magnitude) + 1.0f);
  float result = magnitude < 0.625f ? small : large;
  return adj_float_f32(adj_bits_f32(result) | (adj_bits_f32(x) & 0x80000000u));
}

/// 1 / (1 + e^-x) for x = high + low, numerator and denominator multiplied by 2^bias / 2^127, for -113 <= x <= 87 and
/// a `low` of at most the last place.
///
/// e^-x = e^r · (1 + d) · 2^n, where n · ln 2 is taken off in two parts: r waits for the first only, d is the second.
ADJ_INLINE float adj_bounded_sigmoid_f32(float high, float low, float numerator, uint32_t bias) {
  const float shift = 12582912.0f;
  float shifted = ADJ_FMA(high, -1.44269504088896341f, shift);
  float n = shifted - shift;
  float r = ADJ_FMA(-n, 0.693145751953125f, -high) - low;
  float power = adj_float_f32((adj_bits_f32(shifted) - 0x4B400000u + bias) << 23);
  power = ADJ_FMA(-power, n * 1.42860676533018718e-6f, power);
  float sum = numerator + power;
  float square = r * r;
  float p = ADJ_FMA(1.9875691500e-4f, r, 1.3981999507e-3f);
  p = ADJ_FMA(p, square, ADJ_FMA(8.3334519073e-3f, r, 4.1665795894e-2f));
  float q = ADJ_FMA(ADJ_FMA(1.6666665459e-1f, r, 5.0000001201e-1f), square, r);
  float minus_one = ADJ_FMA(p, square * square, q);
  return numerator / ADJ_FMA(minus_one, power, sum);
}

/// 1 / (1 + e^-x) for x = high + low, both 2^-64 of what they are where e^-x would overflow.
ADJ_INLINE float adj_sigmoid_of_parts_f32(float high, float low) {
  float bounded = high < -113.0f ? -113.0f : high;
  bounded = bounded > 87.0f ? 87.0f : bounded;
  int far = high < -60.0f;
  return adj_bounded_sigmoid_f32(bounded, low, far ? 0x1p-64f : 1.0f, far ? 127 - 64 : 127);
}

ADJ_INLINE float adj_sigmoid_f32(float x) { return adj_sigmoid_of_parts_f32(x, 0.0f); }

/// The same of one number alone, which does not wait to be bounded.
ADJ_INLINE float adj_lone_sigmoid_f32(float x) {
  if (adj_absolute_f32(x) <= 60.0f) return adj_bounded_sigmoid_f32(x, 0.0f, 1.0f, 127);
  ADJ_RARELY;
  return adj_sigmoid_f32(x);
}

/// IEEE 754-2019 `maximum`: NaN if either is, +0 above -0.
ADJ_INLINE float adj_maximum_f32(float a, float b) {
  float tied = adj_float_f32(adj_bits_f32(a) & adj_bits_f32(b));
  return a == b ? tied : ((a > b || a != a) ? a : b);
}

/// IEEE 754-2019 `minimum`: NaN if either is, -0 below +0.
ADJ_INLINE float adj_minimum_f32(float a, float b) {
  float tied = adj_float_f32(adj_bits_f32(a) | adj_bits_f32(b));
  return a == b ? tied : ((a < b || a != a) ? a : b);
}
