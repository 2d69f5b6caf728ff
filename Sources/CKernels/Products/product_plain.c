// The definition of a product, and what runs where there are no fused multiply-adds of vectors.

#include "product.h"
#include "targets.h"

#define DEFINE_PRODUCT(NAME, REAL)                                                                    \
  static void NAME(const struct adj_product *product) {                                               \
    const REAL *a = product->a, *b = product->b;                                                      \
    for (ptrdiff_t i = 0; i < product->m; ++i) {                                                      \
      for (ptrdiff_t j = 0; j < product->n; ++j) {                                                    \
        REAL total = 0;                                                                               \
        for (ptrdiff_t first = 0; first < product->k; first += ADJ_PRODUCT_CHUNK) {                   \
          const ptrdiff_t left = product->k - first;                                                  \
          const ptrdiff_t end = first + (left < ADJ_PRODUCT_CHUNK ? left : ADJ_PRODUCT_CHUNK);        \
          REAL chunk = 0;                                                                             \
          for (ptrdiff_t p = first; p < end; ++p) {                                                   \
            chunk = ADJ_FMA(a[i * product->a_row + p * product->a_depth],                             \
                            b[p * product->b_depth + j * product->b_column], chunk);                  \
          }                                                                                           \
          total = first == 0 ? chunk : total + chunk;                                                 \
        }                                                                                             \
        REAL *to = (REAL *)product->c + i * product->c_row + j * product->c_column;                   \
        *to = product->adds ? *to + total : total;                                                    \
      }                                                                                               \
    }                                                                                                 \
  }

DEFINE_PRODUCT(product_f32, float)
DEFINE_PRODUCT(product_f64, double)

void adj_product_plain(uint8_t type, const struct adj_product *product) {
  if (adj_is_float32(type)) product_f32(product);
  else product_f64(product);
}
