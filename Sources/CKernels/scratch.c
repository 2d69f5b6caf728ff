#include "scratch.h"
#include "targets.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static _Noreturn void fail(const char *reason) {
  fprintf(stderr, "Kernels have no scratch memory: %s\n", reason);
  abort();
}

static void make_key(void) {
  if (pthread_key_create(&key, free) != 0) fail("a process has no more keys for what threads keep");
}

/// Takes the memory of a thread that has none.
static __attribute__((noinline)) char *take(void) {
  void *memory;
  if (posix_memalign(&memory, 64, ADJ_CHAIN_ROOM + ADJ_ROW_ROOM + ADJ_SUM_ROOM + ADJ_PRODUCT_ROOM) != 0) fail("out of memory");
  if (pthread_setspecific(key, memory) != 0) fail("a thread cannot keep it");
  return memory;
}

static char *of_thread(void) {
  pthread_once(&once, make_key);
  char *const memory = pthread_getspecific(key);
  return memory ? memory : take();
}

char *adj_chain_room(void) { return of_thread(); }
char *adj_row_room(void) { return of_thread() + ADJ_CHAIN_ROOM; }
void *adj_sum_room(void) { return of_thread() + ADJ_CHAIN_ROOM + ADJ_ROW_ROOM; }
void *adj_product_room(void) { return of_thread() + ADJ_CHAIN_ROOM + ADJ_ROW_ROOM + ADJ_SUM_ROOM; }
