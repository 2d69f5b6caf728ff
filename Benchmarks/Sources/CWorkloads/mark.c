#include "CWorkloads.h"
#include <math.h>

void adj_mark(uint32_t unit) {
  volatile double sink = 0.0;
  double x = (double)((unit * 1315423911u) ^ (unit >> 3)) + 1.0;
  for (int step = 0; step < 32; ++step) {
    x = sin(x) * 1.0000001 + cos(x);
    sink = sink + x;
  }
}
