// One loop an operation, over operands that lie next to one another. An operand that is repeated (a scalar, a column, a
// mixture) or strided is first written out for a block of outputs that stays in the L1 cache; one that is not is read in
// place. A chain of operations goes over one block after the other: what only the chain reads never leaves that cache.

#include "include/CKernels.h"
#include "operations.h"
#include <string.h>

/// Elements a block, at most; three blocks of doubles take up 12 KiB.
#define BLOCK 512
/// Bytes that the blocks of a chain that are not in place should take up. A chain of many values has shorter blocks, but
/// shorter ones than SHORT_BLOCK elements only where the room does not hold that many. It holds SHORTEST_BLOCK of any.
#define CACHE (48 * 1024)
#define SHORT_BLOCK 64
#define SHORTEST_BLOCK 8
#define ROOM ((ADJ_CHAIN_OPERANDS + ADJ_CHAIN_OPERATIONS) * (SHORTEST_BLOCK + 2 * ADJ_CHAIN_REACH) * 8)
/// Inner axes at least this long are worked on row by row, shorter ones are gathered, many rows to a block. Gathering
/// pays sooner where many operations share it.
#define LONG_ROW 64
#define LONG_ROW_OF_A_CHAIN 256

#define REAL float
#define LANES 16
#define FN(name) adj_##name##_f32
#define LOOPS loops_f32
#define SPLAT splat_f32
#include "elementwise_loops.h"

#define REAL double
#define LANES 8
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

/// The operation on `count` elements from the one at `start` on.
static void apply_from(ptrdiff_t start, uint16_t operation, uint8_t type, ptrdiff_t size, char *to,
                       const char *const *read, ptrdiff_t count) {
  const ptrdiff_t offset = start * size;
  const void *const at[3] = {read[0] + offset, read[1] + offset, read[2] + offset};
  apply(operation, type, to + offset, at, count);
}

static void splat(ptrdiff_t size, void *target, const void *value, ptrdiff_t count) {
  // Only bits are moved: a float's loop serves any 4 bytes.
  if (size == 4) splat_f32(target, *(const float *)value, count);
  else splat_f64(target, *(const double *)value, count);
}

#include "chain_blocks.h"

/// How many elements from `position` on make the next block.
static ptrdiff_t block_length(const struct adj_layout *layout, ptrdiff_t block, ptrdiff_t long_row, ptrdiff_t position,
                              ptrdiff_t end) {
  const ptrdiff_t inner = layout->sizes[layout->rank - 1], column = position % inner;
  ptrdiff_t count = end - position < block ? end - position : block;
  // A long row is worked on by itself, short ones many together and whole, after what is left of the first.
  if (inner >= long_row || column != 0) {
    if (count > inner - column) count = inner - column;
  } else if (count > inner) {
    count -= count % inner;
  }
  return count;
}

void adj_chain(uint8_t type, struct adj_chain_reading reading, const void *const *inputs,
               const struct adj_chain_operation *operations, ptrdiff_t operation_count, ptrdiff_t temporary_count,
               void *const *outputs, ptrdiff_t begin, ptrdiff_t end) {
  const struct adj_layout layout = reading.layout;
  const ptrdiff_t size = element_size(type), rank = layout.rank, margin = reading.extents ? ADJ_CHAIN_REACH : 0;
  struct operand operands[ADJ_CHAIN_OPERANDS];
  ptrdiff_t rooms = 0;
  for (ptrdiff_t o = 0; o < layout.operands; ++o) {
    const ptrdiff_t *strides = layout.strides + o * rank;
    const char *base = (const char *)((uintptr_t)inputs[o] + (uintptr_t)(reading.offsets[o] * size));
    operands[o] = (struct operand){base, strides, reading_of(rank, layout.sizes, strides), NULL, 0};
    rooms += operands[o].reading != IN_PLACE;
  }
  const ptrdiff_t values_at_once = rooms + temporary_count + 1;
  ptrdiff_t block = (CACHE / (values_at_once * size) - 2 * margin) & ~(ptrdiff_t)(SHORT_BLOCK - 1);
  if (block > BLOCK) block = BLOCK;
  if (block < SHORT_BLOCK) {
    block = (ROOM / (values_at_once * size) - 2 * margin) & ~(ptrdiff_t)(SHORTEST_BLOCK - 1);
    if (block > SHORT_BLOCK) block = SHORT_BLOCK;
    if (block < SHORTEST_BLOCK) block = SHORTEST_BLOCK;
  }
  const ptrdiff_t row = (block + 2 * margin) * size;
  const int all_in_place = rooms == 0;
  _Alignas(64) char room[ROOM];
  char *temporaries = room + margin * size;
  for (ptrdiff_t o = 0; o < layout.operands; ++o) {
    if (operands[o].reading == IN_PLACE) continue;
    operands[o].room = temporaries;
    temporaries += row;
  }
  ptrdiff_t long_row = operation_count > layout.operands ? LONG_ROW_OF_A_CHAIN : LONG_ROW;
  if (long_row > block) long_row = block;
  const ptrdiff_t total = element_count(&layout);
  // Each output that is needed around a block is computed into a temporary, and copied by an operation more.
  const void *values[ADJ_CHAIN_OPERANDS + 2 * ADJ_CHAIN_OPERATIONS];
  for (ptrdiff_t position = begin; position < end;) {
    ptrdiff_t count = end - position;
    if (!all_in_place) count = block_length(&layout, block, long_row, position, end);
    else if (operation_count > 1 && count > block) count = block;
    for (ptrdiff_t o = 0; o < layout.operands; ++o) {
      values[o] = block_of(&operands[o], &layout, size, position, count, margin);
    }
    const void **result = values + layout.operands;
    for (const struct adj_chain_operation *at = operations; at < operations + operation_count; ++at) {
      char *to = at->place >= 0 ? (char *)outputs[at->place] + position * size : temporaries + ~at->place * row;
      ptrdiff_t before = 0, after = 0;
      if (margin) {
        const struct adj_chain_extent extent = reading.extents[result - values];
        before = position < extent.before ? position : extent.before;
        after = total - position - count < extent.after ? total - position - count : extent.after;
      }
      if (at->operation == ADJ_CHAIN_SPLICE) {
        *result++ = splice(reading.pieces + at->a, at->b, values, size, to, position, -before, count + after);
        continue;
      }
      const char *const read[3] = {values[at->a], values[at->b], values[at->c]};
      // Apart, so that the rest begins at the start of a cache line.
      if (before > 0) apply_from(-before, at->operation, type, size, to, read, before);
      apply_from(0, at->operation, type, size, to, read, count + after);
      *result++ = to;
    }
    position += count;
  }
}

void adj_elementwise(uint16_t operation, uint8_t type, struct adj_layout layout, const void *const *inputs,
                     void *output, ptrdiff_t begin, ptrdiff_t end) {
  if (operation == ADJ_COPY
      && reading_of(layout.rank, layout.sizes, layout.strides) != IN_PLACE) {
    const ptrdiff_t size = element_size(type);
    adj_strided_copy(size, layout, inputs[0], (char *)output + begin * size, begin, end);
    return;
  }
  const ptrdiff_t offsets[3] = {0};
  const struct adj_chain_reading reading = {layout, offsets, NULL, NULL};
  const ptrdiff_t second = layout.operands > 1, third = layout.operands > 2;
  const struct adj_chain_operation single = {operation, 0, 0, (uint16_t)second, (uint16_t)(second + third)};
  adj_chain(type, reading, inputs, &single, 1, 0, &output, begin, end);
}
