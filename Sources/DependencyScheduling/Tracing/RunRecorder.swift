internal import Threads

/// Notes when each unit of one run began and ended and on which thread, and when each worker came and went.
///
/// A unit's worker writes to the places of that unit alone; the caller reads them when the run has returned, which
/// publishes them. Workers come and go under a lock.
final class RunRecorder: @unchecked Sendable {  // because a unit's places are its worker's, and stays have a lock
  /// A worker's stay: helpers come and go, the caller leaves to sleep.
  struct Stay {
    let worker: Int
    let thread: UInt64
    let start: Int64
    var end: Int64
  }

  let unitCount: Int
  private let starts: UnsafeMutablePointer<Int64>
  private let ends: UnsafeMutablePointer<Int64>
  private let threads: UnsafeMutablePointer<UInt64>

  private let lock = PlatformLock()
  private var stays: [Stay] = []

  init(unitCount: Int) {
    self.unitCount = unitCount
    (starts, ends) = (.allocate(capacity: unitCount), .allocate(capacity: unitCount))
    threads = .allocate(capacity: unitCount)
    starts.initialize(repeating: 0, count: unitCount)
    ends.initialize(repeating: 0, count: unitCount)
    threads.initialize(repeating: 0, count: unitCount)
  }

  deinit {
    starts.deallocate()
    ends.deallocate()
    threads.deallocate()
  }

  /// Runs `body` for `unit` and notes when.
  func record(_ unit: UnitID, _ body: (UnitID) throws -> Void) rethrows {
    let index = Int(unit.index)
    threads[index] = ThreadID.current.bits
    starts[index] = MonotonicClock.now
    defer { ends[index] = MonotonicClock.now }
    try body(unit)
  }

  /// The calling thread becomes worker `index`.
  func enter(_ index: Int) {
    let now = MonotonicClock.now
    lock.withLock { stays.append(Stay(worker: index, thread: ThreadID.current.bits, start: now, end: now)) }
  }

  /// Worker `index` has nothing more to do, for the moment or for good.
  func leave(_ index: Int) {
    let now = MonotonicClock.now
    lock.withLock {
      if let stay = stays.lastIndex(where: { $0.worker == index }) { stays[stay].end = now }
    }
  }

  /// What was noted; after the run.
  func finish() -> (stays: [Stay], units: [(start: Int64, end: Int64, worker: Int)]) {
    let stays = lock.withLock { self.stays }
    var staysOf: [UInt64: [Stay]] = [:]
    for stay in stays { staysOf[stay.thread, default: []].append(stay) }
    let units = (0..<unitCount).map { index in
      // A thread's stays follow one another; the unit belongs to the last that had begun.
      let stays = staysOf[threads[index]] ?? []
      var low = 0, high = stays.count
      while low < high {
        let middle = (low + high) / 2
        if stays[middle].start <= starts[index] { low = middle + 1 } else { high = middle }
      }
      return (starts[index], ends[index], low > 0 ? stays[low - 1].worker : 0)
    }
    return (stays, units)
  }
}
