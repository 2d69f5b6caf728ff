#pragma once

#include <jemalloc/jemalloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/types.h>

// The calls into jemalloc that gradient memory makes, and no others. Each is total: it answers in its return value and
// never aborts. Flags are jemalloc's `MALLOCX_…` bits; they carry the arena, the alignment of 64 bytes (a cache line,
// an AVX-512 register), and *no thread cache on either side*: a buffer returned through the thread's automatic cache
// would later be handed to an allocation of some other arena, and this arena could not be destroyed safely.

/// Flags for buffers of the given explicit arena.
static inline int adj_arena_flags(unsigned arena) {
  return MALLOCX_ARENA(arena) | MALLOCX_ALIGN(64) | MALLOCX_TCACHE_NONE;
}

/// Flags for buffers of whichever automatic arena jemalloc picks for the calling thread.
static inline int adj_automatic_flags(void) {
  return MALLOCX_ALIGN(64) | MALLOCX_TCACHE_NONE;
}

/// The size class jemalloc would round `bytes` to; 0 if there is none so large.
static inline size_t adj_rounded_size(size_t bytes, int flags) {
  return nallocx(bytes, flags);
}

/// Memory of at least `bytes` bytes, or null if the system has no more.
static inline void *_Nullable adj_allocate(size_t bytes, int flags) {
  return mallocx(bytes, flags);
}

/// Returns memory taken by `adj_allocate` with the same flags; `bytes` is the size asked for or the rounded one.
static inline void adj_deallocate(void *_Nonnull base, size_t bytes, int flags) {
  sdallocx(base, bytes, flags);
}

/// Writes `size` bytes of `value` to `arena.<index>.<name>`, or only invokes it if `value` is null.
static inline bool adj_arena_control(unsigned arena, const char *_Nonnull name, void *_Nullable value, size_t size) {
  char path[64];
  int length = snprintf(path, sizeof path, "arena.%u.%s", arena, name);
  if (length < 0 || (size_t)length >= sizeof path) return false;
  return mallctl(path, NULL, NULL, value, size) == 0;
}

/// Gives the whole arena back, including what is still allocated in it.
static inline bool adj_arena_destroy(unsigned arena) {
  return adj_arena_control(arena, "destroy", NULL, 0);
}

/// How jemalloc itself takes an extent from the operating system; set by `adj_keeping_hooks`.
static inline extent_alloc_t *_Nullable *_Nonnull adj_system_extent(void) {
  static extent_alloc_t *alloc;
  return &alloc;
}

/// Takes an extent as jemalloc would, and asks for huge pages if it is as large as two.
///
/// The first touch of a huge page costs one fault instead of 512, and later steps miss the processor's table of pages less
/// often. An arena starts with extents below 4 MiB, so that a small session takes no more memory than it needs.
static inline void *_Nullable adj_large_page_extent(extent_hooks_t *_Nonnull hooks, void *_Nullable address, size_t size,
                                                    size_t alignment, bool *_Nonnull zero, bool *_Nonnull commit,
                                                    unsigned arena) {
  void *extent = (*adj_system_extent())(hooks, address, size, alignment, zero, commit, arena);
#ifdef MADV_HUGEPAGE
  // A system without huge pages says no, and its pages serve as well.
  if (extent && size >= 4u << 20) (void)madvise(extent, size, MADV_HUGEPAGE);
#endif
  return extent;
}

/// The hooks of arenas that keep their pages: jemalloc's own without those that would give pages back. Null if jemalloc
/// does not tell them. To be called once.
static inline extent_hooks_t *_Nullable adj_keeping_hooks(void) {
  static extent_hooks_t keeping;
  extent_hooks_t *own = NULL;
  size_t size = sizeof own;
  if (mallctl("arena.0.extent_hooks", &own, &size, NULL, 0) != 0) return NULL;
  *adj_system_extent() = own->alloc;
  keeping = *own;
  keeping.alloc = adj_large_page_extent;
  keeping.dalloc = NULL;
  keeping.decommit = NULL;
  keeping.purge_lazy = NULL;
  keeping.purge_forced = NULL;
  return &keeping;
}

/// Creates an explicit arena that keeps its pages, so that a loop which allocates and frees the same sizes faults pages in
/// its first round only.
///
/// Freed pages go straight to the arena's retained extents (a decay of 0), where neighbours are merged at once, and
/// stay resident there, because every hook that would give them back is left out. Pages merely left undecayed (a decay
/// of "never") are not merged: with mixed sizes each round then splits extents that no later round can use, and the
/// arena grows without end.
static inline bool adj_arena_create(unsigned *_Nonnull arena, extent_hooks_t *_Nonnull hooks) {
  size_t size = sizeof *arena;
  if (mallctl("arenas.create", arena, &size, NULL, 0) != 0) return false;
  ssize_t now = 0;
  if (adj_arena_control(*arena, "extent_hooks", &hooks, sizeof hooks)
      && adj_arena_control(*arena, "dirty_decay_ms", &now, sizeof now)
      && adj_arena_control(*arena, "muzzy_decay_ms", &now, sizeof now)) {
    return true;
  }
  adj_arena_destroy(*arena);
  return false;
}

/// Brings jemalloc's statistics up to now; the readers below answer as of the last call.
static inline void adj_refresh_statistics(void) {
  unsigned long long epoch = 1;
  size_t size = sizeof epoch;
  mallctl("epoch", &epoch, &size, &epoch, size);
}

/// A counter of the whole process, such as `stats.active`; 0 if this jemalloc does not keep it.
static inline size_t adj_statistic(const char *_Nonnull name) {
  size_t value = 0, size = sizeof value;
  return mallctl(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

/// A counter of one arena, such as `pactive` for `stats.arenas.<arena>.pactive`; 0 if it is not kept.
static inline size_t adj_arena_statistic(unsigned arena, const char *_Nonnull name) {
  char path[64];
  int length = snprintf(path, sizeof path, "stats.arenas.%u.%s", arena, name);
  return length < 0 || (size_t)length >= sizeof path ? 0 : adj_statistic(path);
}
