import DependencyScheduling

@testable import VirtualExecution

/// Graphs to simulate.
enum VirtualGraphs {
  /// Up to three edges a unit, to units among the next 40, and costs between 1 and 2 · `mean`.
  static func random(seed: UInt64, unitCount: Int = 400, mean: Float = 5_000) -> VirtualGraph {
    var random = SeededGenerator(seed: seed)
    var edges: [(UInt32, UInt32)] = []
    for unit in 0..<unitCount - 1 {
      for _ in 0..<random.index(below: 4) {
        edges.append((UInt32(unit), UInt32(unit + 1 + random.index(below: min(40, unitCount - 1 - unit)))))
      }
    }
    let costs = (0..<unitCount).map { _ in Float(1 + random.index(below: 2 * Int(mean))) }
    return graph(unitCount, edges, costs: costs)
  }

  /// One unit, and then chains.
  static func chains(_ count: Int, length: Int, cost: Float) -> VirtualGraph {
    var edges: [(UInt32, UInt32)] = []
    for chain in 0..<count {
      let first = UInt32(1 + chain * length)
      edges.append((0, first))
      for unit in first..<first + UInt32(length) - 1 { edges.append((unit, unit + 1)) }
    }
    let unitCount = 1 + count * length
    return graph(unitCount, edges, costs: [Float](repeating: cost, count: unitCount))
  }

  static func independent(_ count: Int, cost: Float) -> VirtualGraph {
    graph(count, [], costs: [Float](repeating: cost, count: count))
  }

  static func chain(_ count: Int, cost: Float) -> VirtualGraph {
    let edges = (1..<count).map { (UInt32($0 - 1), UInt32($0)) }
    return graph(count, edges, costs: [Float](repeating: cost, count: count))
  }

  static func graph(_ unitCount: Int, _ edges: [(UInt32, UInt32)], costs: [Float]) -> VirtualGraph {
    VirtualGraph(try! Schedule(unitCount: unitCount, dependencies: edges, costs: costs))
  }

  /// One of each kind.
  static let all = [
    random(seed: 1), random(seed: 2, mean: 100), random(seed: 3, unitCount: 60, mean: 100_000),
    chains(16, length: 5, cost: 20_000), independent(500, cost: 3_000), chain(100, cost: 1_000),
  ]
}
