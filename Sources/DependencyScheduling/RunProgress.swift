import Synchronization

/// What the workers of one run tell one another, beside units: how many are left, which roots are unclaimed, whether
/// to stop, and who would welcome work.
///
/// **Who must see what.** The caller must see everything that every unit wrote, before `run` returns. Each worker
/// *releases* its units' writes when it subtracts their number from what remains, once, when it runs dry; whoever
/// finds that nothing remains *acquires* all of them. After a stop nothing is counted: the helpers' leaving, under the
/// executor's lock, publishes what they did.
///
/// The other words carry no data. A root's claim is relaxed, since roots wait for nobody and the schedule was
/// published before the run began. A call for help that is overlooked costs time, never a unit: whoever pushed a unit
/// runs it in the end, unless somebody else does.
struct RunProgress {
  private let remaining: UnsafeMutablePointer<Atomic<Int>>
  private let nextRoot: UnsafeMutablePointer<Atomic<Int>>
  private let stop: UnsafeMutablePointer<Atomic<Bool>>
  private let help: UnsafeMutablePointer<Atomic<Bool>>
  private let parked: UnsafeMutablePointer<Atomic<Bool>>

  private static let lineStride = 128

  init() {
    let lines = UnsafeMutableRawPointer.allocate(byteCount: 3 * Self.lineStride, alignment: Self.lineStride)
    remaining = lines.bindMemory(to: Atomic<Int>.self, capacity: 1)
    nextRoot = (lines + Self.lineStride).bindMemory(to: Atomic<Int>.self, capacity: 1)
    // These three change a few times a run and are read between any two units: they share a line.
    let flags = (lines + 2 * Self.lineStride).bindMemory(to: Atomic<Bool>.self, capacity: 3)
    (stop, help, parked) = (flags, flags + 1, flags + 2)
    remaining.initialize(to: Atomic(0))
    nextRoot.initialize(to: Atomic(0))
    for flag in [stop, help, parked] { flag.initialize(to: Atomic(false)) }
  }

  func deallocate() {
    UnsafeMutableRawPointer(remaining).deallocate()
  }

  /// Prepares a run while nobody else can reach it.
  func reset(unitCount: Int, claimedRoots: Int = 0, wantsHelp: Bool) {
    remaining.pointee.store(unitCount, ordering: .relaxed)
    nextRoot.pointee.store(claimedRoots, ordering: .relaxed)
    stop.pointee.store(false, ordering: .relaxed)
    help.pointee.store(wantsHelp, ordering: .relaxed)
    parked.pointee.store(false, ordering: .relaxed)
  }

  // MARK: Completion

  /// Records that a worker has run `count` units; true to exactly one, whose units were the last. It sees what all of
  /// them wrote.
  @inline(__always)
  func finish(_ count: Int) -> Bool {
    remaining.pointee.subtract(count, ordering: .acquiringAndReleasing).newValue == 0
  }

  /// Whether every unit has run. When true, the caller sees what they wrote.
  @inline(__always)
  var isComplete: Bool {
    remaining.pointee.load(ordering: .acquiring) == 0
  }

  // MARK: Stopping

  /// Asks the workers to start no further unit.
  func requestStop() {
    stop.pointee.store(true, ordering: .relaxed)
  }

  @inline(__always)
  var isStopping: Bool {
    stop.pointee.load(ordering: .relaxed)
  }

  // MARK: Roots

  /// Claims up to `chunk` of the roots that nobody has claimed, as positions below `count`; empty when there are none.
  @inline(__always)
  func claimRoots(chunk: Int, of count: Int) -> Range<Int> {
    guard nextRoot.pointee.load(ordering: .relaxed) < count else { return 0..<0 }
    let start = nextRoot.pointee.add(chunk, ordering: .relaxed).oldValue
    return start < count ? start..<min(start &+ chunk, count) : 0..<0
  }

  func hasUnclaimedRoots(of count: Int) -> Bool {
    nextRoot.pointee.load(ordering: .relaxed) < count
  }

  // MARK: Help

  /// Whether a worker with a unit to spare should say so: a helper could be had, or the caller is parked.
  @inline(__always)
  var wantsHelp: Bool {
    help.pointee.load(ordering: .relaxed) || parked.pointee.load(ordering: .relaxed)
  }

  /// Says whether a helper could be had.
  func setWantsHelp(_ wanted: Bool) {
    help.pointee.store(wanted, ordering: .relaxed)
  }

  /// Announces that the caller is about to sleep; it must look for the end of the run once more before it does.
  ///
  /// Both sides exchange the same word, and one comes first. If the announcement does, the other side finds it. If the
  /// other side does, which *releases*, the announcement *acquires*: the caller sees that the run is over.
  func announceParking() {
    _ = parked.pointee.exchange(true, ordering: .acquiring)
  }

  /// Takes the announcement back; true to exactly one: the caller itself, which then stays awake, or another worker,
  /// which then must signal it.
  func endParking() -> Bool {
    parked.pointee.exchange(false, ordering: .releasing)
  }
}
