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
    let ranges = call.parts(partCount(of: cost, operands: operands), grain: division.grain)
    if cost >= 2 * Division.fine.part, call.extent > 1 { isDivisible = true }
    if ranges.count > 1 { closeUnit() } else { makeRoom(for: cost) }
    let units = openUnit..<openUnit + UInt32(ranges.count)
    let makers = zip(units, ranges).map { unit, range in
      operands.enumerated().flatMap { position, operand in
        self.makers(of: operand, reading: call.elementsRead(of: position, by: range)).filter { $0 != unit }
      }
    }
    // Which memory the results may take depends on who comes before whom.
    for (unit, makers) in zip(units, makers) { for maker in makers { reuse.addEdge(from: maker, to: unit) } }
    closeRun()
    for (position, operand) in operands.enumerated() {
      use(operand, by: users(units, of: operand, ranges.map { call.elementsRead(of: position, by: $0) }))
    }
    var waits: [BufferReuse.Wait] = []
    for (number, result) in results.enumerated() {
      let elements = ranges.map { call.elementsWritten(to: number, by: $0) }
      let writers = users(units, of: result, elements)
      waits += takeMemory(result, for: writers, operands: operands, overwritable(number))
      use(result, by: writers)
      values[result.int].unit = units.lowerBound
      if ranges.count > 1 { writtenBy[result] = elements }
    }
    if ranges.count > 1 { partCounts[units.lowerBound] = UInt32(ranges.count) }
    if let scratch { waits += takeScratch(scratch, node, by: units) }
    let start = plan.operands.count
    let middle = start + operands.count
    for node in operands + results { plan.operands.append(values[node.int].place) }
    if let scratch { plan.operands.append(scratch) }
    for (number, range) in ranges.enumerated() {
      for maker in makers[number] { addEdge(from: maker) }
      for wait in waits where wait.to == openUnit { addEdge(from: wait.from) }
      plan.steps.append(
        Step(
          work: .kernel(plan.calls.count, range), node: node, operands: start..<middle,
          results: middle..<plan.operands.count))
      if ranges.count > 1 {
        openCost = cost / Float(ranges.count)
        closeUnit()
      }
    }
    plan.calls.append(call)
    if openCost >= unitWork { closeUnit() }
  }

  /// How many parts a call is worth: as many as hold work enough, or as its operands have if its own are then not tiny.
  private func partCount(of cost: Float, operands: [NodeID]) -> Int {
    let worth = Self.count(cost, division.part)
    if writtenBy.isEmpty || worth == CostModel.mostParts { return worth }
    let followed = operands.reduce(1) { max($0, writtenBy[$1]?.count ?? 1) }
    return max(worth, min(followed, Self.count(cost, division.followingPart)))
  }

  private static func count(_ cost: Float, _ part: Float) -> Int { Int(min(cost / part, Float(CostModel.mostParts))) }

  /// The units of a call as users of one value: with the elements of it that each has to do with, if there are several.
  private func users(_ units: Range<UInt32>, of node: NodeID, _ elements: @autoclosure () -> [Range<Int>?])
    -> BufferReuse.Users
  {
    if units.count == 1 { return BufferReuse.Users(units: units) }
    let signature = graph.storage.signature(of: node)
    let size = signature.elementType.byteCount
    let all = 0..<signature.shape.elementCount
    let bytes = elements().map { ($0 ?? all).lowerBound * size..<($0 ?? all).upperBound * size }
    return BufferReuse.Users(units: units, bytes: bytes, byteCount: all.count * size)
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
    if plan.placement.isTransient(place) { reuse.use(UInt32(place.index), by: users) }
  }

  /// Finds memory for a result if it lives only within a run; returns what its writers must wait for besides.
  private mutating func takeMemory(
    _ result: NodeID, for writers: BufferReuse.Users, operands: [NodeID], _ overwritable: [NodeID]
  ) -> [BufferReuse.Wait] {
    let place = values[result.int].place
    guard plan.placement.isTransient(place) else { return [] }
    let candidates = overwritable.map { values[$0.int].place }.filter { candidate in
      plan.placement.isTransient(candidate) && lastRead[candidate.index] == position
        && operands.count { values[$0.int].place == candidate } == 1
    }
    return reuse.take(
      UInt32(place.index), byteCount: plan.placement.buffers[place.index].byteCount, node: result, for: writers,
      overwriting: candidates.map { UInt32($0.index) })
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
