#pragma once

// Elementary functions of a double, free of branches as those of a float are, and within two units of the last place.
//
// Polynomials for log: FreeBSD msun (e_log.c); tanh: S. Moshier, Cephes Mathematical Library (tanh.c); exp:
// interpolation at the zeros of a Chebyshev polynomial, 3.4e-17 from e^r at most.

#include "targets.h"
#include <stdint.h>
#include <string.h>

ADJ_INLINE uint64_t adj_bits_f64(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

ADJ_INLINE double adj_float_f64(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

ADJ_INLINE double adj_sqrt_f64(double x) { return ADJ_SQRT(x); }
ADJ_INLINE double adj_absolute_f64(double x) { return adj_float_f64(adj_bits_f64(x) & 0x7FFFFFFFFFFFFFFFu); }

/// The whole number next to x, of two the even one: what is added leaves no room for digits behind the point.
ADJ_INLINE double adj_round_f64(double x) {
  double magnitude = adj_absolute_f64(x);
  double whole = (magnitude + 4503599627370496.0) - 4503599627370496.0;
  double result = adj_float_f64(adj_bits_f64(whole) | (adj_bits_f64(x) & 0x8000000000000000u));
  return magnitude < 4503599627370496.0 ? result : x;
}

/// The greatest whole number that is not above x.
ADJ_INLINE double adj_floor_f64(double x) {
  double whole = adj_round_f64(x);
  return whole - (whole > x ? 1.0 : 0.0);
}
ADJ_INLINE double adj_signed_f64(double x, double a, double b) {
  uint64_t sign = (adj_bits_f64(a) ^ adj_bits_f64(b)) & 0x8000000000000000u;
  return adj_float_f64(adj_bits_f64(x) | (((a == a) & (b == b)) ? sign : 0));
}

/// 2 to the power of `n`, for -1022 <= n <= 1023.
ADJ_INLINE double adj_power_of_two_f64(int64_t n) { return adj_float_f64((uint64_t)(n + 1023) << 52); }

/// The exponent of a normal number, and -1023 of smaller ones.
ADJ_INLINE int adj_exponent_f64(double x) { return (int)(adj_bits_f64(x) >> 52 & 0x7FF) - 1023; }

/// x · 2^n, rounded once: what is left for the second factor, where one is not enough, is 0 or loses no digit.
ADJ_INLINE double adj_scaled_f64(double x, int n) {
  n = n > 2046 ? 2046 : n < -2044 ? -2044 : n;
  int first = n > 1023 ? n - 1023 : n < -1022 ? n + 1022 : n;
  return x * adj_power_of_two_f64(first) * adj_power_of_two_f64(n - first);
}

/// The same of a float, whose product is exact as a double.
ADJ_INLINE float adj_scaled_f32(float x, int n) {
  return (float)(x * adj_power_of_two_f64(n > 500 ? 500 : n < -500 ? -500 : n));
}

/// What e^x is made of: e^r - 1 with |r| <= ln 2 / 2, and 2^n with x = n · ln 2 + r, in two halves.
typedef struct {
  double minus_one, first, second;
} adj_exp_parts_f64;

/// Takes x = high - low apart as for a float, for -760 <= x <= 720 and a `low` far smaller than 1. The bits of n are
/// taken apart by shifts alone, which every vector unit has.
ADJ_INLINE adj_exp_parts_f64 adj_split_exp_f64(double high, double low) {
  const double shift = 6755399441055744.0;
  double shifted = ADJ_FMA(high, 1.44269504088896338700e+00, shift);
  uint64_t exponent = adj_bits_f64(shifted) - 0x4338000000000000u;
  double n = shifted - shift;
  double r = ADJ_FMA(-n, 6.93147180369123816490e-01, high);
  r = ADJ_FMA(-n, 1.90821492927058770002e-10, r) - low;
  double square = r * r;
  double fourth = square * square;
  double p0 = ADJ_FMA(0x1.5555555554cb0p-5, r, 0x1.5555555555555p-3);
  double p2 = ADJ_FMA(0x1.6c16c173948e7p-10, r, 0x1.1111111110e68p-7);
  double p4 = ADJ_FMA(0x1.a019c98e708e7p-16, r, 0x1.a01a01a4b5f72p-13);
  double p6 = ADJ_FMA(0x1.288060f149570p-22, r, 0x1.71de17d5ef6f3p-19);
  p6 = ADJ_FMA(0x1.af2391d7f5e6cp-26, square, p6);
  p0 = ADJ_FMA(p2, square, p0);
  p4 = ADJ_FMA(p6, square, p4);
  double p = ADJ_FMA(p4, fourth, p0);
  p = ADJ_FMA(ADJ_FMA(p, r, 0.5), square, r);
  uint64_t half = ((exponent + 2048u) >> 1) - 1024u;
  double first = adj_float_f64((half + 1023u) << 52);
  double second = adj_float_f64((exponent - half + 1023u) << 52);
  return (adj_exp_parts_f64){p, first, second};
}

/// e^x = 2^n · e^r for -760 <= x <= 720.
ADJ_INLINE double adj_bounded_exp_f64(double x) {
  adj_exp_parts_f64 parts = adj_split_exp_f64(x, 0.0);
  return ADJ_FMA(parts.minus_one, parts.first, parts.first) * parts.second;
}

ADJ_INLINE double adj_exp_f64(double x) {
  double bounded = x > 720.0 ? 720.0 : x;
  return adj_bounded_exp_f64(bounded < -760.0 ? -760.0 : bounded);
}

/// ln x = k · ln 2 + ln m with sqrt(1/2) <= m < sqrt(2); subnormal numbers are first multiplied by 2^54. An integer
/// below 2^52 becomes a double by its bits.
ADJ_INLINE double adj_log_f64(double x) {
  int subnormal = x < 2.2250738585072014e-308;
  double normal = subnormal ? x * 18014398509481984.0 : x;
  uint64_t bits = adj_bits_f64(normal) + (0x3FF0000000000000u - 0x3FE6A09E667F3BCDu);
  double k = adj_float_f64((bits >> 52) | 0x4330000000000000u) - (subnormal ? 4503599627370496.0 + 1023.0 + 54.0
                                                                            : 4503599627370496.0 + 1023.0);
  double f = adj_float_f64((bits & 0x000FFFFFFFFFFFFFu) + 0x3FE6A09E667F3BCDu) - 1.0;
  double s = f / (2.0 + f);
  double z = s * s;
  double w = z * z;
  double even = ADJ_FMA(1.531383769920937332e-01, w, 2.222219843214978396e-01);
  even = ADJ_FMA(even, w, 3.999999999940941908e-01) * w;
  double odd = ADJ_FMA(1.479819860511658591e-01, w, 1.818357216161805012e-01);
  odd = ADJ_FMA(odd, w, 2.857142874366239149e-01);
  odd = ADJ_FMA(odd, w, 6.666666666666735130e-01) * z;
  double half = 0.5 * f * f;
  double p = ADJ_FMA(s, half + (even + odd), k * 1.90821492927058770002e-10);
  double result = ADJ_FMA(k, 6.93147180369123816490e-01, -((half - p) - f));
  result = x == INFINITY ? x : result;
  result = x == 0.0 ? -INFINITY : result;
  return x < 0.0 ? NAN : (x != x ? x : result);
}

ADJ_INLINE double adj_tanh_f64(double x) {
  double magnitude = adj_absolute_f64(x);
  double square = magnitude * magnitude;
  double p = ADJ_FMA(-9.64399179425052238628e-1, square, -9.92877231001918586564e1);
  p = ADJ_FMA(p, square, -1.61468768441708447952e3);
  double q = ADJ_FMA(square + 1.12811678491632931402e2, square, 2.23548839060100448583e3);
  q = ADJ_FMA(q, square, 4.84406305325125486048e3);
  // One quotient serves both: |x| + |x|^3 · p / q, or 1 - 2 / (e^2|x| + 1).
  int small = magnitude < 0.625;
  double above = small ? magnitude * square * p : -2.0;
  double below = small ? q : adj_exp_f64(2.0 * magnitude) + 1.0;
  double result = (small ? magnitude : 1.0) + above / below;
  return adj_float_f64(adj_bits_f64(result) | (adj_bits_f64(x) & 0x8000000000000000u));
}

/// 1 / (1 + e^-x), as e^x / (1 + e^x) below zero, where e^-x would overflow.
ADJ_INLINE double adj_sigmoid_f64(double x) {
  double negative = adj_float_f64(adj_bits_f64(x) | 0x8000000000000000u);
  double power = adj_bounded_exp_f64(negative < -760.0 ? -760.0 : negative);
  return (x < 0.0 ? power : 1.0) / (1.0 + power);
}

ADJ_INLINE double adj_lone_sigmoid_f64(double x) { return adj_sigmoid_f64(x); }

/// IEEE 754-2019 `maximum`: NaN if either is, +0 above -0.
ADJ_INLINE double adj_maximum_f64(double a, double b) {
  double tied = adj_float_f64(adj_bits_f64(a) & adj_bits_f64(b));
  return a == b ? tied : ((a > b || a != a) ? a : b);
}

/// IEEE 754-2019 `minimum`: NaN if either is, -0 below +0.
ADJ_INLINE double adj_minimum_f64(double a, double b) {
  double tied = adj_float_f64(adj_bits_f64(a) | adj_bits_f64(b));
  return a == b ? tied : ((a < b || a != a) ? a : b);
}
