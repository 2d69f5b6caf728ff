import Synchronization
internal import Threads

/// How far one run has come: how many units are left, which roots are unclaimed, and whether to stop.
///
/// **Who must see what.** The caller must see everything that every unit wrote, before `run` returns. Each worker
/// *releases* its units' writes when it subtracts their number from what remains, once, when it runs dry; whoever
/// finds that nothing remains *acquires* all of them, and closes the run, which publishes them to its caller (see
/// ``RunAttendance``). After a stop nothing is counted: the seats' leaving publishes what they did.
///
/// The other words carry no data. A root's claim is relaxed, since roots wait for nobody and the schedule was
/// published before the run began. Whoever looks once more before it sleeps may miss the claim of another, never a
/// root: all lie there when the run is opened.
struct RunProgress: ~Copyable {
  private let remaining = PaddedAtomic(0)
  private let nextRoot = PaddedAtomic(0)
  private let stop = PaddedAtomic(false)

  /// Prepares a run while nobody else can reach it.
  func reset(unitCount: Int) {
    resume(unitCount: unitCount, claimedRoots: 0)
    stop.word.pointee.store(false, ordering: .relaxed)
  }

  /// Prepares the rest of a run that began otherwise; whether to stop stays as it is.
  func resume(unitCount: Int, claimedRoots: Int) {
    remaining.word.pointee.store(unitCount, ordering: .relaxed)
    nextRoot.word.pointee.store(claimedRoots, ordering: .relaxed)
  }

  /// Records that a worker has run `count` units; true to exactly one, whose units were the last. It sees what all of
  /// them wrote.
  @inline(__always)
  func finish(_ count: Int) -> Bool {
    remaining.word.pointee.subtract(count, ordering: .acquiringAndReleasing).newValue == 0
  }

  /// How many units are not counted as done; a worker counts its own when it runs dry.
  var unitsLeft: Int { remaining.word.pointee.load(ordering: .relaxed) }

  /// Whether every unit has run.
  var isComplete: Bool { remaining.word.pointee.load(ordering: .relaxed) == 0 }

  /// Asks the workers to start no further unit.
  func requestStop() { stop.word.pointee.store(true, ordering: .relaxed) }

  @inline(__always)
  var isStopping: Bool { stop.word.pointee.load(ordering: .relaxed) }

  /// Where the request to stop lies, for those who look between any two units.
  var stopFlag: UnsafePointer<Atomic<Bool>> { UnsafePointer(stop.word) }

  /// Claims up to `chunk` of the roots that nobody has claimed, as positions below `count`; empty when there are none.
  @inline(__always)
  func claimRoots(chunk: Int, of count: Int) -> Range<Int> {
    guard nextRoot.word.pointee.load(ordering: .relaxed) < count else { return 0..<0 }
    let start = nextRoot.word.pointee.add(chunk, ordering: .relaxed).oldValue
    return start < count ? start..<min(start &+ chunk, count) : 0..<0
  }

  /// How many of `count` roots nobody has claimed yet.
  func unclaimedRoots(of count: Int) -> Int { max(count - nextRoot.word.pointee.load(ordering: .relaxed), 0) }

  func hasUnclaimedRoots(of count: Int) -> Bool {
    nextRoot.word.pointee.load(ordering: .relaxed) < count
  }
}
