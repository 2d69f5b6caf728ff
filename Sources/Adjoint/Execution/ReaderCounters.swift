internal import Synchronization

/// How many reads of each transient buffer are still to come.
///
/// Who must see what: a reader *releases* its reads when it counts itself off, and the last one *acquires* them all, so
/// that freeing the buffer, or writing over it, comes after every read. A step that finds itself the only reader left
/// (`isLast`, acquiring) may write over the buffer for the same reason. The count of the next run is stored back by the
/// last reader; the end of the run publishes it.
struct ReaderCounters: ~Copyable, @unchecked Sendable {  // because the counters are atomic
  private let counters: UnsafeMutablePointer<Atomic<UInt32>>
  private let initial: UnsafeMutablePointer<UInt32>
  private let count: Int

  init(_ readers: [UInt32]) {
    count = readers.count
    counters = .allocate(capacity: count)
    initial = .allocate(capacity: count)
    for (index, readers) in readers.enumerated() {
      (counters + index).initialize(to: Atomic(readers))
      (initial + index).initialize(to: readers)
    }
  }

  deinit {
    counters.deinitialize(count: count)
    counters.deallocate()
    initial.deallocate()
  }

  /// Whether the step that asks is the only reader left.
  func isLast(_ buffer: Int) -> Bool { counters[buffer].load(ordering: .acquiring) == 1 }

  /// Counts one reader off; true to exactly one caller a run, after all other reads.
  func finishReading(_ buffer: Int) -> Bool {
    guard counters[buffer].wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return false }
    counters[buffer].store(initial[buffer], ordering: .relaxed)
    return true
  }

  /// Sets every count back, where no run is under way.
  func rearm() {
    for index in 0..<count { counters[index].store(initial[index], ordering: .relaxed) }
  }
}
