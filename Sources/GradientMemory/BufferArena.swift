import Synchronization

/// Where the buffers of one session come from.
///
/// On Linux with the `Jemalloc` trait an arena is an explicit jemalloc arena: its memory is apart from every other
/// allocation of the process, whose `malloc` and `operator new` stay what they were. Pages freed here are kept, so a
/// training step that repeats faults no new page; the arena's end returns them, and leaves the empty arena to the next
/// session (``IdleArenas``). Elsewhere buffers come from the system allocator.
///
/// An arena lives until its last reference *and* its last ``Buffer`` are gone (each buffer holds a reference: one
/// atomic increment beside an allocation of tens of nanoseconds).
///
/// ```swift
/// let arena = BufferArena(byteLimit: 64 << 20)
/// let buffer = try arena.allocate(byteCount: 4096)
/// ```
///
/// Any thread may call any method at any time. Nothing orders the counters against other memory: they are relaxed,
/// because each is read as a number and guards nothing.
package final class BufferArena: Sendable {
  /// Every buffer starts at a multiple of this: a cache line, and an AVX-512 register.
  package static let alignment = 64  // Decisions/Memory.md

  private let backing: ArenaBacking
  private let budget: MemoryBudget
  private let inUse = Atomic<Int>(0)

  /// An empty arena whose buffers count against `budget`, which it may share with other arenas.
  ///
  /// Never fails: should jemalloc have no arena left (it has 4,094), buffers come from its automatic arenas instead,
  /// which differs only in that the process shares their pages and ``statistics`` count this arena's buffers alone.
  package init(budget: MemoryBudget = MemoryBudget()) {
    self.budget = budget
    backing = ArenaBacking()
  }

  /// An empty arena with a limit of its own.
  package convenience init(byteLimit: Int?) { self.init(budget: MemoryBudget(byteLimit: byteLimit)) }

  deinit {
    assert(inUse.load(ordering: .relaxed) == 0, "each buffer keeps its arena alive")
    backing.end()
  }

  /// Takes `byteCount` bytes whose contents are unspecified.
  ///
  /// Throws ``MemoryLimitExceeded``, having allocated nothing, if the bytes exceed the limit, the machine's memory or
  /// what the system gives.
  /// - Complexity: constant; tens of nanoseconds once the arena holds enough pages.
  package func allocate(byteCount: Int) throws(MemoryLimitExceeded) -> Buffer {
    precondition(byteCount >= 1, "A gradient buffer needs at least one element, got \(byteCount)")
    guard let reserved = ArenaBacking.roundedSize(of: byteCount) else { throw refusal(of: byteCount) }
    let total = try budget.reserve(reserved)
    guard reserved <= SystemMemory.byteCount, let base = backing.allocate(byteCount: reserved) else {
      budget.giveBack(reserved)
      throw refusal(of: reserved)
    }
    inUse.wrappingAdd(reserved, ordering: .relaxed)
    budget.raisePeak(to: total)
    return Buffer(base: base, byteCount: byteCount, reservedByteCount: reserved, arena: self)
  }

  /// What the allocator takes for a buffer of `byteCount` bytes.
  package static func reservedByteCount(for byteCount: Int) -> Int {
    ArenaBacking.roundedSize(of: byteCount) ?? byteCount
  }

  /// What the arena holds now; `peak` is its budget's. Takes jemalloc's statistics lock: for reports, not inner loops.
  package var statistics: MemoryStatistics {
    backing.statistics(inUse: inUse.load(ordering: .relaxed), peak: budget.peak)
  }

  /// Starts a new high-water mark at what is in use now.
  package func resetPeak() { budget.resetPeak() }

  /// jemalloc's counters over all arenas of the process (`peak` is 0); `nil` on the system allocator.
  package static var processStatistics: MemoryStatistics? {
    ArenaBacking.processStatistics
  }

  /// How many arenas without a user the process keeps; 0 on the system allocator.
  package static var idleCount: Int { IdleArenas.ofProcess.count }

  func free(_ base: UnsafeMutableRawPointer, byteCount: Int, reservedByteCount: Int) {
    #if DEBUG
      base.initializeMemory(as: UInt8.self, repeating: 0xFF, count: byteCount)
    #endif
    backing.deallocate(base, byteCount: reservedByteCount)
    inUse.wrappingSubtract(reservedByteCount, ordering: .relaxed)
    budget.giveBack(reservedByteCount)
  }

  /// The operating system, or the allocator's largest size class, said no.
  private func refusal(of bytes: Int) -> MemoryLimitExceeded {
    let current = budget.inUse
    return MemoryLimitExceeded(requested: bytes, inUse: current, limit: current)
  }
}
