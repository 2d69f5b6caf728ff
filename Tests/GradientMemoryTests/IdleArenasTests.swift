import Dispatch
import Synchronization
import Testing

import GradientMemory

/// Arenas that wait for the next session: few, empty, each with one user at a time.
@Suite(.timeLimit(.minutes(20))) struct IdleArenasTests {
  @Test func `an arena that was put is taken once`() {
    let idle = IdleArenas()
    #expect(idle.take() == nil && idle.count == 0)
    #expect(idle.put(0) && idle.put(7))
    #expect(idle.count == 2)
    #expect(Set([idle.take(), idle.take()]) == [0, 7])
    #expect(idle.take() == nil)
  }

  @Test func `there are so many places and no more`() {
    let idle = IdleArenas()
    for number in 0..<UInt32(IdleArenas.capacity) { #expect(idle.put(number)) }
    #expect(!idle.put(1_000))
    #expect(idle.count == IdleArenas.capacity)
    let taken = (0..<IdleArenas.capacity).compactMap { _ in idle.take() }
    #expect(Set(taken).count == IdleArenas.capacity && !taken.contains(1_000))
  }

  /// What each arena's user wrote last, beside whether it has one.
  private final class Users: @unchecked Sendable {  // because whoever has taken an arena is its only user
    let marks = UnsafeMutablePointer<Int>.allocate(capacity: 8)
    init() { marks.initialize(repeating: 0, count: 8) }
    deinit { marks.deallocate() }
  }

  @Test func `threads that take and put never have the same arena at once`() {
    let idle = IdleArenas(), users = Users()
    for number in 0..<8 { _ = idle.put(UInt32(number)) }
    let shared = Atomic<Int>(0), taken = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for _ in 0..<5_000 {
        guard let arena = idle.take() else { continue }
        let mark = users.marks + Int(arena)
        // Not atomic: the Thread Sanitizer sees whether putting and taking order it.
        if mark.pointee != 0 { shared.add(1, ordering: .relaxed) }
        mark.pointee = thread + 1
        taken.add(1, ordering: .relaxed)
        mark.pointee = 0
        if !idle.put(arena) { shared.add(1, ordering: .relaxed) }
      }
    }
    #expect(shared.load(ordering: .relaxed) == 0)
    #expect(taken.load(ordering: .relaxed) > 0)
    #expect(idle.count == 8)
  }

  @Test func `an arena that had another user before counts from nothing`() throws {
    func use(_ byteCount: Int) throws -> MemoryStatistics {
      let arena = BufferArena(byteLimit: 1 << 20)
      #expect(arena.statistics.allocated == 0 && arena.statistics.active == 0 && arena.statistics.peak == 0)
      let small = try arena.allocate(byteCount: 64)
      let large = try arena.allocate(byteCount: byteCount)
      large.base.initializeMemory(as: UInt8.self, repeating: 1, count: byteCount)
      #expect(throws: MemoryLimitExceeded.self) { _ = try arena.allocate(byteCount: 1 << 20) }
      #expect(small.byteCount == 64)
      return arena.statistics
    }
    // What is mapped depends on who had the arena before.
    func counts(_ statistics: MemoryStatistics) -> [Int] { [statistics.allocated, statistics.active, statistics.peak] }
    let first = counts(try use(100_000))
    for size in [64, 1 << 19, 4_096, 20] { _ = try use(size) }
    #expect(counts(try use(100_000)) == first)
  }

  @Test(.enabled(if: BufferArena.processStatistics != nil))
  func `a buffer that outlives its arena's last reference keeps the arena from the next user`() throws {
    func orphan() throws -> Buffer { try BufferArena().allocate(byteCount: 4_096) }
    var orphans: [Orphan] = []
    for number in 0..<100 {
      let buffer = try orphan()
      buffer.base.initializeMemory(as: Int.self, repeating: number, count: 512)
      orphans.append(Orphan(buffer))
    }
    for (number, orphan) in orphans.enumerated() {
      #expect(orphan.buffer.base.load(fromByteOffset: 4_088, as: Int.self) == number)
    }
  }

  private final class Orphan {
    let buffer: Buffer
    init(_ buffer: consuming Buffer) { self.buffer = buffer }
  }
}
