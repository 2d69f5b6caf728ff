import Synchronization
internal import Threads

/// The ready units of one worker: its owner puts them in and takes the youngest, thieves take the oldest.
///
/// The deque of Chase and Lev (*Dynamic Circular Work-Stealing Deque*, SPAA 2005) with the orderings of Lê, Pop,
/// Cohen and Zappa Nardelli (*Correct and Efficient Work-Stealing for Weak Memory Models*, PPoPP 2013), put on the
/// operations: the Thread Sanitizer does not understand fences. It never grows: it has room for every unit of the
/// schedule, of which each is in one deque at most. Pages are untouched until they are used.
///
/// **Who must see what.** A thief must see the unit and everything its predecessors wrote: `publish` *releases* with
/// the bottom, `steal` *acquires* with the bottom. Owner and thief must not both take the last unit: the owner stores
/// the bottom *before* it loads the top, the thief loads the top *before* the bottom, all four sequentially
/// consistent, so at least one of them sees the other; then the compare-exchange on the top decides. And whoever
/// publishes a unit and then reads who is asleep, or announces its sleep and then looks for units, must not miss the
/// other: `publish` and
/// `isEmpty` take part in the one total order of calls and announcements (see ``SeatCounts``).
struct WorkDeque: ~Copyable {
  enum Steal: Equatable {
    case unit(UInt32)
    case empty
    /// Another worker was faster; there may be more.
    case lost
  }

  let ends: Ends

  init(capacity: Int) {
    var slotCount = 1
    while slotCount < capacity { slotCount *= 2 }
    let byteCount = Ends.slotsOffset + 4 * slotCount
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: byteCount + Self.guardBytes, alignment: PaddedAtomic<Int>.stride)
    guardStart = memory + byteCount
    for byte in 0..<Self.guardBytes { guardStart.storeBytes(of: Self.guardValue, toByteOffset: byte, as: UInt8.self) }
    ends = Ends(memory, mask: slotCount - 1)
  }

  deinit {
    assert(isIntact, "A deque wrote beyond its slots")
    ends.memory.deallocate()
  }

  /// What lies behind the slots in builds for debugging: whoever writes there is found out.
  private let guardStart: UnsafeMutableRawPointer
  private static let guardValue: UInt8 = 0xA5
  #if DEBUG
    private static let guardBytes = 256  // Decisions/Limits.md
  #else
    private static let guardBytes = 0
  #endif

  /// Whether nothing was written behind the slots.
  var isIntact: Bool {
    (0..<Self.guardBytes).allSatisfy { guardStart.load(fromByteOffset: $0, as: UInt8.self) == Self.guardValue }
  }

  /// The deque as its owner and thieves reach it; valid as long as the deque.
  struct Ends {
    fileprivate let memory: UnsafeMutableRawPointer
    private let mask: Int

    /// Computed, since a stored one would be looked up, and synchronised, each time.
    fileprivate static var slotsOffset: Int { 2 * PaddedAtomic<Int>.stride }

    private var top: UnsafeMutablePointer<Atomic<Int>> { memory.assumingMemoryBound(to: Atomic<Int>.self) }
    private var bottom: UnsafeMutablePointer<Atomic<Int>> {
      (memory + PaddedAtomic<Int>.stride).assumingMemoryBound(to: Atomic<Int>.self)
    }
    @inline(__always)
    private func slot(_ position: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
      (memory + Self.slotsOffset).assumingMemoryBound(to: Atomic<UInt32>.self) + (position & mask)
    }

    fileprivate init(_ memory: UnsafeMutableRawPointer, mask: Int) {
      (self.memory, self.mask) = (memory, mask)
      memory.bindMemory(to: Atomic<Int>.self, capacity: 1).initialize(to: Atomic(0))
      (memory + PaddedAtomic<Int>.stride).bindMemory(to: Atomic<Int>.self, capacity: 1).initialize(to: Atomic(0))
      (memory + Self.slotsOffset).bindMemory(to: Atomic<UInt32>.self, capacity: mask + 1)
    }

    /// Empties the deque while nobody else can reach it.
    func reset() {
      top.pointee.store(0, ordering: .relaxed)
      bottom.pointee.store(0, ordering: .relaxed)
    }

    /// Where the owner puts its next unit.
    @inline(__always)
    var end: Int { bottom.pointee.load(ordering: .relaxed) }

    /// Puts a unit at a position from ``end`` on, where nobody sees it before ``publish(upTo:)``; the owner only.
    @inline(__always)
    func stage(_ unit: UInt32, at position: Int) {
      slot(position).pointee.store(unit, ordering: .relaxed)
    }

    /// Lets others take what has been staged below `end`; the owner only. It may then have to call somebody.
    @inline(__always)
    func publish(upTo end: Int) {
      bottom.pointee.store(end, ordering: .sequentiallyConsistent)
    }

    /// Takes the unit published last; the owner only.
    @inline(__always)
    func pop() -> UInt32? {
      guard let last = reserveLast() else { return nil }
      return takeReserved(last)
    }

    /// The first half of ``pop()``: lowers the bottom to the last unit; `nil` if there is none.
    @inline(__always)
    func reserveLast() -> Int? {
      let end = bottom.pointee.load(ordering: .relaxed)
      // The top never falls: where even a stale one has reached the bottom, there is nothing to compete for.
      if end <= top.pointee.load(ordering: .relaxed) { return nil }
      let last = end &- 1
      bottom.pointee.store(last, ordering: .sequentiallyConsistent)
      return last
    }

    /// The second half of ``pop()``: takes the unit at `last`, unless a thief has.
    @inline(__always)
    func takeReserved(_ last: Int) -> UInt32? {
      let start = top.pointee.load(ordering: .sequentiallyConsistent)
      if start < last { return slot(last).pointee.load(ordering: .relaxed) }
      var unit: UInt32?
      if start == last {
        let won = top.pointee.compareExchange(
          expected: start, desired: start &+ 1, successOrdering: .sequentiallyConsistent, failureOrdering: .relaxed
        ).exchanged
        if won { unit = slot(last).pointee.load(ordering: .relaxed) }
      }
      bottom.pointee.store(last &+ 1, ordering: .relaxed)
      return unit
    }

    /// Takes the unit published first; anybody.
    @inline(__always)
    func steal() -> Steal {
      let start = first
      guard let unit = unit(ifAnyAt: start) else { return .empty }
      return claim(unit, at: start)
    }

    /// The first step of ``steal()``: where the oldest unit is, if there is one.
    @inline(__always)
    var first: Int { top.pointee.load(ordering: .sequentiallyConsistent) }

    /// The second step of ``steal()``: what lies at `start`, which may be taken meanwhile.
    @inline(__always)
    func unit(ifAnyAt start: Int) -> UInt32? {
      let end = bottom.pointee.load(ordering: .sequentiallyConsistent)
      return start < end ? slot(start).pointee.load(ordering: .relaxed) : nil
    }

    /// The third step of ``steal()``: takes what lies at `start`, unless somebody has.
    @inline(__always)
    func claim(_ unit: UInt32, at start: Int) -> Steal {
      let won = top.pointee.compareExchange(
        expected: start, desired: start &+ 1, successOrdering: .sequentiallyConsistent, failureOrdering: .relaxed
      ).exchanged
      return won ? .unit(unit) : .lost
    }

    /// Whether there is nothing to steal; anybody, in the total order of calls and announcements.
    var isEmpty: Bool {
      top.pointee.load(ordering: .sequentiallyConsistent) >= bottom.pointee.load(ordering: .sequentiallyConsistent)
    }

    /// How many units there are, if nobody moves.
    var count: Int { max(end - top.pointee.load(ordering: .relaxed), 0) }
  }
}
