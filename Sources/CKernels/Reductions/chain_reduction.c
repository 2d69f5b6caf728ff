// A chain of elementwise operations whose result is reduced row by row while it is in the cache.

#include "include/CKernels.h"
#include "leaves.h"
#include "scratch.h"
#include "targets.h"

#define MAXIMUM_OUTPUTS ADJ_CHAIN_OPERATIONS

struct adj_chain_fault adj_chain_reduction(uint8_t type, const struct adj_chain_code *chain, const void *const *inputs,
                                           void *const *outputs, struct adj_chain_tail tail, ptrdiff_t begin,
                                           ptrdiff_t end) {
  const ptrdiff_t size = adj_facts_of_element(type).size, columns = tail.columns;
  char *const scratch = tail.source == tail.stored ? adj_row_room() : NULL;
  void *targets[MAXIMUM_OUTPUTS];
  for (ptrdiff_t output = 0; output < tail.stored; ++output) targets[output] = outputs[output];
  char *const result = outputs[tail.stored];
  for (ptrdiff_t row = begin; row < end;) {
    ptrdiff_t rows = 1;
    struct leaf part;
    if (columns > ADJ_CHAIN_ROW) {
      part = leaf_at(columns, row);
    } else {
      rows = ADJ_CHAIN_ROW / columns;
      if (rows > end - row) rows = end - row;
      part = (struct leaf){row * columns, rows * columns};
    }
    // An output is given at its element 0: so that this part lies at the start of the scratch memory.
    if (tail.source == tail.stored) targets[tail.stored] = (void *)((uintptr_t)scratch - (uintptr_t)(part.first * size));
    const struct adj_chain_fault fault = adj_chain(type, chain, inputs, targets, part.first, part.first + part.count);
    if (fault.operand >= 0) return fault;
    if (columns > ADJ_CHAIN_ROW) {
      adj_reduce_leaves(tail.operation, type, columns, targets[tail.source], result, row, row + 1);
    } else {
      const char *reduced = tail.source == tail.stored ? scratch : (char *)targets[tail.source] + part.first * size;
      adj_reduce(tail.operation, type, tail.plan, reduced, result + row * size, 0, rows);
    }
    row += rows;
  }
  return (struct adj_chain_fault){-1, 0};
}
