import CDependencyScheduling
import Dispatch

extension Run {
  /// Runs units as worker `index` until there are none to be had, the run is complete, or it was stopped.
  ///
  /// The order of preference: the first successor that became ready (its inputs are in the cache), then the worker's
  /// own deque, youngest first, then unclaimed roots, then what others have pushed, oldest first.
  func work(as index: Int, _ body: Body) {
    let worker = Worker(self, index: index)
    var executed = 0
    var claimed = 0..<0
    var patience = Patience()
    while true {
      if let unit = worker.nextUnit(&claimed) {
        guard worker.runChain(from: unit, &executed, body) else { break }
        patience = Patience()
        continue
      }
      if executed > 0 {
        if progress.finish(executed) { break }
        executed = 0
      }
      if progress.isComplete || progress.isStopping || !patience.rest() { return }
    }
    // The run is over, by completion or by a stop.
    if progress.endParking() { wakeCaller.signal() }
  }

  /// Wakes the caller, or else asks for a helper: there are units to spare.
  @inline(never)
  func callForHelp() {
    if progress.endParking() {
      wakeCaller.signal()
    } else {
      roster?.request(for: self)
    }
  }
}

/// How long a worker that has run dry goes on looking for work: as long as a wake-up may take, so that waiting never costs
/// more than twice what either choice would. It looks at growing distances, since each look takes the cache lines of those
/// it looks at away from them, and soon offers its processor between two looks to whoever else wants it.
private struct Patience {
  /// A thread woken on a virtual processor that has halted runs some 40 µs later.
  private static let limit: Int64 = 40_000
  private static let untilYielding: Int64 = 5_000

  private var hints = 1
  private var start: Int64?

  /// Waits a little; false when it is time to give up.
  mutating func rest() -> Bool {
    let now = adj_nanoseconds()
    let waited = start.map { now &- $0 } ?? 0
    if start == nil { start = now }
    guard waited < Self.limit else { return false }
    if waited > Self.untilYielding { offerProcessor() }
    for _ in 0..<hints { adj_spin_hint() }
    hints = min(2 * hints, 16)
    return true
  }
}

/// What one worker needs in its loop, on its stack: no reference counting between two units.
private struct Worker {
  private let run: Unmanaged<Run>
  private let index: Int
  private let width: Int
  private let counters: DependencyCounters
  private let progress: RunProgress
  private let deques: UnsafeMutablePointer<WorkDeque>
  private let deque: WorkDeque
  private let cancellation: CancellationToken?

  init(_ run: Run, index: Int) {
    self.run = Unmanaged.passUnretained(run)
    self.index = index
    width = run.width
    counters = run.counters
    progress = run.progress
    deques = run.deques
    deque = run.deques[index]
    cancellation = run.cancellation
  }

  /// Runs `unit`, then its first successor that became ready, and so on until there is none; false if the run is over.
  @inline(__always)
  func runChain(from unit: UInt32, _ executed: inout Int, _ body: Run.Body) -> Bool {
    let (offsets, successors) = run._withUnsafeGuaranteedRef { ($0.offsets, $0.successors) }
    var unit = unit
    while true {
      if progress.isStopping { return false }
      if let cancellation, cancellation.isCancelled {
        run._withUnsafeGuaranteedRef { $0.stop(because: CancellationError()) }
        return false
      }
      // The successors' counters may be with another core; they come while the body runs.
      let first = offsets[Int(unit)]
      let end = offsets[Int(unit) &+ 1]
      for edge in first..<end {
        let target = successors[Int(edge)]
        if target & ScheduleStorage.onlyPredecessor == 0 { adj_prefetch_for_writing(counters.address(of: target)) }
      }
      do {
        try body(UnitID(unit))
      } catch {
        run._withUnsafeGuaranteedRef { $0.stop(because: error) }
        return false
      }
      executed &+= 1
      var next: UInt32?
      var hasSpare = false
      var edge = first
      while edge < end {
        let target = successors[Int(edge)]
        edge &+= 1
        let successor = target & ~ScheduleStorage.onlyPredecessor
        guard target != successor || counters.arrive(at: successor) else { continue }
        if next == nil {
          next = successor
        } else {
          deque.push(successor)
          hasSpare = true
        }
      }
      if hasSpare && progress.wantsHelp { run._withUnsafeGuaranteedRef { $0.callForHelp() } }
      guard let following = next else { return true }
      unit = following
    }
  }

  @inline(__always)
  func nextUnit(_ claimed: inout Range<Int>) -> UInt32? {
    if let unit = deque.pop() { return unit }
    let roots = run._withUnsafeGuaranteedRef { $0.roots }
    if claimed.isEmpty {
      claimed = claimRoots()
      if claimed.isEmpty { return steal() }
    }
    let position = claimed.lowerBound
    claimed = position &+ 1..<claimed.upperBound
    return roots[position]
  }

  @inline(never)
  private func claimRoots() -> Range<Int> {
    run._withUnsafeGuaranteedRef { run in
      let claimed = progress.claimRoots(chunk: run.rootChunk, of: run.rootCount)
      if progress.wantsHelp && progress.hasUnclaimedRoots(of: run.rootCount) { run.callForHelp() }
      return claimed
    }
  }

  /// Tries every other worker's deque once, beginning with the next worker's.
  @inline(never)
  private func steal() -> UInt32? {
    var victim = index
    for _ in 1..<width {
      victim = victim &+ 1 == width ? 0 : victim &+ 1
      while true {
        let attempt = deques[victim].steal()
        if case .unit(let unit) = attempt { return unit }
        if attempt == .empty { break }
      }
    }
    return nil
  }
}
