#pragma once

// Elementary functions of a double: the system's math library, which is exact to the last place or nearly so.

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
ADJ_INLINE double adj_exp_f64(double x) { return exp(x); }
ADJ_INLINE double adj_log_f64(double x) { return log(x); }
ADJ_INLINE double adj_tanh_f64(double x) { return tanh(x); }
ADJ_INLINE double adj_sin_f64(double x) { return sin(x); }
ADJ_INLINE double adj_cos_f64(double x) { return cos(x); }
ADJ_INLINE double adj_pow_f64(double x, double y) { return pow(x, y); }

/// No angle takes another path than libm's, so none is told apart.
ADJ_INLINE int adj_is_wide_f64(double x) { return x != x; }
ADJ_INLINE double adj_narrow_sin_f64(double x) { return sin(x); }
ADJ_INLINE double adj_narrow_cos_f64(double x) { return cos(x); }

/// 1 / (1 + e^-x), as e^x / (1 + e^x) below zero, where e^-x would overflow.
ADJ_INLINE double adj_sigmoid_f64(double x) {
  double power = exp(-adj_absolute_f64(x));
  return (x < 0.0 ? power : 1.0) / (1.0 + power);
}

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
