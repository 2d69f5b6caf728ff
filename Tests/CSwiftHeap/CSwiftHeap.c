#include "CSwiftHeap.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/resource.h>

typedef void *(*allocate)(const void *metadata, size_t size, size_t alignment_mask);
extern allocate _swift_allocObject;

static allocate original;
static _Atomic uint64_t objects;

static void *count(const void *metadata, size_t size, size_t alignment_mask) {
  atomic_fetch_add_explicit(&objects, 1, memory_order_relaxed);
  return original(metadata, size, alignment_mask);
}

void adj_count_swift_objects(void) {
  original = _swift_allocObject;
  _swift_allocObject = count;
}

uint64_t adj_stop_counting_swift_objects(void) {
  _swift_allocObject = original;
  return atomic_load(&objects);
}

uint64_t adj_page_faults(void) {
  struct rusage now;
  getrusage(RUSAGE_SELF, &now);
  return (uint64_t)now.ru_minflt + (uint64_t)now.ru_majflt;
}
