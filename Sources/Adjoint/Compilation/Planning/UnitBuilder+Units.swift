internal import DependencyScheduling

/// Units and the edges between them.
extension UnitBuilder {
  /// Closes the open unit if `cost` deserves a unit of its own.
  mutating func makeRoom(for cost: Float) {
    if cost >= unitWork { closeUnit() }
    openCost += cost
  }

  mutating func closeUnit() {
    closeRun()
    guard plan.steps.count > plan.unitStarts.last! || openCost > 0 || openWaits else { return }
    if let fence, !openWaitsForFence { addEdge(from: fence) }
    plan.unitStarts.append(plan.steps.count)
    plan.unitCosts.append(openCost)
    lastReader.append(Self.noUnit)
    openUnit += 1
    reuse.endUnit(cost: openCost)
    openCost = 0
    openWaits = false
    openWaitsForFence = false
  }

  mutating func depend(on node: NodeID) { depend(on: values[node.int].unit) }

  @inline(__always)
  mutating func depend(on maker: UInt32) {
    if maker == openUnit || maker == Self.noUnit { return }
    if !partCounts.isEmpty { addEdges(from: maker) } else if lastReader[Int(maker)] != openUnit { addEdge(from: maker) }
  }

  /// Edges from all units that make the parts of one value.
  @inline(never)
  private mutating func addEdges(from maker: UInt32) {
    for part in 0..<(partCounts[maker] ?? 1) { addEdge(from: maker + part) }
  }

  /// The units that make the elements `read` of a value, or may; all that make it if `read` is `nil`.
  func makers(of node: NodeID, reading read: @autoclosure () -> Range<Int>?) -> [UInt32] {
    let first = values[node.int].unit
    if first == Self.noUnit { return [] }
    guard let written = writtenBy[node] else { return [first] }
    let read = read()
    return written.indices.compactMap { part in
      if let read, let written = written[part], !written.overlaps(read) { return nil }
      return first + UInt32(part)
    }
  }

  /// An edge to the open unit, once.
  mutating func addEdge(from unit: UInt32) {
    guard unit != openUnit, lastReader[Int(unit)] != openUnit else { return }
    lastReader[Int(unit)] = openUnit
    openWaits = true
    if let fence, unit >= fence { openWaitsForFence = true }
    edges.append((unit, openUnit))
    reuse.addEdge(from: unit, to: openUnit)
  }

  /// Makes a unit that waits for all before it, and has all behind it wait for it.
  mutating func addFence() {
    closeUnit()
    for unit in (fence ?? 0)..<openUnit where lastReader[Int(unit)] == Self.noUnit {
      addEdge(from: unit)
    }
    guard openWaits else { return }
    openWaitsForFence = true
    let unit = openUnit
    closeUnit()
    fence = unit
    reuse.fence = unit
  }

  mutating func freeze() {
    plan.scalarCode = scalars.takeCode()
    let split = UInt32(plan.forwardUnitCount)
    let all = UInt32(plan.unitCosts.count)
    plan.forward = schedule(0..<split)
    plan.backward = schedule(split..<all)
    plan.step = schedule(0..<all)
    plan.slots = reuse.slots(forwardLength: forwardLength)
    plan.forwardSlotCount = plan.slots.count { $0.bytes.lowerBound < forwardLength }
    for (buffer, start) in reuse.starts {
      let slot = plan.slots.partitioningIndex { $0.bytes.upperBound > start }
      plan.placement.buffers[Int(buffer)].slot = slot
      plan.placement.buffers[Int(buffer)].offset = start - plan.slots[slot].bytes.lowerBound
    }
    for (index, buffer) in plan.placement.buffers.enumerated() where buffer.whole >= 0 {
      let whole = plan.placement.buffers[buffer.whole]
      plan.placement.buffers[index].slot = whole.slot
      plan.placement.buffers[index].offset = whole.slot < 0 ? 0 : whole.offset + buffer.start
    }
  }

  /// The schedule of a range of units, renumbered from 0, with the edges that lie within it.
  func schedule(_ units: Range<UInt32>) -> Schedule {
    let within = edges.filter { units.contains($0.from) && units.contains($0.to) }
    var offsets = [UInt32](repeating: 0, count: units.count + 1)
    for edge in within { offsets[Int(edge.from - units.lowerBound) + 1] += 1 }
    for unit in 0..<units.count { offsets[unit + 1] += offsets[unit] }
    var next = offsets
    var successors = [UInt32](repeating: 0, count: within.count)
    for edge in within {
      let from = Int(edge.from - units.lowerBound)
      successors[Int(next[from])] = edge.to - units.lowerBound
      next[from] += 1
    }
    let costs = Array(plan.unitCosts[Int(units.lowerBound)..<Int(units.upperBound)])
    return Schedule(successorOffsets: offsets, successors: successors, costs: costs)
  }
}
