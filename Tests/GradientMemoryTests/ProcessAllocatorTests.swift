import Dispatch
import Testing

import GradientMemory

#if canImport(Glibc)
  import LibC

  /// jemalloc stays behind the process's own allocator: the reason for the link order in the manifest.
  @Suite(.serialized, .timeLimit(.minutes(20))) struct ProcessAllocatorTests {
    private func fileDefining(_ symbol: String) throws -> String {
      let address = try #require(dlsym(nil, symbol), "\(symbol) is not in this process")
      // Glibc shows `dladdr` to C with extensions only, so it is looked up; its result begins with the file's name.
      typealias Lookup = @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> CInt
      let dladdr = unsafeBitCast(try #require(dlsym(nil, "dladdr")), to: Lookup.self)
      return try withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: 4) { fields in
        fields.initialize(repeating: nil)
        let found = dladdr(address, UnsafeMutableRawPointer(try #require(fields.baseAddress)))
        try #require(found != 0)
        return String(cString: try #require(fields[0]))
      }
    }

    @Test(arguments: ["malloc", "free", "calloc", "realloc", "posix_memalign", "aligned_alloc"])
    func `the process's malloc is not jemalloc's`(symbol: String) throws {
      let file = try fileDefining(symbol)
      #expect(!file.contains("jemalloc"))
      if dlsym(nil, "__asan_init") == nil, dlsym(nil, "__tsan_init") == nil { #expect(file.contains("libc.so")) }
    }

    @Test(arguments: ["_Znwm", "_ZdlPv", "_Znam", "_ZdaPv"])
    func `the process's operator new is not jemalloc's`(symbol: String) throws {
      let file = try fileDefining(symbol)
      #expect(!file.contains("jemalloc"))
      if dlsym(nil, "__asan_init") == nil, dlsym(nil, "__tsan_init") == nil { #expect(file.contains("libstdc++.so")) }
    }

    @Test(.enabled(if: BufferArena.processStatistics != nil))
    func `jemalloc does not notice what malloc hands out`() throws {
      let before = try #require(BufferArena.processStatistics)
      let blocks = (0..<64).map { _ in malloc(1 << 20) }
      let during = try #require(BufferArena.processStatistics)
      for block in blocks { free(block) }
      // Other tests may hold a few MiB in arenas of their own; 64 MiB are ours alone.
      #expect(during.allocated - before.allocated < 32 << 20)

      let arena = BufferArena()
      let buffer = try arena.allocate(byteCount: 64 << 20)
      let noticed = try #require(BufferArena.processStatistics)
      #expect(noticed.allocated - before.allocated > 32 << 20, "the counter does count what an arena hands out")
      #expect(buffer.byteCount == 64 << 20)
    }

    @Test(.enabled(if: BufferArena.processStatistics != nil))
    func `destroyed arenas give everything back to the operating system`() throws {
      func useAnArena() throws {
        let arena = BufferArena()
        let large = try arena.allocate(byteCount: 40 << 20)
        large.base.storeBytes(of: 1, as: UInt8.self)
        let small = try arena.allocate(byteCount: 64)
        #expect(arena.statistics.mapped >= 40 << 20)
        #expect(small.byteCount == 64)
      }
      try useAnArena()
      let before = try #require(BufferArena.processStatistics)
      for _ in 0..<5 { try useAnArena() }
      let after = try #require(BufferArena.processStatistics)
      #expect(after.active - before.active < 20 << 20)
      #expect(after.mapped - before.mapped < 20 << 20)
    }

    @Test(.enabled(if: BufferArena.processStatistics != nil))
    func `freed pages are kept for the next buffers of the arena`() throws {
      let arena = BufferArena()
      func touch() throws -> Int {
        let before = minorFaults()
        let buffer = try arena.allocate(byteCount: 32 << 20)
        for offset in stride(from: 0, to: buffer.byteCount, by: 4096) {
          buffer.base.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
        }
        return minorFaults() - before
      }
      _ = try touch()
      #expect(arena.statistics.active == 0)
      #expect(arena.statistics.retained >= 32 << 20)
      // The Thread Sanitizer keeps pages of its own for each page touched.
      if dlsym(nil, "__tsan_init") == nil { #expect(try touch() < 100, "8,192 pages are there already") }
    }

    @Test(.enabled(if: BufferArena.processStatistics != nil))
    func `a loop of mixed sizes does not make the arena grow`() throws {
      let arena = BufferArena()
      func round() throws {
        // Freed out of order and beside one another, as a step's buffers are.
        var long: [Box] = []
        for index in 0..<200 {
          let small = try arena.allocate(byteCount: 4 << 10)
          let large = try arena.allocate(byteCount: (16 + 16 * (index % 7)) << 10)
          if index % 3 == 0 { long.append(Box(large)) }
          if index % 50 == 49 { long.removeAll() }
          #expect(small.byteCount == 4 << 10)
        }
      }
      for _ in 0..<3 { try round() }
      let before = arena.statistics
      for _ in 0..<300 { try round() }
      let after = arena.statistics
      // Pages that are kept but never merged grow by more than half over these rounds.
      #expect(after.mapped + after.retained <= before.mapped + before.retained)
    }

    private final class Box {
      let buffer: Buffer
      init(_ buffer: consuming Buffer) { self.buffer = buffer }
    }

    /// Page faults of this thread alone.
    private func minorFaults() -> Int {
      var usage = rusage()
      getrusage(__rusage_who_t(1), &usage)  // RUSAGE_THREAD
      return usage.ru_minflt
    }

    @Test(.enabled(if: BufferArena.processStatistics != nil))
    func `ten thousand arenas one after the other work as the first`() throws {
      for _ in 0..<10_000 {
        let arena = BufferArena()
        let buffer = try arena.allocate(byteCount: 128)
        buffer.base.storeBytes(of: 1, as: UInt8.self)
      }
      let last = BufferArena()
      let buffer = try last.allocate(byteCount: 1 << 20)
      #expect(last.statistics.allocated == buffer.byteCount)
      #expect(last.statistics.mapped >= 1 << 20, "an arena of its own, not one shared with the process")
    }
  }
#endif
