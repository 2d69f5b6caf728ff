#pragma once

// x to the power of y, and to that of y - k for a small whole number k, as if y - k were not rounded: what the
// derivatives of a power are made of. Specials are those of C's `pow`. Without branches, but with tables.
//
// The logarithm, as the sum of two doubles, is that of an entry of the table and a polynomial of what is left, to 2^-68
// of the result; e^x likewise, to 2^-65. The method is that of Arm's optimized routines (pow.c); tables and polynomials
// (least maximum) are made for these kernels.

#include "functions_f32.h"
#include "functions_f64.h"
#include "power_tables.h"

/// Whole numbers are those from 2^53 on and infinities, which are even.
ADJ_INLINE int adj_is_whole(double y) {
  double t = adj_absolute_f64(y);
  return t >= 0x1p52 ? 1 : (t + 0x1p52) - 0x1p52 == t;
}

ADJ_INLINE int adj_is_odd(double y) {
  double t = adj_absolute_f64(y);
  uint64_t whole = adj_bits_f64(t >= 0x1p52 ? t : t + 0x1p52);
  return adj_is_whole(y) & (t < 0x1p53) & (int)(whole & 1);
}

/// A number above 0 as 2^exponent · z, with z from ADJ_LOG_FIRST on.
typedef struct {
  double exponent, z;
  const struct adj_log_entry *entry;
} adj_log_parts;

/// For a normal number.
ADJ_INLINE adj_log_parts adj_split_log(double x) {
  uint64_t bits = adj_bits_f64(x) + (0x3FF0000000000000u - ADJ_LOG_FIRST);
  double exponent = adj_float_f64((bits >> 52) | 0x4330000000000000u) - (4503599627370496.0 + 1023.0);
  double z = adj_float_f64((bits & 0x000FFFFFFFFFFFFFu) + ADJ_LOG_FIRST);
  return (adj_log_parts){exponent, z, &adj_log_table[(bits >> 45) & 127]};
}

/// What a power is, but for its sign: `power` for a base of 0 to infinity, which is `base`.
ADJ_INLINE double adj_signed_power(double power, double x, double exponent, int is_whole, int is_odd) {
  double base = adj_absolute_f64(x);
  int negative = adj_bits_f64(x) >> 63 != 0;
  power = negative & is_odd ? -power : power;
  int undefined = negative & !is_whole & (base > 0.0) & (base < INFINITY);
  power = (undefined | (x != x) | (exponent != exponent)) ? NAN : power;
  int is_one = (exponent == 0.0) | (x == 1.0) | ((x == -1.0) & (adj_absolute_f64(exponent) == INFINITY));
  return is_one ? 1.0 : power;
}

/// A float's power by doubles: 2^-38 off before it is rounded.
ADJ_LARGE float adj_power_f32(float x, double exponent, int is_whole, int is_odd) {
  double base = adj_absolute_f32(x);
  adj_log_parts parts = adj_split_log(base);
  double r = ADJ_FMA(parts.z, parts.entry->inverse, -1.0);
  double p = ADJ_FMA(ADJ_FMA(0.2, r, -0.25), r, 0x1.5555555555555p-2);
  double square = r * r;
  p = ADJ_FMA(ADJ_FMA(p, r, -0.5), square, r);
  double log = ADJ_FMA(parts.exponent, 0x1.62e42fefa39efp-1, parts.entry->log) + p;
  log = base < INFINITY ? log : base;
  log = base == 0.0 ? -INFINITY : log;
  double product = exponent * log;
  product = product > 100.0 ? 100.0 : product;
  product = product < -110.0 ? -110.0 : product;
  const double shift = 6755399441055744.0;
  double shifted = ADJ_FMA(product, 0x1.71547652b82fep+7, shift);
  uint64_t n = adj_bits_f64(shifted);
  r = ADJ_FMA(-(shifted - shift), 0x1.62e42fefa39efp-8, product);
  double q = ADJ_FMA(ADJ_FMA(0x1.5555555555555p-3, r, 0.5), r * r, r);
  double power = adj_exp_table[n & 127].power;
  power = ADJ_FMA(power, q, power) * adj_float_f64(((n >> 7) + 1023u) << 52);
  return (float)adj_signed_power(power, x, exponent, is_whole, is_odd);
}

/// x to the power of exponent + lost, of which `lost` is at most the last place.
ADJ_LARGE double adj_power_f64(double x, double exponent, double lost, int is_whole, int is_odd) {
  double base = adj_absolute_f64(x);
  int subnormal = base < 2.2250738585072014e-308;
  adj_log_parts parts = adj_split_log(subnormal ? base * 18014398509481984.0 : base);
  double k = parts.exponent - (subnormal ? 54.0 : 0.0);
  double r = ADJ_FMA(parts.z, parts.entry->inverse, -1.0);
  // k · ln 2 and what is in the table have their last digits at the same place: their sum is exact.
  double first = ADJ_FMA(k, 0x1.62e42fefa3800p-1, parts.entry->log);
  double second = first + r;
  double half = -0.5 * r, square = r * half, cube = r * square;
  double sum = second + square;
  double low = ADJ_FMA(k, 0x1.ef35793c76730p-45, parts.entry->rest) + ((first - second) + r);
  low = (low + ADJ_FMA(half, r, -square)) + ((second - sum) + square);
  double p0 = ADJ_FMA(r, 0x1.000000000001cp-1, -0x1.5555555555563p-1);
  double p2 = ADJ_FMA(r, -0x1.5555554e9e21dp-1, 0x1.99999994cb388p-1);
  double p4 = ADJ_FMA(r, 0x1.0004195e37b97p+0, -0x1.24960c7a574e6p+0);
  p0 = ADJ_FMA(square, ADJ_FMA(square, p4, p2), p0);
  low = ADJ_FMA(cube, p0, low);
  double log = sum + low;
  double log_low = (sum - log) + low;
  log = base < INFINITY ? log : base;
  log = base == 0.0 ? -INFINITY : log;
  double product = exponent * log;
  double product_low = ADJ_FMA(exponent, log_low, ADJ_FMA(lost, log, ADJ_FMA(exponent, log, -product)));
  product_low = ((product > -760.0) & (product < 720.0)) ? product_low : 0.0;
  product = product > 720.0 ? 720.0 : product;
  product = product < -760.0 ? -760.0 : product;
  const double shift = 6755399441055744.0;
  double shifted = ADJ_FMA(product, 0x1.71547652b82fep+7, shift);
  uint64_t n = adj_bits_f64(shifted) - 0x4338000000000000u;
  double multiple = shifted - shift;
  r = ADJ_FMA(-multiple, 0x1.62e42fefa39efp-8, product);
  r = ADJ_FMA(-multiple, 0x1.abc9e3b39803fp-63, r) + product_low;
  square = r * r;
  struct adj_exp_entry entry = adj_exp_table[n & 127];
  double q = ADJ_FMA(r, 0x1.555555555543cp-3, 0x1.ffffffffffdbdp-2);
  double q2 = ADJ_FMA(r, 0x1.1111167a16d18p-7, 0x1.55555cf2128e6p-5);
  q = ADJ_FMA(ADJ_FMA(q2, square, q), square, r + entry.rest);
  double power = ADJ_FMA(entry.power, q, entry.power);
  // 2^(n / 128), in two halves, so that what is too small for a normal number is rounded once.
  uint64_t whole = (n + (2048u << 7)) >> 7, part = whole >> 1;
  power = power * adj_float_f64((part + (1023u - 1024u)) << 52) * adj_float_f64((whole - part + (1023u - 1024u)) << 52);
  return adj_signed_power(power, x, exponent, is_whole, is_odd);
}

ADJ_INLINE float adj_pow_f32(float x, float y) { return adj_power_f32(x, y, adj_is_whole(y), adj_is_odd(y)); }
ADJ_INLINE double adj_pow_f64(double x, double y) { return adj_power_f64(x, y, 0.0, adj_is_whole(y), adj_is_odd(y)); }

/// Whether y - k is odd, for a finite y.
ADJ_INLINE int adj_is_odd_shifted(double y, double k) {
  return adj_is_whole(y) & (adj_absolute_f64(y) < INFINITY) & (adj_is_odd(y) ^ adj_is_odd(k));
}

/// x^(y - k): the sign follows from y and k, not from the exponent, which may be whole where y is not, and even where
/// y - k is odd.
ADJ_INLINE double adj_shifted_power_f64(double x, double y, double k) {
  double exponent = y - k, back = exponent - y;
  double lost = (y - (exponent - back)) - (k + back);
  // An infinite or undefined exponent loses NaN.
  return adj_power_f64(x, exponent, lost == lost ? lost : 0.0, adj_is_whole(y), adj_is_odd_shifted(y, k));
}

ADJ_INLINE float adj_shifted_power_f32(float x, float y, float k) {
  return adj_power_f32(x, (double)y - (double)k, adj_is_whole(y), adj_is_odd_shifted(y, k));
}
