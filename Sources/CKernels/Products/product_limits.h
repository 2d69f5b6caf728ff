#pragma once

// Where a product is worked in another way: what is faster depends on caches, and no bit on it.

enum {
  /// Bytes after which the sets of a first-level cache begin again: of rows that lie a multiple of them apart, it holds
  /// as many as it has ways, eight or twelve.
  ADJ_SAME_SET = 4096,      // Decisions/Kernels.md
  ADJ_ROWS_OF_SAME_SET = 7,  // Decisions/Kernels.md
  /// So many rows are few: each element of B is read by one tile, or a few.
  ADJ_FEW_ROWS = 48,  // Decisions/Kernels.md
  /// So deep a product is shallow: four vectors of columns of B take 16 KiB. Up to half of it, C's lines count beside
  /// those of B.
  ADJ_SHALLOW = 64,  // Decisions/Kernels.md
  /// Vectors of columns of B that are laid out at a time.
  ADJ_LAID_VECTORS = 8,  // Decisions/Kernels.md
  /// Bytes of a B that a second-level cache holds, and of one whose pages a processor can find.
  ADJ_FETCHED = 1 << 20,   // Decisions/Kernels.md
  ADJ_STREAMED = 1 << 23,  // Decisions/Kernels.md
  /// The same of one whose rows do not share sets of a first-level cache.
  ADJ_STREAMED_APART = 1 << 21,  // Decisions/Kernels.md
  /// Bytes of a row of sums that stay in the first-level cache while B is read in its order, so many rows of it side by
  /// side: by one row of A, or by a few.
  ADJ_PIECE = 8192,         // Decisions/Kernels.md
  ADJ_ROWS_TOGETHER = 8,    // Decisions/Kernels.md
  ADJ_DEPTH_TOGETHER = 16,  // Decisions/Kernels.md
};
