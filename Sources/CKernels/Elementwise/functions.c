// Elementary functions of one double, for Swift: the bits that kernels give.

#include "functions.h"

double adj_cosine(double x) { return adj_cos_f64(x); }
double adj_power(double x, double y) { return adj_pow_f64(x, y); }
