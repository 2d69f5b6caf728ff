extension WrongLine {
  /// Wrong lines in arenas, budgets and their accounts.
  static let memory: [WrongLine] = [
    WrongLine(
      "free returns the bytes asked for to the budget",
      in: "Sources/GradientMemory/BufferArena.swift",
      replace: "budget.giveBack(reservedByteCount)",
      with: "budget.giveBack(byteCount)",
      caughtBy: "GradientMemoryTests.AccountTests"),
    WrongLine(
      "what the system refuses stays in the budget",
      in: "Sources/GradientMemory/BufferArena.swift",
      replace: """
              budget.giveBack(reserved)

        """,
      with: "",
      caughtBy: "GradientMemoryTests.AccountTests"),
    WrongLine(
      "a buffer counts as large as was asked",
      in: "Sources/GradientMemory/BufferArena.swift",
      replace: "try budget.reserve(reserved)",
      with: "try budget.reserve(byteCount)",
      caughtBy: "GradientMemoryTests.AccountTests"),
    WrongLine(
      "a peak is that of the largest buffer",
      in: "Sources/GradientMemory/BufferArena.swift",
      replace: "budget.raisePeak(to: total)",
      with: "budget.raisePeak(to: reserved)",
      caughtBy: "GradientMemoryTests.BufferArenaTests"),
    WrongLine(
      "a peak is never raised",
      in: "Sources/GradientMemory/BufferArena.swift",
      replace: "budget.raisePeak(to: total)",
      with: "",
      caughtBy: "GradientMemoryTests.BufferArenaTests"),
    WrongLine(
      "a new peak starts at nothing",
      in: "Sources/GradientMemory/MemoryBudget.swift",
      replace: "highest.store(inUse, ordering: .relaxed)",
      with: "highest.store(0, ordering: .relaxed)",
      caughtBy: "GradientMemoryTests.BufferArenaTests"),
    WrongLine(
      "sizes are rounded without the alignment",
      in: "Sources/GradientMemory/ArenaBacking.swift",
      replace: "let size = adj_rounded_size(byteCount, adj_automatic_flags())",
      with: "let size = adj_rounded_size(byteCount, 0)",
      caughtBy: "GradientMemoryTests.AccountTests"),
    WrongLine(
      "an arena that finds no place is not destroyed",
      in: "Sources/GradientMemory/ArenaBacking.swift",
      replace: """
              _ = adj_arena_destroy(arena, hooks)

        """,
      with: "",
      caughtBy: "GradientMemoryTests.AccountTests"),
    WrongLine(
      "an arena is kept for the next session without being emptied",
      in: "Sources/GradientMemory/ArenaBacking.swift",
      replace: "if adj_arena_reset(arena), IdleArenas",
      with: "if IdleArenas",
      caughtBy: "GradientMemoryTests.AccountTests"),
    WrongLine(
      "an arena that waits keeps its pages",
      in: "Sources/CJemalloc/shim.h",
      replace: "  return madvise((void *)__atomic_load_n(&taken->first, __ATOMIC_RELAXED), size, MADV_DONTNEED) == 0;",
      with: "  return true;",
      caughtBy: "GradientMemoryTests.AccountTests"),
    WrongLine(
      "an arena that has grown waits for the next session with all its pages",
      in: "Sources/CJemalloc/shim.h",
      replace: "if (count > 1 || size >= adj_large_extent) return false;",
      with: "if (size >= adj_large_extent) return false;",
      caughtBy: "GradientMemoryTests.AccountTests"),
    WrongLine(
      "huge pages are asked for small arenas",
      in: "Sources/CJemalloc/shim.h",
      replace: "if (size >= adj_large_extent) (void)madvise",
      with: "if (size >= adj_large_extent / 2) (void)madvise",
      caughtBy: "GradientMemoryTests.HugePageTests"),
    WrongLine(
      "a new arena has the extents of the one that had its number",
      in: "Sources/CJemalloc/shim.h",
      replace: """
          *adj_extents(*arena) = (adj_arena_extents){0, 0, 0};

        """,
      with: "",
      caughtBy: "GradientMemoryTests.AccountTests"),
    WrongLine(
      "an arena with the number 0 is not found again",
      in: "Sources/GradientMemory/IdleArenas.swift",
      replace: "UInt64(arena) + 1, ordering",
      with: "UInt64(arena), ordering",
      caughtBy: "GradientMemoryTests.IdleArenasTests"),
    WrongLine(
      "there is one place less for idle arenas",
      in: "Sources/GradientMemory/IdleArenas.swift",
      replace: "    for place in 0..<Self.capacity where places[place].load(ordering: .relaxed) == 0 {",
      with: "    for place in 0..<Self.capacity - 1 where places[place].load(ordering: .relaxed) == 0 {",
      caughtBy: "GradientMemoryTests.IdleArenasTests"),
    WrongLine(
      "large buffers are not counted",
      in: "Sources/GradientMemory/ArenaBacking.swift",
      replace: """
         + adj_arena_statistic(arena, "large.allocated")
        """,
      with: "",
      caughtBy: "GradientMemoryTests.AccountTests"),
    WrongLine(
      "a freed buffer is poisoned in its first half",
      in: "Sources/GradientMemory/BufferArena.swift",
      replace: "0xFF, count: byteCount)",
      with: "0xFF, count: byteCount / 2)",
      caughtBy: "GradientMemoryTests.BufferArenaTests"),
    WrongLine(
      "buffers go through the thread's cache",
      in: "Sources/CJemalloc/shim.h",
      replace: "  return MALLOCX_ARENA(arena) | MALLOCX_ALIGN(64) | MALLOCX_TCACHE_NONE;",
      with: "  return MALLOCX_ARENA(arena) | MALLOCX_ALIGN(64);",
      caughtBy:
        """
        GradientMemoryTests.AccountTests/`a buffer counts for what the allocator takes, in every account, \
        until it is freed`
        """),
    WrongLine(
      "the bytes refused are those asked for",
      in: "Sources/GradientMemory/BufferArena.swift",
      replace: "throw refusal(of: reserved)",
      with: "throw refusal(of: byteCount)",
      caughtBy: "GradientMemoryTests.AccountTests"),
  ]
}
