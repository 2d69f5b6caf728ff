/// Accumulation in arrival order: each contribution is a step of its own.
extension UnitBuilder {
  mutating func findAccumulators() {
    for node in order {
      guard case .accumulate = graph.storage.traits(of: node).kernel.form else { continue }
      for input in graph.storage.inputs(of: node) { waiting[input, default: []].append(plan.accumulators.count) }
      accumulatorOf[node] = plan.accumulators.count
      if values[node.int].place.isAwaited {
        let type = graph.storage.signature(of: node).elementType
        values[node.int].place = .slot(plan.placement.takeSlots(1, type), type)
      }
      let place = values[node.int].place
      plan.accumulators.append(AccumulatorPlan(node: node, place: place, signature: graph.storage.signature(of: node)))
      // The first contribution may come from anywhere: no other value has had the memory before.
      if plan.placement.isTransient(place) {
        reuse.takeNew(UInt32(place.index), byteCount: plan.placement.buffers[place.index].byteCount, node: node)
      }
    }
  }

  mutating func addContributions(of node: NodeID) {
    for accumulator in waiting[node] ?? [] {
      let sum = plan.accumulators[accumulator].node
      if order.isForward(sum) == order.isForward(node) { addContribution(of: node, to: accumulator) }
    }
  }

  /// Adds one contribution right behind its producer, in the same unit where that is still open.
  mutating func addContribution(of node: NodeID, to accumulator: Int) {
    let target = plan.accumulators[accumulator]
    let addition = AccumulateCall(CallShapes(result: target.signature, operands: [target.signature]))
    makeRoom(for: addition.cost(at: costs))
    depend(on: node)
    closeRun()
    let start = plan.operands.count
    for value in [node, target.node] {
      plan.operands.append(values[value.int].place)
      use(value, by: BufferReuse.Users(units: openUnit..<openUnit + 1))
    }
    plan.steps.append(
      Step(
        work: .contribute(accumulator: accumulator), node: target.node, operands: start..<start + 1,
        results: start + 1..<start + 2))
    plan.accumulators[accumulator].units.append(openUnit)
    if openCost >= unitWork { closeUnit() }
  }

  /// The accumulate node itself: what reads the sum waits for the unit that waits for all contributions.
  mutating func addJoin(_ node: NodeID) {
    guard let accumulator = accumulatorOf[node] else { return }
    for input in graph.storage.inputs(of: node) where order.isForward(input) != order.isForward(node) {
      addContribution(of: input, to: accumulator)
    }
    values[node.int].unit = openUnit
    for unit in plan.accumulators[accumulator].units { addEdge(from: unit) }
    plan.accumulators[accumulator].units = []
  }
}
