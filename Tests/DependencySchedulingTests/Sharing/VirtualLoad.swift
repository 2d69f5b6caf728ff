@testable import DependencyScheduling

/// Units of known cost and the prices of running them: how long a run takes without running it.
///
/// Shared runs are simulated by list scheduling: the next unit goes to the worker that is free first.
struct VirtualLoad {
  /// Nanoseconds of each unit, in the order in which they are run.
  let costs: [Double]
  let width: Int
  let isChain: Bool

  /// What every unit of a shared run pays, and what a unit pays on top that does not run on the caller.
  let perUnit: Double
  let handOver: Double

  /// When a lone worker has finished the first `n` units.
  private let aloneAfter: [Double]

  /// What it takes, and how long its workers are busy.
  struct SharedRun: Equatable {
    var time: Double
    var work: Double
  }

  /// A lone worker's loop.
  static let perUnitAlone = 2.0
  /// Waking a helper, and creating its thread in the very first run.
  static let wakeUp = 10_000.0
  static let threadCreation = 30_000.0

  init(_ costs: [Double], width: Int, isChain: Bool = false, perUnit: Double = 20, handOver: Double = 250) {
    self.costs = costs
    self.width = width
    self.isChain = isChain
    self.perUnit = perUnit
    self.handOver = handOver
    var elapsed = 0.0
    aloneAfter =
      [0]
      + costs.map {
        elapsed += $0 + Self.perUnitAlone
        return elapsed
      }
  }

  var alone: Double { aloneAfter[costs.count] }

  func alone(_ count: Int) -> Double { aloneAfter[count] }

  /// A run of the units after the first `position` by all workers.
  func shared(after position: Int = 0, isCold: Bool = false) -> SharedRun {
    let wakeUp = Self.wakeUp + (isCold ? Self.threadCreation : 0)
    var free = WorkersByTime(width: width, wakeUp: wakeUp)
    var run = SharedRun(time: 0, work: 0)
    for cost in costs[position...] {
      let isCaller = isChain || free.firstIsCaller
      let busy = cost + perUnit + (isCaller ? 0 : handOver)
      run.work += busy
      run.time = isChain ? run.work : max(run.time, free.occupyFirst(for: busy))
    }
    return run
  }
}

/// When each worker is free: a binary heap.
private struct WorkersByTime {
  private var workers: [(time: Double, isCaller: Bool)]

  init(width: Int, wakeUp: Double) {
    workers = (0..<width).map { (Double($0) * wakeUp, $0 == 0) }
  }

  var firstIsCaller: Bool { workers[0].isCaller }

  /// Returns when the worker that was free first is free again.
  mutating func occupyFirst(for duration: Double) -> Double {
    var moved = workers[0]
    moved.time += duration
    var place = 0
    while true {
      var child = 2 * place + 1
      if child >= workers.count { break }
      if child + 1 < workers.count, workers[child + 1].time < workers[child].time { child += 1 }
      if workers[child].time >= moved.time { break }
      workers[place] = workers[child]
      place = child
    }
    workers[place] = moved
    return moved.time
  }
}
