import Testing

import GradientMemory

@Suite(.timeLimit(.minutes(20))) struct BufferArenaTests {
  @Test(arguments: [1, 63, 64, 65, 100, 4096, 4097, 14_336, 100_000, 1 << 20, 9 << 20])
  func `every buffer starts at a multiple of 64 bytes and holds what was asked for`(byteCount: Int) throws {
    let arena = BufferArena()
    for _ in 0..<20 {
      let buffer = try arena.allocate(byteCount: byteCount)
      #expect(UInt(bitPattern: buffer.base) % 64 == 0)
      #expect(buffer.byteCount == byteCount)
      buffer.base.initializeMemory(as: UInt8.self, repeating: 7, count: byteCount)
      #expect(buffer.base.load(fromByteOffset: byteCount - 1, as: UInt8.self) == 7)
    }
  }

  @Test func `statistics follow what is allocated and freed`() throws {
    let arena = BufferArena()
    #expect(arena.statistics.allocated == 0)
    let first = try arena.allocate(byteCount: 1 << 20)
    do {
      let second = try arena.allocate(byteCount: 3 << 20)
      let both = arena.statistics
      #expect(both.allocated == 4 << 20)
      #expect(both.active >= 4 << 20)
      #expect(both.mapped >= both.active)
      #expect(both.peak == 4 << 20)
      #expect(second.byteCount == 3 << 20)
    }
    let one = arena.statistics
    #expect(one.allocated == 1 << 20)
    #expect(one.active < 4 << 20)
    #expect(one.peak == 4 << 20)
    arena.resetPeak()
    #expect(arena.statistics.peak == 1 << 20)
    #expect(first.byteCount == 1 << 20)
  }

  @Test func `a buffer over the limit throws and allocates nothing`() throws {
    let arena = BufferArena(byteLimit: 1 << 20)
    let half = try arena.allocate(byteCount: 1 << 19)
    let before = arena.statistics
    #expect(throws: MemoryLimitExceeded(requested: 1 << 20, inUse: 1 << 19, limit: 1 << 20)) {
      _ = try arena.allocate(byteCount: 1 << 20)
    }
    #expect(arena.statistics == before)
    let otherHalf = try arena.allocate(byteCount: 1 << 19)
    #expect(arena.statistics.allocated == 1 << 20)
    #expect(half.byteCount == otherHalf.byteCount)
  }

  @Test(arguments: [Int.max, Int.max / 2, 1 << 60, 1 << 46])
  func `more than the machine has is an error and not an abort`(byteCount: Int) throws {
    let arena = BufferArena()
    #expect(throws: MemoryLimitExceeded.self) { _ = try arena.allocate(byteCount: byteCount) }
    #expect(arena.statistics.allocated == 0)
    #expect(arena.statistics.peak == 0)
    #expect(try arena.allocate(byteCount: 64).byteCount == 64)
  }

  @Test func `a buffer outlives the last reference to its arena`() throws {
    func orphan() throws -> Buffer { try BufferArena().allocate(byteCount: 1 << 16) }
    let buffer = try orphan()
    buffer.base.initializeMemory(as: UInt8.self, repeating: 1, count: buffer.byteCount)
    #expect(buffer.base.load(fromByteOffset: 65_535, as: UInt8.self) == 1)
  }

  #if DEBUG && Jemalloc && os(Linux)
    @Test func `a freed buffer is poisoned in debug builds`() throws {
      let arena = BufferArena()
      func address() throws -> UnsafeMutableRawPointer {
        let buffer = try arena.allocate(byteCount: 4096)
        buffer.base.initializeMemory(as: Float.self, repeating: 1, count: 1024)
        return buffer.base
      }
      let freed = try address()
      let again = try arena.allocate(byteCount: 4096)
      // An arena gives out the memory freed last; without that, the next lines would look at other bytes. (The system's
      // allocator does not promise it; the poisoning is the same code.)
      try #require(again.base == freed)
      #expect(again.base.load(fromByteOffset: 2048, as: Float.self).isNaN)
      #expect(again.base.load(fromByteOffset: 2048, as: Int32.self) == -1)
    }
  #endif

  #if DEBUG && os(Linux)
    @Test func `an empty buffer is a caller's mistake with a sentence`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = try BufferArena().allocate(byteCount: 0)
      }
      let message = try #require(result).standardErrorContent
      #expect(String(decoding: message, as: UTF8.self).contains("A gradient buffer needs at least one element, got 0"))
    }
  #endif
}
