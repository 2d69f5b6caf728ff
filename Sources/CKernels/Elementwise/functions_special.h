#pragma once

// The error function, e^x - 1, ln(1 + e^x), and the slope of the sigmoid: of floats without branches as those in
// functions_f32.h, of doubles within one unit of the last place. Lengths and angles of points, without branches.
//
// The two polynomials of the error function of floats are least-maximum fits made for these kernels (Lawson's
// reweighted least squares on Chebyshev nodes): 2^-31 and 2^-30 of the result before their coefficients were rounded to
// floats. So are those of doubles (by E. Remez's exchanges), to 2^-61 and 2^-58 of the result, that of e^x - 1, to
// 2^-61, and that of the angle of floats, to 2^-25.8; that of the angle of doubles and the logarithm's are FreeBSD
// msun's (s_atan.c, e_log.c).

#include "functions_f32.h"
#include "functions_f64.h"

/// erf x = x + x · P(x²) near 0, and 1 - e^(-t · Q(t)) with t = |x| beyond; from 4 on it is 1 to the last bit.
ADJ_INLINE float adj_erf_f32(float x) {
  float t = adj_absolute_f32(x);
  float square = t * t;
  float near = 8.37024803163472e-05f;
  near = ADJ_FMA(near, square, -8.142745290549286e-04f);
  near = ADJ_FMA(near, square, 5.201036673330051e-03f);
  near = ADJ_FMA(near, square, -2.6859400511295928e-02f);
  near = ADJ_FMA(near, square, 1.1283695550162867e-01f);
  near = ADJ_FMA(near, square, -3.761263374112769e-01f);
  near = ADJ_FMA(near, square, 1.2837916663927826e-01f);
  near = ADJ_FMA(near, t, t);
  float bounded = t > 4.0f ? 4.0f : t;
  float far = 1.1303820888264315e-05f;
  far = ADJ_FMA(far, bounded, -3.2352929403967057e-04f);
  far = ADJ_FMA(far, bounded, 3.645407004599477e-03f);
  far = ADJ_FMA(far, bounded, -2.3768294199958656e-02f);
  far = ADJ_FMA(far, bounded, 1.062441073665886e-01f);
  far = ADJ_FMA(far, bounded, 6.351469478624552e-01f);
  far = ADJ_FMA(far, bounded, 1.128649565183244f);
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
  return ADJ_FMA(parts.minus_one, first, first - inverse) * adj_power_of_two_f32(parts.rest);
}

/// ln(1 + u) for 0 <= u <= 1: what rounding 1 + u took off u is put back as a factor (W. Kahan).
ADJ_INLINE float adj_bounded_log1p_f32(float u) {
  float sum = 1.0f + u;
  return sum == 1.0f ? u : adj_log_f32(sum) * (u / (sum - 1.0f));
}

/// ln(1 + u) for any u. Of two infinities there is no ratio.
ADJ_INLINE float adj_log1p_f32(float u) {
  float result = adj_bounded_log1p_f32(u);
  return u == INFINITY ? u : result;
}

/// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), which never overflows.
ADJ_INLINE float adj_softplus_f32(float x) {
  float negative = adj_float_f32(adj_bits_f32(x) | 0x80000000u);
  float power = adj_bounded_exp_f32(negative < -110.0f ? -110.0f : negative);
  return (x > 0.0f ? x : 0.0f) + adj_bounded_log1p_f32(power);
}

/// The slope of the sigmoid, e^-|x| / (1 + e^-|x|)^2, from its input: the sigmoid has rounded to 1 where its slope
/// has not rounded to 0. The square's 1 is added last, so that it is rounded once.
ADJ_INLINE float adj_sigmoid_slope_f32(float x) {
  float negative = adj_float_f32(adj_bits_f32(x) | 0x80000000u);
  float power = adj_bounded_exp_f32(negative < -110.0f ? -110.0f : negative);
  return power / ADJ_FMA(power, power + 2.0f, 1.0f);
}

ADJ_INLINE double adj_sigmoid_slope_f64(double x) {
  double negative = adj_float_f64(adj_bits_f64(x) | 0x8000000000000000u);
  double power = adj_bounded_exp_f64(negative < -760.0 ? -760.0 : negative);
  return power / ADJ_FMA(power, power + 2.0, 1.0);
}

/// erf x = x + x · P(x²) below 7/8, and 1 - e^(-x²) · Q(w) with w = (t - 3/2) / (t + 3/2), t = |x|, beyond; from 6 on
/// it is 1 to the last bit.
ADJ_LARGE double adj_erf_f64(double x) {
  double t = adj_absolute_f64(x);
  double square = t * t;
  double near = -0x1.dc3f63eb6efa8p-31;
  near = ADJ_FMA(near, square, 0x1.e535e31c0b3d2p-27);
  near = ADJ_FMA(near, square, -0x1.5dcde574485cdp-23);
  near = ADJ_FMA(near, square, 0x1.b9c0d05eccebfp-20);
  near = ADJ_FMA(near, square, -0x1.f4d01732d6d56p-17);
  near = ADJ_FMA(near, square, 0x1.f9a30fba44241p-14);
  near = ADJ_FMA(near, square, -0x1.c02db3632d29ap-11);
  near = ADJ_FMA(near, square, 0x1.565bcd0bc8ac9p-8);
  near = ADJ_FMA(near, square, -0x1.b82ce3127b613p-6);
  near = ADJ_FMA(near, square, 0x1.ce2f21a0429b3p-4);
  near = ADJ_FMA(near, square, -0x1.812746b0379e5p-2);
  near = ADJ_FMA(near, square, 0x1.06eba8214db69p-3);
  near = ADJ_FMA(near, t, t);
  double bounded = t > 6.0 ? 6.0 : t;
  double w = (bounded - 1.5) / (bounded + 1.5);
  double far = 0x1.3a7aa85d64ddbp-17;
  far = ADJ_FMA(far, w, 0x1.559a516f18285p-15);
  far = ADJ_FMA(far, w, 0x1.70a995618c83ep-15);
  far = ADJ_FMA(far, w, -0x1.256e780f355f4p-14);
  far = ADJ_FMA(far, w, -0x1.453eafc059cc7p-12);
  far = ADJ_FMA(far, w, -0x1.3649cb12e3a59p-12);
  far = ADJ_FMA(far, w, 0x1.c345715ba63ebp-11);
  far = ADJ_FMA(far, w, 0x1.79f8752f40d49p-9);
  far = ADJ_FMA(far, w, -0x1.d4ea4465b13d8p-12);
  far = ADJ_FMA(far, w, -0x1.3139524ef927cp-6);
  far = ADJ_FMA(far, w, -0x1.303bda9746e7dp-7);
  far = ADJ_FMA(far, w, 0x1.8e51173011f57p-3);
  far = ADJ_FMA(far, w, -0x1.f6a64c6673068p-2);
  far = ADJ_FMA(far, w, 0x1.494daffa2ad68p-2);
  // -t², of which `lost` is what rounding took off.
  double exponent = -(bounded * bounded), lost = ADJ_FMA(bounded, bounded, exponent);
  adj_exp_parts_f64 parts = adj_split_exp_f64(exponent, lost);
  double power = ADJ_FMA(parts.minus_one, parts.first, parts.first) * parts.second;
  far = ADJ_FMA(-power, far, 1.0);
  double result = t < 0.875 ? near : far;
  result = adj_float_f64(adj_bits_f64(result) | (adj_bits_f64(x) & 0x8000000000000000u));
  return x == x ? result : x;
}

/// e^x - 1 = 2^n · (e^r - 1) + (2^n - 1), where e^r - 1 = r + r² / 2 + r³ · P(r).
ADJ_LARGE double adj_expm1_f64(double x) {
  double bounded = x > 720.0 ? 720.0 : x;
  bounded = bounded < -40.0 ? -40.0 : bounded;
  const double shift = 6755399441055744.0;
  double shifted = ADJ_FMA(bounded, 1.44269504088896338700e+00, shift);
  uint64_t exponent = adj_bits_f64(shifted) - 0x4338000000000000u;
  double n = shifted - shift;
  double above = ADJ_FMA(-n, 6.93147180369123816490e-01, bounded);
  double r = ADJ_FMA(-n, 1.90821492927058770002e-10, above);
  double lost = ADJ_FMA(-n, 1.90821492927058770002e-10, above - r);
  double square = r * r, fourth = square * square;
  double p0 = ADJ_FMA(0x1.5555555555559p-5, r, 0x1.5555555555559p-3);
  double p2 = ADJ_FMA(0x1.6c16c16c14a7fp-10, r, 0x1.111111110f6e2p-7);
  double p4 = ADJ_FMA(0x1.a01a01af62cacp-16, r, 0x1.a01a01afd36b9p-13);
  double p6 = ADJ_FMA(0x1.27e4c7ca035dep-22, r, 0x1.71ddf87bad84bp-19);
  double p8 = ADJ_FMA(0x1.1f92b4817f06fp-29, r, 0x1.af5e7f487af81p-26);
  p0 = ADJ_FMA(p2, square, p0);
  p4 = ADJ_FMA(ADJ_FMA(p8, square, p6), square, p4);
  // All but 1 - 2^-n, r and r² / 2, which are added first, with what rounding takes off (D. Knuth; T. Dekker).
  double small = ADJ_FMA(ADJ_FMA(p4, fourth, p0), square * r, ADJ_FMA(0.5, ADJ_FMA(r, r, -square), lost));
  // Past 2^64 the 1 is too small to count.
  double inverse = adj_float_f64((1023u - (n > 64.0 ? 64u : exponent)) << 52);
  inverse = n > 64.0 ? 0.0 : inverse;
  double one = 1.0 - inverse, taken = one - 1.0;
  small = small + ((1.0 - (one - taken)) - (inverse + taken));
  double first = one + r, back = first - one;
  double sum = ADJ_FMA(0.5, square, first);
  small = small + (((one - (first - back)) + (r - back)) + ADJ_FMA(0.5, square, first - sum));
  uint64_t half = ((exponent + 2048u) >> 1) - 1024u;
  double result = (sum + small) * adj_float_f64((half + 1023u) << 52) * adj_float_f64((exponent - half + 1023u) << 52);
  // A zero keeps its sign.
  return adj_float_f64(adj_bits_f64(result) | (adj_bits_f64(x) & 0x8000000000000000u));
}

/// ln(1 + u) for any u: near 0 by the terms of `adj_log_f64` in u itself, elsewhere with what rounding 1 + u took off.
ADJ_LARGE double adj_log1p_f64(double u) {
  double sum = 1.0 + u, back = sum - 1.0;
  // The smaller of the two loses digits.
  double lost = u < 1.0 ? u - back : 1.0 - (sum - u);
  uint64_t bits = adj_bits_f64(sum) + (0x3FF0000000000000u - 0x3FE6A09E667F3BCDu);
  double k = adj_float_f64((bits >> 52) | 0x4330000000000000u) - (4503599627370496.0 + 1023.0);
  double f = adj_float_f64((bits & 0x000FFFFFFFFFFFFFu) + 0x3FE6A09E667F3BCDu) - 1.0;
  f = k == 0.0 ? u : f;
  double correction = k == 0.0 ? 0.0 : lost / sum;
  double s = f / (2.0 + f);
  double z = s * s;
  double w = z * z;
  double even = ADJ_FMA(1.531383769920937332e-01, w, 2.222219843214978396e-01);
  even = ADJ_FMA(even, w, 3.999999999940941908e-01) * w;
  double odd = ADJ_FMA(1.479819860511658591e-01, w, 1.818357216161805012e-01);
  odd = ADJ_FMA(odd, w, 2.857142874366239149e-01);
  odd = ADJ_FMA(odd, w, 6.666666666666735130e-01) * z;
  double half = 0.5 * f * f;
  double p = ADJ_FMA(s, half + (even + odd), ADJ_FMA(k, 1.90821492927058770002e-10, correction));
  double result = ADJ_FMA(k, 6.93147180369123816490e-01, -((half - p) - f));
  result = ((u == INFINITY) | (u == 0.0)) ? u : result;
  result = u == -1.0 ? -INFINITY : result;
  return u < -1.0 ? NAN : (u != u ? u : result);
}

ADJ_INLINE double adj_softplus_f64(double x) {
  double negative = adj_float_f64(adj_bits_f64(x) | 0x8000000000000000u);
  double power = adj_bounded_exp_f64(negative < -760.0 ? -760.0 : negative);
  return (x > 0.0 ? x : 0.0) + adj_log1p_f64(power);
}

/// sqrt(a^2 + b^2) by the ratio of the shorter to the longer, whose square does not leave the range. A NaN is passed on; of
/// two zeros and of two infinities there is no ratio.
ADJ_INLINE float adj_hypotenuse_f32(float a, float b) {
  float x = adj_absolute_f32(a), y = adj_absolute_f32(b);
  float longer = x > y ? x : y, shorter = x > y ? y : x;
  float ratio = ((shorter == 0.0f) | (shorter == INFINITY)) ? 0.0f : shorter / longer;
  return longer * adj_sqrt_f32(ADJ_FMA(ratio, ratio, 1.0f));
}

ADJ_INLINE double adj_hypotenuse_f64(double a, double b) {
  double x = adj_absolute_f64(a), y = adj_absolute_f64(b);
  double longer = x > y ? x : y, shorter = x > y ? y : x;
  double ratio = ((shorter == 0.0) | (shorter == INFINITY)) ? 0.0 : shorter / longer;
  return longer * adj_sqrt_f64(ADJ_FMA(ratio, ratio, 1.0));
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
  p = ADJ_FMA(p, z, -1.63677447e-2f);
  p = ADJ_FMA(p, z, 4.32115644e-2f);
  p = ADJ_FMA(p, z, -7.55218938e-2f);
  p = ADJ_FMA(p, z, 1.06659934e-1f);
  p = ADJ_FMA(p, z, -1.42110527e-1f);
  p = ADJ_FMA(p, z, 1.99937731e-1f);
  p = ADJ_FMA(p, z, -3.33331525e-1f);
  float angle = ADJ_FMA(p * z, ratio, ratio);
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
  double even = ADJ_FMA(1.62858201153657823623e-02, w, 4.97687799461593236017e-02);
  even = ADJ_FMA(even, w, 6.66107313738753120669e-02);
  even = ADJ_FMA(even, w, 9.09088713343650656196e-02);
  even = ADJ_FMA(even, w, 1.42857142725034663711e-01);
  even = ADJ_FMA(even, w, 3.33333333333329318027e-01) * z;
  double odd = ADJ_FMA(-3.65315727442169155270e-02, w, -5.83357013379057348645e-02);
  odd = ADJ_FMA(odd, w, -7.69187620504482999495e-02);
  odd = ADJ_FMA(odd, w, -1.11111104054623557880e-01);
  odd = ADJ_FMA(odd, w, -1.99999999998764832476e-01) * w;
  double angle = base - (ADJ_FMA(t, even + odd, -rest) - t);
  double high = steep ? 1.57079632679489655800 : (left ? 3.14159265358979311600 : 0.0);
  double low = steep ? 6.12323399573676603587e-17 : (left ? 1.22464679914735317636e-16 : 0.0);
  double result = high + ((steep != left ? -angle : angle) + low);
  result = adj_float_f64(adj_bits_f64(result) | (adj_bits_f64(y) & 0x8000000000000000u));
  return ((x == x) & (y == y)) ? result : NAN;
}

/// a / (a^2 + b^2). Squares of floats fit into doubles.
ADJ_INLINE float adj_circle_inversion_f32(float a, float b) {
  double x = a, y = b;
  double square = ADJ_FMA(x, x, y * y);
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
  double square = small ? 1.0 : ADJ_FMA(ratio, ratio, 1.0);
  double result = (first ? 1.0 : ratio) / square / longer * ((small & !first) ? 0x1p-600 : 1.0);
  int none = ((longer == 0.0) | (longer == INFINITY)) & (shorter == shorter);
  return none ? 0.0 : adj_float_f64(adj_bits_f64(result) | (adj_bits_f64(a) & 0x8000000000000000u));
}
