#pragma once

#include "include/CKernels.h"

/// A leaf: so many elements next to one another, of a row of a reduction.
struct leaf {
  ptrdiff_t first, count;
};

/// Leaf `index` of rows of `columns` elements: each row has as many as it takes, of which the last may be shorter.
static inline struct leaf leaf_at(ptrdiff_t columns, ptrdiff_t index) {
  const ptrdiff_t leaves = (columns + ADJ_LEAF - 1) / ADJ_LEAF, start = index % leaves * ADJ_LEAF;
  return (struct leaf){index / leaves * columns + start, columns - start < ADJ_LEAF ? columns - start : ADJ_LEAF};
}
