// The definition of a product and of packing, and what runs where there are no fused multiply-adds of vectors.

#include "product.h"
#include "targets.h"

#define DEFINE_PRODUCT(NAME, REAL)                                                                    \
  static void NAME(const struct adj_product *product) {                                               \
    const REAL *a = product->a, *b = product->b;                                                      \
    const ptrdiff_t lanes = ADJ_PANEL_LANES(REAL);                                                    \
    for (ptrdiff_t i = 0; i < product->m; ++i) {                                                      \
      for (ptrdiff_t j = 0; j < product->n; ++j) {                                                    \
        REAL total = 0;                                                                               \
        for (ptrdiff_t first = 0; first < product->k; first += ADJ_PRODUCT_CHUNK) {                   \
          const ptrdiff_t left = product->k - first;                                                  \
          const ptrdiff_t end = first + (left < ADJ_PRODUCT_CHUNK ? left : ADJ_PRODUCT_CHUNK);        \
          REAL chunk = 0;                                                                             \
          for (ptrdiff_t p = first; p < end; ++p) {                                                   \
            const ptrdiff_t of_b = product->b_panel ? j / lanes * product->b_panel + p * lanes + j % lanes \
                                                    : p * product->b_depth + j * product->b_column;   \
            chunk = ADJ_FMA(a[i * product->a_row + p * product->a_depth], b[of_b], chunk);            \
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

#define DEFINE_PACK(NAME, REAL)                                                                       \
  static void NAME(const struct adj_packing *packing) {                                               \
    const REAL *b = packing->b;                                                                       \
    REAL *panels = packing->panels;                                                                   \
    const ptrdiff_t lanes = ADJ_PANEL_LANES(REAL);                                                    \
    for (ptrdiff_t panel = packing->first; panel < packing->end; ++panel) {                           \
      for (ptrdiff_t p = 0; p < packing->k; ++p) {                                                    \
        for (ptrdiff_t lane = 0; lane < lanes; ++lane) {                                              \
          const ptrdiff_t j = panel * lanes + lane;                                                   \
          panels[(panel * packing->k + p) * lanes + lane] =                                           \
              j < packing->n ? b[j * packing->column + p * packing->depth] : 0;                       \
        }                                                                                             \
      }                                                                                               \
    }                                                                                                 \
  }

DEFINE_PACK(pack_f32, float)
DEFINE_PACK(pack_f64, double)

void adj_pack_plain(uint8_t type, const struct adj_packing *packing) {
  if (adj_is_float32(type)) pack_f32(packing);
  else pack_f64(packing);
}
