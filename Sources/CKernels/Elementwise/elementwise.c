// One loop an operation, over operands that lie next to one another. An operand that is repeated (a scalar, a column, a
// mixture) or strided is first written out for a block of outputs that stays in the L1 cache; one that is not is read in
// place. A chain of operations goes over one block after the other: what only the chain reads never leaves that cache.

#include "include/CKernels.h"
#include "functions.h"
#include "scratch.h"
#include <string.h>

// Of the numbers below: Decisions/Kernels.md

/// Elements a block, at most; three blocks of doubles take up 12 KiB.
#define BLOCK 512
/// Bytes that the blocks of a chain that are not in place should take up: more than many an L1 cache holds, since an
/// operation on a shorter block costs little less. A chain of many values has shorter blocks, but shorter ones than
/// SHORT_BLOCK elements only where the room does not hold that many. It holds SHORTEST_BLOCK of any.
#define CACHE (64 * 1024)
#define SHORT_BLOCK 64
#define SHORTEST_BLOCK 8
#define ROOM ((ADJ_CHAIN_OPERANDS + ADJ_CHAIN_OPERATIONS) * (SHORTEST_BLOCK + FRONT + BACK) * 8)
/// Bytes of blocks that lie on the stack: those of chains of few values, as most are.
#define STACK_ROOM (16 * 1024)
/// A chain of so many operations that goes over so many operands and results in memory asks for the next block's lines
/// ahead. A shorter one is through with a block before they are there, and fewer places a processor foresees.
#define LONG_CHAIN 16
#define MANY_STREAMS 5
/// Temporaries, at most, of a chain that is worked on as one block at once.
#define FEW_TEMPORARIES 32
/// Inner axes at least this long are worked on row by row, shorter ones are gathered, many rows to a block. Gathering
/// pays sooner where many operations share it.
#define LONG_ROW 64
#define LONG_ROW_OF_A_CHAIN 256

/// Bytes of a line of memory.
#define LINE 64

#include "chain_blocks.h"

_Static_assert(ROOM <= ADJ_CHAIN_ROOM && CACHE <= ADJ_CHAIN_ROOM, "a thread has memory for the blocks of any chain");

#define REAL float
#define LANES 16
#define CHAIN chain_f32
#define FN(name) adj_##name##_f32
#define LOOPS loops_f32
#define SPLAT splat_f32
#define GATHER gather_f32
#include "elementwise_loops.h"

#define REAL double
#define LANES 8
#define CHAIN chain_f64
#define FN(name) adj_##name##_f64
#define LOOPS loops_f64
#define SPLAT splat_f64
#define GATHER gather_f64
#include "elementwise_loops.h"

ADJ_KERNEL(void, splat_2, (uint16_t *target, uint16_t value, ptrdiff_t count), {
  for (ptrdiff_t i = 0; i < count; ++i) target[i] = value;
})

ADJ_KERNEL(void, add_i32, (int32_t *output, const int32_t *a, const int32_t *b, ptrdiff_t count), {
  ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) {
    output[i] = (int32_t)((uint32_t)a[i] + (uint32_t)b[i]);
  }
})

#define DEFINE_SELECT(NAME, BITS)                                                                                   \
  ADJ_KERNEL(void, NAME, (BITS *output, const BITS *a, const BITS *b, const BITS *c, BITS counted, ptrdiff_t count), { \
    ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) output[i] = a[i] & counted ? b[i] : c[i];                 \
  })

DEFINE_SELECT(select_1, uint8_t)
DEFINE_SELECT(select_2, uint16_t)
DEFINE_SELECT(select_4, uint32_t)
DEFINE_SELECT(select_8, uint64_t)

static ptrdiff_t element_size(uint8_t type) { return adj_facts_of_element(type).size; }

/// output[i] = b[i] where a[i] is not 0, else c[i], for 0 <= i < count.
static void select_bits(uint8_t type, void *output, const void *a, const void *b, const void *c, ptrdiff_t count) {
  // Either zero of a floating-point type is 0.
  const int has_sign_bit = (adj_facts_of_element(type).kind & ADJ_KIND_FLOATING) != 0;
  switch (element_size(type)) {
    case 1: ADJ_BEST(select_1)(output, a, b, c, UINT8_MAX >> has_sign_bit, count); break;
    case 2: ADJ_BEST(select_2)(output, a, b, c, UINT16_MAX >> has_sign_bit, count); break;
    case 4: ADJ_BEST(select_4)(output, a, b, c, UINT32_MAX >> has_sign_bit, count); break;
    default: ADJ_BEST(select_8)(output, a, b, c, UINT64_MAX >> has_sign_bit, count);
  }
}

/// Of elements that nothing computes with: their bits are copied and selected, and int32 is added.
static void chain_of_bits(uint8_t type, const struct block *block) {
  const ptrdiff_t size = element_size(type);
  const void **result = block->values + block->operand_count;
  for (ptrdiff_t index = 0; index < block->operation_count; ++index) {
    const struct adj_chain_operation at = block->operations[index];
    void *to = result_of(block, at.place, size);
    const void *a = block->values[at.a], *b = block->values[at.b], *c = block->values[at.c];
    if (at.operation == adj_operation_select) select_bits(type, to, a, b, c, block->count);
    else if (at.operation == adj_operation_add) ADJ_BEST(add_i32)(to, a, b, block->count);
    else if (to != a) memmove(to, a, (size_t)(block->count * size));
    *result++ = to;
  }
}

static void splat(ptrdiff_t size, void *target, const void *value, ptrdiff_t count) {
  // Only bits are moved: a float's loop serves any 4 bytes.
  switch (size) {
    case 1: memset(target, *(const uint8_t *)value, (size_t)count); break;
    case 2: ADJ_BEST(splat_2)(target, *(const uint16_t *)value, count); break;
    case 4: ADJ_BEST(splat_f32)(target, *(const float *)value, count); break;
    default: ADJ_BEST(splat_f64)(target, *(const double *)value, count);
  }
}

/// target[i] = table[indices[i]] for 0 <= i < count; nothing, and 0 returned, if one is not below `rows`.
static int gather_elements(ptrdiff_t size, void *target, const void *table, const int32_t *indices, ptrdiff_t count,
                           uint32_t rows) {
  if (size == 4) return ADJ_BEST(gather_f32)(target, table, indices, count, rows);
  return ADJ_BEST(gather_f64)(target, table, indices, count, rows);
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

/// Carries out the operations of a chain on one block.
static void run_block(uint8_t type, const struct block *block) {
  switch (type) {
    case adj_element_float32: ADJ_BEST(chain_f32)(block); break;
    case adj_element_float64: ADJ_BEST(chain_f64)(block); break;
    default: chain_of_bits(type, block);
  }
}

/// A chain of few elements, all of whose operands are read in place: as one block, without looking at each operand first.
static __attribute__((noinline)) void chain_of_one_block(uint8_t type, const struct adj_chain_code *chain,
                                                         const void *const *inputs, void *const *outputs,
                                                         ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t size = element_size(type), operand_count = chain->reading.layout.operands;
  _Alignas(64) char room[FEW_TEMPORARIES * SHORT_BLOCK * 8];
  const void *values[ADJ_CHAIN_OPERANDS + 2 * ADJ_CHAIN_OPERATIONS];
  for (ptrdiff_t o = 0; o < operand_count; ++o) values[o] = (const char *)inputs[o] + begin * size;
  const struct block block = {
      .values = values, .operand_count = operand_count, .operations = chain->operations,
      .operation_count = chain->operation_count, .outputs = outputs, .temporaries = room, .row = SHORT_BLOCK * size,
      .pieces = chain->reading.pieces, .position = begin, .count = end - begin};
  run_block(type, &block);
}

/// Finds what the block after this one reads and writes in memory, if the range goes on to `end` and that is worth it.
static void look_ahead(struct block *block, const struct operand *operands, ptrdiff_t end, ptrdiff_t size,
                       const char **ahead) {
  const ptrdiff_t next = block->position + block->count;
  block->ahead_count = 0;
  block->ahead_lines = block->count * size / LINE;
  if (next >= end || block->operation_count < LONG_CHAIN || block->ahead_lines == 0) return;
  ptrdiff_t count = 0;
  for (ptrdiff_t o = 0; o < block->operand_count; ++o) {
    if (operands[o].reading == IN_PLACE) ahead[count++] = operands[o].base + next * size;
  }
  for (ptrdiff_t o = 0; o < block->operation_count; ++o) {
    const int16_t place = block->operations[o].place;
    if (place >= 0) ahead[count++] = (const char *)block->outputs[place] + next * size;
  }
  if (count < MANY_STREAMS) return;
  block->ahead_count = count;
  block->ahead_share = (count * block->ahead_lines + block->operation_count - 1) / block->operation_count;
}

struct adj_chain_fault adj_chain(uint8_t type, const struct adj_chain_code *chain, const void *const *inputs,
                                 void *const *outputs, ptrdiff_t begin, ptrdiff_t end) {
  if (chain->in_place && end - begin <= SHORT_BLOCK && chain->temporary_count <= FEW_TEMPORARIES) {
    chain_of_one_block(type, chain, inputs, outputs, begin, end);
    return (struct adj_chain_fault){-1, 0};
  }
  const struct adj_chain_reading reading = chain->reading;
  const ptrdiff_t operation_count = chain->operation_count, temporary_count = chain->temporary_count;
  const struct adj_layout layout = reading.layout;
  const ptrdiff_t size = element_size(type), rank = layout.rank;
  const ptrdiff_t front = reading.extents ? FRONT : 0, back = reading.extents ? BACK : 0;
  struct operand operands[ADJ_CHAIN_OPERANDS];
  ptrdiff_t rooms = 0;
  for (ptrdiff_t o = 0; o < layout.operands; ++o) {
    const ptrdiff_t *strides = layout.strides + o * rank;
    const char *base = (const char *)((uintptr_t)inputs[o] + (uintptr_t)(reading.offsets[o] * size));
    operands[o] = (struct operand){.base = base, .strides = strides, .reading = reading_of(rank, layout.sizes, strides)};
  }
  for (ptrdiff_t g = 0; g < reading.gather_count; ++g) {
    const struct adj_chain_gather *const gathered = &reading.gathers[g];
    operands[gathered->indices].reading = INDICES;
    operands[gathered->operand].reading = GATHERED;
    operands[gathered->operand].gather = gathered;
    operands[gathered->operand].indices = (const int32_t *)inputs[gathered->indices];
  }
  for (ptrdiff_t o = 0; o < layout.operands; ++o) rooms += has_room(&operands[o]);
  const ptrdiff_t values_at_once = rooms + temporary_count + 1;
  ptrdiff_t length = (CACHE / (values_at_once * size) - front - back) & ~(ptrdiff_t)(SHORT_BLOCK - 1);
  if (length > BLOCK) length = BLOCK;
  if (length < SHORT_BLOCK) {
    length = (ROOM / (values_at_once * size) - front - back) & ~(ptrdiff_t)(SHORTEST_BLOCK - 1);
    if (length > SHORT_BLOCK) length = SHORT_BLOCK;
    if (length < SHORTEST_BLOCK) length = SHORTEST_BLOCK;
  }
  const ptrdiff_t row = (front + length + back) * size;
  const int all_in_place = rooms == 0;
  _Alignas(64) char few[STACK_ROOM];
  char *const room = values_at_once * row <= STACK_ROOM ? few : adj_chain_room();
  char *temporaries = room + front * size;
  for (ptrdiff_t o = 0; o < layout.operands; ++o) {
    if (!has_room(&operands[o])) continue;
    operands[o].room = temporaries;
    temporaries += row;
  }
  ptrdiff_t long_row = operation_count > layout.operands ? LONG_ROW_OF_A_CHAIN : LONG_ROW;
  if (long_row > length) long_row = length;
  // Each output that is needed around a block is computed into a temporary, and copied by an operation more.
  const void *values[ADJ_CHAIN_OPERANDS + 2 * ADJ_CHAIN_OPERATIONS];
  const char *ahead[ADJ_CHAIN_OPERANDS + ADJ_CHAIN_OPERATIONS];
  struct block block = {
      .values = values, .operand_count = layout.operands, .operations = chain->operations, .operation_count = operation_count,
      .outputs = outputs, .temporaries = temporaries, .row = row, .pieces = reading.pieces, .extents = reading.extents,
      .total = element_count(&layout), .ahead = ahead};
  // What lies before a block may be read before it is written, next to what is wanted.
  for (ptrdiff_t t = 0; front && t < temporary_count; ++t) {
    memset(temporaries + t * row - front * size, 0, (size_t)(front * size));
  }
  for (ptrdiff_t position = begin; position < end;) {
    ptrdiff_t count = end - position;
    if (!all_in_place) count = block_length(&layout, length, long_row, position, end);
    else if (operation_count > 1 && count > length) count = length;
    for (ptrdiff_t o = 0; o < layout.operands; ++o) {
      values[o] = block_of(&operands[o], &layout, size, position, count, front, back);
    }
    for (ptrdiff_t g = 0; g < reading.gather_count; ++g) {
      const ptrdiff_t o = reading.gathers[g].operand;
      const ptrdiff_t first = position < front ? 0 : position - front;
      const ptrdiff_t last = block.total - position - count < back ? block.total : position + count + back;
      const ptrdiff_t bad = gather(&operands[o], size, operands[o].room + (first - position) * size, first, last);
      if (bad >= 0) return (struct adj_chain_fault){o, bad};
    }
    block.position = position;
    block.count = count;
    look_ahead(&block, operands, end, size, ahead);
    run_block(type, &block);
    position += count;
  }
  return (struct adj_chain_fault){-1, 0};
}

void adj_elementwise(uint16_t operation, uint8_t type, struct adj_layout layout, const void *const *inputs,
                     void *output, ptrdiff_t begin, ptrdiff_t end) {
  if (operation == adj_operation_copy
      && reading_of(layout.rank, layout.sizes, layout.strides) != IN_PLACE) {
    const ptrdiff_t size = element_size(type);
    adj_strided_copy(size, layout, inputs[0], (char *)output + begin * size, begin, end);
    return;
  }
  const ptrdiff_t offsets[3] = {0};
  const ptrdiff_t second = layout.operands > 1, third = layout.operands > 2;
  const struct adj_chain_operation single = {operation, 0, 0, (uint16_t)second, (uint16_t)(second + third)};
  const struct adj_chain_code chain = {
      .reading = {.layout = layout, .offsets = offsets}, .operations = &single, .operation_count = 1};
  adj_chain(type, &chain, inputs, &output, begin, end);
}
