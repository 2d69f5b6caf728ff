import Synchronization

/// What an executor has done since it was made; see ``GraphExecutor/statistics``. The names are those of counters in a
/// metrics library.
public struct ExecutorStatistics: Hashable, Sendable {
  /// Runs that several workers were let into; a synchronous one that began alone counts if it shared its rest out.
  public var runsShared = 0
  /// Runs that one worker did alone; an asynchronous one that shared its rest out counts here, not above.
  public var runsAlone = 0
  /// Jobs of Swift tasks.
  public var jobs = 0
  /// How often a seat was woken.
  public var seatsWoken = 0
  /// How often a worker took a unit that another had left for it.
  public var unitsStolen = 0
  /// How often the caller of a run went to sleep, since only seats had units.
  public var callerWaits = 0
  /// The seats that are taken now, those on which somebody is about to sit included.
  public var seatsTaken = 0
}

/// The counters of one executor. They are added to a few times a run, and steals once a stay.
final class ExecutorTally: Sendable {
  final class Counter: Sendable {
    private let count = Atomic(0)
    func add(_ amount: Int = 1) { count.add(amount, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
  }

  let sharedRuns = Counter(), aloneRuns = Counter(), jobs = Counter(), wakeUps = Counter(), steals = Counter()
  let callerSleeps = Counter()
}

extension GraphExecutor {
  /// What the executor has done so far. Counters are read one after the other, while others may count.
  public var statistics: ExecutorStatistics {
    let tally = seats.tally
    return ExecutorStatistics(
      runsShared: tally.sharedRuns.value, runsAlone: tally.aloneRuns.value, jobs: tally.jobs.value,
      seatsWoken: tally.wakeUps.value, unitsStolen: tally.steals.value, callerWaits: tally.callerSleeps.value,
      seatsTaken: width - Int(seats.counts.current.vacant))
  }
}
