import Synchronization

/// How many bytes of buffers may live, and how many do: one budget for the arenas of one owner.
///
/// Any thread may use it at any time. Nothing orders the counters against other memory: they are relaxed, because each
/// is read as a number and guards nothing.
package final class MemoryBudget: Sendable {
  /// The most bytes live buffers may take up, as the allocator rounds them; `nil` is no limit, and with one
  /// below 0 there is no room for anything.
  package let byteLimit: Int?
  private let counter = Atomic<Int>(0)
  private let highest = Atomic<Int>(0)

  package init(byteLimit: Int? = nil) {
    self.byteLimit = byteLimit
  }

  /// The bytes that live buffers take up now.
  package var inUse: Int { counter.load(ordering: .relaxed) }

  /// The most bytes that live buffers took up at once.
  package var peak: Int { highest.load(ordering: .relaxed) }

  /// Starts a new high-water mark at what is in use now.
  package func resetPeak() { highest.store(inUse, ordering: .relaxed) }

  /// Adds to the bytes in use and answers the new count, unless it would pass the limit.
  func reserve(_ bytes: Int) throws(MemoryLimitExceeded) -> Int {
    guard let byteLimit else { return counter.wrappingAdd(bytes, ordering: .relaxed).newValue }
    var current = inUse
    while true {
      guard current <= byteLimit, bytes <= byteLimit - current else {
        throw MemoryLimitExceeded(requested: bytes, inUse: current, limit: byteLimit)
      }
      let outcome = counter.weakCompareExchange(expected: current, desired: current + bytes, ordering: .relaxed)
      if outcome.exchanged { return current + bytes }
      current = outcome.original
    }
  }

  func giveBack(_ bytes: Int) { counter.wrappingSubtract(bytes, ordering: .relaxed) }

  /// Notes that `total` bytes were in use at once.
  func raisePeak(to total: Int) {
    if total > peak { highest.max(total, ordering: .relaxed) }
  }
}
