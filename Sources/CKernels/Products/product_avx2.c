// Products with vectors of 256 bits and fused multiply-adds: 16 registers, of which 12 hold sums.

#include "product.h"
#include "scratch.h"
#include "targets.h"

#if defined(__x86_64__)

#define TARGET ADJ_UNWATCHED __attribute__((target("avx2,fma")))
#define KIND avx2
#define REGISTERS 2
#include "product_narrow.h"
#include "product_vectors.h"

void adj_product_avx2(uint8_t type, const struct adj_product *product) {
  if (adj_is_float32(type)) product_f32_avx2(product);
  else product_f64_avx2(product);
}

void adj_pack_avx2(uint8_t type, const struct adj_packing *packing) {
  if (adj_is_float32(type)) pack_f32_avx2(packing);
  else pack_f64_avx2(packing);
}

#endif
