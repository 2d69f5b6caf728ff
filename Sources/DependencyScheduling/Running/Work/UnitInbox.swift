import Synchronization
internal import Threads

/// The units of one run that became ready outside of any worker: completed by a callback's thread, say.
///
/// **Who must see what.** The units are guarded by a lock. Whoever adds one and then looks who is asleep, or announces
/// its sleep and then looks for units, must not miss the other: the count takes part in the one total order of calls
/// and announcements (see ``SeatCounts``).
final class UnitInbox: @unchecked Sendable {  // because `lock` guards the units
  private let count = PaddedAtomic(0)
  private let lock = PlatformLock()
  private var units: [UInt32] = []

  /// Adds a unit that is ready; any thread. It must then call.
  func add(_ unit: UInt32) {
    lock.withLock {
      units.append(unit)
      count.word.pointee.store(units.count, ordering: .sequentiallyConsistent)
    }
  }

  /// Takes a unit, the one added last.
  @inline(__always)
  func take() -> UInt32? { isEmpty ? nil : takeLocked() }

  @inline(never)
  private func takeLocked() -> UInt32? {
    lock.withLock {
      let unit = units.popLast()
      count.word.pointee.store(units.count, ordering: .relaxed)
      return unit
    }
  }

  @inline(__always)
  var isEmpty: Bool { count.word.pointee.load(ordering: .sequentiallyConsistent) == 0 }

  /// How many units there are, if nobody moves.
  var readyCount: Int { count.word.pointee.load(ordering: .relaxed) }

  /// Forgets what a run that was stopped has left.
  func reset() {
    guard !isEmpty else { return }
    lock.withLock {
      units.removeAll()
      count.word.pointee.store(0, ordering: .relaxed)
    }
  }
}
