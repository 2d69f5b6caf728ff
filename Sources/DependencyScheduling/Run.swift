import Dispatch

/// The state of one run of a schedule: counters, a deque a worker, progress, and who takes part.
///
/// Made once, pooled by its schedule, and used for one run after the other, so that a run allocates next to nothing.
/// Its life: ``open(width:roster:cancellation:after:)``, the workers' ``work(as:_:)``, the caller's ``close()``.
/// Worker 0 is the caller; helpers enter and leave under the ``HelperRoster``'s lock.
final class Run: @unchecked Sendable {  // because each part says below which lock or protocol guards it
  /// What a unit does.
  typealias Body = @Sendable (UnitID) throws -> Void

  /// A body in memory. In a structure, since a bare closure behind a pointer costs each call a thunk.
  struct SharedBody {
    let call: Body
    /// Told of workers that come and go, if the run is traced.
    var recorder: RunRecorder?
  }

  // MARK: Frozen, and owned by the schedule, which the caller keeps alive

  let unitCount: Int
  let offsets: UnsafePointer<UInt32>
  let successors: UnsafePointer<UInt32>
  let roots: UnsafePointer<UInt32>
  let rootCount: Int

  // MARK: Atomic

  let counters: DependencyCounters
  let progress = RunProgress()

  // MARK: Set by the caller before anybody else can enter

  private(set) var width = 0
  private(set) var rootChunk = 1
  private(set) var cancellation: CancellationToken?
  private(set) var roster: HelperRoster?
  /// Room for `width` deques and more, if an earlier run was wider.
  private(set) var deques: UnsafeMutablePointer<WorkDeque>
  private var dequeCount = 0
  var body: UnsafePointer<SharedBody>?
  /// What a walk along the serial order needs; empty.
  private var roomOfWalks: [UInt32] = []

  // MARK: Guarded by the roster's lock

  var membership = RunMembership()

  // MARK: Guarded by `failureLock`

  private let failureLock = PlatformLock()
  private var failure: (any Error)?

  /// What the caller sleeps on; signalled exactly once for each time it goes to sleep.
  let wakeCaller = DispatchSemaphore(value: 0)

  /// - Complexity: O(units).
  init(_ schedule: ScheduleStorage) {
    unitCount = schedule.unitCount
    offsets = UnsafePointer(schedule.offsets)
    successors = UnsafePointer(schedule.successors)
    roots = UnsafePointer(schedule.roots)
    rootCount = schedule.rootCount
    counters = DependencyCounters(initialCounts: schedule.dependencyCounts, count: schedule.unitCount)
    deques = .allocate(capacity: 1)
    growDeques(to: 1)
    roomOfWalks.reserveCapacity(unitCount)
  }

  deinit {
    counters.deallocate()
    progress.deallocate()
    for index in 0..<dequeCount { deques[index].deallocate() }
    deques.deallocate()
  }

  /// Prepares the run for at most `width` workers. Without a roster nobody but the caller takes part.
  ///
  /// - Parameter position: How many units of the serial order the caller has run already.
  /// - Complexity: O(width), and that of retracing `position` units.
  func open(width: Int, roster: HelperRoster?, cancellation: CancellationToken?, after position: Int = 0) {
    self.width = width
    self.roster = roster
    self.cancellation = cancellation
    // Sixteen claims a worker leave the last one little to wait for, and a chunk of 256 hides the price of a claim.
    rootChunk = min(max(rootCount / (16 * width), 1), 256)
    growDeques(to: width)
    for index in 0..<width { deques[index].reset() }
    membership.open(width: width)
    let claimedRoots = position == 0 ? 0 : retrace(position)
    progress.reset(unitCount: unitCount - position, claimedRoots: claimedRoots, wantsHelp: roster != nil && width > 1)
  }

  /// Counts the first `position` units of the serial order as run, makes ready those that only they preceded, and returns
  /// how many roots are among them.
  private func retrace(_ position: Int) -> Int {
    var room: [UInt32] = []
    swap(&room, &roomOfWalks)
    var walk = SerialWalk(self, room: consume room)
    for _ in 0..<position { _ = walk.next() }
    for unit in walk.ready { deques[0].push(unit) }
    let roots = walk.visitedRoots
    roomOfWalks = walk.leaveRoom()
    return roots
  }

  /// Takes leave of what only this run needed and says how it went. The helpers must have left.
  func close() -> (any Error)? {
    roster = nil
    cancellation = nil
    guard let failure else { return nil }
    self.failure = nil
    counters.rearm()
    return failure
  }

  /// Lets no further unit start, because of `error`; the first error wins.
  func stop(because error: any Error) {
    failureLock.withLock {
      if failure == nil { failure = error }
    }
    progress.requestStop()
  }

  private func growDeques(to count: Int) {
    guard count > dequeCount else { return }
    let grown = UnsafeMutablePointer<WorkDeque>.allocate(capacity: count)
    grown.moveInitialize(from: deques, count: dequeCount)
    deques.deallocate()
    deques = grown
    for index in dequeCount..<count { (deques + index).initialize(to: WorkDeque(capacity: unitCount)) }
    dequeCount = count
  }
}
