// One loop an operation, over operands that lie next to one another. An operand that is repeated (a scalar, a column, a
// mixture) is first written out for a block of outputs that stays in the L1 cache; one that is not is read in place.

#include "include/CKernels.h"
#include "operations.h"
#include <string.h>

/// Elements a block; three blocks of doubles take up 12 KiB.
#define BLOCK 512
/// Inner axes at least this long are worked on row by row, shorter ones are gathered, many rows to a block.
#define LONG_ROW 64
#define MAXIMUM_OPERANDS 3

#define REAL float
#define FN(name) adj_##name##_f32
#define LOOPS loops_f32
#define SPLAT splat_f32
#include "elementwise_loops.h"

#define REAL double
#define FN(name) adj_##name##_f64
#define LOOPS loops_f64
#define SPLAT splat_f64
#include "elementwise_loops.h"

ADJ_CLONES static void add_i32(int32_t *output, const int32_t *a, const int32_t *b, ptrdiff_t count) {
  ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) {
    output[i] = (int32_t)((uint32_t)a[i] + (uint32_t)b[i]);
  }
}

static ptrdiff_t element_size(uint8_t type) { return type == ADJ_FLOAT64 ? 8 : 4; }

static void apply(uint16_t operation, uint8_t type, void *output, const void *const *at, ptrdiff_t count) {
  switch (type) {
    case ADJ_FLOAT32: loops_f32(operation, output, at[0], at[1], at[2], count); return;
    case ADJ_FLOAT64: loops_f64(operation, output, at[0], at[1], at[2], count); return;
    default:
      if (operation == ADJ_ADD) add_i32(output, at[0], at[1], count);
      else if (output != at[0]) memmove(output, at[0], (size_t)count * 4);
  }
}

static void splat(ptrdiff_t size, void *target, const void *value, ptrdiff_t count) {
  // Only bits are moved: a float's loop serves any 4 bytes.
  if (size == 4) splat_f32(target, *(const float *)value, count);
  else splat_f64(target, *(const double *)value, count);
}

/// The offset of the operand's element under flat output element `index`.
static ptrdiff_t offset_of(ptrdiff_t index, ptrdiff_t rank, const ptrdiff_t *sizes, const ptrdiff_t *strides) {
  ptrdiff_t offset = 0;
  for (ptrdiff_t axis = rank - 1; axis >= 0 && index > 0; --axis) {
    offset += index % sizes[axis] * strides[axis];
    index /= sizes[axis];
  }
  return offset;
}

enum reading { IN_PLACE, SAME_EVERYWHERE, BY_ROW };

static enum reading reading_of(ptrdiff_t rank, const ptrdiff_t *sizes, const ptrdiff_t *strides) {
  ptrdiff_t expected = 1;
  int in_place = 1, same = 1;
  for (ptrdiff_t axis = rank - 1; axis >= 0; --axis) {
    in_place &= strides[axis] == expected;
    same &= strides[axis] == 0;
    expected *= sizes[axis];
  }
  return in_place ? IN_PLACE : same ? SAME_EVERYWHERE : BY_ROW;
}

void adj_elementwise(uint16_t operation, uint8_t type, struct adj_layout layout, const void *const *inputs,
                     void *output, ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t size = element_size(type), rank = layout.rank, operands = layout.operands;
  const ptrdiff_t inner = rank > 0 ? layout.sizes[rank - 1] : 1;
  const int by_rows = inner >= LONG_ROW;
  enum reading reading[MAXIMUM_OPERANDS];
  const void *at[MAXIMUM_OPERANDS] = {inputs[0], inputs[0], inputs[0]};
  _Alignas(64) char written_out[MAXIMUM_OPERANDS][BLOCK * 8];
  int all_in_place = 1, any_written_out = 0;
  for (ptrdiff_t o = 0; o < operands; ++o) {
    const ptrdiff_t *strides = layout.strides + o * rank;
    reading[o] = reading_of(rank, layout.sizes, strides);
    if (end - begin == 1) reading[o] = BY_ROW;
    all_in_place &= reading[o] == IN_PLACE;
    any_written_out |= reading[o] == SAME_EVERYWHERE || (reading[o] == BY_ROW && (!by_rows || strides[rank - 1] == 0));
    if (reading[o] == SAME_EVERYWHERE) {
      splat(size, written_out[o], inputs[o], end - begin < BLOCK ? end - begin : BLOCK);
      at[o] = written_out[o];
    }
  }
  if (operation == ADJ_COPY && !all_in_place) {
    struct adj_layout single = {rank, 1, layout.sizes, layout.strides};
    adj_strided_copy(size, single, inputs[0], output, begin, end);
    return;
  }
  const int rows_matter = !all_in_place && by_rows;
  for (ptrdiff_t position = begin; position < end;) {
    ptrdiff_t count = end - position;
    if (rows_matter && count > inner - position % inner) count = inner - position % inner;
    if (any_written_out && count > BLOCK) count = BLOCK;
    for (ptrdiff_t o = 0; o < operands; ++o) {
      const ptrdiff_t *strides = layout.strides + o * rank;
      if (reading[o] == IN_PLACE) {
        at[o] = (const char *)inputs[o] + position * size;
      } else if (reading[o] == BY_ROW && (by_rows || count == 1)) {
        const char *row = (const char *)inputs[o] + offset_of(position, rank, layout.sizes, strides) * size;
        at[o] = row;
        if (count > 1 && strides[rank - 1] == 0) {
          splat(size, written_out[o], row, count);
          at[o] = written_out[o];
        }
      } else if (reading[o] == BY_ROW) {
        struct adj_layout single = {rank, 1, layout.sizes, strides};
        adj_strided_copy(size, single, inputs[o], written_out[o] - position * size, position, position + count);
        at[o] = written_out[o];
      }
    }
    apply(operation, type, (char *)output + position * size, at, count);
    position += count;
  }
}
