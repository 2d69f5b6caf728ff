#pragma once

// x to the power of y - k for a small whole number k, as if y - k were not rounded: what the derivatives of a power
// are made of. x and y are any numbers; the specials are those of C's `pow`.

#include "functions_f32.h"
#include "functions_f64.h"

ADJ_INLINE int adj_is_whole(double x) { return floor(x) == x; }
ADJ_INLINE int adj_is_odd(double x) { return adj_is_whole(x) && !adj_is_whole(0.5 * x); }

/// x^(y - k) where `exponent` is y - k rounded and `lost` what rounding took off: |x|^exponent · e^(lost · ln |x|),
/// whose second exponent is tiny unless the result is 0 or infinite. The sign follows from y and k, not from
/// `exponent`, which may be whole where y is not, and even where y - k is odd.
static __attribute__((noinline, unused)) double adj_corrected_power(double x, double y, double k, double exponent,
                                                                    double lost) {
  double base = fabs(x), power = pow(base, exponent), correction = lost * log(base);
  if (power == INFINITY) {
    // What rounding added may alone have made it so: the power of half the exponent is not.
    double root = pow(base, 0.5 * exponent);
    power = fabs(correction) < 1e-6 ? root * (1.0 + correction) * root : power;
  } else if (fabs(correction) < 1e-6) {
    power = power * correction + power;
  }
  if (!signbit(x)) return power;
  if (!adj_is_whole(y)) return base == 0 || base == INFINITY ? power : NAN;
  return adj_is_odd(y) != adj_is_odd(k) ? -power : power;
}

ADJ_INLINE double adj_shifted_power_f64(double x, double y, double k) {
  double exponent = y - k, back = exponent - y;
  double lost = (y - (exponent - back)) - (k + back);
  // An infinite or undefined exponent loses NaN.
  return lost == 0 || lost != lost ? pow(x, exponent) : adj_corrected_power(x, y, k, exponent, lost);
}

/// Where y - 1 is no float, x^y / x is as good if it and x^y are normal numbers, and shorter than x^(y - 1) of doubles.
ADJ_INLINE float adj_shifted_power_f32(float x, float y, float k) {
  float exponent = y - k, back = exponent - y;
  float lost = (y - (exponent - back)) - (k + back);
  if (lost == 0 || lost != lost) return powf(x, exponent);
  if (k == 1.0f) {
    float power = powf(x, y), quotient = power / x;
    if (isnormal(power) && isnormal(quotient)) return quotient;
  }
  return (float)adj_shifted_power_f64(x, y, k);
}
