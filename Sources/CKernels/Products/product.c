// Which kind of vectors multiplies matrices.

#include "product.h"
#include "targets.h"
#include <stdlib.h>
#include <string.h>

/// What the processor can do, and nothing about its model, decides; `ADJOINT_VECTOR` may name less.
static int32_t best_level(void) {
  int32_t best = ADJ_VECTORS_PLAIN;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) best = ADJ_VECTORS_256;
  if (best == ADJ_VECTORS_256 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
      && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) best = ADJ_VECTORS_512;
#elif defined(__aarch64__)
  best = ADJ_VECTORS_128;
#endif
  return best;
}

static int32_t wished_level(void) {
  const int32_t best = best_level();
  const char *const wish = getenv("ADJOINT_VECTOR");
  if (!wish) return best;
  if (strcmp(wish, "plain") == 0) return ADJ_VECTORS_PLAIN;
  if (strcmp(wish, "avx2") == 0 && best > ADJ_VECTORS_256) return ADJ_VECTORS_256;
  return best;
}

int32_t adj_vector_level(void) {
  static int32_t level = -1;
  int32_t known = __atomic_load_n(&level, __ATOMIC_RELAXED);  // whoever asks first finds the same
  if (known < 0) __atomic_store_n(&level, known = wished_level(), __ATOMIC_RELAXED);
  return known;
}

int32_t adj_has_vector_level(int32_t level) {
  return level == ADJ_VECTORS_PLAIN || (level <= best_level() && (level == ADJ_VECTORS_128) == (best_level() == ADJ_VECTORS_128));
}

void adj_product(uint8_t type, int32_t level, int32_t transpose_a, int32_t transpose_b, ptrdiff_t m, ptrdiff_t n,
                 ptrdiff_t k, const void *a, ptrdiff_t lda, const void *b, ptrdiff_t ldb, void *c, ptrdiff_t ldc,
                 int32_t accumulate) {
  const struct adj_product product = {
      .m = m, .n = n, .k = k, .a = a, .b = b, .c = c, .c_row = ldc, .c_column = 1, .adds = accumulate,
      .a_row = transpose_a ? 1 : lda, .a_depth = transpose_a ? lda : 1,
      .b_depth = transpose_b ? 1 : ldb, .b_column = transpose_b ? ldb : 1,
  };
  switch (level) {
#if defined(__x86_64__)
    case ADJ_VECTORS_512: return adj_product_avx512(type, &product);
    case ADJ_VECTORS_256: return adj_product_avx2(type, &product);
#elif defined(__aarch64__)
    case ADJ_VECTORS_128: return adj_product_neon(type, &product);
#endif
    default: return adj_product_plain(type, &product);
  }
}
