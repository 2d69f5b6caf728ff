// Products and the packing for them, by the kind of vectors that is asked for.

#include "product.h"
#include "targets.h"

static void multiply(uint8_t type, int32_t level, const struct adj_product *product) {
  switch (level) {
#if defined(__x86_64__)
    case ADJ_VECTORS_512: return adj_product_avx512(type, product);
    case ADJ_VECTORS_256: return adj_product_avx2(type, product);
#elif defined(__aarch64__)
    case ADJ_VECTORS_128: return adj_product_neon(type, product);
#endif
    default: return adj_product_plain(type, product);
  }
}

void adj_product(uint8_t type, int32_t level, int32_t transpose_a, int32_t transpose_b, ptrdiff_t m, ptrdiff_t n,
                 ptrdiff_t k, const void *a, ptrdiff_t lda, const void *b, ptrdiff_t ldb, void *c, ptrdiff_t ldc,
                 int32_t accumulate) {
  const struct adj_product product = {
      .m = m, .n = n, .k = k, .a = a, .b = b, .c = c, .c_row = ldc, .c_column = 1, .adds = accumulate,
      .a_row = transpose_a ? 1 : lda, .a_depth = transpose_a ? lda : 1,
      .b_depth = transpose_b ? 1 : ldb, .b_column = transpose_b ? ldb : 1,
  };
  multiply(type, level, &product);
}

void adj_product_packed(uint8_t type, int32_t level, int32_t transpose_a, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                        const void *a, ptrdiff_t lda, const void *panels, void *c, ptrdiff_t ldc, int32_t accumulate) {
  const ptrdiff_t lanes = adj_is_float32(type) ? ADJ_PANEL_LANES(float) : ADJ_PANEL_LANES(double);
  const struct adj_product product = {
      .m = m, .n = n, .k = k, .a = a, .b = panels, .c = c, .c_row = ldc, .c_column = 1, .adds = accumulate,
      .a_row = transpose_a ? 1 : lda, .a_depth = transpose_a ? lda : 1, .b_depth = lanes, .b_column = 1,
      .b_panel = k * lanes,
  };
  multiply(type, level, &product);
}

void adj_pack(uint8_t type, int32_t level, int32_t transpose, ptrdiff_t n, ptrdiff_t k, const void *b, ptrdiff_t ldb,
              void *panels, ptrdiff_t first, ptrdiff_t end) {
  const struct adj_packing packing = {
      .n = n, .k = k, .first = first, .end = end, .b = b, .panels = panels,
      .depth = transpose ? 1 : ldb, .column = transpose ? ldb : 1,
  };
  switch (level) {
#if defined(__x86_64__)
    case ADJ_VECTORS_512: return adj_pack_avx512(type, &packing);
    case ADJ_VECTORS_256: return adj_pack_avx2(type, &packing);
#elif defined(__aarch64__)
    case ADJ_VECTORS_128: return adj_pack_neon(type, &packing);
#endif
    default: return adj_pack_plain(type, &packing);
  }
}
