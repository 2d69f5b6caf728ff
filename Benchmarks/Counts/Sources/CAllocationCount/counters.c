#include "CAllocationCount.h"
#include <sys/resource.h>

static struct rusage usage(void) {
  struct rusage now;
  getrusage(RUSAGE_SELF, &now);
  return now;
}

uint64_t adj_page_faults(void) {
  struct rusage now = usage();
  return (uint64_t)now.ru_minflt + (uint64_t)now.ru_majflt;
}

uint64_t adj_voluntary_switches(void) { return (uint64_t)usage().ru_nvcsw; }
