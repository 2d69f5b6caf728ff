/// Kernel calls: the units they become and the memory of their results.
extension UnitBuilder {
  /// Adds a kernel call: to the open unit if it is small, as units of their own that each compute a part of the results
  /// if it is worth several.
  mutating func addCall(_ use: CallGraph.Call) {
    let (call, cost) = (use.call, use.cost)
    let ranges = call.parts(partCount(of: cost, operands: use.operands), grain: division.grain)
    if cost >= 2 * Division.fine.part, call.extent > 1 { isDivisible = true }
    if ranges.count > 1 { closeUnit() } else { makeRoom(for: cost) }
    let parts = Parts(call: call, ranges: ranges, units: openUnit..<openUnit + UInt32(ranges.count))
    let makers = makers(of: use.operands, for: parts)
    // Which memory the results may take depends on who comes before whom.
    for (unit, makers) in zip(parts.units, makers) { for maker in makers { reuse.addEdge(from: maker, to: unit) } }
    closeRun()
    let constants = use.constants.map { plan.placement.addConstant($0.values, $0.signature, for: use.node) }
    let scratch = use.scratchByteCount.map { plan.placement.addScratch(byteCount: $0, for: use.node) }
    var waits = takeMemory(for: use, parts)
    if let scratch { waits += takeScratch(scratch, use.node, by: parts.units) }
    let start = plan.operands.count
    let middle = start + use.operands.count + constants.count
    for node in use.operands { plan.operands.append(values[node.int].place) }
    plan.operands += constants
    for node in use.results { plan.operands.append(values[node.int].place) }
    if let scratch { plan.operands.append(scratch) }
    for (range, makers) in zip(ranges, makers) {
      for maker in makers { addEdge(from: maker) }
      for wait in waits where wait.to == openUnit { addEdge(from: wait.from) }
      plan.steps.append(
        Step(
          work: .kernel(plan.calls.count, range), node: use.node, operands: start..<middle,
          results: middle..<plan.operands.count))
      if ranges.count > 1 {
        openCost = cost / Float(ranges.count)
        closeUnit()
      }
    }
    if !use.chainNodes.isEmpty { plan.chainNodes[plan.calls.count] = use.chainNodes }
    if !use.gathers.isEmpty { plan.chainGathers[plan.calls.count] = use.gathers }
    if !calls.kept.isEmpty, calls.kept.contains(use.node) { plan.keptCalls.insert(plan.calls.count) }
    plan.calls.append(call)
    if openCost >= unitWork { closeUnit() }
  }

  /// A call and the units that it becomes, a range of its results each.
  private struct Parts {
    let call: any KernelCall
    let ranges: [Range<Int>]
    let units: Range<UInt32>
    var isOne: Bool { ranges.count == 1 }

    func elementsRead(of position: Int) -> [Range<Int>?] { ranges.map { call.elementsRead(of: position, by: $0) } }
    func elementsWritten(to result: Int) -> [Range<Int>?] { ranges.map { call.elementsWritten(to: result, by: $0) } }
  }

  /// How many parts a call is worth: as many as hold work enough, or as its operands have if its own are then not tiny.
  private func partCount(of cost: Float, operands: [NodeID]) -> Int {
    let worth = Division.partCount(of: cost, each: division.part)
    if writtenBy.isEmpty || worth == CostModel.mostParts { return worth }
    let followed = operands.reduce(1) { max($0, writtenBy[$1]?.count ?? 1) }
    return max(worth, min(followed, Division.partCount(of: cost, each: division.followingPart)))
  }

  /// For each part of a call the units that make what it reads.
  private func makers(of operands: [NodeID], for parts: Parts) -> [[UInt32]] {
    zip(parts.units, parts.ranges).map { unit, range in
      operands.enumerated().flatMap { position, operand in
        makers(of: operand, reading: parts.call.elementsRead(of: position, by: range)).filter { $0 != unit }
      }
    }
  }

  /// The parts of a call as users of one value, with the elements of it that each has to do with.
  private func users(_ parts: Parts, of node: NodeID, _ elements: @autoclosure () -> [Range<Int>?]) -> BufferReuse.Users
  {
    if parts.isOne { return BufferReuse.Users(units: parts.units) }
    let signature = graph.storage.signature(of: node)
    let size = signature.elementType.byteCount
    let all = 0..<signature.shape.elementCount
    let bytes = elements().map { ($0 ?? all).scaled(by: size) }
    return BufferReuse.Users(units: parts.units, bytes: bytes, byteCount: all.count * size)
  }

  /// Finds memory that only `units` use; returns what they must wait for besides.
  private mutating func takeScratch(_ place: Placement.Place, _ node: NodeID, by units: Range<UInt32>)
    -> [BufferReuse.Wait]
  {
    let buffer = UInt32(place.index)
    let users = BufferReuse.Users(units: units)
    let waits = reuse.take(
      buffer, byteCount: plan.placement.buffers[place.index].byteCount, node: node, for: users, overwriting: [])
    reuse.use(buffer, by: users)
    releases[position, default: []].append(buffer)
    return waits
  }

  mutating func use(_ node: NodeID, by users: BufferReuse.Users) {
    let place = values[node.int].place
    guard plan.placement.isTransient(place) else { return }
    let whole = plan.placement.whole(of: place.index)
    if whole == place.index { return reuse.use(UInt32(whole), by: users) }
    reuse.use(UInt32(whole), by: users.moved(by: plan.placement.buffers[place.index].start))
  }

  /// Finds memory for those results that live only within a run; returns what the parts must wait for besides what they
  /// read.
  private mutating func takeMemory(for call: CallGraph.Call, _ parts: Parts) -> [BufferReuse.Wait] {
    for (position, operand) in call.operands.enumerated() {
      use(operand, by: users(parts, of: operand, parts.elementsRead(of: position)))
    }
    var waits: [BufferReuse.Wait] = []
    for (number, result) in call.results.enumerated() {
      let writers = users(parts, of: result, parts.elementsWritten(to: number))
      waits += takeMemory(result, for: writers, operands: call.operands, call.overwritable[number])
      use(result, by: writers)
      values[result.int].unit = parts.units.lowerBound
      if !parts.isOne { writtenBy[result] = parts.elementsWritten(to: number) }
    }
    if !parts.isOne { partCounts[parts.units.lowerBound] = UInt32(parts.ranges.count) }
    return waits
  }

  private mutating func takeMemory(
    _ result: NodeID, for writers: BufferReuse.Users, operands: [NodeID], _ overwritable: [NodeID]
  ) -> [BufferReuse.Wait] {
    let place = values[result.int].place
    guard plan.placement.isTransient(place) else { return [] }
    if plan.placement.buffers[place.index].whole >= 0 { return takeWhole(of: place, result, for: writers) }
    let candidates = overwritable.map { values[$0.int].place }.filter { candidate in
      plan.placement.isTransient(candidate) && plan.placement.buffers[candidate.index].whole < 0
        && lastRead[candidate.index] == position
        && operands.count { isPart(values[$0.int].place, of: candidate) } == 1
    }
    return reuse.take(
      UInt32(place.index), byteCount: plan.placement.buffers[place.index].byteCount, node: result, for: writers,
      overwriting: candidates.map { UInt32($0.index) })
  }

  /// Finds memory for all of a buffer with the first piece of it that is written.
  private mutating func takeWhole(
    of place: Placement.Place, _ node: NodeID, for writers: BufferReuse.Users
  ) -> [BufferReuse.Wait] {
    let whole = plan.placement.whole(of: place.index)
    if reuse.starts[UInt32(whole)] != nil { return [] }
    return reuse.take(
      UInt32(whole), byteCount: plan.placement.buffers[whole].byteCount, node: node,
      for: BufferReuse.Users(units: writers.units), overwriting: [])
  }

  /// Whether a place is a buffer or a piece of it.
  private func isPart(_ place: Placement.Place, of whole: Placement.Place) -> Bool {
    place == whole || plan.placement.isTransient(place) && plan.placement.whole(of: place.index) == whole.index
  }

  private mutating func extend(_ node: NodeID, to position: Int) {
    let place = values[node.int].place
    guard plan.placement.isTransient(place) else { return }
    let whole = plan.placement.whole(of: place.index)
    lastRead[whole] = max(lastRead[whole], position)
  }

  /// Finds, for each buffer of a run, where in the order it is read last; a call reads where it stands.
  mutating func findLastReaders() {
    if plan.placement.buffers.isEmpty { return }
    lastRead = [Int](repeating: -1, count: plan.placement.buffers.count)
    for (position, node) in order.enumerated() {
      if values[node.int].place.isAwaited { continue }  // it reads scalars
      if let call = calls.call(at: node) {
        for operand in call.operands { extend(operand, to: position) }
      } else if !calls.isComputedLater(node) {
        for input in graph.storage.inputs(of: node) { extend(input, to: position) }
      }
    }
    for (buffer, position) in lastRead.enumerated() where position >= 0 {
      releases[position, default: []].append(UInt32(buffer))
    }
  }
}
