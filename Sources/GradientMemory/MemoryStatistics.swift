/// What an arena holds, in bytes.
///
/// With jemalloc, `active`, `retained`, `mapped` and `allocated` are its own counters, read at one moment (an `epoch`);
/// `peak` is kept by the arena, since jemalloc has none. On the system allocator all but `peak` are derived from the
/// arena's count of what it handed out.
///
/// ```swift
/// let arena = BufferArena()
/// let buffer = try arena.allocate(byteCount: 1 << 20)
/// print(arena.statistics.peak)     // 1048576
/// ```
package struct MemoryStatistics: Sendable, Equatable {
  /// Bytes in live buffers, as the allocator rounds them: jemalloc's `small.allocated + large.allocated`.
  package var allocated: Int
  /// Bytes of the pages that hold live buffers: jemalloc's `pactive` times the page size.
  package var active: Int
  /// The most bytes that live buffers took up at once, as the allocator rounds them.
  package var peak: Int
  /// Bytes of address space kept without physical memory behind them: jemalloc's `retained`.
  package var retained: Int
  /// Bytes of pages mapped, those retained apart: jemalloc's `mapped`.
  package var mapped: Int

  package init(allocated: Int, active: Int, peak: Int, retained: Int, mapped: Int) {
    self.allocated = allocated
    self.active = active
    self.peak = peak
    self.retained = retained
    self.mapped = mapped
  }
}
