internal import Threads

/// The executors that live now, in builds for debugging: for a watchdog that says why nothing goes on. Other builds
/// keep no list.
package enum LiveExecutors {
  #if DEBUG
    private struct Entry { weak var seats: Seats? }

    private static let lock = PlatformLock()
    private nonisolated(unsafe) static var entries: [Entry] = []  // because `lock` guards them
    private nonisolated(unsafe) static var most = 64  // because `lock` guards it; Decisions/Limits.md

    static func add(_ seats: Seats) {
      lock.withLock {
        if entries.count >= most {
          entries.removeAll { $0.seats == nil }
          most = max(64, 2 * entries.count)
        }
        entries.append(Entry(seats: seats))
      }
    }

    /// Who sits where in each of them, whose seats are not all vacant or which has runs or jobs.
    package static var descriptions: [String] {
      lock.withLock { entries.compactMap(\.seats) }.filter { !$0.isAtRest }.map(\.description)
    }
  #else
    static func add(_ seats: Seats) {}

    package static var descriptions: [String] { [] }
  #endif
}
