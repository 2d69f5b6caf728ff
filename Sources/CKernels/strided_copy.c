// Transposes, slices and broadcasts: all are one row-major output whose elements are read at some strides.

#include "include/CKernels.h"
#include "targets.h"
#include <string.h>

#define MAXIMUM_RANK 32  // Decisions/Limits.md
/// Rows of the output that are written side by side where the input runs down them, so that each cache line of the
/// input is used whole.
#define TILE 16  // Decisions/Kernels.md

#define DEFINE_COPY(NAME, ELEMENT)                                                                                  \
  ADJ_KERNEL(void, NAME, (struct adj_layout layout, const ELEMENT *input, ELEMENT *output, ptrdiff_t begin,          \
                          ptrdiff_t end), {                                                                          \
    const ptrdiff_t rank = layout.rank;                                                                             \
    const ptrdiff_t inner = rank > 0 ? layout.sizes[rank - 1] : 1, stride = rank > 0 ? layout.strides[rank - 1] : 1; \
    ptrdiff_t coordinates[MAXIMUM_RANK], offset = 0, rest = begin / inner, column = begin % inner;                  \
    for (ptrdiff_t axis = rank - 2; axis >= 0; --axis) {                                                            \
      coordinates[axis] = rest % layout.sizes[axis];                                                                \
      rest /= layout.sizes[axis];                                                                                   \
      offset += coordinates[axis] * layout.strides[axis];                                                           \
    }                                                                                                               \
    const int tiled = rank >= 2 && stride != 1 && stride != 0 && layout.strides[rank - 2] == 1;                     \
    for (ptrdiff_t position = begin; position < end;) {                                                             \
      ptrdiff_t count = inner - column, rows = 1;                                                                   \
      if (count > end - position) count = end - position;                                                           \
      const ELEMENT *from = input + offset + column * stride;                                                       \
      ELEMENT *to = output + (position - begin);                                                                     \
      if (tiled && column == 0 && end - position >= TILE * inner                                                    \
          && layout.sizes[rank - 2] - coordinates[rank - 2] >= TILE) {                                              \
        rows = TILE;                                                                                                \
        for (ptrdiff_t start = 0; start < inner; start += TILE) {                                                   \
          const ptrdiff_t stop = inner - start < TILE ? inner : start + TILE;                                       \
          for (ptrdiff_t row = 0; row < TILE; ++row) {                                                              \
            for (ptrdiff_t i = start; i < stop; ++i) to[row * inner + i] = from[row + i * stride];                  \
          }                                                                                                         \
        }                                                                                                           \
        count = TILE * inner;                                                                                       \
      } else if (stride == 1) {                                                                                     \
        if (count >= 16) memcpy(to, from, (size_t)count * sizeof(ELEMENT));                                         \
        else for (ptrdiff_t i = 0; i < count; ++i) to[i] = from[i];                                                 \
      } else if (stride == 0) {                                                                                     \
        const ELEMENT value = *from;                                                                                \
        for (ptrdiff_t i = 0; i < count; ++i) to[i] = value;                                                        \
      } else {                                                                                                      \
        for (ptrdiff_t i = 0; i < count; ++i) to[i] = from[i * stride];                                             \
      }                                                                                                             \
      position += count;                                                                                            \
      column = 0;                                                                                                   \
      ptrdiff_t axis = rank - 2;                                                                                    \
      if (axis >= 0) {                                                                                              \
        coordinates[axis] += rows;                                                                                  \
        offset += rows * layout.strides[axis];                                                                      \
      }                                                                                                             \
      for (; axis >= 0 && coordinates[axis] == layout.sizes[axis]; --axis) {                                        \
        offset -= coordinates[axis] * layout.strides[axis];                                                         \
        coordinates[axis] = 0;                                                                                      \
        if (axis > 0) {                                                                                             \
          coordinates[axis - 1] += 1;                                                                               \
          offset += layout.strides[axis - 1];                                                                       \
        }                                                                                                           \
      }                                                                                                             \
    }                                                                                                               \
  })

DEFINE_COPY(copy_1, uint8_t)
DEFINE_COPY(copy_2, uint16_t)
DEFINE_COPY(copy_4, uint32_t)
DEFINE_COPY(copy_8, uint64_t)

void adj_strided_copy(ptrdiff_t element_size, struct adj_layout layout, const void *input, void *output,
                      ptrdiff_t begin, ptrdiff_t end) {
  switch (element_size) {
    case 1: ADJ_BEST(copy_1)(layout, input, output, begin, end); return;
    case 2: ADJ_BEST(copy_2)(layout, input, output, begin, end); return;
    case 4: ADJ_BEST(copy_4)(layout, input, output, begin, end); return;
    default: ADJ_BEST(copy_8)(layout, input, output, begin, end);
  }
}
