internal import DependencyScheduling

extension VirtualRun {
  /// The unit that the worker found begins.
  func start(_ unit: Int32, by worker: Int, at time: Double) {
    workers[worker].unit = unit
    workers[worker].phase = .running
    schedule(worker, at: time + prices.perUnitShared + graph.costs[Int(unit)])
  }

  /// The worker's unit ends: it keeps the first successor that became ready, leaves the others in its deque, and goes
  /// on.
  func finishUnit(_ worker: Int) {
    let unit = workers[worker].unit
    noteRun(of: unit, by: worker)
    workers[worker].executed += 1
    var time = now
    let (next, hasStaged) = release(successorsOf: unit, to: workers[worker].place)
    if hasStaged {
      time += prices.publishing + call(forUnits: deques[workers[worker].place].count)
    }
    if let next { return start(next, by: worker, at: time) }
    if let (own, duration) = ownUnit(worker) { return start(own, by: worker, at: time + duration) }
    runDry(worker, at: time)
  }

  private func release(successorsOf unit: Int32, to place: Int) -> (next: Int32?, hasStaged: Bool) {
    var next: Int32?
    var staged: [Int32] = []
    // From the last to the first.
    for edge in (graph.offsets[Int(unit)]..<graph.offsets[Int(unit) + 1]).reversed() {
      let successor = graph.successors[edge]
      missing[Int(successor)] -= 1
      guard missing[Int(successor)] == 0 else { continue }
      if let earlier = next { staged.append(earlier) }
      next = successor
    }
    if !(rules.thievesTakeLongest && graph.knowsCosts) {
      for unit in staged { push(unit, at: place) }
    } else {
      for unit in staged.reversed() { push(unit, at: place) }
    }
    return (next, !staged.isEmpty)
  }

  /// The worker has no unit where it may look without disturbing others.
  private func runDry(_ worker: Int, at time: Double) {
    workers[worker].phase = .searching
    var time = time + prices.step
    unfinished -= workers[worker].executed
    workers[worker].executed = 0
    if unfinished == 0 { time += act(on: attendance.close()) }
    let leaves = workers[worker].role == .seat && attendance.isClosed
    workers[worker].search = leaves ? .leavingSeat : Search(dry: workers[worker].role)
    schedule(worker, at: time)
  }

  func act(on end: Attendance.End) -> Double {
    switch end {
    case .notYet: prices.step
    case .signalCaller: signalCaller()
    case .finish: preconditionFailure("the run has a caller")
    }
  }

  /// A unit from the worker's own deque or, unless others' units come first, a root; and what it took to get it.
  private func ownUnit(_ worker: Int) -> (unit: Int32, duration: Double)? {
    let place = workers[worker].place
    if let unit = deques[place].pop() {
      queuedUnits -= 1
      return (unit, 0)
    }
    return rootsComeLast ? nil : root(worker)
  }

  private var rootsComeLast: Bool { rules.rootsComeLast && graph.knowsCosts }

  /// Claims roots: one to run, the others for the worker's deque.
  private func root(_ worker: Int) -> (unit: Int32, duration: Double)? {
    guard hasUnclaimedRoots else { return nil }
    let place = workers[worker].place
    var duration = prices.step
    let claimed = nextRoot..<min(nextRoot + rootChunk, graph.roots.count)
    nextRoot = claimed.upperBound
    for position in claimed.dropFirst().reversed() { push(graph.roots[position], at: place) }
    if claimed.count > 1 || hasUnclaimedRoots {
      duration += prices.publishing + call(forUnits: graph.roots.count - nextRoot + deques[place].count)
    }
    return (graph.roots[claimed.lowerBound], duration)
  }

  /// A unit of one's own or of another worker, or a root; and what looking took.
  func anyUnit(_ worker: Int) -> (unit: Int32?, duration: Double) {
    if let (unit, duration) = ownUnit(worker) { return (unit, duration) }
    let (stolen, looked) = steal(worker)
    if stolen == nil, rootsComeLast, let (unit, duration) = root(worker) { return (unit, looked + duration) }
    return (stolen, looked)
  }

  /// The oldest unit of another worker, beginning with the next place.
  private func steal(_ worker: Int) -> (unit: Int32?, duration: Double) {
    if queuedUnits == 0 { return (nil, Double(placesInUse - 1) * prices.failedLook) }
    var looked = 0.0
    var victim = workers[worker].place
    for _ in 1..<placesInUse {
      victim = victim + 1 >= placesInUse ? 0 : victim + 1
      guard let unit = deques[victim].steal() else {
        looked += prices.failedLook
        continue
      }
      queuedUnits -= 1
      let begin = max(now + looked, deques[victim].freeFrom)
      deques[victim].freeFrom = begin + prices.stealInterval
      return (unit, begin - now + prices.handOver)
    }
    return (nil, looked)
  }
}
