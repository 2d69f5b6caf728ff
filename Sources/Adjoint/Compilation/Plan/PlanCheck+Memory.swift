internal import Kernels

/// Who has had which memory, unit after unit.
extension PlanCheck {
  /// Whoever reads a value, or writes to memory that other values have had before, comes after all who had to do with
  /// them, in its unit or in a unit that its unit waits for; and the forward pass touches its own memory alone.
  mutating func checkMemory(_ order: inout UnitOrder) {
    var memory = PlanMemory(plan, endpoints)
    for unit in plan.unitCosts.indices {
      for number in plan.steps(of: unit) {
        let step = plan.steps[number]
        if isForward(unit) { checkForward(step, unit) }
        let results = plan.operands[step.results]
        let written = results.enumerated().map { position, place in
          Touch(unit: unit, bytes: plan.bytes(written: position, of: place, by: step))
        }
        for (position, place) in plan.operands[step.operands].enumerated() {
          let read = Touch(unit: unit, bytes: plan.bytes(read: position, of: place, by: step))
          checkRead(of: place, read, by: step, &memory, &order)
          if let result = results.indices.first(where: { plan.isSameMemory(plan.operands[$0], place) }) {
            // What a result is written over counts as the result: each part reads what it writes, and no more.
            let number = result - results.startIndex
            if !plan.isInPlace(plan.operands[result], place) || !plan.mayOverwrite(position, by: number, in: step) {
              note(.overwrittenRead, unit: unit, "writes over an operand that it still reads", at: step.node)
            } else if !plan.isWhole(step), !written[number].covers(read) {
              note(.unorderedReuse, unit: unit, "reads what another part of its call may write over", at: step.node)
            }
          } else {
            touch(place, read, by: step, &memory, &order)
          }
        }
        for (place, written) in zip(results, written) {
          touch(place, written, by: step, &memory, &order)
          checkWrite(to: place, written, by: step, number, &memory)
        }
        if case .scalars(let run) = step.work { checkScalars(run, unit, step, &memory, &order) }
      }
    }
    checkParts()
    checkMade(memory)
  }

  /// After a forward pass every result is there, after a step every gradient.
  private mutating func checkMade(_ memory: PlanMemory) {
    for (node, result) in endpoints.results where !memory.isThere(result.place) {
      let makers = memory.makers(of: result.place)
      if makers.isEmpty || makers.contains(where: { !isForward($0.unit) }) {
        note(.unmadeRead, "the result \(node) is not made by the forward pass")
      }
    }
    for (node, gradient) in endpoints.gradients
    where !memory.isThere(gradient.place) && memory.makers(of: gradient.place).isEmpty {
      note(.unmadeRead, "the gradient of \(node) is made by nothing")
    }
  }

  private mutating func touch(
    _ place: Placement.Place, _ touched: Touch, by step: Step, _ memory: inout PlanMemory, _ order: inout UnitOrder
  ) {
    guard plan.placement.isTransient(place) else { return }
    // Values that are pieces of one buffer are one there.
    let whole = plan.placement.whole(of: place.index)
    let (slot, bytes) = plan.memory(of: .buffer(whole))
    guard slot >= 0, slot < plan.slots.count else {
      return note(.outsideOfSlot, unit: touched.unit, "touches a buffer without memory", at: step.node)
    }
    let piece = whole == place.index ? touched : touched.of(piece: plan.placement.buffers[place.index])
    guard let users = memory.occupants[slot].touch(whole, bytes, piece) else {
      return note(.overwrittenRead, unit: touched.unit, "has to do with a value that another lies over", at: step.node)
    }
    for user in users where !order.isBefore(user, touched.unit) {
      note(
        .unorderedReuse, unit: touched.unit, "reuses memory of unit \(user), which it does not wait for", at: step.node)
    }
  }

  private mutating func checkRead(
    of place: Placement.Place, _ read: Touch, by step: Step, _ memory: inout PlanMemory, _ order: inout UnitOrder
  ) {
    for unit in memory.contributors[place] ?? [] where !order.isBefore(unit, read.unit) {
      note(
        .unorderedRead, unit: read.unit, "reads a sum without waiting for unit \(unit), which adds to it", at: step.node
      )
    }
    if memory.isGiven(place) { return }
    var isMade = false
    for maker in memory.makers(of: place) {
      isMade = true
      if maker.meets(read), !order.isBefore(maker.unit, read.unit) {
        note(
          .unorderedRead, unit: read.unit, "reads a value of unit \(maker.unit) without waiting for it", at: step.node)
      }
    }
    if !isMade { note(.unmadeRead, unit: read.unit, "reads what nothing has made", at: step.node) }
  }

  private mutating func checkWrite(
    to place: Placement.Place, _ written: Touch, by step: Step, _ number: Int, _ memory: inout PlanMemory
  ) {
    if case .contribute = step.work {
      if memory.sources.contains(place) {
        note(.writtenSource, unit: written.unit, "adds to what a run only reads", at: step.node)
      }
      memory.contributors[place, default: []].append(written.unit)
      return
    }
    if memory.isGiven(place) {
      note(.writtenSource, unit: written.unit, "writes what a run only reads", at: step.node)
    }
    if case .kernel(let call, _) = step.work, !memory.write(place, written, by: call) {
      note(.writtenTwice, unit: written.unit, "writes a value that has been made before", at: step.node)
    }
  }

  /// What a run of the forward pass alone takes: the first slots and operands, and no spare memory, which sessions
  /// share.
  private mutating func checkForward(_ step: Step, _ unit: Int) {
    if step.operands.upperBound > plan.forwardOperandCount || step.results.upperBound > plan.forwardOperandCount {
      note(.forwardMemory, unit: unit, "of the forward pass has operands of the backward pass", at: step.node)
    }
    for place in plan.operands[step.operands] + plan.operands[step.results] where place.isBuffer && place != .none {
      let buffer = plan.placement.buffers[place.index]
      if buffer.lifetime == .next {
        note(.spareMemory, unit: unit, "of the forward pass has to do with a parameter's spare memory", at: step.node)
      }
      if buffer.slot >= plan.forwardSlotCount {
        note(
          .forwardMemory, unit: unit, "of the forward pass has to do with a slot of the backward pass", at: step.node)
      }
    }
  }

  private mutating func checkScalars(
    _ run: ScalarRun, _ unit: Int, _ step: Step, _ memory: inout PlanMemory, _ order: inout UnitOrder
  ) {
    for slot in run.slots {
      let place = Placement.Place.slot(slot, run.type)
      if memory.isGiven(place) { note(.writtenSource, unit: unit, "writes a scalar that is given", at: step.node) }
      if !memory.write(place, Touch(unit: unit, bytes: nil), by: nil) {
        note(.writtenTwice, unit: unit, "writes a scalar that has been made before", at: step.node)
      }
    }
    for node in provenance.nodes(of: run) {
      for input in graph.storage.inputs(of: node) {
        checkRead(of: places[input.int], Touch(unit: unit, bytes: nil), by: step, &memory, &order)
      }
    }
  }

  /// The steps of each call are its results in parts, from the first to the last.
  private mutating func checkParts() {
    var ends = [Int](repeating: 0, count: plan.calls.count)
    for step in plan.steps {
      guard case .kernel(let call, let range) = step.work else { continue }
      if range.lowerBound != ends[call] || range.isEmpty {
        note(.wrongParts, "results \(range) of a call follow \(ends[call]) others", at: step.node)
      }
      ends[call] = range.upperBound
    }
    for (call, end) in ends.enumerated() where end != plan.calls[call].extent {
      note(.wrongParts, "\(end) of \(plan.calls[call].extent) results of call \(call) are computed")
    }
  }
}

/// What has become of the memory of a plan, as far as its units have been followed.
struct PlanMemory {
  private static let unmade = -1, given = -2
  /// For each slot of the slabs the unit that makes it.
  private var makers32: [Int], makers64: [Int]
  /// For each buffer the units that write it, which of its bytes, and the call that does.
  private var makersOfBuffer: [[Touch]]
  private var callOfBuffer: [Int]
  private var isGivenBuffer: [Bool]
  /// The places of inputs, parameters and constants: of what is given, all but sums that grow.
  private(set) var sources: Set<Placement.Place> = []
  var occupants: [Occupants]
  /// The units that add to a sum which grows as contributions arrive.
  var contributors: [Placement.Place: [Int]] = [:]

  init(_ plan: ProgramPlan, _ endpoints: Endpoints) {
    let placement = plan.placement
    makers32 = [Int](repeating: Self.unmade, count: placement.float32Slots)
    makers64 = [Int](repeating: Self.unmade, count: placement.float64Slots)
    makersOfBuffer = [[Touch]](repeating: [], count: placement.buffers.count)
    callOfBuffer = [Int](repeating: Self.unmade, count: placement.buffers.count)
    isGivenBuffer = placement.buffers.map { [.input, .parameter, .constant].contains($0.lifetime) }
    occupants = [Occupants](repeating: Occupants(), count: plan.slots.count)
    for source in endpoints.inputs + endpoints.parameters + endpoints.upstreams.compactMap({ $0 }) {
      sources.insert(source.place)
    }
    for (place, _) in placement.scalarConstants { sources.insert(place) }
    for (index, buffer) in placement.buffers.enumerated() where buffer.lifetime == .constant {
      sources.insert(.buffer(index))
    }
    for place in sources { give(place) }
    // They begin as zeros, and grow by contributions alone.
    for accumulator in plan.accumulators { give(accumulator.place) }
  }

  private mutating func give(_ place: Placement.Place) {
    if place.isBuffer {
      isGivenBuffer[place.index] = true
    } else if place.isDoubleSlot {
      makers64[place.index] = Self.given
    } else {
      makers32[place.index] = Self.given
    }
  }

  private func maker(of slot: Placement.Place) -> Int {
    slot.isDoubleSlot ? makers64[slot.index] : makers32[slot.index]
  }

  /// Whether a value is there before any unit has run.
  func isGiven(_ place: Placement.Place) -> Bool {
    if place == .none { return false }
    return place.isBuffer ? isGivenBuffer[place.index] : maker(of: place) == Self.given
  }

  /// Whether nobody has to make what is read at a place after a run.
  func isThere(_ place: Placement.Place) -> Bool { place == .none || place.isAwaited || isGiven(place) }

  /// The units that have made the value at a place, and the bytes that each has written.
  func makers(of place: Placement.Place) -> [Touch] {
    if place == .none || place.isAwaited { return [] }
    if place.isBuffer { return makersOfBuffer[place.index] }
    let maker = maker(of: place)
    return maker < 0 ? [] : [Touch(unit: maker, bytes: nil)]
  }

  /// Notes who writes a place; false if something else has written it before.
  mutating func write(_ place: Placement.Place, _ written: Touch, by call: Int?) -> Bool {
    if place == .none || place.isAwaited { return false }
    if place.isBuffer {
      makersOfBuffer[place.index].append(written)
      let isFirst = callOfBuffer[place.index] == Self.unmade || callOfBuffer[place.index] == call
      callOfBuffer[place.index] = call ?? Self.given
      return isFirst
    }
    let isFirst = maker(of: place) < 0
    if place.isDoubleSlot { makers64[place.index] = written.unit } else { makers32[place.index] = written.unit }
    return isFirst
  }
}

extension ProgramPlan {
  func memory(of place: Placement.Place) -> (slot: Int, bytes: Range<Int>) {
    let buffer = placement.buffers[place.index]
    return (buffer.slot, buffer.offset..<buffer.offset + buffer.byteCount)
  }

  fileprivate func isSameMemory(_ a: Placement.Place, _ b: Placement.Place) -> Bool {
    guard placement.isTransient(a), placement.isTransient(b) else { return false }
    return memory(of: a).slot == memory(of: b).slot && memory(of: a).bytes.overlaps(memory(of: b).bytes)
  }

  /// Whether a result begins where an operand does.
  fileprivate func isInPlace(_ result: Placement.Place, _ operand: Placement.Place) -> Bool {
    memory(of: result).bytes.lowerBound == memory(of: operand).bytes.lowerBound
  }

  /// Whether what a step does reads each element of an operand before it writes the same element of a result.
  fileprivate func mayOverwrite(_ operand: Int, by result: Int, in step: Step) -> Bool {
    guard case .kernel(let number, _) = step.work else { return false }
    // Of the shapes it is enough that the two buffers are of one size: a value may lie there under another.
    let read = operands[step.operands][step.operands.lowerBound + operand]
    let written = operands[step.results][step.results.lowerBound + result]
    return placement.buffers[read.index].byteCount == placement.buffers[written.index].byteCount
      && calls[number].mayOverwrite(operand: operand, by: result)
  }

  /// Whether a step is all of a call.
  fileprivate func isWhole(_ step: Step) -> Bool {
    guard case .kernel(let number, let range) = step.work else { return true }
    return range.count == calls[number].extent
  }

  /// Which bytes of operand `position` of a step it reads.
  fileprivate func bytes(read position: Int, of place: Placement.Place, by step: Step) -> Range<Int>? {
    guard case .kernel(let number, let range) = step.work, place.isBuffer, place != .none else { return nil }
    return calls[number].elementsRead(of: position, by: range)?.scaled(by: elementSize(at: place))
  }

  /// Which bytes of result `position` of a step it writes.
  fileprivate func bytes(written position: Int, of place: Placement.Place, by step: Step) -> Range<Int>? {
    guard case .kernel(let number, let range) = step.work, place.isBuffer, place != .none else { return nil }
    return calls[number].elementsWritten(to: position, by: range)?.scaled(by: elementSize(at: place))
  }

  private func elementSize(at place: Placement.Place) -> Int {
    placement.buffers[place.index].signature.elementType.byteCount
  }
}
