#pragma once

// What kernels keep beside their stack. A thread of some C libraries has a stack of 128 KiB, most of it the caller's,
// so that no kernel may take more than 32 KiB of it: what is more lies in memory that each thread takes once and gives
// back when it ends.

#include "include/CKernels.h"

/// Bytes of the parts of a thread's memory, one behind the other: the blocks of a chain, 56 doubles of each value that
/// it may have; the rows that end in a reduction, which runs a chain; and the sums or panels of one kernel of another
/// kind.
enum {
  ADJ_CHAIN_ROOM = (ADJ_CHAIN_OPERANDS + ADJ_CHAIN_OPERATIONS) * 56 * 8,  // Decisions/Kernels.md
  ADJ_ROW_ROOM = ADJ_CHAIN_ROW * 8,
  ADJ_SUM_ROOM = 64 * 1024,      // Decisions/Kernels.md
  ADJ_PRODUCT_ROOM = 320 * 1024  // Decisions/Kernels.md
};

/// The calling thread's part of each kind, in lines of 64 bytes. What is in it is whatever the last kernel has left.
char *adj_chain_room(void);
char *adj_row_room(void);
void *adj_sum_room(void);
void *adj_product_room(void);
