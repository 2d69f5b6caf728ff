public import DependencyScheduling

/// Runs a schedule on the calling thread, in a random order that its seed decides: for tests.
///
/// Each next unit is drawn evenly from those that are ready, so every topological order can occur, and a failing one
/// comes back with its seed.
///
/// ```swift
/// for seed in UInt64(0)..<1_000 { try checkOrder(of: schedule, on: SeededExecutor(seed: seed)) }
/// ```
/// - Complexity: O(units + edges) a run.
public struct SeededExecutor: ScheduleExecutor {
  /// What decides the order. Equal seeds give equal orders of one schedule, on every platform.
  public let seed: UInt64

  /// An executor whose order `seed` decides.
  public init(seed: UInt64) {
    self.seed = seed
  }

  /// Runs every unit on the calling thread, each after its predecessors, in the order of the seed. What `options` say
  /// about sharing has no effect.
  ///
  /// - Throws: The first error that `body` threw, or `CancellationError`.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func run(_ schedule: Schedule, options: RunOptions, _ body: @Sendable (UnitID) throws -> Void) throws {
    var random = SeededGenerator(seed: seed)
    var missing = (0..<schedule.unitCount).map { schedule.dependencyCount(of: UnitID(UInt32($0))) }
    var ready = schedule.roots
    while !ready.isEmpty {
      if let cancellation = options.cancellation, cancellation.isCancelled { throw CancellationError() }
      ready.swapAt(random.index(below: ready.count), ready.count - 1)
      let unit = ready.removeLast()
      try body(unit)
      for successor in schedule.successors(of: unit) {
        missing[Int(successor.index)] -= 1
        if missing[Int(successor.index)] == 0 { ready.append(successor) }
      }
    }
  }
}
