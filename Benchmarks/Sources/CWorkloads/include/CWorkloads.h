#ifndef ADJ_WORKLOADS_H
#define ADJ_WORKLOADS_H
#include <stdint.h>

/// Stores into a volatile local: work that no optimiser removes.
static inline void adj_sink(uint32_t value) {
  volatile uint32_t sink = value;
  (void)sink;
}

/// Taskflow's `mark()`: 32 steps of x = sin(x) · 1.0000001 + cos(x), about 0.7 µs.
void adj_mark(uint32_t unit);

#endif
