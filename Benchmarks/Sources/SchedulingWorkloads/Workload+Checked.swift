import DependencyScheduling
import Synchronization

extension Workload {
  /// The same workload, each unit first counting the predecessors that have not run before it in this run.
  public func checked() -> Workload {
    let order = OrderCheck(graph)
    let (inner, holds) = (body, holds)
    return Workload(
      name: name, graph: graph,
      body: { unit in
        order.begin(unit)
        inner(unit)
        order.end(unit)
      },
      holds: { runs in order.holds(runs: runs) && holds(runs) }, checksum: checksum)
  }
}

/// How often each unit has run, and how often one ran too early.
private final class OrderCheck: Sendable {
  private let graph: WorkloadGraph
  private let predecessorOffsets: [Int]
  private let predecessors: [UInt32]
  private let ran: Cells<UInt32>
  private let violations = Atomic<Int>(0)

  init(_ graph: WorkloadGraph) {
    var offsets = [Int](repeating: 0, count: graph.unitCount + 1)
    graph.forEachEdge { _, to in offsets[Int(to) + 1] += 1 }
    for unit in 0..<graph.unitCount { offsets[unit + 1] += offsets[unit] }
    var next = offsets
    var sources = [UInt32](repeating: 0, count: graph.successors.count)
    graph.forEachEdge { from, to in
      sources[next[Int(to)]] = from
      next[Int(to)] += 1
    }
    self.graph = graph
    predecessorOffsets = offsets
    predecessors = sources
    ran = Cells(graph.unitCount, zero: 0)
  }

  func begin(_ unit: UnitID) {
    let index = Int(unit.index)
    let expected = ran.base[index] + 1
    for edge in predecessorOffsets[index]..<predecessorOffsets[index + 1]
    where ran.base[Int(predecessors[edge])] != expected {
      violations.wrappingAdd(1, ordering: .relaxed)
    }
  }

  func end(_ unit: UnitID) {
    ran.base[Int(unit.index)] += 1
  }

  func holds(runs: Int) -> Bool {
    violations.load(ordering: .relaxed) == 0 && (0..<graph.unitCount).allSatisfy { ran.base[$0] == UInt32(runs) }
  }
}
