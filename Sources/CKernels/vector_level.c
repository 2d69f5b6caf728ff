// Which kind of vectors kernels are computed with.

#include "targets.h"
#include <stdlib.h>
#include <string.h>

int32_t adj_level_in_use = -1;

/// What the processor can do, and nothing about its model, decides.
static int32_t best_level(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v4")) return ADJ_VECTORS_512;
  if (__builtin_cpu_supports("x86-64-v3")) return ADJ_VECTORS_256;
#elif defined(__aarch64__)
  return ADJ_VECTORS_128;
#endif
  return ADJ_VECTORS_PLAIN;
}

/// `ADJOINT_VECTOR` may name less.
static int32_t wished_level(void) {
  const int32_t best = best_level();
  const char *const wish = getenv("ADJOINT_VECTOR");
  if (!wish) return best;
  if (strcmp(wish, "plain") == 0) return ADJ_VECTORS_PLAIN;
  if (strcmp(wish, "avx2") == 0 && best > ADJ_VECTORS_256) return ADJ_VECTORS_256;
  return best;
}

int32_t adj_vector_level(void) {
  int32_t level = __atomic_load_n(&adj_level_in_use, __ATOMIC_RELAXED);
  if (level >= 0) return level;
  // Whoever asks first finds what all others find; a level that is set meanwhile stays.
  const int32_t wished = wished_level();
  const int is_first = __atomic_compare_exchange_n(&adj_level_in_use, &level, wished, 0, __ATOMIC_RELAXED,
                                                   __ATOMIC_RELAXED);
  return is_first ? wished : level;
}

int32_t adj_has_vector_level(int32_t level) {
  const int32_t best = best_level();
  return level == ADJ_VECTORS_PLAIN || level == best || (level == ADJ_VECTORS_256 && best == ADJ_VECTORS_512);
}

void adj_set_vector_level(int32_t level) {
  __atomic_store_n(&adj_level_in_use, adj_has_vector_level(level) ? level : wished_level(), __ATOMIC_RELAXED);
}
