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
  init(costs: [Float], _ edges: CompressedEdges, order: [UInt32]) {
    self.costs = costs
    work = 0
    span = 0
    // When the last predecessor of each unit ends, if nobody ever waits for a worker.
    var start = [Double](repeating: 0, count: costs.count)
    for unit in order.lazy.map(Int.init) {
      let cost = Double(costs[unit])
      demand(
        cost >= 0 && cost.isFinite,
        "A cost is a finite number of nanoseconds from zero up, got \(cost) for unit \(unit)")
      let end = start[unit] + cost
      work += cost
      span = max(span, end)
      for edge in Int(edges.offsets[unit])..<Int(edges.offsets[unit + 1]) {
        let successor = Int(edges.successors[edge])
        start[successor] = max(start[successor], end)
      }
    }
  }
}

extension Schedule {
  /// The sum of the costs in nanoseconds: what one worker would take. `nil` if no costs were given.
  public var estimatedWork: Double? { storage.estimates?.work }

  /// What each unit costs in nanoseconds. `nil` if no costs were given.
  package var unitCosts: [Float]? { storage.estimates?.costs }

  /// The cost of the critical path in nanoseconds: what no number of workers can beat. `nil` if no costs were given.
  public var estimatedSpan: Double? { storage.estimates?.span }
}
