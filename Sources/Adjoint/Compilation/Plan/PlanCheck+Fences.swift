internal import DependencyScheduling

/// Fences: all that stands before one in the order has ended before anything from it on begins.
extension PlanCheck {
  mutating func checkFences(_ order: inout UnitOrder) {
    if graph.fences.isEmpty { return }
    let starts = starts(between: fencePositions())
    var begin = 0
    for (fence, cut) in starts {
      if cut == begin { continue }
      // Whatever has nobody before the cut waiting for it must end, for whatever waits for nobody behind it to begin.
      let ends = (begin..<cut).filter { unit in
        !plan.step.successors(of: UnitID(UInt32(unit))).contains { Int($0.index) < cut }
      }
      let next = starts.first { $0.unit > cut }?.unit ?? plan.unitCosts.count
      for unit in cut..<next where !order.predecessors(of: unit).contains(where: { $0 >= cut }) {
        for end in ends where !order.isBefore(end, unit) {
          note(.fence, unit: unit, "behind a fence does not wait for unit \(end) before it", at: fence)
        }
      }
      begin = cut
    }
  }

  /// Where in the order each node is that is computed, and where the fences are.
  private func fencePositions() -> (ofNode: [Int], fences: [(position: Int, node: NodeID)]) {
    var positions = [Int](repeating: -1, count: graph.storage.count)
    var fences: [(Int, NodeID)] = []
    for (position, node) in RunOrder(graph).enumerated() {
      positions[node.int] = position
      if graph.fences.contains(node) { fences.append((position, node)) }
    }
    return (positions, fences)
  }

  /// The first unit behind each fence; notes units that lie on both sides of one.
  private mutating func starts(
    between known: (ofNode: [Int], fences: [(position: Int, node: NodeID)])
  ) -> [(node: NodeID, unit: Int)] {
    // How many fences come before the nodes of a unit: of the first of them and of the last.
    func count(before node: NodeID) -> Int {
      known.fences.partitioningIndex { $0.position > known.ofNode[node.int] }
    }
    var starts = [Int](repeating: plan.unitCosts.count, count: known.fences.count)
    var passed = 0
    for unit in plan.unitCosts.indices {
      for step in plan.steps[plan.steps(of: unit)] {
        for node in nodes(of: step) where known.ofNode[node.int] >= 0 {
          let number = count(before: node)
          if number < passed {
            note(.fence, unit: unit, "computes a value from before a fence behind others of after it", at: node)
          }
          while passed < number {
            starts[passed] = unit
            passed += 1
            if plan.steps(of: unit).lowerBound < plan.steps.endIndex, isMixed(unit, before: number, count) {
              note(.fence, unit: unit, "computes values of both sides of a fence", at: node)
            }
          }
        }
      }
    }
    return zip(known.fences, starts).map { ($0.node, $1) }.filter { $0.1 < plan.unitCosts.count }
  }

  private func isMixed(_ unit: Int, before number: Int, _ count: (NodeID) -> Int) -> Bool {
    plan.steps[plan.steps(of: unit)].contains { step in nodes(of: step).contains { count($0) < number } }
  }

  /// The nodes whose values a step computes; none of one that adds a contribution, which stands behind its producer.
  private func nodes(of step: Step) -> [NodeID] {
    switch step.work {
    case .scalars(let run): provenance.nodes(of: run)
    case .kernel(let call, _): plan.chainNodes[call].map { $0 + [step.node] } ?? [step.node]
    case .contribute: []
    }
  }
}
