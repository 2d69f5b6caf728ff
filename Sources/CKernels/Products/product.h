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

/// One product. Rows of C are `c_row` elements apart and its columns `c_column`; one of A's strides is 1, and one of
/// B's.
struct adj_product {
  ptrdiff_t m, n, k;
  const void *a, *b;
  ptrdiff_t a_row, a_depth, b_depth, b_column;
  void *c;
  ptrdiff_t c_row, c_column;
  int adds;
};

void adj_product_plain(uint8_t type, const struct adj_product *product);
#if defined(__x86_64__)
void adj_product_avx512(uint8_t type, const struct adj_product *product);
void adj_product_avx2(uint8_t type, const struct adj_product *product);
#elif defined(__aarch64__)
void adj_product_neon(uint8_t type, const struct adj_product *product);
#endif
