import Synchronization

/// The ready units of one worker: its owner pushes and pops at the bottom, thieves steal at the top.
///
/// The deque of Chase and Lev (*Dynamic Circular Work-Stealing Deque*, SPAA 2005) with the orderings of Lê, Pop,
/// Cohen and Zappa Nardelli (*Correct and Efficient Work-Stealing for Weak Memory Models*, PPoPP 2013), put on the
/// operations: the Thread Sanitizer does not understand fences. A run pushes each unit at most once, so a capacity of
/// the unit count makes the array neither wrap nor grow; its pages are untouched until they are used.
///
/// **Who must see what.** A thief must see the pushed unit and everything its predecessors wrote: `push` *releases*
/// with the bottom, `steal` *acquires* with the bottom. Owner and thief must not both take the last unit: the owner
/// stores the bottom *before* it loads the top, the thief loads the top *before* the bottom, all four sequentially
/// consistent, so at least one of them sees the other; then the compare-exchange on the top decides.
struct WorkDeque {
  enum Steal: Equatable {
    case unit(UInt32)
    case empty
    /// Another worker was faster; there may be more.
    case lost
  }

  private let top: UnsafeMutablePointer<Atomic<Int>>
  private let bottom: UnsafeMutablePointer<Atomic<Int>>
  private let slots: UnsafeMutablePointer<Atomic<UInt32>>

  /// Two lines apart: neighbouring lines are fetched in pairs.
  private static let lineStride = 128

  init(capacity: Int) {
    let lines = UnsafeMutableRawPointer.allocate(byteCount: 2 * Self.lineStride, alignment: Self.lineStride)
    top = lines.bindMemory(to: Atomic<Int>.self, capacity: 1)
    bottom = (lines + Self.lineStride).bindMemory(to: Atomic<Int>.self, capacity: 1)
    top.initialize(to: Atomic(0))
    bottom.initialize(to: Atomic(0))
    slots = .allocate(capacity: max(capacity, 1))
  }

  func deallocate() {
    UnsafeMutableRawPointer(top).deallocate()
    slots.deallocate()
  }

  /// Empties the deque while nobody else can reach it.
  func reset() {
    top.pointee.store(0, ordering: .relaxed)
    bottom.pointee.store(0, ordering: .relaxed)
  }

  /// Adds a ready unit; the owner only.
  @inline(__always)
  func push(_ unit: UInt32) {
    let end = bottom.pointee.load(ordering: .relaxed)
    slots[end].store(unit, ordering: .relaxed)
    bottom.pointee.store(end &+ 1, ordering: .releasing)
  }

  /// Takes the unit pushed last; the owner only.
  @inline(__always)
  func pop() -> UInt32? {
    let end = bottom.pointee.load(ordering: .relaxed)
    // The top never falls: where even a stale one has reached the bottom, there is nothing to compete for.
    if end <= top.pointee.load(ordering: .relaxed) { return nil }
    return popContended(last: end &- 1)
  }

  @inline(__always)
  private func popContended(last: Int) -> UInt32? {
    bottom.pointee.store(last, ordering: .sequentiallyConsistent)
    let start = top.pointee.load(ordering: .sequentiallyConsistent)
    if start < last { return slots[last].load(ordering: .relaxed) }
    var unit: UInt32?
    if start == last {
      let won = top.pointee.compareExchange(
        expected: start, desired: start &+ 1, successOrdering: .sequentiallyConsistent, failureOrdering: .relaxed
      ).exchanged
      if won { unit = slots[last].load(ordering: .relaxed) }
    }
    bottom.pointee.store(last &+ 1, ordering: .relaxed)
    return unit
  }

  /// Takes the unit pushed first; anybody.
  @inline(__always)
  func steal() -> Steal {
    let start = top.pointee.load(ordering: .sequentiallyConsistent)
    let end = bottom.pointee.load(ordering: .sequentiallyConsistent)
    if start >= end { return .empty }
    let unit = slots[start].load(ordering: .relaxed)
    let won = top.pointee.compareExchange(
      expected: start, desired: start &+ 1, successOrdering: .sequentiallyConsistent, failureOrdering: .relaxed
    ).exchanged
    return won ? .unit(unit) : .lost
  }
}
