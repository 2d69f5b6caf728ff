import Testing

@testable import GradientMemory

#if canImport(Glibc)
  import LibC
#endif

/// The accounts of buffers: what is asked for, what the allocator takes for it, the limit and the peak, for sizes that
/// are size classes and sizes that are rounded to one.
@Suite(.timeLimit(.minutes(20))) struct AccountTests {
  /// Around cache lines, pages, jemalloc's classes, and its border between small and large.
  private static let sizes: [Int] = {
    var sizes = [1, 2, 4, 16, 60, 100, 1_000, 5_000, 14_336, 16_384, 20_480, 100_000, 300_004]
    for power in 6..<15 {
      let bytes = 1 << power
      sizes += [bytes - 1, bytes, bytes + 1, 3 * bytes - 4, 3 * bytes, 3 * bytes + 4, 17 * bytes - 3]
    }
    return sizes
  }()

  private final class Box {
    let buffer: Buffer
    init(_ buffer: consuming Buffer) { self.buffer = buffer }
  }

  @Test func `a buffer counts for what the allocator takes, in every account, until it is freed`() throws {
    let budget = MemoryBudget()
    let arena = BufferArena(budget: budget)
    for size in Self.sizes {
      let reserved = BufferArena.reservedByteCount(for: size)
      try #require(reserved >= size && reserved % 64 == 0)
      do {
        let buffer = try arena.allocate(byteCount: size)
        #expect(buffer.byteCount == size && buffer.reservedByteCount == reserved)
        #expect(budget.inUse == reserved && budget.peak == reserved, "\(size) bytes")
        #expect(arena.statistics.allocated == reserved, "\(size) bytes, as the allocator counts")
      }
      #expect(budget.inUse == 0 && arena.statistics.allocated == 0, "\(size) bytes, freed")
      budget.resetPeak()
      #expect(budget.peak == 0)
    }
  }

  @Test func `the accounts of many buffers are sums, in whatever order they go`() throws {
    let budget = MemoryBudget()
    let arenas = [BufferArena(budget: budget), BufferArena(budget: budget)]
    var held: [Box] = [], expected = 0, peak = 0
    for (number, size) in (Self.sizes + Self.sizes).enumerated() {
      held.append(Box(try arenas[number % 2].allocate(byteCount: size)))
      expected += BufferArena.reservedByteCount(for: size)
      if number % 3 == 2 {
        let gone = held.remove(at: number * 7 % held.count)
        expected -= BufferArena.reservedByteCount(for: gone.buffer.byteCount)
        peak = max(peak, expected + BufferArena.reservedByteCount(for: gone.buffer.byteCount))
      }
      peak = max(peak, expected)
      try #require(budget.inUse == expected && budget.peak == peak)
    }
    #expect(arenas.reduce(0) { $0 + $1.statistics.allocated } == expected)
    held = []
    #expect(budget.inUse == 0 && arenas.allSatisfy { $0.statistics.allocated == 0 })
    #expect(budget.peak == peak)
  }

  @Test func `a limit gives its last byte and none beyond, again and again`() throws {
    for size in Self.sizes {
      let reserved = BufferArena.reservedByteCount(for: size)
      for count in [1, 3] {
        let limit = count * reserved
        let exact = MemoryBudget(byteLimit: limit), short = MemoryBudget(byteLimit: limit - 1)
        let (enough, less) = (BufferArena(budget: exact), BufferArena(budget: short))
        for _ in 0..<4 {  // what creeps, creeps by now
          var held: [Box] = []
          for _ in 0..<count { held.append(Box(try enough.allocate(byteCount: size))) }
          #expect(exact.inUse == limit && exact.peak == limit)
          let refused = MemoryLimitExceeded(
            requested: BufferArena.reservedByteCount(for: 1), inUse: limit, limit: limit)
          #expect(throws: refused) { _ = try enough.allocate(byteCount: 1) }
          held = []
          for _ in 1..<count { held.append(Box(try less.allocate(byteCount: size))) }
          let last = MemoryLimitExceeded(requested: reserved, inUse: limit - reserved, limit: limit - 1)
          #expect(throws: last) { _ = try less.allocate(byteCount: size) }
          #expect(short.inUse == limit - reserved && short.peak == limit - reserved)
        }
        #expect(exact.inUse == 0 && short.inUse == 0, "\(size) bytes")
      }
    }
  }

  @Test func `what the system refuses is in no account`() throws {
    for limit in [nil, Int.max] as [Int?] {
      let budget = MemoryBudget(byteLimit: limit)
      let arena = BufferArena(budget: budget)
      let held = try arena.allocate(byteCount: 100)
      let before = budget.inUse
      for size in [1 << 60 + 1, 1 << 61 - 1, Int.max / 2, Int.max] {
        let error = #expect(throws: MemoryLimitExceeded.self) { _ = try arena.allocate(byteCount: size) }
        #expect(error?.requested == BufferArena.reservedByteCount(for: size) && error?.inUse == before)
        #expect(budget.inUse == before && budget.peak == before && arena.statistics.allocated == before)
      }
      #expect(held.byteCount == 100)
    }
  }

  #if os(Linux)
    /// The bytes that the operating system counts for this process.
    private static func pages() -> (mapped: Int, resident: Int) {
      let file = fopen("/proc/self/statm", "r")!
      defer { fclose(file) }
      var line = [CChar](repeating: 0, count: 256)
      fgets(&line, 256, file)
      let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
        separator: " ")
      return (Int(words[0])! * Int(getpagesize()), Int(words[1])! * Int(getpagesize()))
    }

    /// Takes so many buffers of as many bytes in one arena, and writes to each page.
    private static func use(_ sizes: [Int]) throws {
      let arena = BufferArena()
      var held: [Box] = []
      for size in sizes {
        let buffer = try arena.allocate(byteCount: size)
        buffer.base.initializeMemory(as: UInt8.self, repeating: 1, count: size)
        held.append(Box(buffer))
      }
    }

    private static let isSanitized = dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil

    /// Arenas of one small extent, of several, of one large, and of many.
    @Test(.enabled(if: BufferArena.processStatistics != nil && !isSanitized))
    func `an arena that ends gives all its pages back, be it kept for the next or not`() async {
      await #expect(processExitsWith: .success) {
        let kinds: [(sizes: [Int], isKept: Bool)] = [
          ([1 << 20 + 1 << 19], true), ([1_500_000, 1_500_000, 1_500_000], false), ([9 << 20 + 1], false),
          ([Int](repeating: 1 << 20 + 4, count: 20), false),
        ]
        for _ in 0..<2 { for kind in kinds { try Self.use(kind.sizes) } }  // the allocator's own pages are there
        for (sizes, isKept) in kinds {
          while IdleArenas.ofProcess.take() != nil {}  // so that each is new
          let before = Self.pages()
          for _ in 0..<8 { try Self.use(sizes) }
          let after = Self.pages()
          precondition(
            after.resident - before.resident < sizes[0] / 2,
            "\(sizes): \(after.resident - before.resident) bytes stay resident")
          precondition(
            after.mapped - before.mapped < (isKept ? 8 << 20 : 6 << 20),
            "\(sizes): \(after.mapped - before.mapped) bytes stay mapped")
          precondition(BufferArena.idleCount == (isKept ? 1 : 0), "\(sizes): \(BufferArena.idleCount) are kept")
        }
        // One that has the number of an arena that had grown is kept like any other.
        try Self.use(kinds[0].sizes)
        precondition(BufferArena.idleCount == 1, "\(BufferArena.idleCount) are kept")
      }
    }
  #endif
}
