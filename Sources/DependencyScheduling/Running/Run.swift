import Dispatch
internal import Threads

/// The state of one run of a schedule that several workers may share: counters, a deque a worker, progress, and who
/// takes part.
///
/// Made once, pooled by its schedule, and used for one run after the other, so that a run allocates next to nothing.
/// Its life: ``open(_:after:)``, the workers' ``work(as:search:)``, ``close()`` by whoever runs the last unit or stops
/// it,
/// ``takeOutcome()`` by its caller, or by the last seat to leave where there is no caller.
final class Run: @unchecked Sendable {  // because each part says below which lock or protocol guards it
  /// What a run is asked to do, and with whom.
  struct Order {
    var body: UnitBody
    var cancellation: CancellationToken?
    var recorder: RunRecorder?
    /// The seats of the executor that runs it; `nil` if nobody but the caller takes part.
    var seats: Seats?
    /// The most workers, the caller included.
    var width: Int
    /// Learns that an asynchronous run that began alone, and was alone so long, shares the rest out.
    var sharesRest: (@Sendable (_ elapsed: Double) -> Void)?
    /// Ends an asynchronous run when nobody is inside any more; `nil` if there is a caller.
    var finish: (@Sendable (Run) -> Void)?
  }

  /// How a run went: the error that ended it, and how long all workers together were busy.
  typealias Outcome = (failure: (any Error)?, busy: Int64)

  // MARK: Frozen

  unowned(unsafe) let schedule: ScheduleStorage  // because whoever runs a schedule, or completes a unit of it, keeps it
  let unitCount: Int
  let offsets: UnsafePointer<UInt32>
  let successors: UnsafePointer<UInt32>
  let roots: UnsafePointer<UInt32>
  let rootCount: Int
  /// Whether successors and roots are in the order of their longest remaining paths.
  let ordersByPath: Bool

  // MARK: Atomic

  let counters: DependencyCounters
  let progress = RunProgress()
  let probe = SharedProbe()
  let attendance = RunAttendance(Attendance(caller: .absent, seatLimit: 0))
  let deques: DequeRow
  /// Units that became ready outside of any worker.
  let inbox = UnitInbox()

  // MARK: Set before anybody else can enter

  private(set) var order: Order?
  private(set) var rootChunk = 1
  /// How far an asynchronous run has come that one seat is to do alone: the seat inside changes it, others look when
  /// there is none. `nil` once the run is shared out.
  var lone: WatchedWalk?
  /// Whether ``makeCounters()`` has made them. Changed before others enter, or by the one who has taken a probed run
  /// over.
  private var hasCounters = false
  /// See ``marks``.
  private var room: UnsafeMutablePointer<Bool>?
  /// Whether the seat that was to watch a probed run has left it; guarded by the lock of the seats.
  var isUnwatched = false

  /// What the token calls, to be forgotten when the run is over.
  private var cancelling: CancellationToken.Handler?

  // MARK: Guarded by `lock`

  private let lock = PlatformLock()
  private var failure: (any Error)?
  private var busyTime: Int64 = 0
  /// Counts the runs that this state has served: whoever comes from outside may come too late.
  private var generation = 0

  /// What the caller sleeps on; signalled exactly once for each time it goes to sleep.
  let wakeCaller = DispatchSemaphore(value: 0)

  init(_ schedule: ScheduleStorage) {
    self.schedule = schedule
    unitCount = schedule.unitCount
    offsets = UnsafePointer(schedule.offsets)
    successors = UnsafePointer(schedule.successors)
    roots = UnsafePointer(schedule.roots)
    rootCount = schedule.rootCount
    ordersByPath = schedule.estimates != nil
    counters = DependencyCounters(initialCounts: schedule.dependencyCounts, count: schedule.unitCount)
    deques = DequeRow(capacity: schedule.unitCount)
  }

  deinit { room?.deallocate() }

  /// Makes the counters of dependencies, if no run before has needed them; nobody else may use them meanwhile.
  ///
  /// - Complexity: O(units) the first time, O(1) afterwards.
  func makeCounters() {
    if hasCounters { return }
    counters.make()
    hasCounters = true
  }

  /// A mark for each unit, none of them set; one user at a time. The memory is kept once it was needed.
  ///
  /// - Complexity: O(units).
  var marks: UnsafeMutablePointer<Bool> {
    if room == nil { room = .allocate(capacity: unitCount) }
    room!.initialize(repeating: false, count: unitCount)
    return room!
  }

  /// Prepares the run while nobody else can reach it.
  ///
  /// - Parameters:
  ///   - lone: The walk along the serial order, if one seat is to run the units alone.
  ///   - position: How many units of the serial order have run already.
  ///   - isProbed: Whether the caller begins alone, watched by a seat; see ``Probe``.
  /// - Complexity: O(1), and that of retracing `position` units; O(units) the first time that dependencies are counted.
  func open(_ order: Order, lone: WatchedWalk? = nil, after position: Int = 0, isProbed: Bool = false) {
    self.order = order
    let hasCaller = order.finish == nil
    let seatLimit = lone != nil || isProbed ? 1 : hasCaller ? order.width - 1 : order.width
    var beginning = Attendance(
      caller: hasCaller ? .working : .absent, seatLimit: order.seats == nil ? 0 : seatLimit)
    if !hasCaller { _ = beginning.enter() }  // whoever opens it, see ``Seats/open(_:)``
    attendance.reset(beginning)
    // Sixteen claims a worker leave the last one little to wait for, and a chunk of 256 hides the price of a claim.
    rootChunk = min(max(rootCount / (16 * order.width), 1), 256)  // Decisions/Scheduling.md
    deques.reset(width: order.width)
    if hasCaller { _ = deques.take() }
    busyTime = 0
    self.lone = lone
    isUnwatched = false
    progress.reset(unitCount: unitCount)
    // The caller of a probed run has them all, until the rest is taken over.
    if isProbed { progress.resume(unitCount: unitCount, claimedRoots: rootCount) }
    probe.reset(isProbed ? .begins : .over)
    if lone == nil && !isProbed { makeCounters() }
    if position > 0 { retrace(position, into: deques[0]) }
  }

  /// Counts the first `position` units of the serial order as run, and puts the others that are ready into `deque`, the
  /// next of the serial order to be taken first.
  ///
  /// - Parameter resumed: Where those begin that nobody is running: from `position` on others are in progress.
  /// - Complexity: O(units + edges of those that have run).
  func retrace(_ position: Int, resumedAt resumed: Int? = nil, into deque: WorkDeque.Ends) {
    makeCounters()
    let order = schedule.serialOrder
    let isReady = marks
    for root in 0..<rootCount { isReady[Int(roots[root])] = true }
    for position in 0..<position {
      let unit = Int(order[position])
      for edge in Int(offsets[unit])..<Int(offsets[unit + 1]) {
        let target = successors[Int(edge)]
        let successor = target & ~ScheduleStorage.onlyPredecessor
        if target != successor || counters.cells.arriveAlone(at: successor) { isReady[Int(successor)] = true }
      }
    }
    var end = deque.end
    for position in ((resumed ?? position)..<unitCount).reversed() where isReady[Int(order[position])] {
      deque.stage(order[position], at: end)
      end += 1
    }
    progress.resume(unitCount: unitCount - position, claimedRoots: rootCount)
    deque.publish(upTo: end)
  }

  // MARK: the end

  /// Lets no further unit start, because of `error`; the first error wins.
  func stop(because error: any Error) {
    lock.withLock {
      if failure == nil { failure = error }
    }
    progress.requestStop()
    close()
  }

  /// Has its token stop the run, even while no worker is there to look at it. Between ``open(_:lone:after:isProbed:)``
  /// and
  /// ``Seats/open(_:)``.
  func stopWhenCancelled() {
    guard let token = order!.cancellation else { return }
    let generation = lock.withLock { self.generation }
    cancelling = token.onCancel { [self] in
      let end: Attendance.End = lock.withLock {
        guard generation == self.generation, !attendance.isClosed else { return .notYet }
        if failure == nil { failure = CancellationError() }
        progress.requestStop()
        return attendance.step { $0.close() }
      }
      self.end(end)
    }
  }

  /// Ends the run: nobody enters any more. By whoever ran the last unit, or stopped it.
  func close() {
    end(attendance.step { $0.close() })
  }

  /// A seat is no longer inside.
  func leave() {
    end(attendance.step { $0.leave() })
  }

  private func end(_ end: Attendance.End) {
    switch end {
    case .notYet: break
    case .signalCaller: wakeCaller.signal()
    case .finish: order!.seats!.finish(self)
    }
  }

  /// Adds the time that a worker was busy in one stay.
  func note(busy: Int64) { lock.withLock { busyTime += busy } }

  /// How it went. Nobody may be inside any more; asked once.
  func takeOutcome() -> Outcome {
    let outcome = lock.withLock {
      defer { failure = nil }
      generation += 1
      return (failure, busyTime)
    }
    if let cancelling { order!.cancellation!.forget(cancelling) }
    (order, lone, cancelling) = (nil, nil, nil)
    if outcome.0 != nil && hasCounters { counters.cells.rearm() }
    inbox.reset()
    return outcome
  }

  // MARK: looking for units

  /// Whether a unit lies where a worker may find it; in the total order of calls and announcements.
  var hasVisibleUnit: Bool {
    if lone != nil { return true }
    let probe = probe.current
    if !probe.isCounted { return !probe.isTaken && probe.begun < unitCount && !isUnwatched }
    return progress.hasUnclaimedRoots(of: rootCount) || !inbox.isEmpty || deques.haveUnits
  }

  /// About how many units lie where a worker may find them. At least one, since this is asked where there was one:
  /// whoever relies on it to wake somebody has looked at ``hasVisibleUnit``.
  var unitsInSight: Int {
    guard lone == nil, probe.current.isCounted else { return 1 }
    return max(progress.unclaimedRoots(of: rootCount) + inbox.readyCount + deques.readyCount, 1)
  }

  /// Whether a seat that came now could enter and find something.
  var wantsSeat: Bool { attendance.current.hasRoom && hasVisibleUnit }

  /// Wakes whoever may come, since so many units were left for others.
  @inline(never)
  func call(forUnits units: Int) { call(order!.seats, forUnits: units) }

  /// ``call(forUnits:)`` by somebody outside of the run, who must not ask for its order: the run may be over meanwhile.
  ///
  /// - Parameter times: How many seats may be woken.
  func call(_ seats: Seats?, forUnits units: Int, atMost times: Int = 1) {
    switch attendance.step({ $0.call(forUnits: units) }) {
    case .wakeCaller: wakeCaller.signal()
    case .seat(let forSeats): seats?.call(for: self, forUnits: forSeats, atMost: times)
    case .nobody: break
    }
  }
}
