#if Jemalloc && os(Linux)
  internal import CJemalloc

  /// An explicit jemalloc arena, or jemalloc's automatic arenas where none could be created.
  ///
  /// The only file that calls jemalloc. Knows no limits, counts nothing.
  ///
  /// Arenas of small sessions are not destroyed at their end but reset and given to the next session, see
  /// ``IdleArenas``.
  struct ArenaBacking: Sendable {
    private let arena: UInt32?
    private let flags: CInt

    /// Set up once, read by jemalloc ever after.
    private nonisolated(unsafe) static let hooks = adj_hooks()  // because nothing writes them from then on

    init() {
      arena = IdleArenas.ofProcess.take() ?? Self.makeArena()
      flags = arena.map { adj_arena_flags($0) } ?? adj_automatic_flags()
    }

    private static func makeArena() -> UInt32? {
      var index: UInt32 = 0
      return hooks.flatMap { adj_arena_create(&index, $0) ? index : nil }
    }

    /// The size class for `byteCount` bytes; `nil` if it is larger than any.
    static func roundedSize(of byteCount: Int) -> Int? {
      let size = adj_rounded_size(byteCount, adj_automatic_flags())
      return size == 0 ? nil : size
    }

    func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
      adj_allocate(byteCount, flags)
    }

    func deallocate(_ base: UnsafeMutableRawPointer, byteCount: Int) {
      adj_deallocate(base, byteCount, flags)
    }

    /// Gives all of the arena's pages back, once nothing is allocated in it.
    func end() {
      guard let arena, let hooks = Self.hooks else { return }
      if adj_arena_reset(arena), IdleArenas.ofProcess.put(arena) { return }
      _ = adj_arena_destroy(arena, hooks)
    }

    func statistics(inUse: Int, peak: Int) -> MemoryStatistics {
      guard let arena else {
        return MemoryStatistics(allocated: inUse, active: inUse, peak: peak, retained: 0, mapped: inUse)
      }
      adj_refresh_statistics()
      return MemoryStatistics(
        allocated: adj_arena_statistic(arena, "small.allocated") + adj_arena_statistic(arena, "large.allocated"),
        active: adj_arena_statistic(arena, "pactive") * adj_statistic("arenas.page"),
        peak: peak,
        retained: adj_arena_statistic(arena, "retained"),
        mapped: adj_arena_statistic(arena, "mapped"))
    }

    static var processStatistics: MemoryStatistics? {
      adj_refresh_statistics()
      return MemoryStatistics(
        allocated: adj_statistic("stats.allocated"), active: adj_statistic("stats.active"), peak: 0,
        retained: adj_statistic("stats.retained"), mapped: adj_statistic("stats.mapped"))
    }
  }
#else
  internal import LibC

  /// The system allocator, where there is no jemalloc: what is not counted by ``BufferArena`` is not counted.
  struct ArenaBacking: Sendable {
    static func roundedSize(of byteCount: Int) -> Int? {
      let (sum, overflow) = byteCount.addingReportingOverflow(BufferArena.alignment - 1)
      return overflow ? nil : sum / BufferArena.alignment * BufferArena.alignment
    }

    func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
      var base: UnsafeMutableRawPointer?
      return posix_memalign(&base, BufferArena.alignment, byteCount) == 0 ? base : nil
    }

    func deallocate(_ base: UnsafeMutableRawPointer, byteCount: Int) {
      free(base)
    }

    func end() {}

    func statistics(inUse: Int, peak: Int) -> MemoryStatistics {
      MemoryStatistics(allocated: inUse, active: inUse, peak: peak, retained: 0, mapped: inUse)
    }

    static var processStatistics: MemoryStatistics? { nil }
  }
#endif
