#include "CSwiftHeap.h"

#include <execinfo.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/resource.h>

typedef void *(*allocate)(const void *metadata, size_t size, size_t alignment_mask);
extern allocate _swift_allocObject;

static allocate original;
static _Atomic uint64_t objects;

// The calls that made the first object.
enum { deepest_call = 24 };
static void *calls[deepest_call];
static int call_count;

static void *count(const void *metadata, size_t size, size_t alignment_mask) {
  if (atomic_fetch_add_explicit(&objects, 1, memory_order_relaxed) == 0) call_count = backtrace(calls, deepest_call);
  return original(metadata, size, alignment_mask);
}

void adj_count_swift_objects(void) {
  // The first backtrace of a process loads a library.
  backtrace(calls, deepest_call);
  atomic_store(&objects, 0);
  original = _swift_allocObject;
  _swift_allocObject = count;
}

uint64_t adj_stop_counting_swift_objects(void) {
  _swift_allocObject = original;
  return atomic_load(&objects);
}

void adj_show_first_swift_object(int file) { backtrace_symbols_fd(calls, call_count, file); }

uint64_t adj_page_faults(void) {
  struct rusage now;
  getrusage(RUSAGE_SELF, &now);
  return (uint64_t)now.ru_minflt + (uint64_t)now.ru_majflt;
}
