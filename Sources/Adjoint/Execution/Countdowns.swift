import Synchronization

/// How many units have still to write each of several results.
///
/// Who must see what: whoever counts the last one down sees what all others wrote. So each *releases* its own, and
/// *acquires* those of the others.
final class Countdowns: Sendable {
  private nonisolated(unsafe) let left: UnsafeMutablePointer<Atomic<Int>>  // because all accesses are atomic
  private let count: Int

  init(_ counts: [Int]) {
    count = counts.count
    left = .allocate(capacity: count)
    for (index, number) in counts.enumerated() { (left + index).initialize(to: Atomic(number)) }
  }

  deinit {
    left.deinitialize(count: count)
    left.deallocate()
  }

  /// Counts one down; true if it was the last.
  func isLast(_ result: Int) -> Bool {
    left[result].subtract(1, ordering: .acquiringAndReleasing).newValue == 0
  }
}
