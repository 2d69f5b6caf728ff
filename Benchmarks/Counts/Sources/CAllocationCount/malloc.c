// malloc and its kin of this executable: they count, and pass on to glibc's own. A definition in the executable takes
// the place of the library's in the whole process ("Replacing malloc" in glibc's manual); free stays glibc's.

#include "CAllocationCount.h"
#include <stdlib.h>

#ifdef __GLIBC__

#include <errno.h>
#include <stdatomic.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_uint_fast64_t count, bytes;

static inline void note(size_t size) {
  atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&bytes, size, memory_order_relaxed);
}

void *malloc(size_t size) {
  note(size);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  note(number * size);
  return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
  note(size);
  return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
  note(size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note(size);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  note(size);
  void *got = __libc_memalign(alignment, size);
  if (got == NULL) return ENOMEM;
  *block = got;
  return 0;
}

uint64_t adj_allocation_count(void) { return atomic_load_explicit(&count, memory_order_relaxed); }
uint64_t adj_allocated_bytes(void) { return atomic_load_explicit(&bytes, memory_order_relaxed); }
bool adj_counts_allocations(void) { return true; }

#else

uint64_t adj_allocation_count(void) { return 0; }
uint64_t adj_allocated_bytes(void) { return 0; }
bool adj_counts_allocations(void) { return false; }

#endif
