#pragma once

// Elementary functions of a double, free of branches as those of a float are, and within two units of the last place.
//
// Polynomials for log, sine and cosine: FreeBSD msun (e_log.c, k_sin.c, k_cos.c); tanh: S. Moshier, Cephes
// Mathematical Library (tanh.c); exp: interpolation at the zeros of a Chebyshev polynomial, 3.4e-17 from e^r at most.

#include "targets.h"
#include <math.h>
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
ADJ_INLINE double adj_signed_f64(double x, double a, double b) {
  uint64_t sign = (adj_bits_f64(a) ^ adj_bits_f64(b)) & 0x8000000000000000u;
  return adj_float_f64(adj_bits_f64(x) | (((a == a) & (b == b)) ? sign : 0));
}

/// What e^x is made of: e^r - 1 with |r| <= ln 2 / 2, and 2^n with x = n · ln 2 + r, in two halves.
typedef struct {
  double minus_one, first, second;
} adj_exp_parts_f64;

/// Takes x = high - low apart as for a float, for -760 <= x <= 720 and a `low` far smaller than 1. The bits of n are
/// taken apart by shifts alone, which every vector unit has.
ADJ_INLINE adj_exp_parts_f64 adj_split_exp_f64(double high, double low) {
  const double shift = 6755399441055744.0;
  double shifted = high * 1.44269504088896338700e+00 + shift;
  uint64_t exponent = adj_bits_f64(shifted) - 0x4338000000000000u;
  double n = shifted - shift;
  double r = high - n * 6.93147180369123816490e-01;
  r = (r - n * 1.90821492927058770002e-10) - low;
  double square = r * r;
  double fourth = square * square;
  double p0 = 0x1.5555555554cb0p-5 * r + 0x1.5555555555555p-3;
  double p2 = 0x1.6c16c173948e7p-10 * r + 0x1.1111111110e68p-7;
  double p4 = 0x1.a019c98e708e7p-16 * r + 0x1.a01a01a4b5f72p-13;
  double p6 = 0x1.288060f149570p-22 * r + 0x1.71de17d5ef6f3p-19;
  p6 = 0x1.af2391d7f5e6cp-26 * square + p6;
  p0 = p2 * square + p0;
  p4 = p6 * square + p4;
  double p = p4 * fourth + p0;
  p = (p * r + 0.5) * square + r;
  uint64_t half = ((exponent + 2048u) >> 1) - 1024u;
  double first = adj_float_f64((half + 1023u) << 52);
  double second = adj_float_f64((exponent - half + 1023u) << 52);
  return (adj_exp_parts_f64){p, first, second};
}

/// e^x = 2^n · e^r for -760 <= x <= 720.
ADJ_INLINE double adj_bounded_exp_f64(double x) {
  adj_exp_parts_f64 parts = adj_split_exp_f64(x, 0.0);
  return (parts.minus_one * parts.first + parts.first) * parts.second;
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
  double even = 1.531383769920937332e-01 * w + 2.222219843214978396e-01;
  even = (even * w + 3.999999999940941908e-01) * w;
  double odd = 1.479819860511658591e-01 * w + 1.818357216161805012e-01;
  odd = odd * w + 2.857142874366239149e-01;
  odd = (odd * w + 6.666666666666735130e-01) * z;
  double half = 0.5 * f * f;
  double p = s * (half + (even + odd)) + k * 1.90821492927058770002e-10;
  double result = k * 6.93147180369123816490e-01 - ((half - p) - f);
  result = x == INFINITY ? x : result;
  result = x == 0.0 ? -INFINITY : result;
  return x < 0.0 ? NAN : (x != x ? x : result);
}

ADJ_INLINE double adj_tanh_f64(double x) {
  double magnitude = adj_absolute_f64(x);
  double square = magnitude * magnitude;
  double p = -9.64399179425052238628e-1 * square - 9.92877231001918586564e1;
  p = p * square - 1.61468768441708447952e3;
  double q = (square + 1.12811678491632931402e2) * square + 2.23548839060100448583e3;
  q = q * square + 4.84406305325125486048e3;
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

/// Past this, the multiples of the parts of pi / 2 are no longer exact; libm takes more parts.
#define ADJ_WIDE_ANGLE_F64 8.0e5

/// sin(x + quarters · pi / 2) for |x| <= ADJ_WIDE_ANGLE_F64.
///
/// pi / 2 is the sum of three parts of 33 bits, whose multiples are exact, and a rest. What taking them off x rounds
/// away is kept in `rest`, so that next to a multiple of pi / 2 the result has as many right digits as anywhere. The
/// sine of -0 is -0.
ADJ_INLINE double adj_turn_f64(double x, uint64_t quarters) {
  const double shift = 6755399441055744.0;
  double shifted = x * 6.36619772367581382433e-01 + shift;
  double n = shifted - shift;
  uint64_t quadrant = adj_bits_f64(shifted) + quarters;
  double first = x - n * 1.57079632673412561417e+00;
  double second = n * 6.07710050630396597660e-11;
  double r = first - second;
  double back = r - first;
  double lost = (first - (r - back)) - (second + back);
  double third = n * 2.02226624871116645580e-21 + n * 8.47842766036889956997e-32;
  double angle = r + (lost - third);
  double rest = (r - angle) + (lost - third);
  double z = angle * angle;
  double fourth = z * z;
  double cube = z * angle;
  double sine = 1.58969099521155010221e-10 * z - 2.50507602534068634195e-08;
  sine = sine * fourth + (2.75573137070700676789e-06 * z - 1.98412698298579493134e-04);
  sine = sine * z + 8.33333333332248946124e-03;
  sine = angle - ((z * (0.5 * rest - cube * sine) - rest) + cube * 1.66666666666666324348e-01);
  double cosine = -1.13596475577881948265e-11 * z + 2.08757232129817482790e-09;
  cosine = cosine * fourth + (-2.75573143513906633035e-07 * z + 2.48015872894767294178e-05);
  cosine = cosine * fourth + (-1.38888888888741095749e-03 * z + 4.16666666666666019037e-02);
  double half = 0.5 * z;
  double near = 1.0 - half;
  cosine = near + (((1.0 - near) - half) + (z * (z * cosine) - angle * rest));
  double chosen = quadrant & 1 ? cosine : sine;
  chosen = quadrant & 2 ? -chosen : chosen;
  return quarters == 0 && x == 0.0 ? x : chosen;
}

ADJ_INLINE int adj_is_wide_f64(double x) { return adj_absolute_f64(x) > ADJ_WIDE_ANGLE_F64; }
ADJ_INLINE double adj_narrow_sin_f64(double x) { return adj_turn_f64(x, 0); }
ADJ_INLINE double adj_narrow_cos_f64(double x) { return adj_turn_f64(x, 1); }
ADJ_INLINE double adj_sin_f64(double x) { return adj_is_wide_f64(x) ? sin(x) : adj_narrow_sin_f64(x); }
ADJ_INLINE double adj_cos_f64(double x) { return adj_is_wide_f64(x) ? cos(x) : adj_narrow_cos_f64(x); }
ADJ_INLINE double adj_pow_f64(double x, double y) { return pow(x, y); }

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
