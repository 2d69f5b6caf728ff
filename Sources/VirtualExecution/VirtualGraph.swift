public import DependencyScheduling

/// A schedule's edges with what its units cost, as arrays that a simulation reads fast.
///
/// Workers take units in the orders that the schedule has chosen: by the longest remaining path where it knows costs.
public struct VirtualGraph: Sendable {
  let offsets: [Int]
  let successors: [Int32]
  let dependencyCounts: [Int32]
  let roots: [Int32]
  /// Nanoseconds a unit.
  let costs: [Double]
  /// For each unit what the most expensive chain costs that begins with it.
  let remaining: [Double]

  /// The units in the order in which a single worker runs them.
  let serialOrder: [Int32]
  /// What the first units of the serial order cost, by their number.
  let serialCosts: [Double]
  /// What the schedule believes that to be; `nil` if it knows no costs.
  let serialEstimates: [Double]?
  /// The sum of all costs and the most expensive chain, as far as the schedule knows them.
  let estimate: (work: Double, span: Double)?

  /// The sum of all costs.
  public let work: Double
  /// The most expensive chain.
  public let span: Double

  public var unitCount: Int { costs.count }

  /// Whether those who choose how to run it know what its units cost, or believe so.
  var knowsCosts: Bool { estimate != nil }

  /// - Parameters:
  ///   - schedule: The units and edges, and the costs that those who choose how to run it know.
  ///   - costs: What the units take in truth, in nanoseconds; what the schedule knows, unless given.
  /// - Complexity: O(units + edges).
  public init(_ schedule: Schedule, costs: [Float]? = nil) {
    guard let trueCosts = costs ?? schedule.unitCosts else {
      endProcess("A schedule without costs can be simulated only with costs that are given beside it")
    }
    let unitCount = schedule.unitCount
    demand(
      trueCosts.count == unitCount, "Costs come one a unit: \(unitCount) units, got \(trueCosts.count) costs")
    var offsets = [0]
    var successors: [Int32] = []
    successors.reserveCapacity(schedule.edgeCount)
    for unit in 0..<unitCount {
      for successor in schedule.successors(of: UnitID(UInt32(unit))) { successors.append(Int32(successor.index)) }
      offsets.append(successors.count)
    }
    dependencyCounts = (0..<unitCount).map { Int32(schedule.dependencyCount(of: UnitID(UInt32($0)))) }
    roots = schedule.roots.map { Int32($0.index) }
    serialOrder = schedule.serialOrder.map { Int32($0) }
    (self.offsets, self.successors) = (offsets, successors)
    self.costs = trueCosts.map(Double.init)

    var remaining = self.costs
    for unit in serialOrder.reversed().lazy.map(Int.init) {
      var longest = 0.0
      for edge in offsets[unit]..<offsets[unit + 1] { longest = max(longest, remaining[Int(successors[edge])]) }
      remaining[unit] += longest
    }
    self.remaining = remaining
    work = self.costs.reduce(0, +)
    span = remaining.max() ?? 0
    serialCosts = Self.sums(of: trueCosts, along: serialOrder)
    serialEstimates = schedule.unitCosts.map { [serialOrder] in Self.sums(of: $0, along: serialOrder) }
    estimate = schedule.estimatedWork.map { ($0, schedule.estimatedSpan!) }
  }

  private static func sums(of costs: [Float], along order: [Int32]) -> [Double] {
    var sum = 0.0
    return [0]
      + order.map { unit in
        sum += Double(costs[Int(unit)])
        return sum
      }
  }

  /// No run ends sooner with `width` workers.
  public func bound(width: Int) -> Double { max(work / Double(width), span) }
}
