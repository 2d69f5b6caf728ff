#pragma once

// The bell curve e^(-x^2 / 2), the distribution function of the normal distribution, and the sigmoid that networks
// take in its place. Without branches, and within four units of the last place down to the smallest subnormal result.
// A rounded exponent y would cost |y| / 2 of those units: every exponent here is the sum of two numbers.
//
// The distribution function at -t is e^(-t^2 / 2) / (2 + t · P(u)) with u = 1 / (1 + t / 4). P goes from 1.6 to 2.5
// only, so that an error of u hardly counts, and nothing cancels. The polynomials for P, of floats up to t = 14.8 and
// of doubles up to 38.9, interpolate it at the zeros of a Chebyshev polynomial in u. They are written around a u at
// which the constant term is very nearly a float, or a double: with all coefficients rounded, they are 2^-26 and
// 2^-55 from P at most.

#include "functions_f32.h"
#include "functions_f64.h"

/// e^(-t^2 / 2) / divisor for 0 <= t <= 14.8 (38.9 for doubles), rounded once where that is subnormal. With z the
/// upper half of the digits of t, t^2 is the sum of z^2, which is exact, and (t - z)(t + z).
ADJ_INLINE float adj_divided_bell_f32(float t, float divisor) {
  float z = adj_float_f32(adj_bits_f32(t) & 0xFFFFF000u);
  adj_exp_parts_f32 parts = adj_split_exp_f32(-0.5f * z * z, 0.5f * (t - z) * (t + z));
  float first = adj_power_of_two_f32(parts.half);
  return ADJ_FMA(parts.minus_one, first, first) / divisor * adj_power_of_two_f32(parts.rest);
}

ADJ_INLINE double adj_divided_bell_f64(double t, double divisor) {
  double z = adj_float_f64(adj_bits_f64(t) & 0xFFFFFFFFF8000000u);
  adj_exp_parts_f64 parts = adj_split_exp_f64(-0.5 * z * z, 0.5 * (t - z) * (t + z));
  return ADJ_FMA(parts.minus_one, parts.first, parts.first) / divisor * parts.second;
}

/// |x|, and no more than where e^(-x^2 / 2) has become 0.
ADJ_INLINE float adj_bell_bounded_f32(float x) {
  float t = adj_absolute_f32(x);
  return t > 14.8f ? 14.8f : t;
}

ADJ_INLINE double adj_bell_bounded_f64(double x) {
  double t = adj_absolute_f64(x);
  return t > 38.9 ? 38.9 : t;
}

ADJ_INLINE float adj_bell_f32(float x) { return adj_divided_bell_f32(adj_bell_bounded_f32(x), 1.0f); }
ADJ_INLINE double adj_bell_f64(double x) { return adj_divided_bell_f64(adj_bell_bounded_f64(x), 1.0); }

/// erfc(-x / sqrt 2) / 2: e^(-t^2 / 2) / (2 + t · P(u)) for x = -t, and 1 less that for x = t > 0.
ADJ_INLINE float adj_normal_distribution_f32(float x) {
  float t = adj_bell_bounded_f32(x);
  float w = 1.0f / (0.25f * t + 1.0f) - 0.76953125f;
  float square = w * w;
  float even = -0.68182516f;
  even = ADJ_FMA(even, square, 0.098305255f);
  even = ADJ_FMA(even, square, -0.09698008f);
  even = ADJ_FMA(even, square, 0.121819474f);
  even = ADJ_FMA(even, square, -0.10801417f);
  even = ADJ_FMA(even, square, 1.8580427f);
  float odd = -1.0645447f;
  odd = ADJ_FMA(odd, square, 0.85835296f);
  odd = ADJ_FMA(odd, square, -0.71456087f);
  odd = ADJ_FMA(odd, square, 0.6883459f);
  odd = ADJ_FMA(odd, square, -1.1492034f);
  float tail = adj_divided_bell_f32(t, ADJ_FMA(ADJ_FMA(odd, w, even), t, 2.0f));
  return x > 0.0f ? 1.0f - tail : tail;
}

ADJ_INLINE double adj_normal_distribution_f64(double x) {
  double t = adj_bell_bounded_f64(x);
  double w = 1.0 / (0.25 * t + 1.0) - 0.68359375;
  double square = w * w;
  double even = 0x1.5bc9e83dc8a81p-1;
  even = ADJ_FMA(even, square, -0x1.779f8b4543080p+1);
  even = ADJ_FMA(even, square, 0x1.4851adc5418a3p+1);
  even = ADJ_FMA(even, square, -0x1.e6bef8fdc5aafp+0);
  even = ADJ_FMA(even, square, 0x1.8eb5ca188d68fp+0);
  even = ADJ_FMA(even, square, -0x1.53a2b8c77e895p+0);
  even = ADJ_FMA(even, square, 0x1.1d366772ebcd4p+0);
  even = ADJ_FMA(even, square, -0x1.d0f1f55881e5dp-1);
  even = ADJ_FMA(even, square, 0x1.6e7fd39cc09c0p-1);
  even = ADJ_FMA(even, square, -0x1.173585d6fc616p-1);
  even = ADJ_FMA(even, square, 0x1.99a6e1a4c32f5p-2);
  even = ADJ_FMA(even, square, -0x1.1a532bd6156b2p-2);
  even = ADJ_FMA(even, square, 0x1.f4a0bdee21fcap+0);
  double odd = 0x1.802379843f163p-2;
  odd = ADJ_FMA(odd, square, -0x1.cd4216aff809ep-1);
  odd = ADJ_FMA(odd, square, -0x1.21cb3d1e152d5p+0);
  odd = ADJ_FMA(odd, square, 0x1.c84f2e377f71bp+0);
  odd = ADJ_FMA(odd, square, -0x1.98d03874f83c0p+0);
  odd = ADJ_FMA(odd, square, 0x1.4df58a041d31cp+0);
  odd = ADJ_FMA(odd, square, -0x1.0b905e1c70c49p+0);
  odd = ADJ_FMA(odd, square, 0x1.ab348fd84af16p-1);
  odd = ADJ_FMA(odd, square, -0x1.5b83f360e6164p-1);
  odd = ADJ_FMA(odd, square, 0x1.292614a73013bp-1);
  odd = ADJ_FMA(odd, square, -0x1.15b9d6c599cd4p-1);
  odd = ADJ_FMA(odd, square, 0x1.316c35543bb4dp-1);
  odd = ADJ_FMA(odd, square, -0x1.1daac15ee0449p+0);
  double tail = adj_divided_bell_f64(t, ADJ_FMA(ADJ_FMA(odd, w, even), t, 2.0));
  return x > 0.0 ? 1.0 - tail : tail;
}

/// 1 / (1 + e^-y) for y = 2 sqrt(2 / pi) (x + 0.044715 x^3), which is computed as a double and cut in two floats.
ADJ_INLINE float adj_tanh_normal_distribution_f32(float x) {
  double wide = x;
  double y = wide * ADJ_FMA(wide * wide, 0x1.2444f2a4d8b4bp-4, 0x1.9884533d43650p+0);
  y = y < -113.0 ? -113.0 : y;
  y = y > 87.0 ? 87.0 : y;
  float high = (float)y;
  return adj_sigmoid_of_parts_f32(high, (float)(y - high));
}

/// The same by |y| = t (k + c t^2), t = |x|, as the sum of `high`, a product of upper halves and exact, and `low`.
/// Below 0 it is e^y / (1 + e^y), where e^-y would overflow.
ADJ_INLINE double adj_tanh_normal_distribution_f64(double x) {
  double t = adj_absolute_f64(x);
  t = t > 23.0 ? 23.0 : t;
  // c t^2, from the first 18 bits of c, the first 17 of t, and what is left of both.
  double z = adj_float_f64(adj_bits_f64(t) & 0xFFFFFFF000000000u);
  double square = z * z;
  double above = 0x1.24448p-4 * square;
  double below = ADJ_FMA(0x1.24448p-4, (t - z) * (t + z), 0x1.ca9362d2bd26fp-22 * (t * t));
  // Its sum with k, either of which may be the larger (the sum of two numbers and its error: D. Knuth).
  double sum = above + 0x1.9884533d43650p+0;
  double k = sum - above;
  double lost = (above - (sum - k)) + (0x1.9884533d43650p+0 - k);
  below = below + (lost + 0x1.1a1f9678a0175p-53);
  // The product with t, from the first 26 bits of both and what is left of them.
  double factor = sum + below;
  double upper = adj_float_f64(adj_bits_f64(factor) & 0xFFFFFFFFF8000000u);
  z = adj_float_f64(adj_bits_f64(t) & 0xFFFFFFFFF8000000u);
  double high = z * upper;
  double low = ADJ_FMA(z, (sum - upper) + below, (t - z) * factor);
  adj_exp_parts_f64 parts = adj_split_exp_f64(-high, low);
  double power = ADJ_FMA(parts.minus_one, parts.first, parts.first) * parts.second;
  return (x < 0.0 ? power : 1.0) / (1.0 + power);
}
