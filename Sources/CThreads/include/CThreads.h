#ifndef ADJ_THREADS_H
#define ADJ_THREADS_H

#include <pthread.h>
#include <sched.h>
#include <stddef.h>
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

/// Sleeps for about so many nanoseconds, fewer than a second; less if a signal arrives.
static inline void adj_sleep(int64_t nanoseconds) {
  struct timespec time = {0, (long)nanoseconds};
  (void)nanosleep(&time, NULL);
}

/// Has the calling thread sleep for little more than it asks for, where the system would round up by 50 µs.
void adj_sharpen_sleep(void);

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

/// An identifier of the calling thread, unique among live threads.
static inline uint64_t adj_thread(void) { return (uint64_t)(uintptr_t)pthread_self(); }

/// A pointer of the calling thread's own, null at first. In C because Swift has no thread-local variables.
void *adj_thread_value(void);
void adj_set_thread_value(void *value);

/// Writes the set of processors that a thread may run on, one bit each, and returns 1; returns 0 if there is no such
/// thread, the set does not fit, or the system has no such notion. Thread 0 is the caller. In C because the system
/// hides `sched_getaffinity` behind a feature test that the Swift overlays leave off.
int adj_processors_of_thread(int thread, unsigned long *words, size_t bytes);

#endif
