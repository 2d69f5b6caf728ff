#pragma once

// The error function, e^x - 1, ln(1 + e^x), and the slope of the sigmoid: of floats without branches as those in
// functions_f32.h, of doubles by the system's math library. Lengths and angles of points, without branches.
//
// The two polynomials of the error function are least-maximum fits made for these kernels (Lawson's reweighted least
// squares on Chebyshev nodes): 2^-31 and 2^-30 of the result before their coefficients were rounded to floats. So is
// that of the angle of floats, to 2^-25.8; that of doubles is FreeBSD msun's (s_atan.c).

#include "functions_f32.h"
#include "functions_f64.h"

/// erf x = x + x · P(x²) near 0, and 1 - e^(-t · Q(t)) with t = |x| beyond; from 4 on it is 1 to the last bit.
ADJ_INLINE float adj_erf_f32(float x) {
  float t = adj_absolute_f32(x);
  float square = t * t;
  float near = 8.37024803163472e-05f;
  near = near * square - 8.142745290549286e-04f;
  near = near * square + 5.201036673330051e-03f;
  near = near * square - 2.6859400511295928e-02f;
  near = near * square + 1.1283695550162867e-01f;
  near = near * square - 3.761263374112769e-01f;
  near = near * square + 1.2837916663927826e-01f;
  near = near * t + t;
  float bounded = t > 4.0f ? 4.0f : t;
  float far = 1.1303820888264315e-05f;
  far = far * bounded - 3.2352929403967057e-04f;
  far = far * bounded + 3.645407004599477e-03f;
  far = far * bounded - 2.3768294199958656e-02f;
  far = far * bounded + 1.062441073665886e-01f;
  far = far * bounded + 6.351469478624552e-01f;
  far = far * bounded + 1.128649565183244f;
  far = 1.0f - adj_bounded_exp_f32(-(far * bounded));
  float result = t < 0.921875f ? near : far;
  return adj_float_f32(adj_bits_f32(result) | (adj_bits_f32(x) & 0x80000000u));
}

/// e^x - 1 = 2^n · (e^r - 1) + (2^n - 1) with n = round(x / ln 2). The sum is made with 2^(n/2), so that neither
/// power of two overflows before the result does.
ADJ_INLINE float adj_expm1_f32(float x) {
  float bounded = x > 100.0f ? 100.0f : x;
  adj_exp_parts_f32 parts = adj_split_exp_f32(bounded < -30.0f ? -30.0f : bounded, 0.0f);
  float first = adj_power_of_two_f32(parts.half), inverse = adj_power_of_two_f32(-parts.rest);
  return (parts.minus_one * first + (first - inverse)) * adj_power_of_two_f32(parts.rest);
}

/// ln(1 + u) for 0 <= u <= 1: what rounding 1 + u took off u is put back as a factor (W. Kahan).
ADJ_INLINE float adj_log1p_f32(float u) {
  float sum = 1.0f + u;
  return sum == 1.0f ? u : adj_log_f32(sum) * (u / (sum - 1.0f));
}

/// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), which never overflows.
ADJ_INLINE float adj_softplus_f32(float x) {
  float negative = adj_float_f32(adj_bits_f32(x) | 0x80000000u);
  float power = adj_bounded_exp_f32(negative < -110.0f ? -110.0f : negative);
  return (x > 0.0f ? x : 0.0f) + adj_log1p_f32(power);
}

/// The slope of the sigmoid, e^-|x| / (1 + e^-|x|)^2, from its input: the sigmoid has rounded to 1 where its slope
/// has not rounded to 0. The square's 1 is added last, so that it is rounded once.
ADJ_INLINE float adj_sigmoid_slope_f32(float x) {
  float negative = adj_float_f32(adj_bits_f32(x) | 0x80000000u);
  float power = adj_bounded_exp_f32(negative < -110.0f ? -110.0f : negative);
  return power / (power * (power + 2.0f) + 1.0f);
}

ADJ_INLINE double adj_sigmoid_slope_f64(double x) {
  double negative = adj_float_f64(adj_bits_f64(x) | 0x8000000000000000u);
  double power = adj_bounded_exp_f64(negative < -760.0 ? -760.0 : negative);
  return power / (power * (power + 2.0) + 1.0);
}

ADJ_INLINE double adj_erf_f64(double x) { return erf(x); }
ADJ_INLINE double adj_expm1_f64(double x) { return expm1(x); }
ADJ_INLINE double adj_softplus_f64(double x) {
  return (x > 0.0 ? x : 0.0) + log1p(exp(-adj_absolute_f64(x)));
}

/// sqrt(a^2 + b^2) by the ratio of the shorter to the longer, whose square does not leave the range. A NaN is passed on; of
/// two zeros and of two infinities there is no ratio.
ADJ_INLINE float adj_hypotenuse_f32(float a, float b) {
  float x = adj_absolute_f32(a), y = adj_absolute_f32(b);
  float longer = x > y ? x : y, shorter = x > y ? y : x;
  float ratio = ((shorter == 0.0f) | (shorter == INFINITY)) ? 0.0f : shorter / longer;
  return longer * adj_sqrt_f32(1.0f + ratio * ratio);
}

ADJ_INLINE double adj_hypotenuse_f64(double a, double b) {
  double x = adj_absolute_f64(a), y = adj_absolute_f64(b);
  double longer = x > y ? x : y, shorter = x > y ? y : x;
  double ratio = ((shorter == 0.0) | (shorter == INFINITY)) ? 0.0 : shorter / longer;
  return longer * adj_sqrt_f64(1.0 + ratio * ratio);
}

/// The angle of the point (x, y) from that of (longer, shorter), which lies in 0...pi/4: off pi/2 and pi, each of which
/// is the sum of two numbers.
ADJ_INLINE float adj_atan2_f32(float y, float x) {
  float across = adj_absolute_f32(x), up = adj_absolute_f32(y);
  int steep = up > across, left = (adj_bits_f32(x) & 0x80000000u) != 0;
  float longer = steep ? up : across, shorter = steep ? across : up;
  float ratio = shorter / longer;
  // Of two zeros and of two infinities there is no ratio.
  ratio = shorter == 0.0f ? 0.0f : (shorter == INFINITY ? 1.0f : ratio);
  float z = ratio * ratio;
  float p = 2.92064599e-3f;
  p = p * z - 1.63677447e-2f;
  p = p * z + 4.32115644e-2f;
  p = p * z - 7.55218938e-2f;
  p = p * z + 1.06659934e-1f;
  p = p * z - 1.42110527e-1f;
  p = p * z + 1.99937731e-1f;
  p = p * z - 3.33331525e-1f;
  float angle = p * z * ratio + ratio;
  float high = steep ? 1.57079637f : (left ? 3.14159274f : 0.0f);
  float low = steep ? -4.37113883e-8f : (left ? -8.74227766e-8f : 0.0f);
  float result = high + ((steep != left ? -angle : angle) + low);
  result = adj_float_f32(adj_bits_f32(result) | (adj_bits_f32(y) & 0x80000000u));
  return ((x == x) & (y == y)) ? result : NAN;
}

/// The angle of the point (x, y), by the tangent's difference from that of 0, of 1/2 or of pi/4: n / d is at most
/// 7/16.
ADJ_INLINE double adj_atan2_f64(double y, double x) {
  double across = adj_absolute_f64(x), up = adj_absolute_f64(y);
  int steep = up > across, left = (adj_bits_f64(x) & 0x8000000000000000u) != 0;
  double longer = steep ? up : across, shorter = steep ? across : up;
  // What is subnormal beside so large a number vanishes.
  double scale = longer > 0x1p1000 ? 0x1p-4 : 1.0;
  longer = shorter == INFINITY ? 1.0 : (longer == 0.0 ? 1.0 : longer * scale);
  shorter = shorter == INFINITY ? 1.0 : shorter * scale;
  int middle = shorter > 0.4375 * longer, far = shorter > 0.6875 * longer;
  double n = far ? shorter - longer : (middle ? 2.0 * shorter - longer : shorter);
  double d = far ? shorter + longer : (middle ? 2.0 * longer + shorter : longer);
  double base = far ? 7.85398163397448278999e-01 : (middle ? 4.63647609000806093515e-01 : 0.0);
  double rest = far ? 3.06161699786838301793e-17 : (middle ? 2.26987774529616870924e-17 : 0.0);
  double t = n / d;
  double z = t * t;
  double w = z * z;
  double even = 1.62858201153657823623e-02 * w + 4.97687799461593236017e-02;
  even = even * w + 6.66107313738753120669e-02;
  even = even * w + 9.09088713343650656196e-02;
  even = even * w + 1.42857142725034663711e-01;
  even = (even * w + 3.33333333333329318027e-01) * z;
  double odd = -3.65315727442169155270e-02 * w - 5.83357013379057348645e-02;
  odd = odd * w - 7.69187620504482999495e-02;
  odd = odd * w - 1.11111104054623557880e-01;
  odd = (odd * w - 1.99999999998764832476e-01) * w;
  double angle = base - ((t * (even + odd) - rest) - t);
  double high = steep ? 1.57079632679489655800 : (left ? 3.14159265358979311600 : 0.0);
  double low = steep ? 6.12323399573676603587e-17 : (left ? 1.22464679914735317636e-16 : 0.0);
  double result = high + ((steep != left ? -angle : angle) + low);
  result = adj_float_f64(adj_bits_f64(result) | (adj_bits_f64(y) & 0x8000000000000000u));
  return ((x == x) & (y == y)) ? result : NAN;
}

/// a / (a^2 + b^2). Squares of floats fit into doubles.
ADJ_INLINE float adj_circle_inversion_f32(float a, float b) {
  double x = a, y = b;
  double square = x * x + y * y;
  return ((square == 0.0) | (square == INFINITY)) ? 0.0f : (float)(x / square);
}

/// a / (a^2 + b^2), by the ratio r of the shorter to the longer of a and b: 1 / (1 + r^2) or r / (1 + r^2), by the
/// longer. A ratio that would lose digits below the normal numbers is multiplied by 2^600 until the last
/// division is done.
ADJ_INLINE double adj_circle_inversion_f64(double a, double b) {
  double x = adj_absolute_f64(a), y = adj_absolute_f64(b);
  int first = x > y;
  double longer = first ? x : y, shorter = first ? y : x;
  int small = shorter < longer * 0x1p-960;
  double ratio = (small ? shorter * 0x1p600 : shorter) / longer;
  double square = small ? 1.0 : 1.0 + ratio * ratio;
  double result = (first ? 1.0 : ratio) / square / longer * ((small & !first) ? 0x1p-600 : 1.0);
  int none = ((longer == 0.0) | (longer == INFINITY)) & (shorter == shorter);
  return none ? 0.0 : adj_float_f64(adj_bits_f64(result) | (adj_bits_f64(a) & 0x8000000000000000u));
}
