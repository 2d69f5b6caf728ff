import Synchronization

/// One counter a unit: how many of its predecessors have yet to finish.
///
/// **Who must see what.** A unit must see everything that all of its predecessors wrote. Each predecessor *releases*
/// its writes when it decrements; the last decrement *acquires* all of them. Read-modify-writes on one counter extend
/// one another's release sequence, so it does not matter which predecessor comes last.
///
/// A counter re-arms itself: whoever finds that it is the last stores the initial count back, so no pass over the
/// graph precedes a run. That store is relaxed, because nobody looks at the counter again in this run, and the next
/// run starts after this one's end was published (see ``RunProgress``).
///
/// The upper half of a word holds the initial count, the lower half what is missing, so that a unit's state is in one
/// cache line. Units with exactly one predecessor are never counted: their edge says so.
struct DependencyCounters: ~Copyable {
  let cells: Cells
  private let initialCounts: UnsafePointer<UInt32>
  /// Counters that are not made yet: ``make()`` comes before anything else. Memory is taken, but not touched.
  ///
  /// - Parameter initialCounts: To be kept as long as the counters.
  init(initialCounts: UnsafePointer<UInt32>, count: Int) {
    self.initialCounts = initialCounts
    cells = Cells(words: .allocate(capacity: count), count: count)
  }

  /// Makes the counters, armed; once, and nobody else may use them meanwhile.
  ///
  /// - Complexity: O(units).
  func make() {
    for unit in 0..<cells.count {
      (cells.words + unit).initialize(to: Atomic(Cells.armed(initialCounts[unit])))
    }
  }

  deinit { cells.words.deallocate() }
}

extension DependencyCounters {
  /// The counters as workers reach them; valid as long as their owner.
  struct Cells {
    fileprivate let words: UnsafeMutablePointer<Atomic<UInt64>>
    fileprivate let count: Int

    fileprivate static func armed(_ initial: UInt32) -> UInt64 {
      UInt64(initial) << 32 | UInt64(initial)
    }

    /// Records that one predecessor of `unit` has finished; true to exactly one caller a run: the last, who may run it.
    @inline(__always)
    func arrive(at unit: UInt32) -> Bool {
      let word = words + Int(unit)
      // Alone in being missing, nobody else will touch the word: a load is enough, and spares a locked instruction.
      var value = word.pointee.load(ordering: .acquiring)
      if UInt32(truncatingIfNeeded: value) != 1 {
        value = word.pointee.subtract(1, ordering: .acquiringAndReleasing).oldValue
        if UInt32(truncatingIfNeeded: value) != 1 { return false }
      }
      word.pointee.store(value >> 32 &* 0x1_0000_0001, ordering: .relaxed)
      return true
    }

    /// Where the counter of `unit` is, for those who want it brought near.
    @inline(__always)
    func address(of unit: UInt32) -> UnsafeRawPointer {
      UnsafeRawPointer(words + Int(unit))
    }

    /// Records that one predecessor of `unit` has finished, where no other worker is about: no read-modify-write.
    @inline(__always)
    func arriveAlone(at unit: UInt32) -> Bool {
      let word = words + Int(unit)
      let value = word.pointee.load(ordering: .relaxed)
      if UInt32(truncatingIfNeeded: value) == 1 {
        word.pointee.store(value >> 32 &* 0x1_0000_0001, ordering: .relaxed)
        return true
      }
      word.pointee.store(value &- 1, ordering: .relaxed)
      return false
    }

    /// Brings every counter back after a run that was given up half way. No worker may be in the run.
    ///
    /// - Complexity: O(units).
    func rearm() {
      for unit in 0..<count {
        let value = words[unit].load(ordering: .relaxed)
        words[unit].store(Self.armed(UInt32(truncatingIfNeeded: value >> 32)), ordering: .relaxed)
      }
    }

    /// Whether every counter is at its initial count, as it must be between runs.
    var areArmed: Bool {
      (0..<count).allSatisfy { unit in
        let value = words[unit].load(ordering: .relaxed)
        return value >> 32 == value & 0xFFFF_FFFF
      }
    }
  }
}
