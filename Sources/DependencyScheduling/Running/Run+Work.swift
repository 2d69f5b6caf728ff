import Synchronization
internal import Threads

extension Run {
  /// Why a worker stopped running units.
  enum Pause: Equatable {
    /// It found none of its own.
    case dry
    /// The run is over.
    case over
    /// Its seat is wanted elsewhere.
    case givesWay
  }

  /// Runs units as the worker at `place`, beginning with `unit`, until it finds none where it may look without
  /// disturbing others: its own deque, the roots, and what was completed from outside.
  ///
  /// The order of preference: the first successor that became ready (its inputs are in the cache), then the worker's
  /// own deque, youngest first, then roots; where costs are known, roots come last of all, after what others have
  /// ready.
  func work(at place: Int, from unit: UInt32, in stay: SeatStay?) -> Pause {
    let order = order!
    return CurrentRun.with(order.cancellation, progress.stopFlag) {
      switch order.body.kind {
      case .plain(let call): Worker(self, place, stay).work(from: unit, PlainCall(call: call))
      case .suspending(let call): Worker(self, place, stay).work(from: unit, SuspendingCall(call: call, run: self))
      }
    }
  }

  /// Looks for a unit: at the worker's own place, then at the others', beginning with the next one.
  func look(at place: Int) -> FoundUnit? {
    Worker(self, place, nil).anyUnit()
  }

  /// Records that a unit that had suspended is done. Any thread, which holds the run, its schedule, and the `seats`
  /// that it is for: the run may be stopped, and over, at any moment.
  func finishFromOutside(_ unit: UInt32, _ seats: Seats?) {
    var readyCount = 0
    for edge in offsets[Int(unit)]..<offsets[Int(unit) + 1] {
      let target = successors[Int(edge)]
      let successor = target & ~ScheduleStorage.onlyPredecessor
      guard target != successor || counters.cells.arrive(at: successor) else { continue }
      inbox.add(successor)
      readyCount += 1
    }
    // Before the unit counts as run: afterwards the run may be over, and used for another one.
    if readyCount > 0 { call(seats, forUnits: readyCount) }
    if progress.finish(1) { close() }
  }

  /// Lets a unit start that was put off, from outside or within the run. As in ``finishFromOutside(_:_:)``, whoever
  /// comes from outside may come when the run has been stopped.
  func makeReady(_ unit: UInt32, _ seats: Seats?) {
    inbox.add(unit)
    call(seats, forUnits: 1)
  }
}

/// A unit that a worker has found to run.
struct FoundUnit {
  let unit: UInt32
  /// Whether it lay in another worker's deque.
  let isStolen: Bool
}

/// How a unit is called; false if it goes on after its body has returned, or was put off.
private protocol UnitCall {
  func callAsFunction(_ unit: UInt32) throws -> Bool
}

private struct PlainCall: UnitCall {
  let call: @Sendable (UnitID) throws -> Void

  @inline(__always)
  func callAsFunction(_ unit: UInt32) throws -> Bool {
    try call(UnitID(unit))
    return true
  }
}

private struct SuspendingCall: UnitCall {
  let call: @Sendable (UnitID, inout UnitContext) throws -> Void
  let run: Run

  func callAsFunction(_ unit: UInt32) throws -> Bool {
    var context = UnitContext(UnitID(unit), of: run)
    do {
      try call(UnitID(unit), &context)
    } catch {
      context.revoke()
      throw error
    }
    return context.isDone
  }
}

/// What one worker needs in its loop, on its stack: no reference counting between two units.
private struct Worker {
  private let run: Unmanaged<Run>
  private let place: Int
  private let counters: DependencyCounters.Cells
  private let isStopping: UnsafePointer<Atomic<Bool>>
  private let deque: WorkDeque.Ends
  private let cancellation: CancellationToken?
  private let stay: SeatStay?
  /// Whether costs are known, so that successors and roots are in the order of their longest remaining paths.
  private let ordersByPath: Bool

  @inline(__always)
  init(_ run: Run, _ place: Int, _ stay: SeatStay?) {
    self.run = Unmanaged.passUnretained(run)
    self.place = place
    self.stay = stay
    counters = run.counters.cells
    isStopping = run.progress.stopFlag
    deque = run.deques[place]
    cancellation = run.order!.cancellation
    ordersByPath = run.ordersByPath
  }

  func work(from first: UInt32, _ call: some UnitCall) -> Run.Pause {
    var executed = 0
    var unit = first
    var pause = Run.Pause.dry
    repeat {
      pause = runChain(from: unit, &executed, call)
      guard pause == .dry, let next = ownUnit() else { break }
      unit = next
    } while true
    if pause == .over || executed == 0 { return pause }
    return run._withUnsafeGuaranteedRef { run in
      guard run.progress.finish(executed) else { return pause }
      run.close()
      return .over
    }
  }

  /// Runs `unit`, then its first successor that became ready, and so on until there is none.
  @inline(__always)
  private func runChain(from first: UInt32, _ executed: inout Int, _ call: some UnitCall) -> Run.Pause {
    let (offsets, successors) = run._withUnsafeGuaranteedRef { ($0.offsets, $0.successors) }
    var unit = first
    while true {
      if isStopping.pointee.load(ordering: .relaxed) { return .over }
      if let cancellation, cancellation.isCancelled {
        run._withUnsafeGuaranteedRef { $0.stop(because: CancellationError()) }
        return .over
      }
      // The successors' counters may be with another core; they come while the body runs.
      let start = offsets[Int(unit)]
      let end = offsets[Int(unit) &+ 1]
      for edge in start..<end {
        let target = successors[Int(edge)]
        if target & ScheduleStorage.onlyPredecessor == 0 { prefetchForWriting(counters.address(of: target)) }
      }
      let isDone: Bool
      do {
        isDone = try call(unit)
      } catch {
        run._withUnsafeGuaranteedRef { $0.stop(because: error) }
        return .over
      }
      guard isDone else {
        if let stay, stay.mustGiveWay { return .givesWay }
        return .dry
      }
      executed &+= 1
      // The first that is ready is kept. Of the others the owner takes the first next; but where costs are known,
      // thieves do, since those begin the longest paths.
      var next: UInt32?
      let published = start == end ? 0 : deque.end
      var staged = published
      if ordersByPath {
        for edge in start..<end {
          guard let successor = arrive(by: successors[Int(edge)]) else { continue }
          if next == nil {
            next = successor
          } else {
            deque.stage(successor, at: staged)
            staged &+= 1
          }
        }
      } else {
        var edge = end
        while edge > start {
          edge &-= 1
          guard let successor = arrive(by: successors[Int(edge)]) else { continue }
          if let earlier = next {
            deque.stage(earlier, at: staged)
            staged &+= 1
          }
          next = successor
        }
      }
      if staged > published {
        deque.publish(upTo: staged)
        run._withUnsafeGuaranteedRef { $0.callIfAnybodyMayCome(forUnits: deque.count) }
      }
      if let stay, stay.mustGiveWay {
        if let next {
          leaveBehind(next)
          run._withUnsafeGuaranteedRef { $0.callIfAnybodyMayCome(forUnits: deque.count) }
        }
        return .givesWay
      }
      guard let following = next else { return .dry }
      unit = following
    }
  }

  /// Counts a predecessor of the edge's target; returns the target if it was the last.
  @inline(__always)
  private func arrive(by target: UInt32) -> UInt32? {
    let successor = target & ~ScheduleStorage.onlyPredecessor
    return target != successor || counters.arrive(at: successor) ? successor : nil
  }

  /// Puts a unit that is ready where others find it. The one who leaves looks for somebody to run it.
  private func leaveBehind(_ unit: UInt32) {
    let end = deque.end
    deque.stage(unit, at: end)
    deque.publish(upTo: end &+ 1)
  }

  @inline(__always)
  private func ownUnit() -> UInt32? {
    if let unit = deque.pop() { return unit }
    return run._withUnsafeGuaranteedRef { run in
      if let unit = run.inbox.take() { return unit }
      // Roots that begin short paths come after what others have ready.
      return ordersByPath ? nil : claimRoots(run)
    }
  }

  /// Claims some roots: the first is for this worker, the others are put where thieves find them too.
  @inline(__always)
  private func claimRoots(_ run: Run) -> UInt32? {
    run.progress.hasUnclaimedRoots(of: run.rootCount) ? claimUnclaimedRoots(run) : nil
  }

  @inline(never)
  private func claimUnclaimedRoots(_ run: Run) -> UInt32? {
    let claimed = run.progress.claimRoots(chunk: run.rootChunk, of: run.rootCount)
    guard let first = claimed.first else { return nil }
    var end = deque.end
    for position in claimed.dropFirst().reversed() {
      deque.stage(run.roots[position], at: end)
      end &+= 1
    }
    deque.publish(upTo: end)
    let left = deque.count + run.progress.unclaimedRoots(of: run.rootCount)
    if left > 0 { run.callIfAnybodyMayCome(forUnits: left) }
    return run.roots[first]
  }

  /// A unit of one's own, or one from another worker's deque.
  func anyUnit() -> FoundUnit? {
    if let unit = ownUnit() { return FoundUnit(unit: unit, isStolen: false) }
    return run._withUnsafeGuaranteedRef { run in
      let count = run.deques.placesInUse
      var victim = place
      for _ in 1..<max(count, 1) {
        victim = victim &+ 1 >= count ? 0 : victim &+ 1
        while true {
          let attempt = run.deques[victim].steal()
          if case .unit(let unit) = attempt { return FoundUnit(unit: unit, isStolen: true) }
          if attempt == .empty { break }
        }
      }
      if ordersByPath, let root = claimRoots(run) { return FoundUnit(unit: root, isStolen: false) }
      return nil
    }
  }
}

extension Run {
  /// ``call(forUnits:)``, unless it is plain that nobody may come: this is asked each time that units are left for
  /// others, by a worker that looks only then how many it has left itself.
  @inline(__always)
  func callIfAnybodyMayCome(forUnits units: @autoclosure () -> Int) {
    var attendance = attendance.current
    // Thieves may have been faster, but whoever has left something calls.
    if attendance.call(forUnits: .max) != .nobody { call(forUnits: max(units(), 1)) }
  }
}
