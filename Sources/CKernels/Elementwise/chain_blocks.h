#pragma once

// How a chain sees one block: where the elements of its operands lie next to one another, or are written out to, and those
// of its results. Included by elementwise.c alone.

#include "include/CKernels.h"
#include <string.h>

static void splat(ptrdiff_t size, void *target, const void *value, ptrdiff_t count);
static int gather_elements(ptrdiff_t size, void *target, const void *table, const int32_t *indices, ptrdiff_t count,
                           uint32_t rows);

/// Elements that a row of memory has before and after a block, where values are needed around it: before it their reach
/// twice, since a value is computed from the start of a vector on and may show another, shifted.
#define FRONT (2 * ADJ_CHAIN_REACH)
#define BACK ADJ_CHAIN_REACH

/// One block of a chain. A value is given by where its element `position` lies.
struct block {
  /// The operands', and room for the results'.
  const void **values;
  ptrdiff_t operand_count;
  const struct adj_chain_operation *operations;
  ptrdiff_t operation_count;
  /// At element 0.
  void *const *outputs;
  /// The first of the temporaries, which are `row` bytes apart.
  char *temporaries;
  ptrdiff_t row;
  const struct adj_chain_piece *pieces;
  /// Null if none is needed around the block.
  const struct adj_chain_extent *extents;
  /// Elements of the whole value.
  ptrdiff_t total;
  ptrdiff_t position, count;
  /// Where the next block begins of the operands and results that are read and written in memory, how many lines of it
  /// each takes, and how many each operation asks for. There may be none.
  const char *const *ahead;
  ptrdiff_t ahead_count, ahead_lines, ahead_share;
};

/// Asks for operation `index`'s share of the lines that the next block reads and writes: so many places in memory at once
/// are more than a processor foresees by itself, and asked for all together they would hold up what is computed.
static __attribute__((noinline)) void fetch_ahead(const struct block *block, ptrdiff_t index) {
  const uint32_t lines = (uint32_t)block->ahead_lines, all = (uint32_t)block->ahead_count * lines;
  uint32_t line = (uint32_t)(index * block->ahead_share);
  const uint32_t end = line + (uint32_t)block->ahead_share < all ? line + (uint32_t)block->ahead_share : all;
  for (; line < end; ++line) __builtin_prefetch(block->ahead[line / lines] + line % lines * LINE);
}

static inline void *result_of(const struct block *block, int16_t place, ptrdiff_t size) {
  return place >= 0 ? (char *)block->outputs[place] + block->position * size : block->temporaries + ~place * block->row;
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
  /// Anything else that lies in strides.
  BY_ROW,
  /// It is rows of a table.
  GATHERED,
  /// It is the indices of those, which no operation reads.
  INDICES
};

struct operand {
  const char *base;
  const ptrdiff_t *strides;
  enum reading reading;
  /// Of an operand that is gathered: what it is, and its indices.
  const struct adj_chain_gather *gather;
  const int32_t *indices;
  /// Room to write a block out, unless it is read in place.
  char *room;
  /// How many elements of that hold already what every block needs, from the start of a row on.
  ptrdiff_t written;
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

/// Where `count` elements of the operand from output element `position` on lie next to one another. A block longer than
/// the rest of its row begins at the start of a row. If the operand is read in place or the same everywhere, `front`
/// elements before the block and `back` after it are there as well. What is gathered is still to be written there.
static const void *block_of(struct operand *operand, const struct adj_layout *layout, ptrdiff_t size,
                            ptrdiff_t position, ptrdiff_t count, ptrdiff_t front, ptrdiff_t back) {
  if (operand->reading == IN_PLACE) return operand->base + position * size;
  const ptrdiff_t rank = layout->rank, inner = layout->sizes[rank - 1], column = position % inner;
  const struct adj_layout single = {rank, 1, layout->sizes, operand->strides};
  switch (operand->reading) {
    case GATHERED:
    case INDICES: return operand->room;
    case SAME_EVERYWHERE:
      if (operand->written < count) {
        splat(size, operand->room - front * size, operand->base, front + count + back);
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

/// Whether the operand's elements are written out before operations read them.
static int has_room(const struct operand *operand) {
  return operand->reading != IN_PLACE && operand->reading != INDICES;
}

/// Writes elements begin <= i < end of a gathered operand from `to` on. Returns -1, or where among the indices the first
/// stands that names no row; then nothing has been read from outside of the table.
static ptrdiff_t gather(const struct operand *operand, ptrdiff_t size, char *to, ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t columns = operand->gather->columns;
  // An index below 0 is one above all rows, of which an int32_t can name 2^31.
  const uint32_t rows = operand->gather->rows > INT32_MAX ? (uint32_t)1 << 31 : (uint32_t)operand->gather->rows;
  if (columns == 1) {
    if (gather_elements(size, to, operand->base, operand->indices + begin, end - begin, rows)) return -1;
    while ((uint32_t)operand->indices[begin] < rows) ++begin;
    return begin;
  }
  for (ptrdiff_t row = begin / columns, column = begin % columns; begin < end; ++row, column = 0) {
    const ptrdiff_t count = columns - column < end - begin ? columns - column : end - begin;
    const uint32_t index = (uint32_t)operand->indices[row];
    if (index >= rows) return row;
    memcpy(to, operand->base + ((ptrdiff_t)index * columns + column) * size, (size_t)(count * size));
    to += count * size;
    begin += count;
  }
  return -1;
}

static ptrdiff_t element_count(const struct adj_layout *layout) {
  ptrdiff_t count = 1;
  for (ptrdiff_t axis = 0; axis < layout->rank; ++axis) count *= layout->sizes[axis];
  return count;
}

/// Where elements position + begin <= i < position + end of a splice lie next to one another: where those of the one piece
/// that they fall into lie, else put together at `to`, which stands for element `position`.
static const void *splice(const struct adj_chain_piece *pieces, ptrdiff_t count, const void *const *values, ptrdiff_t size,
                          char *to, ptrdiff_t position, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t k = 0; k < count; ++k) {
    if (pieces[k].begin <= position + begin && position + end <= pieces[k].end) {
      return (const char *)values[pieces[k].value] - pieces[k].shift * size;
    }
  }
  memset(to + begin * size, 0, (size_t)((end - begin) * size));
  for (ptrdiff_t k = 0; k < count; ++k) {
    const ptrdiff_t from = pieces[k].begin - position > begin ? pieces[k].begin - position : begin;
    const ptrdiff_t stop = pieces[k].end - position < end ? pieces[k].end - position : end;
    if (from >= stop) continue;
    const char *source = (const char *)values[pieces[k].value] + (from - pieces[k].shift) * size;
    memcpy(to + from * size, source, (size_t)((stop - from) * size));
  }
  return to;
}
