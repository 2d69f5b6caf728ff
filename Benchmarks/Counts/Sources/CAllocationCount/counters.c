#define _GNU_SOURCE
#include "CAllocationCount.h"
#include <sys/resource.h>

#ifndef RUSAGE_THREAD
#define RUSAGE_THREAD RUSAGE_SELF
#endif

uint64_t adj_page_faults(void) {
  struct rusage now;
  getrusage(RUSAGE_SELF, &now);
  return (uint64_t)now.ru_minflt + (uint64_t)now.ru_majflt;
}

uint64_t adj_voluntary_switches(void) {
  struct rusage now;
  getrusage(RUSAGE_THREAD, &now);
  return (uint64_t)now.ru_nvcsw;
}
