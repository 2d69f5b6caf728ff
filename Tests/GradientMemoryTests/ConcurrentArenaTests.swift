import DependencyScheduling
import Dispatch
import Synchronization
import Testing

import GradientMemory

@Suite(.timeLimit(.minutes(20))) struct ConcurrentArenaTests {
  /// A place through which one thread hands a buffer to another.
  private final class Slot: Sendable {
    private let base = Atomic<UInt>(0)

    /// Leaves `buffer` and takes what was there. Releases the writes into the one, acquires those into the other.
    func exchange(_ buffer: consuming Box?) -> Box? {
      let new = buffer.map { UInt(bitPattern: Unmanaged.passRetained($0).toOpaque()) } ?? 0
      let old = base.exchange(new, ordering: .acquiringAndReleasing)
      return UnsafeRawPointer(bitPattern: old).map { Unmanaged<Box>.fromOpaque($0).takeRetainedValue() }
    }
  }

  private final class Box: Sendable {
    let buffer: Buffer
    init(_ buffer: consuming Buffer) { self.buffer = buffer }
  }

  @Test func `buffers taken on one thread and freed on another are never shared and all come back`() throws {
    let arena = BufferArena()
    let slots = (0..<16).map { _ in Slot() }
    let threads = 4
    let corrupted = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      var noise = SeededGenerator(seed: UInt64(thread) + 1)
      for round in 0..<2000 {
        let count = 64 << noise.index(below: 9)
        guard let buffer = try? arena.allocate(byteCount: count) else { continue }
        let mark = UInt64(thread) << 32 | UInt64(round)
        buffer.base.initializeMemory(as: UInt64.self, repeating: mark, count: count / 8)
        if let other = slots[noise.index(below: slots.count)].exchange(Box(buffer)) {
          let words = other.buffer.base.assumingMemoryBound(to: UInt64.self)
          for index in 1..<other.buffer.byteCount / 8 where words[index] != words[0] {
            corrupted.add(1, ordering: .relaxed)
          }
        }
      }
    }
    for slot in slots { _ = slot.exchange(nil) }
    #expect(corrupted.load(ordering: .relaxed) == 0)
    #expect(arena.statistics.allocated == 0)
    #expect(arena.statistics.peak > 0)
  }

  @Test func `the limit holds when threads race for the last bytes`() throws {
    let limit = 64 * 1024
    let arena = BufferArena(byteLimit: limit)
    let granted = Atomic<Int>(0)
    let refused = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<500 {
        do throws(MemoryLimitExceeded) {
          let buffer = try arena.allocate(byteCount: 32 * 1024)
          granted.add(1, ordering: .relaxed)
          buffer.base.storeBytes(of: 1, as: UInt8.self)
        } catch {
          if error.inUse > limit || error.limit != limit { refused.add(1_000_000, ordering: .relaxed) }
          refused.add(1, ordering: .relaxed)
        }
      }
    }
    #expect(granted.load(ordering: .relaxed) >= 500)
    #expect(refused.load(ordering: .relaxed) < 1_000_000)
    #expect(arena.statistics.peak <= limit)
    #expect(arena.statistics.allocated == 0)
  }
}
