#define _GNU_SOURCE
#include "CThreads.h"

#if defined(__linux__)
#include <sched.h>
#include <string.h>

int adj_processors_of_thread(int thread, unsigned long *words, size_t bytes) {
  memset(words, 0, bytes);
  return sched_getaffinity(thread, bytes, (cpu_set_t *)words) == 0;
}
#else
int adj_processors_of_thread(int thread, unsigned long *words, size_t bytes) {
  (void)thread, (void)words, (void)bytes;
  return 0;
}
#endif
