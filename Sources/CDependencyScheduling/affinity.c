#define _GNU_SOURCE
#include "CDependencyScheduling.h"

#if defined(__linux__)
#include <sched.h>

int adj_processors_by_affinity(void) {
  // Room for 8,192 processors; a plain `cpu_set_t` has 1,024, and the kernel refuses a set that is too small.
  cpu_set_t set[8];
  CPU_ZERO_S(sizeof set, set);
  if (sched_getaffinity(0, sizeof set, set) != 0) return 0;
  return CPU_COUNT_S(sizeof set, set);
}
#else
int adj_processors_by_affinity(void) { return 0; }
#endif
