import DependencyScheduling
import Foundation
import SchedulingWorkloads
import VirtualExecution

/// A schedule with the costs of its units, to be run in virtual time.
struct ScalingCase {
  /// Where a case is from.
  enum Origin {
    /// The rules of the scheduler were chosen with it in view.
    case tuned
    /// Nobody looked at it before the rules were chosen.
    case heldOut
  }

  let name: String
  let schedule: Schedule
  /// What the units take, where the schedule knows nothing of that, or believes something else.
  let trueCosts: [Float]?
  let origin: Origin

  init(_ name: String, _ schedule: Schedule, trueCosts: [Float]? = nil, origin: Origin = .tuned) {
    (self.name, self.schedule, self.trueCosts, self.origin) = (name, schedule, trueCosts, origin)
  }

  var graph: VirtualGraph { VirtualGraph(schedule, costs: trueCosts) }
}

// MARK: scheduling workloads

extension ScalingCase {
  /// What one unit of each scheduling workload takes, in nanoseconds: the order fixed at build, on one thread.
  private static let measured: [(name: String, cost: Float)] = [
    ("S1", 1.4), ("S2", 2.7), ("S3a", 735), ("S3b", 6), ("S3c", 8.8), ("S3M", 6), ("S4", 1.9), ("S4r", 2.7),
    ("S5", 1.7), ("S6", 19_700),
  ]

  /// The scheduling workloads, whose costs nobody has given.
  static var scheduling: [ScalingCase] {
    measured.map { name, cost in
      let schedule = WorkloadGraph.scaled(named: name)!.makeSchedule()
      let costs = [Float](repeating: cost, count: schedule.unitCount)
      return ScalingCase(name, schedule, trueCosts: costs)
    }
  }
}

// MARK: shapes

extension ScalingCase {
  /// A binary tree of forks of 200 ns, leaves, and a tree of joins of 200 ns.
  static func forkJoin(depth: Int, leaf: Float, named grain: String) -> ScalingCase {
    let leaves = 1 << depth
    // Units in heap order, from 1: forks, then leaves; joins mirror the forks.
    let forks = leaves - 1
    let unitCount = 2 * forks + leaves
    var edges: [(UInt32, UInt32)] = []
    func join(_ fork: Int) -> UInt32 { UInt32(unitCount - fork) }
    for fork in 1..<leaves {
      for child in [2 * fork, 2 * fork + 1] {
        edges.append((UInt32(fork - 1), UInt32(child - 1)))
        edges.append((child >= leaves ? UInt32(child - 1) : join(child), join(fork)))
      }
    }
    var costs = [Float](repeating: 200, count: unitCount)
    for unit in forks..<forks + leaves { costs[unit] = leaf }
    return ScalingCase(
      "fork-join, 2^\(depth) leaves of \(grain)",
      try! Schedule(unitCount: unitCount, dependencies: edges, costs: costs))
  }

  /// One unit, and then 16 chains of 20 units.
  static func chains(unit cost: Float, named grain: String) -> ScalingCase {
    var edges: [(UInt32, UInt32)] = []
    for chain in 0..<16 {
      let first = UInt32(1 + 20 * chain)
      edges.append((0, first))
      for unit in first..<first + 19 { edges.append((unit, unit + 1)) }
    }
    return ScalingCase(
      "one, then 16 chains of 20 × \(grain)",
      try! Schedule(unitCount: 321, dependencies: edges, costs: [Float](repeating: cost, count: 321)))
  }

  enum Distribution: String, CaseIterable {
    case constant, exponential, powerLaw = "power-law"

    /// A cost whose mean is 1.
    func draw(_ random: inout SeededGenerator) -> Double {
      let uniform = (Double(random.next() >> 11) + 0.5) / 0x1p53
      return switch self {
      case .constant: 1
      case .exponential: -log(uniform)
      // Pareto's with exponent 1.5, cut off at a thousand times its smallest value.
      case .powerLaw: min(pow(uniform, -2.0 / 3), 1_000) / 2.94
      }
    }
  }

  /// 8,192 units, each with one to four edges to units among the next 512, or fewer than four to the next 40, which
  /// leaves some dozen units to run at once and many roots.
  static func random(
    _ distribution: Distribution, mean: Double, named grain: String, isNarrow: Bool = false
  ) -> ScalingCase {
    var random = SeededGenerator(seed: 7)
    let unitCount = 8_192
    var edges: [(UInt32, UInt32)] = []
    for unit in 0..<unitCount - 1 {
      let window = min(isNarrow ? 40 : 512, unitCount - 1 - unit)
      for _ in 0..<Int(random.next() % 4) + (isNarrow ? 0 : 1) {
        edges.append((UInt32(unit), UInt32(unit + 1 + Int(random.next() % UInt64(window)))))
      }
    }
    let costs = (0..<unitCount).map { _ in Float(mean * distribution.draw(&random)) }
    return ScalingCase(
      "random\(isNarrow ? ", narrow" : ""), \(distribution.rawValue) \(grain)",
      try! Schedule(unitCount: unitCount, dependencies: edges, costs: costs))
  }

  static var shapes: [ScalingCase] {
    let grains: [(Float, String)] = [
      (100, "100 ns"), (1_000, "1 µs"), (10_000, "10 µs"), (100_000, "100 µs"), (1e6, "1 ms"),
    ]
    var cases: [ScalingCase] = []
    for depth in [6, 10, 14] {
      for (cost, name) in grains.dropFirst().dropLast() {
        cases.append(forkJoin(depth: depth, leaf: cost, named: name))
      }
    }
    for (cost, name) in grains.dropFirst() { cases.append(chains(unit: cost, named: name)) }
    for distribution in Distribution.allCases {
      for (cost, name) in grains { cases.append(random(distribution, mean: Double(cost), named: name)) }
      for (cost, name) in grains.dropFirst().dropLast() {
        cases.append(random(distribution, mean: Double(cost), named: name, isNarrow: true))
      }
    }
    return cases
  }
}
