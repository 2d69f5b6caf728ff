// Products with vectors of 512 bits: 32 registers, of which 28 hold sums.

#include "product.h"
#include "scratch.h"
#include "targets.h"

#if defined(__x86_64__)

// With AVX-512 alone, without VL, the compiler uses half of the registers.
#define TARGET ADJ_UNWATCHED __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#define KIND avx512
#define REGISTERS 1
#define MOST_ROWS 14    // Decisions/Kernels.md
#define SHALLOW_ROWS 4  // Decisions/Kernels.md
#define MOST_VECTORS(ROWS) ((ROWS) <= 3 ? 8 : (ROWS) <= 6 ? 4 : 2)
#define WIDE(T) T(1, 8) T(2, 8) T(3, 8)
#define MIDDLE(T) T(1, 4) T(2, 4) T(3, 4) T(4, 4) T(5, 4) T(6, 4)
#define NARROW(T, V) \
  T(1, V) T(2, V) T(3, V) T(4, V) T(5, V) T(6, V) T(7, V) T(8, V) T(9, V) T(10, V) T(11, V) T(12, V) T(13, V) T(14, V)
#define TILES(T) NARROW(T, 1) NARROW(T, 2) MIDDLE(T) WIDE(T)
#define FEW(T, R) {T(R, 1), T(R, 2), T(R, 4), T(R, 8)}
#define SOME(T, R) {T(R, 1), T(R, 2), T(R, 4)}
#define MANY(T, R) {T(R, 1), T(R, 2)}
#define TILE_TABLE(T)                                                                                            \
  FEW(T, 1), FEW(T, 2), FEW(T, 3), SOME(T, 4), SOME(T, 5), SOME(T, 6), MANY(T, 7), MANY(T, 8), MANY(T, 9),       \
      MANY(T, 10), MANY(T, 11), MANY(T, 12), MANY(T, 13), MANY(T, 14)
#define TURNED_ROWS 8  // Decisions/Kernels.md
#define EACH_TURNED(T) T(1) T(2) T(3) T(4) T(5) T(6) T(7) T(8)
#include "product_vectors.h"

void adj_product_avx512(uint8_t type, const struct adj_product *product) {
  if (adj_is_float32(type)) product_f32_avx512(product);
  else product_f64_avx512(product);
}

void adj_pack_avx512(uint8_t type, const struct adj_packing *packing) {
  if (adj_is_float32(type)) pack_f32_avx512(packing);
  else pack_f64_avx512(packing);
}

#endif
