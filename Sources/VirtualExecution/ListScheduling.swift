/// A central scheduler to compare with: it knows all costs and, whenever somebody is idle, starts the unit that the
/// longest remaining chain begins with (Graham, *Bounds on Multiprocessing Timing Anomalies*, 1969; Hu's priorities).
///
/// It pays a hand-over for each unit that does not run where the last of its predecessors did, a wake-up for each
/// worker when it is first used, and what a shared run pays for each unit; deciding costs it nothing. A wake-up keeps
/// the one busy whose unit made the other's ready, and takes time until the other one runs, as everywhere.
public struct ListScheduling: Sendable {
  public let width: Int
  public let prices: VirtualPrices
  public init(width: Int, prices: VirtualPrices = VirtualPrices()) {
    (self.width, self.prices) = (width, prices)
  }

  /// The least that a run takes with one worker, which needs no scheduler, or with 2, 4, 8 … up to `width`: more
  /// workers are not always better.
  public static func bestTime(of graph: VirtualGraph, width: Int, prices: VirtualPrices = VirtualPrices()) -> Double {
    var best = VirtualExecutor(width: 1, prices: prices).timeAlone(graph)
    var workers = width
    while workers > 1 {
      best = min(best, ListScheduling(width: workers, prices: prices).time(of: graph))
      workers /= 2
    }
    return best
  }

  /// - Complexity: O((units + edges) · log units).
  public func time(of graph: VirtualGraph) -> Double {
    var ready = ReadyUnits(graph)
    for root in graph.roots { ready.add(root) }
    var missing = graph.dependencyCounts
    var home = [Int32](repeating: -1, count: graph.unitCount)
    var unitOf = [Int32](repeating: 0, count: width)
    var isIdle = [Bool](repeating: true, count: width)
    // Those who have worked and are idle, some twice or no longer idle; and how many have been woken.
    var idle = [0]
    var idleCount = 1
    var awakeCount = 1
    var events = EventQueue()
    var now = 0.0

    func takeWorker(for unit: Int32) -> (worker: Int, delay: Double)? {
      let origin = Int(home[Int(unit)])
      if origin >= 0 && isIdle[origin] { return (origin, 0) }
      if idleCount > 0 {
        while let worker = idle.popLast() {
          // A root costs the caller nothing.
          if isIdle[worker] { return (worker, origin < 0 && worker == 0 ? 0 : prices.handOver) }
        }
      }
      guard awakeCount < width else { return nil }
      awakeCount += 1
      idleCount += 1
      return (awakeCount - 1, prices.submission + prices.wakeUp + prices.handOver)
    }

    // Who woke others at this moment begins later.
    var begun: [(worker: Int, unit: Int32, delay: Double)] = []
    var waker = 0
    while true {
      begun.removeAll(keepingCapacity: true)
      var submissions = 0.0
      while idleCount > 0 || awakeCount < width, let unit = ready.first, let (worker, delay) = takeWorker(for: unit) {
        ready.removeFirst()
        isIdle[worker] = false
        idleCount -= 1
        unitOf[worker] = unit
        let isWoken = delay >= prices.submission + prices.wakeUp
        begun.append((worker, unit, isWoken ? delay + submissions : delay))
        if isWoken { submissions += prices.submission }
      }
      for (worker, unit, delay) in begun {
        let ownDelay = worker == waker ? delay + submissions : delay
        let end = now + ownDelay + prices.perUnitShared + graph.costs[Int(unit)]
        events.add(EventQueue.Event(time: end, lot: UInt64(worker), worker: worker))
      }
      guard let event = events.next() else { return now }
      now = event.time
      waker = event.worker
      isIdle[event.worker] = true
      idle.append(event.worker)
      idleCount += 1
      let unit = Int(unitOf[event.worker])
      for edge in graph.offsets[unit]..<graph.offsets[unit + 1] {
        let successor = graph.successors[edge]
        missing[Int(successor)] -= 1
        guard missing[Int(successor)] == 0 else { continue }
        home[Int(successor)] = Int32(event.worker)
        ready.add(successor)
      }
    }
  }
}

/// The units that are ready, the one with the longest remaining chain first.
private struct ReadyUnits {
  private let graph: VirtualGraph
  private var heap: [Int32] = []

  init(_ graph: VirtualGraph) { self.graph = graph }

  var first: Int32? { heap.first }

  private func comes(_ position: Int, before other: Int) -> Bool {
    graph.remaining[Int(heap[position])] > graph.remaining[Int(heap[other])]
  }

  mutating func add(_ unit: Int32) {
    heap.append(unit)
    var position = heap.count - 1
    while position > 0, comes(position, before: (position - 1) / 2) {
      heap.swapAt(position, (position - 1) / 2)
      position = (position - 1) / 2
    }
  }

  mutating func removeFirst() {
    let last = heap.removeLast()
    if heap.isEmpty { return }
    heap[0] = last
    var position = 0
    while true {
      var best = position
      for child in [2 * position + 1, 2 * position + 2] where child < heap.count && comes(child, before: best) {
        best = child
      }
      if best == position { return }
      heap.swapAt(position, best)
      position = best
    }
  }
}
