// A product, by the kind of vectors that is asked for.

#include "product.h"
#include "targets.h"

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
