import Synchronization

/// Counts how many are inside at once, and remembers the most.
final class Gauge: Sendable {
  private let inside = Atomic(0)
  private let highest = Atomic(0)

  /// The most that were inside at once, so far.
  var most: Int { highest.load(ordering: .relaxed) }

  func within<Result>(_ body: () throws -> Result) rethrows -> Result {
    highest.max(inside.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
    defer { inside.subtract(1, ordering: .relaxed) }
    return try body()
  }
}
