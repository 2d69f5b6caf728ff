internal import DependencyScheduling

extension ProgramPlan {
  /// The check of the last pass's output in debug builds: what a step reads was made earlier in its unit or in a unit
  /// that its unit waits for, and every buffer is read as often as its readers were counted. It costs a microsecond a
  /// node, so that graphs of more than 65,536 nodes go without.
  func _checkInvariants(_ graph: IntermediateGraph) {
    #if DEBUG
      if graph.storage.count > 1 << 16 { return }
      var predecessors = [Set<Int>](repeating: [], count: unitCosts.count)
      for unit in 0..<unitCosts.count {
        for successor in step.successors(of: UnitID(UInt32(unit))) { predecessors[Int(successor.index)].insert(unit) }
      }
      // A sum in arrival order has readers that wait for a join that waits for its makers.
      var makers: [Placement.Place: Set<Int>] = [:]
      let sums = Set(accumulators.map(\.place))
      var reads = [UInt32](repeating: 0, count: placement.buffers.count)
      for unit in 0..<unitCosts.count {
        for step in steps[steps(of: unit)] {
          for operand in operands[step.operands] where operand.isBuffer { reads[operand.index] += 1 }
          for node in nodes(of: step) {
            for input in graph.storage.inputs(of: node) {
              let place = placement.places[input.int]
              guard !sums.contains(place) else { continue }
              for maker in makers[place] ?? [] {
                precondition(
                  maker == unit || waits(unit, for: maker, predecessors),
                  "unit \(unit) reads a value of unit \(maker), which it does not wait for")
              }
            }
            makers[placement.places[node.int], default: []].insert(unit)
          }
        }
      }
      for (buffer, count) in zip(placement.buffers, reads) {
        precondition(buffer.readers == count, "\(buffer.readers) readers were counted for a buffer read \(count) times")
      }
    #endif
  }

  /// Whether `unit` waits for `maker`, directly or through the unit that opens its result's memory.
  private func waits(_ unit: Int, for maker: Int, _ predecessors: [Set<Int>]) -> Bool {
    predecessors[unit].contains(maker) || predecessors[unit].contains { predecessors[$0].contains(maker) }
  }

  /// The nodes whose values a step makes, each once: a sum of many scalars is as many instructions of one node.
  private func nodes(of step: Step) -> [NodeID] {
    if case .scalars(_, let range) = step.work {
      return range.filter { $0 == range.lowerBound || instructionNodes[$0] != instructionNodes[$0 - 1] }
        .map { instructionNodes[$0] }
    }
    if case .contribute = step.work { return [] }
    if case .open = step.work { return [] }
    return [step.node]
  }
}
