/// What each step of a run costs in virtual time, in nanoseconds.
///
/// The defaults were measured on x86-64 Linux: a cache line bounced between two cores takes 360 ns there and back, a
/// worker of Dispatch runs 7 µs after it was woken. Decisions/Waking.md has where each comes from.
public struct VirtualPrices: Equatable, Sendable {
  /// Taking a unit from another worker, and its inputs from another core.
  public var handOver = 300.0

  /// How soon after one steal from a deque the next may follow: a cache line goes from core to core.
  public var stealInterval = 180.0

  /// Looking into one deque where nothing is found.
  public var failedLook = 20.0

  /// Waking somebody, for whoever wakes: a system call.
  public var submission = 3_000.0

  /// From the end of the submission until who was woken runs.
  public var wakeUp = 7_000.0

  /// Queueing and counting one unit of a shared run, beside what it costs itself.
  public var perUnitShared = 20.0

  /// Calling one unit of a run alone.
  public var perUnitAlone = 3.0

  /// Letting others see units.
  public var publishing = 10.0

  /// A step on a word that several workers change: entering, leaving, counting, claiming roots.
  public var step = 50.0

  /// Preparing a run that is shared.
  public var opening = 300.0

  /// The first of the pauses between two looks; each is twice as long as the one before, up to ``longestRest``.
  public var shortestRest = 40.0
  public var longestRest = 640.0

  /// How long a worker looks for units before it sleeps.
  public var patience = 40_000.0

  public init() {}

  /// Everything free of charge but for the pauses, which keep time from standing still.
  public static var free: VirtualPrices {
    var prices = VirtualPrices()
    (prices.handOver, prices.stealInterval, prices.failedLook) = (0, 0, 0)
    (prices.submission, prices.wakeUp, prices.perUnitShared, prices.perUnitAlone) = (0, 0, 0, 0)
    (prices.publishing, prices.step, prices.opening) = (0, 0, 0)
    return prices
  }
}
