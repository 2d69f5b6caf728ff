// One loop an operation, over operands that lie next to one another. An operand that is repeated (a scalar, a column, a
// mixture) or strided is first written out for a block of outputs that stays in the L1 cache; one that is not is read in
// place. A chain of operations goes over one block after the other: what only the chain reads never leaves that cache.

#include "include/CKernels.h"
#include "operations.h"
#include <string.h>

/// Elements a block, at most; three blocks of doubles take up 12 KiB.
#define BLOCK 512
/// Bytes that the blocks of a chain that are not in place should take up. A chain of many values has shorter blocks, but
/// none shorter than SHORTEST_BLOCK elements, for which there is room.
#define CACHE (48 * 1024)
#define SHORTEST_BLOCK 64
#define ROOM ((ADJ_CHAIN_OPERANDS + ADJ_CHAIN_OPERATIONS) * SHORTEST_BLOCK * 8)
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

/// How an operand is read under a block of the output.
enum reading {
  /// It has the output's shape.
  IN_PLACE,
  /// It is one element.
  SAME_EVERYWHERE,
  /// It is one row that every row of the output repeats.
  SAME_ROW,
  /// It is made up of pieces, this operand and those after it.
  PIECES,
  /// Anything else.
  BY_ROW
};

struct operand {
  const char *base;
  const ptrdiff_t *strides;
  enum reading reading;
  /// Room to write a block out, unless it is read in place, and how many elements of it repeat what it holds from the start of a row on.
  char *room;
  ptrdiff_t written;
  const struct adj_chain_piece *_Nullable pieces;
};

static enum reading reading_of(ptrdiff_t rank, const ptrdiff_t *sizes, const ptrdiff_t *strides) {
  ptrdiff_t expected = 1;
  int in_place = 1, same = 1, same_row = strides[rank - 1] == 1;
  for (ptrdiff_t axis = rank - 1; axis >= 0; --axis) {
    in_place &= strides[axis] == expected;
    same &= strides[axis] == 0;
    same_row &= axis == rank - 1 || strides[axis] == 0;
    expected *= sizes[axis];
  }
  return in_place ? IN_PLACE : same ? SAME_EVERYWHERE : same_row ? SAME_ROW : BY_ROW;
}

/// The same of a value in pieces: a block within one piece is read in place, one across an edge is put together.
static const void *block_of_pieces(const struct operand *first, ptrdiff_t size, ptrdiff_t position, ptrdiff_t count) {
  const ptrdiff_t end = position + count;
  const struct adj_chain_piece *const pieces = first->pieces;
  for (ptrdiff_t k = 0; k < pieces->count; ++k) {
    if (pieces[k].begin <= position && end <= pieces[k].end) return first[k].base + position * size;
  }
  memset(first->room, 0, (size_t)(count * size));
  for (ptrdiff_t k = 0; k < pieces->count; ++k) {
    const ptrdiff_t from = pieces[k].begin > position ? pieces[k].begin : position;
    const ptrdiff_t to = pieces[k].end < end ? pieces[k].end : end;
    if (from < to) memcpy(first->room + (from - position) * size, first[k].base + from * size, (size_t)((to - from) * size));
  }
  return first->room;
}

/// Where `count` elements of the operand from output element `position` on lie next to one another. A block longer than
/// the rest of its row begins at the start of a row.
static const void *block_of(struct operand *operand, const struct adj_layout *layout, ptrdiff_t size,
                            ptrdiff_t position, ptrdiff_t count) {
  if (operand->reading == IN_PLACE) return operand->base + position * size;
  if (operand->reading == PIECES) return block_of_pieces(operand, size, position, count);
  const ptrdiff_t rank = layout->rank, inner = layout->sizes[rank - 1], column = position % inner;
  const struct adj_layout single = {rank, 1, layout->sizes, operand->strides};
  switch (operand->reading) {
    case SAME_EVERYWHERE:
      if (operand->written < count) {
        splat(size, operand->room, operand->base, count);
        operand->written = count;
      }
      return operand->room;
    case SAME_ROW:
      if (count <= inner - column) return operand->base + column * size;
      if (operand->written < count) {
        adj_strided_copy(size, single, operand->base, operand->room, position, position + count);
        operand->written = count;
      }
      return operand->room;
    default: break;
  }
  if (count > inner - column) {
    adj_strided_copy(size, single, operand->base, operand->room, position, position + count);
    return operand->room;
  }
  const char *from = operand->base + offset_of(position, rank, layout->sizes, operand->strides) * size;
  if (operand->strides[rank - 1] == 1) return from;
  if (operand->strides[rank - 1] == 0) splat(size, operand->room, from, count);
  else adj_strided_copy(size, single, operand->base, operand->room, position, position + count);
  return operand->room;
}

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
  const ptrdiff_t size = element_size(type), rank = layout.rank;
  struct operand operands[ADJ_CHAIN_OPERANDS];
  ptrdiff_t rooms = 0;
  for (ptrdiff_t o = 0; o < layout.operands; ++o) {
    const ptrdiff_t *strides = layout.strides + o * rank;
    const struct adj_chain_piece *const piece = reading.pieces ? reading.pieces + o : NULL;
    const char *base = (const char *)((uintptr_t)inputs[o] + (uintptr_t)(reading.offsets[o] * size));
    operands[o] = (struct operand){base, strides, reading_of(rank, layout.sizes, strides), NULL, 0, piece};
    if (piece && piece->count > 0) operands[o].reading = PIECES;
    rooms += operands[o].reading != IN_PLACE;
  }
  ptrdiff_t block = CACHE / ((rooms + temporary_count + 1) * size) & ~(ptrdiff_t)(SHORTEST_BLOCK - 1);
  if (block > BLOCK) block = BLOCK;
  if (block < SHORTEST_BLOCK) block = SHORTEST_BLOCK;
  const ptrdiff_t row = block * size;
  const int all_in_place = rooms == 0;
  _Alignas(64) char room[ROOM];
  char *temporaries = room;
  for (ptrdiff_t o = 0; o < layout.operands; ++o) {
    if (operands[o].reading == IN_PLACE) continue;
    operands[o].room = temporaries;
    temporaries += row;
  }
  ptrdiff_t long_row = operation_count > layout.operands ? LONG_ROW_OF_A_CHAIN : LONG_ROW;
  if (long_row > block) long_row = block;
  const void *values[ADJ_CHAIN_OPERANDS + ADJ_CHAIN_OPERATIONS];
  for (ptrdiff_t position = begin; position < end;) {
    ptrdiff_t count = end - position;
    if (!all_in_place) count = block_length(&layout, block, long_row, position, end);
    else if (operation_count > 1 && count > block) count = block;
    for (ptrdiff_t o = 0; o < layout.operands; ++o) {
      values[o] = block_of(&operands[o], &layout, size, position, count);
    }
    const void **result = values + layout.operands;
    for (const struct adj_chain_operation *at = operations; at < operations + operation_count; ++at) {
      char *to = at->place >= 0 ? (char *)outputs[at->place] + position * size : temporaries + ~at->place * row;
      const void *read[3] = {values[at->a], values[at->b], values[at->c]};
      apply(at->operation, type, to, read, count);
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
  const struct adj_chain_reading reading = {layout, offsets, NULL};
  const ptrdiff_t second = layout.operands > 1, third = layout.operands > 2;
  const struct adj_chain_operation single = {operation, 0, 0, (uint16_t)second, (uint16_t)(second + third)};
  adj_chain(type, reading, inputs, &single, 1, 0, &output, begin, end);
}
