/// Runs schedules, task graphs and Swift tasks, with up to ``width`` workers that steal from one another.
///
/// ```swift
/// let executor = try GraphExecutor(width: 4, qos: .userInitiated)
/// try executor.run(schedule) { unit in tiles[Int(unit.index)].multiply() }
/// ```
/// An executor has ``width`` *seats*. Seats are occupied while there is work, and given back when there is none: no
/// thread is held between runs, and nothing spins when idle. A synchronous run is worked on by its calling thread and
/// at most ``width`` − 1 seats; with width 1 it creates no thread. Asynchronous runs and the jobs of Swift tasks have
/// seats alone, so they never occupy more than ``width`` threads together, and wait for one another where there are
/// more. A run waits for seats that have entered it and never for one to come; so `run` inside a unit, at any depth and
/// on the same executor, ends.
///
/// Several runs may go on at once; one that nobody sits in gets a seat from the others a millisecond after it
/// asked, plus what is left of a unit of theirs. An executor may be used from any thread.
public final class GraphExecutor: ScheduleExecutor {
  /// The executor of whoever does not bring one: as wide as the process may be, when it is first used; see
  /// ``followAllowance()``.
  public static let shared = GraphExecutor(label: "DependencyScheduling.shared")

  /// Whether runs are shared out that do not say it themselves.
  public let sharing: Sharing

  let seats: Seats
  let loops = LoopSchedules()

  init(
    width: Int, sharing: Sharing, observer: (any ExecutorObserver)?, isHosted: Bool = false,
    source: @escaping @Sendable (Int) -> Seat.Source
  ) {
    self.sharing = sharing
    seats = Seats(width: width, observer: observer, mayLackThreads: isHosted, source: source)
    LiveExecutors.add(seats)
  }

  deinit {
    seats.retire()
  }

  /// The most workers of one run, and the most seats that are ever taken.
  public var width: Int { seats.width }

  /// Changes how many seats there are. More of them are there at once; fewer as units end, within a millisecond after
  /// those that run now. Runs that have begun keep the number of workers that they may have. Any thread may call it.
  ///
  /// - Throws: ``InvalidWidth``, which changes nothing.
  public func setWidth(_ width: Int) throws(InvalidWidth) {
    seats.setWidth(try InvalidWidth.check(width))
  }

  /// Makes the executor as wide as the process may be now, by the affinity of its threads, the quota of its control
  /// groups and, on Apple's processors, the number of performance cores.
  ///
  /// - Returns: The new width.
  /// - Complexity: Some file reads, and a system call for each thread of the process.
  @discardableResult
  public func followAllowance() -> Int {
    let width = ProcessorAllowance.current.width
    seats.setWidth(width)
    return width
  }
}

/// A width that no executor can have.
public struct InvalidWidth: Error, Hashable, Sendable, CustomStringConvertible {
  /// The width that was asked for.
  public let width: Int

  public var description: String {
    "the width of an executor is from 1, its caller, to \(Self.most), got \(width)"
  }

  /// More seats than a run counts, and than any machine has processors.
  static let most = 4_096  // Decisions/Limits.md

  static func check(_ width: Int) throws(InvalidWidth) -> Int {
    guard (1...most).contains(width) else { throw InvalidWidth(width: width) }
    return width
  }
}
