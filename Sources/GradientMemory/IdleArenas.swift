import Synchronization

/// The numbers of arenas that nobody uses, for whoever needs one next.
///
/// An arena here is empty and holds no page of buffers, only jemalloc's own data about it: 84 KiB with jemalloc 5.3.
/// There are ``capacity`` places, 2.7 MiB in all, however many arenas there were at once; one that finds no place is
/// destroyed.
///
/// Who must see what: whoever takes an arena sees what those did who used it before. So taking *acquires* what putting
/// *releases*. Nobody waits, so that a child of `fork` finds no lock that a thread of its parent held.
package final class IdleArenas: @unchecked Sendable {  // because the places are atomic, and stay where they are
  /// How many arenas are kept: as many as 16 sessions have.
  package static let capacity = 32  // Decisions/Memory.md
  static let ofProcess = IdleArenas()

  /// 0 for an empty place, else one more than the arena's number.
  private let places: UnsafeMutablePointer<Atomic<UInt64>>

  package init() {
    places = .allocate(capacity: Self.capacity)
    for place in 0..<Self.capacity { (places + place).initialize(to: Atomic(0)) }
  }

  deinit {
    places.deinitialize(count: Self.capacity)
    places.deallocate()
  }

  /// An arena, to exactly one caller.
  package func take() -> UInt32? {
    for place in 0..<Self.capacity where places[place].load(ordering: .relaxed) != 0 {
      let found = places[place].exchange(0, ordering: .acquiring)
      if found != 0 { return UInt32(found - 1) }
    }
    return nil
  }

  /// Keeps an arena that the caller uses no longer; false if there is no place for it.
  package func put(_ arena: UInt32) -> Bool {
    for place in 0..<Self.capacity where places[place].load(ordering: .relaxed) == 0 {
      let outcome = places[place].compareExchange(expected: 0, desired: UInt64(arena) + 1, ordering: .releasing)
      if outcome.exchanged { return true }
    }
    return false
  }

  /// How many are kept at this moment.
  package var count: Int { (0..<Self.capacity).count { places[$0].load(ordering: .relaxed) != 0 } }
}
