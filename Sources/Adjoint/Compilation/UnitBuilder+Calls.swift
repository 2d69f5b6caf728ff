/// Kernel calls: the units they become and the memory of their results.
extension UnitBuilder {
  /// Adds a kernel call: to the open unit if it is small, as units of their own that each compute a part of the results
  /// if it is worth several.
  ///
  /// - Parameters:
  ///   - scratch: memory that the call alone uses, behind its results.
  ///   - overwritable: the operands whose memory result i may take if nothing else reads them.
  mutating func addCall(
    _ call: KernelCall, cost: Float, _ node: NodeID, operands: [NodeID], results: [NodeID],
    scratch: Placement.Place? = nil, overwritable: (_ result: Int) -> [NodeID]
  ) {
    let parts = call.parts(min(Int(cost / CostModel.part), CostModel.mostParts))
    if parts.count > 1 { closeUnit() } else { makeRoom(for: cost) }
    let first = openUnit
    for operand in operands { depend(on: operand) }
    closeRun()
    let units = first..<first + UInt32(parts.count)
    for operand in operands { use(operand, by: units) }
    var waits = takeMemory(results, operands: operands, overwritable)
    if let scratch { waits += takeScratch(scratch, node, by: units) }
    for result in results { use(result, by: units) }
    let start = plan.operands.count
    let middle = start + operands.count
    for node in operands + results { plan.operands.append(values[node.int].place) }
    if let scratch { plan.operands.append(scratch) }
    for (number, part) in parts.enumerated() {
      if number > 0 { for operand in operands { depend(on: operand) } }
      for unit in waits { addEdge(from: unit) }
      plan.steps.append(
        Step(
          work: .kernel(plan.calls.count, part), node: node, operands: start..<middle,
          results: middle..<plan.operands.count))
      if parts.count > 1 {
        openCost = cost / Float(parts.count)
        closeUnit()
      }
    }
    plan.calls.append(call)
    for result in results { values[result.int].unit = first }
    if parts.count > 1 { partCounts[first] = UInt32(parts.count) }
    if openCost >= unitWork { closeUnit() }
  }

  /// Finds memory that only `units` use; returns the units that must end before.
  mutating func takeScratch(_ place: Placement.Place, _ node: NodeID, by units: Range<UInt32>) -> [UInt32] {
    let buffer = UInt32(place.index)
    let waits = reuse.take(
      buffer, byteCount: plan.placement.buffers[place.index].byteCount, node: node, for: openUnit, overwriting: [])
    reuse.use(buffer, by: units)
    releases[position, default: []].append(buffer)
    return waits
  }

  mutating func use(_ node: NodeID, by units: Range<UInt32>) {
    let place = values[node.int].place
    if plan.placement.isTransient(place) { reuse.use(UInt32(place.index), by: units) }
  }

  /// Finds memory for results that live only within a run; returns the units that must end before it is written.
  mutating func takeMemory(
    _ results: [NodeID], operands: [NodeID], _ overwritable: (Int) -> [NodeID]
  ) -> [UInt32] {
    var waits: [UInt32] = []
    for (number, result) in results.enumerated() {
      let place = values[result.int].place
      guard plan.placement.isTransient(place) else { continue }
      let candidates = overwritable(number).map { values[$0.int].place }.filter { candidate in
        plan.placement.isTransient(candidate) && lastRead[candidate.index] == position
          && operands.count { values[$0.int].place == candidate } == 1
      }
      waits += reuse.take(
        UInt32(place.index), byteCount: plan.placement.buffers[place.index].byteCount, node: result, for: openUnit,
        overwriting: candidates.map { UInt32($0.index) })
    }
    return waits
  }

  private mutating func extend(_ node: NodeID, to position: Int) {
    let place = values[node.int].place
    if plan.placement.isTransient(place) { lastRead[place.index] = max(lastRead[place.index], position) }
  }

  /// Finds, for each buffer of a run, where in the order it is read last; a chain reads where it ends.
  mutating func findLastReaders() {
    if plan.placement.buffers.isEmpty { return }
    var chainEnds = [Int](repeating: 0, count: fused.chains.count)
    if !fused.chains.isEmpty {
      for (position, node) in order.enumerated() where fused.chain(of: node) != FuseElementwise.none {
        chainEnds[Int(fused.chain(of: node))] = position
      }
    }
    lastRead = [Int](repeating: -1, count: plan.placement.buffers.count)
    for (position, node) in order.enumerated() {
      if values[node.int].place.isAwaited { continue }  // it reads scalars
      let chain = fused.chain(of: node)
      let reading = chain == FuseElementwise.none ? position : chainEnds[Int(chain)]
      for input in graph.storage.inputs(of: node) {
        extend(input, to: reading)
        // The chain reads the table and the indices of what it gathers.
        if fused.gathers[input] != nil {
          for operand in graph.storage.inputs(of: input) { extend(operand, to: reading) }
        }
      }
    }
    for (buffer, position) in lastRead.enumerated() where position >= 0 {
      releases[position, default: []].append(UInt32(buffer))
    }
  }
}
