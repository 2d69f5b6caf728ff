#ifndef C_ALLOCATION_COUNT_H
#define C_ALLOCATION_COUNT_H

#include <stdbool.h>
#include <stdint.h>

/// Calls so far, on all threads, of malloc and its kin: the Swift heap's, libdispatch's, everyone's in this process.
/// Buffers taken from jemalloc's own functions are not among them.
uint64_t adj_allocation_count(void);

/// Bytes asked for by those calls so far.
uint64_t adj_allocated_bytes(void);

/// Page faults of this process so far, with and without reading from a disk.
uint64_t adj_page_faults(void);

/// Times the calling thread has given up its processor so far: it waited for something. Where the system does not count
/// by thread, the whole process's.
uint64_t adj_voluntary_switches(void);

/// Whether allocations are counted on this system.
bool adj_counts_allocations(void);

#endif
