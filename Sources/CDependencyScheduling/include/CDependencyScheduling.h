#ifndef ADJ_DEPENDENCY_SCHEDULING_H
#define ADJ_DEPENDENCY_SCHEDULING_H

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <time.h>

/// Tells the processor that the calling thread waits in a loop: an instruction that Swift cannot write.
static inline void adj_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield" ::: "memory");
#endif
}

/// Lets another thread run on this processor if one is ready to.
static inline void adj_yield(void) { (void)sched_yield(); }

/// Asks for the cache line at `address` in order to write to it, and goes on without waiting for it.
static inline void adj_prefetch_for_writing(const void *address) {
#if defined(__x86_64__)
  // Spelled out, since the plain instruction set's `__builtin_prefetch` would ask for a shared copy. Processors that do
  // not know it ignore it.
  __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address));
#else
  __builtin_prefetch(address, 1);
#endif
}

/// Nanoseconds of a clock that only goes forward.
static inline int64_t adj_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// What tells the calling thread from all others that live now.
static inline uint64_t adj_thread(void) { return (uint64_t)(uintptr_t)pthread_self(); }

/// The number of processors the calling thread may run on, 0 if the system does not say. In C because `cpu_set_t`'s
/// functions are macros, behind a feature test that the Swift overlays leave off.
int adj_processors_by_affinity(void);

#endif
