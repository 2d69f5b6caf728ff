#pragma once

#if __has_include(<jemalloc/jemalloc.h>)
#include <jemalloc/jemalloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

// MARK: extents

/// The address space that an arena has taken for buffers since it was made: how many extents, and the first of them.
typedef struct {
  size_t count;
  uintptr_t first;
  size_t firstSize;
} adj_arena_extents;

/// One for each arena that jemalloc can have. Atomic, for several threads may take extents at once.
static inline adj_arena_extents *_Nonnull adj_extents(unsigned arena) {
  static adj_arena_extents extents[MALLCTL_ARENAS_ALL];
  return &extents[arena];
}

/// How jemalloc itself takes an extent from the operating system; set by `adj_hooks`.
static inline extent_alloc_t *_Nullable *_Nonnull adj_system_extent(void) {
  static extent_alloc_t *alloc;
  return &alloc;
}

/// The size from which an extent asks for huge pages: that of two. An arena starts with extents below it.
enum { adj_large_extent = 4u << 20 };  // Decisions/Memory.md

/// Takes an extent as jemalloc would, and asks for huge pages if it is as large as two.
///
/// The first touch of a huge page costs one fault instead of 512, and later steps miss the processor's table of pages
/// less often. An arena starts with extents below 4 MiB, so that a small session takes no more memory than it needs.
static inline void *_Nullable adj_take_extent(extent_hooks_t *_Nonnull hooks, void *_Nullable address, size_t size,
                                              size_t alignment, bool *_Nonnull zero, bool *_Nonnull commit,
                                              unsigned arena) {
  void *extent = (*adj_system_extent())(hooks, address, size, alignment, zero, commit, arena);
  if (!extent) return extent;
#ifdef MADV_HUGEPAGE
  // A system without huge pages says no, and its pages serve as well.
  if (size >= adj_large_extent) (void)madvise(extent, size, MADV_HUGEPAGE);
#endif
  adj_arena_extents *taken = adj_extents(arena);
  if (__atomic_fetch_add(&taken->count, 1, __ATOMIC_RELAXED) == 0) {
    __atomic_store_n(&taken->first, (uintptr_t)extent, __ATOMIC_RELAXED);
    __atomic_store_n(&taken->firstSize, size, __ATOMIC_RELAXED);
  }
  return extent;
}

/// Gives address space back to the operating system; true if that failed, as jemalloc has it.
static inline bool adj_return_extent(extent_hooks_t *_Nonnull hooks, void *_Nonnull address, size_t size,
                                     bool committed, unsigned arena) {
  (void)hooks, (void)committed, (void)arena;
  return munmap(address, size) != 0;
}

static inline void adj_end_extent(extent_hooks_t *_Nonnull hooks, void *_Nonnull address, size_t size,
                                  bool committed, unsigned arena) {
  (void)adj_return_extent(hooks, address, size, committed, arena);
}

/// What an arena does with extents.
typedef struct {
  /// While it is made and destroyed: jemalloc's own, but what is given back goes back to the operating system.
  /// jemalloc's own `dalloc` keeps the address space of an arena's own data for ever, 2 MiB for each arena that was
  /// made, and with it a page of the table that it finds its extents by.
  extent_hooks_t returning;
  /// While it serves: jemalloc's own without those that would give pages back.
  extent_hooks_t keeping;
} adj_arena_hooks;

/// The hooks of all our arenas; null if jemalloc does not tell its own. To be called once, and not changed from then
/// on.
static inline adj_arena_hooks *_Nullable adj_hooks(void) {
  static adj_arena_hooks hooks;
  extent_hooks_t *own = NULL;
  size_t size = sizeof own;
  if (mallctl("arena.0.extent_hooks", &own, &size, NULL, 0) != 0) return NULL;
  *adj_system_extent() = own->alloc;
  hooks.returning = *own;
  hooks.returning.dalloc = adj_return_extent;
  hooks.returning.destroy = adj_end_extent;
  hooks.keeping = *own;
  hooks.keeping.alloc = adj_take_extent;
  hooks.keeping.dalloc = NULL;
  hooks.keeping.destroy = adj_end_extent;
  hooks.keeping.decommit = NULL;
  hooks.keeping.purge_lazy = NULL;
  hooks.keeping.purge_forced = NULL;
  return &hooks;
}

// MARK: arenas

/// Gives the whole arena back, including what is still allocated in it: every page and all address space.
static inline bool adj_arena_destroy(unsigned arena, adj_arena_hooks *_Nonnull hooks) {
  extent_hooks_t *returning = &hooks->returning;
  (void)adj_arena_control(arena, "extent_hooks", &returning, sizeof returning);
  return adj_arena_control(arena, "destroy", NULL, 0);
}

/// Creates an explicit arena that keeps its pages, so that a loop which allocates and frees the same sizes faults
/// pages in its first round only.
///
/// Freed pages go straight to the arena's retained extents (a decay of 0), where neighbours are merged at once, and
/// stay resident there, because every hook that would give them back is left out. Pages merely left undecayed (a decay
/// of "never") are not merged: with mixed sizes each round then splits extents that no later round can use, and the
/// arena grows without end.
static inline bool adj_arena_create(unsigned *_Nonnull arena, adj_arena_hooks *_Nonnull hooks) {
  size_t size = sizeof *arena;
  extent_hooks_t *returning = &hooks->returning, *keeping = &hooks->keeping;
  if (mallctl("arenas.create", arena, &size, &returning, sizeof returning) != 0) return false;
  *adj_extents(*arena) = (adj_arena_extents){0, 0, 0};
  ssize_t now = 0;
  if (adj_arena_control(*arena, "extent_hooks", &keeping, sizeof keeping)
      && adj_arena_control(*arena, "dirty_decay_ms", &now, sizeof now)
      && adj_arena_control(*arena, "muzzy_decay_ms", &now, sizeof now)) {
    return true;
  }
  adj_arena_destroy(*arena, hooks);
  return false;
}

/// Makes an arena that nobody allocates from any longer as good as new: all its buffers are freed, and their pages
/// given back to the operating system. False, with nothing done or only a part of it, for one that has grown beyond its
/// first small extent: that is to be destroyed.
///
/// Between arenas of sessions that come and go this is cheaper than making new ones, and bounds what stays behind.
static inline bool adj_arena_reset(unsigned arena) {
  adj_arena_extents *taken = adj_extents(arena);
  size_t count = __atomic_load_n(&taken->count, __ATOMIC_RELAXED);
  size_t size = __atomic_load_n(&taken->firstSize, __ATOMIC_RELAXED);
  if (count > 1 || size >= adj_large_extent) return false;
  if (!adj_arena_control(arena, "reset", NULL, 0)) return false;
  if (count == 0) return true;
  return madvise((void *)__atomic_load_n(&taken->first, __ATOMIC_RELAXED), size, MADV_DONTNEED) == 0;
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

#else
#error Adjoint needs jemalloc: install libjemalloc-dev (Fedora: jemalloc-devel), or turn the trait Jemalloc off.
#endif
