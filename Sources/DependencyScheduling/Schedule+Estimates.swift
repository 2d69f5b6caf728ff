/// What a schedule is expected to take, in nanoseconds.
struct Estimates: Sendable {
  /// What each unit costs.
  let costs: [Float]

  /// The sum of all costs: the time of a single worker.
  var work: Double

  /// The most expensive chain of dependencies: the time of infinitely many workers.
  var span: Double

  /// - Parameter order: All units, each after its predecessors.
  /// - Complexity: O(units + edges).
  init(costs: [Float], offsets: [UInt32], successors: [UInt32], order: some Sequence<Int>) {
    self.costs = costs
    work = 0
    span = 0
    // When the last predecessor of each unit ends, if nobody ever waits for a worker.
    var start = [Double](repeating: 0, count: costs.count)
    for unit in order {
      let cost = Double(costs[unit])
      precondition(
        cost >= 0 && cost.isFinite,
        "A cost is a finite number of nanoseconds from zero up, got \(cost) for unit \(unit)")
      let end = start[unit] + cost
      work += cost
      span = max(span, end)
      for edge in Int(offsets[unit])..<Int(offsets[unit + 1]) {
        let successor = Int(successors[edge])
        start[successor] = max(start[successor], end)
      }
    }
  }

  /// What waking a worker costs, in nanoseconds: 7 µs until it runs, and what the waking itself takes.
  static let wakeUp = 10_000.0

  /// Whether sharing the run out among `width` workers can gain more than a wake-up costs.
  ///
  /// No schedule ends sooner than its span, nor than its work divided by the width.
  func repaysWakeUp(width: Int) -> Bool {
    work - max(span, work / Double(width)) > Self.wakeUp
  }
}

extension Schedule {
  /// The sum of the costs in nanoseconds: what one worker would take. `nil` if no costs were given.
  public var estimatedWork: Double? { storage.estimates?.work }

  /// The cost of the critical path in nanoseconds: what no number of workers can beat. `nil` if no costs were given.
  public var estimatedSpan: Double? { storage.estimates?.span }
}
