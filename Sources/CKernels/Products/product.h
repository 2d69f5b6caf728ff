#pragma once

#include "include/CKernels.h"

// A product as its definition says, and as each kind of vectors computes it: the same bits.
//
// C = A · B, or C = C + A · B, of m × k and k × n elements. Element (i, j):
//
//     chunk c    one chain of fused multiply-adds over its 256 elements of k, ascending, from +0
//     A · B      ((chunk 0 + chunk 1) + chunk 2) + …
//     C + A · B  one addition more
//
// Each operation is rounded once. So the bits of an element depend on its row, its column and what was there, and on
// nothing else: neither on tiles, nor on vectors, nor on the other rows and columns.

/// How much of k is one chain.
enum { ADJ_PRODUCT_CHUNK = 256 };  // Decisions/Kernels.md

/// A packed B is panels one behind the other: element (p, j) is the one at (j / lanes) · b_panel + p · lanes + j % lanes,
/// `lanes` elements being 64 bytes. What the last panel has beyond B's columns is 0.
#define ADJ_PANEL_LANES(REAL) (ADJ_PANEL_BYTES / (ptrdiff_t)sizeof(REAL))

/// One product. Rows of C are `c_row` elements apart and its columns `c_column`; one of A's strides is 1, and one of
/// B's, unless B is packed.
struct adj_product {
  ptrdiff_t m, n, k;
  const void *a, *b;
  ptrdiff_t a_row, a_depth, b_depth, b_column;
  /// Elements from one panel of a packed B to the next, whose `b_depth` and `b_column` are not looked at; 0 if B lies as
  /// matrices do.
  ptrdiff_t b_panel;
  void *c;
  ptrdiff_t c_row, c_column;
  int adds;
};

/// The panels first <= panel < end of a matrix B of k × n elements. Element (p, j) of B lies at p · depth + j · column,
/// one of which is 1.
struct adj_packing {
  ptrdiff_t n, k, first, end;
  const void *b;
  ptrdiff_t depth, column;
  void *panels;
};

void adj_product_plain(uint8_t type, const struct adj_product *product);
void adj_pack_plain(uint8_t type, const struct adj_packing *packing);
#if defined(__x86_64__)
void adj_product_avx512(uint8_t type, const struct adj_product *product);
void adj_product_avx2(uint8_t type, const struct adj_product *product);
void adj_pack_avx512(uint8_t type, const struct adj_packing *packing);
void adj_pack_avx2(uint8_t type, const struct adj_packing *packing);
#elif defined(__aarch64__)
void adj_product_neon(uint8_t type, const struct adj_product *product);
void adj_pack_neon(uint8_t type, const struct adj_packing *packing);
#endif
