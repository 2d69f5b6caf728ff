internal import Threads

/// Told of what a ``GraphExecutor`` does, as it does it: for logs, and for metrics that count events.
///
/// ```swift
/// struct Counting: ExecutorObserver {
///   func runEnded(_ run: ObservedRun) { runDuration.record(run.nanoseconds) }
/// }
/// let executor = try GraphExecutor(width: 4, observer: Counting())
/// ```
/// Every method has a default that does nothing. They are called by the thread on which it happens, several at once,
/// and what they take, the run takes longer; an executor without an observer pays nothing. ``GraphExecutor/statistics``
/// has sums without one.
public protocol ExecutorObserver: Sendable {
  /// A run has begun. Called by whoever began it, before its first unit.
  func runBegan(_ run: ObservedRun)
  /// A run is over; ``ObservedRun/nanoseconds`` says how long it took. Called by its caller or, if it is asynchronous,
  /// by the last worker to leave it.
  func runEnded(_ run: ObservedRun)
  /// A seat was woken: its block has been submitted, and may have begun. Called by whoever woke it.
  func seatWoken(_ seat: Int)
  /// A seat has found nothing more to do, and gives its thread back. Called by that thread.
  func seatSlept(_ seat: Int)
  /// A worker took a unit from the deque of another one. Called by the worker that took it, before it runs it.
  func unitStolen(_ unit: UnitID)
}

extension ExecutorObserver {
  public func runBegan(_ run: ObservedRun) {}
  public func runEnded(_ run: ObservedRun) {}
  public func seatWoken(_ seat: Int) {}
  public func seatSlept(_ seat: Int) {}
  public func unitStolen(_ unit: UnitID) {}
}

/// A run, as observers see it.
public struct ObservedRun: Sendable {
  /// Why a run is shared out among workers, or is not. A later version may know more reasons.
  public struct Way: Hashable, Sendable, CustomStringConvertible {
    private enum Name: String {
      case aloneByWidth, aloneByOptions, sharedByOptions, aloneByExperience
      case sharedByExperience, probed, sharedHalfWay, sharedBySuspension
    }
    private let name: Name
    private init(name: Name) { self.name = name }

    public var description: String { name.rawValue }

    /// Alone, since the executor or the run is 1 wide, or has one unit.
    public static var aloneByWidth: Way { Way(name: .aloneByWidth) }
    /// Alone, since its ``RunOptions`` or the executor say so.
    public static var aloneByOptions: Way { Way(name: .aloneByOptions) }
    /// Shared, since its ``RunOptions`` or the executor say so.
    public static var sharedByOptions: Way { Way(name: .sharedByOptions) }
    /// Alone, since that was faster in earlier runs, or to find out whether it is.
    public static var aloneByExperience: Way { Way(name: .aloneByExperience) }
    /// Shared, since that was faster in earlier runs, or to find out whether it is.
    public static var sharedByExperience: Way { Way(name: .sharedByExperience) }
    /// Alone, since nothing is known yet, while a seat watches that no unit takes long.
    public static var probed: Way { Way(name: .probed) }
    /// It began alone, and shared the rest out since it took too long.
    public static var sharedHalfWay: Way { Way(name: .sharedHalfWay) }
    /// Its units may suspend, which must hold up no others.
    public static var sharedBySuspension: Way { Way(name: .sharedBySuspension) }
  }

  /// The number of units of the schedule.
  public let unitCount: Int
  /// Why it is shared out, or is not. At its end a run may have gone another way than it began.
  public internal(set) var way: Way
  /// The place in the source that runs the schedule.
  public let site: CallSite
  /// How long it took, once it is over; 0 before.
  public internal(set) var nanoseconds: Int64 = 0
  /// Whether a unit threw, or the run was cancelled.
  public internal(set) var failed = false
}

extension ObservedRun {
  /// A run that goes on, and whom to tell when it is over.
  struct Begun: Sendable {
    private let run: ObservedRun
    private let observer: any ExecutorObserver
    private let start = MonotonicClock.now

    fileprivate init(_ run: ObservedRun, _ observer: any ExecutorObserver) {
      (self.run, self.observer) = (run, observer)
    }

    func end(_ way: Way, failed: Bool) {
      var run = run
      (run.way, run.failed, run.nanoseconds) = (way, failed, MonotonicClock.now - start)
      observer.runEnded(run)
    }
  }

  static func begin(
    _ schedule: ScheduleStorage, _ options: RunOptions, _ way: Way, _ observer: any ExecutorObserver
  ) -> Begun {
    let run = ObservedRun(unitCount: schedule.unitCount, way: way, site: options.site)
    observer.runBegan(run)
    return Begun(run, observer)
  }
}
