// Products with vectors of 128 bits and fused multiply-adds, which every 64-bit ARM has: 32 registers, of which 24 hold
// sums.

#include "product.h"
#include "scratch.h"
#include "targets.h"

#if defined(__aarch64__)

#define TARGET ADJ_UNWATCHED
#define KIND neon
#define REGISTERS 4
#include "product_narrow.h"
#include "product_vectors.h"

void adj_product_neon(uint8_t type, const struct adj_product *product) {
  if (adj_is_float32(type)) product_f32_neon(product);
  else product_f64_neon(product);
}

void adj_pack_neon(uint8_t type, const struct adj_packing *packing) {
  if (adj_is_float32(type)) pack_f32_neon(packing);
  else pack_f64_neon(packing);
}

#endif
