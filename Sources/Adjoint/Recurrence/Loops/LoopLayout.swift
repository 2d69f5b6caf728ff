/// The memory of a loop: where each buffer of the body's plan lies in each step, and what is copied.
struct LoopLayout: Sendable {
  /// For each buffer of the body's plan; `nil` for one that nothing has to do with.
  private(set) var buffers: [LoopPlace?]
  /// Bytes of the loop's own memory.
  private(set) var scratchBytes = 0
  /// Where each slab, the addresses of the steps' operands and of those that move lie in it.
  private(set) var slab32 = 0, slab64 = 0, table = 0, bases = 0
  /// Entries of the table that are not the same in every step: which, and where.
  private(set) var moving: [(entry: Int, place: LoopPlace)] = []
  /// Copied once, before each step, after each step, and at the end.
  private(set) var before: [LoopCopy] = [], each: [LoopCopy] = [], after: [LoopCopy] = [], end: [LoopCopy] = []

  /// How many results the loop writes, apart from its own memory.
  let resultCount: Int
  /// The sequences whose memory a result may have: each step has read its element when it writes the result's.
  private(set) var overwritable: [Int: Set<Int>] = [:]

  private let plan: ProgramPlan
  private let stepCount: Int
  private let isReversed: Bool

  init(
    _ scan: Scan, _ lowered: IntermediateGraph, _ built: borrowing UnitBuilder.Result, results: [Int],
    statesBefore: Set<Int>
  ) {
    plan = built.plan
    resultCount = results.count
    let body = scan.body
    (stepCount, isReversed) = (body.stepCount, body.isReversed)
    buffers = plan.placement.buffers.map { _ in nil }
    slab32 = take(plan.placement.float32Slots * 4)
    slab64 = take(plan.placement.float64Slots * 8)
    let slots = plan.slots.map { take($0.byteCount) }
    for (index, buffer) in plan.placement.buffers.enumerated() {
      if buffer.slot >= 0 {
        buffers[index] = LoopPlace(region: .scratch, offset: slots[buffer.slot] + buffer.offset)
      }
      // The program keeps them: they come as operands behind the scan's own and their panels.
      if buffer.lifetime == .constant {
        let first = body.sources.count + built.packedSources.count
        buffers[index] = LoopPlace(region: .operand(first + buffer.constant))
      }
    }
    for (number, source) in built.packedSources.enumerated() {
      let place = built.values[source.panels.int].place
      buffers[place.index] = LoopPlace(region: .operand(body.sources.count + number))
    }

    let places = Self.sourcePlaces(lowered, built.values)
    placeSources(of: body, at: places)
    placeResults(scan, lowered, built.values, results: results, statesBefore: statesBefore, sources: places)
    for (number, result) in results.enumerated() where result >= body.state.count && !statesBefore.contains(number) {
      overwritable[number] = sequencesRead(
        before: number, like: body.signature(of: scan.stacked[result - body.state.count]), in: body, at: places)
    }

    table = take(plan.operands.count * MemoryLayout<UnsafeMutableRawPointer>.size)
    for (entry, place) in plan.operands.enumerated() where place.isBuffer && place != .none {
      guard let place = buffers[place.index] else { continue }
      if place.stride != 0 || place.parity != 0 || place.first != nil { moving.append((entry, place)) }
    }
    bases = take(moving.count * MemoryLayout<UnsafeMutableRawPointer>.size)
  }

  private mutating func take(_ byteCount: Int) -> Int {
    defer { scratchBytes += (byteCount + 63) / 64 * 64 }
    return scratchBytes
  }

  /// The place of each source of the body that the compiled one still reads, by the source's node.
  private static func sourcePlaces(_ graph: IntermediateGraph, _ values: borrowing Column<PlacedValue>)
    -> [NodeID: Placement.Place]
  {
    var found: [NodeID: Placement.Place] = [:]
    for index in 0..<graph.storage.count where graph.storage.brief(of: NodeID(index)).source == .input {
      found[graph.origins[index]] = values[index].place
    }
    return found
  }

  private func slot(_ place: Placement.Place) -> LoopPlace {
    LoopPlace(
      region: .scratch, offset: place.isDoubleSlot ? slab64 + 8 * place.index : slab32 + 4 * place.index)
  }

  /// Where a place is in each step, once it is known.
  private func location(_ place: Placement.Place) -> LoopPlace { place.isBuffer ? buffers[place.index]! : slot(place) }

  /// The element of the stack in `region` which belongs to step t.
  private func element(of region: LoopPlace.Region, byteCount: Int) -> LoopPlace {
    isReversed
      ? LoopPlace(region: region, offset: (stepCount - 1) * byteCount, stride: -byteCount)
      : LoopPlace(region: region, stride: byteCount)
  }

  private mutating func placeSources(of body: ScanBody, at places: [NodeID: Placement.Place]) {
    for (operand, node) in body.sources.enumerated() {
      guard let place = places[node], operand >= body.state.count else { continue }
      let byteCount = body.signature(of: node).byteCount
      let isElement = operand < body.state.count + body.elements.count
      let from =
        isElement ? element(of: .operand(operand), byteCount: byteCount) : LoopPlace(region: .operand(operand))
      if place.isBuffer {
        buffers[place.index] = from
      } else {
        let copy = LoopCopy(from: from, to: slot(place), byteCount: byteCount)
        if isElement { each.append(copy) } else { before.append(copy) }
      }
    }
  }

  private mutating func placeResults(
    _ scan: Scan, _ graph: IntermediateGraph, _ values: borrowing Column<PlacedValue>, results: [Int],
    statesBefore: Set<Int>, sources: [NodeID: Placement.Place]
  ) {
    let body = scan.body
    /// Where a value is written by the steps, if it is written where it belongs.
    var written: [Placement.Place: LoopPlace] = [:]
    /// Has the steps write a value where it belongs, or has it copied there after each.
    func write(_ place: Placement.Place, at target: LoopPlace, _ byteCount: Int) {
      if place.isBuffer, written[place] == nil, plan.placement.buffers[place.index].lifetime == .result {
        buffers[place.index] = target
        written[place] = target
      } else {
        after.append(LoopCopy(from: LoopPlace(region: .scratch), to: target, byteCount: byteCount))
        pending.append((after.count - 1, place))
      }
    }
    // The stacked values, which are the roots behind the state.
    let stacked = results.indices.filter { results[$0] >= body.state.count }
    for (number, position) in stacked.enumerated() {
      let place = values[graph.roots.results[body.state.count + number].int].place
      let byteCount = body.signature(of: scan.stacked[results[position] - body.state.count]).byteCount
      let target = element(of: .result(position), byteCount: byteCount)
      if statesBefore.contains(position) {
        let node = scan.stacked[results[position] - body.state.count]
        let first = LoopPlace(region: .operand(body.state.firstIndex(of: node)!))
        self.before.append(LoopCopy(from: first, to: target, byteCount: byteCount))
        continue
      }
      write(place, at: target, byteCount)
      if written[place] == nil, !place.isBuffer { written[place] = target }
    }
    let positionOf = Dictionary(results.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    for (number, node) in body.state.enumerated() {
      let next = values[graph.roots.results[number].int].place
      let byteCount = body.signature(of: node).byteCount
      var target: LoopPlace
      if let known = written[next] {
        target = known
      } else {
        let aligned = (byteCount + 63) / 64 * 64
        target = LoopPlace(region: .scratch, offset: take(2 * aligned), parity: aligned)
        write(next, at: target, byteCount)
      }
      // The state before a step is where the step before has left it.
      let before = LoopPlace(
        region: target.region, offset: target.offset - target.stride + target.parity, stride: target.stride,
        parity: -target.parity, first: number)
      if let place = sources[node] {
        if place.isBuffer {
          buffers[place.index] = before
        } else {
          each.append(LoopCopy(from: before, to: slot(place), byteCount: byteCount))
        }
      }
      if let position = positionOf[number] {
        var last = target
        last.offset += (stepCount - 1) * target.stride + (stepCount - 1) % 2 * target.parity
        (last.stride, last.parity) = (0, 0)
        end.append(LoopCopy(from: last, to: LoopPlace(region: .result(position)), byteCount: byteCount))
      }
    }
    for (copy, place) in pending {
      after[copy] = LoopCopy(from: location(place), to: after[copy].to, byteCount: after[copy].byteCount)
    }
    pending = []
  }

  /// The sequences of which each step reads its element, of `signature`, before it writes the one of result `number`.
  private func sequencesRead(
    before number: Int, like signature: Signature, in body: ScanBody, at places: [NodeID: Placement.Place]
  ) -> Set<Int> {
    func isResult(_ place: Placement.Place) -> Bool {
      guard place.isBuffer, place != .none, case .result(number) = buffers[place.index]?.region else { return false }
      return true
    }
    let writers = plan.steps.indices.filter { plan.operands[plan.steps[$0].results].contains(where: isResult) }
    func isRead(_ operand: Int, _ element: Placement.Place) -> Bool {
      for (index, step) in plan.steps.enumerated() {
        for (position, place) in plan.operands[step.operands].enumerated() where place == element {
          guard let first = writers.first, index >= first else { continue }
          guard writers == [index], case .kernel(let call, _) = step.work else { return false }
          let results = plan.operands[step.results].enumerated().filter { isResult($1) }
          if !results.allSatisfy({ plan.calls[call].mayOverwrite(operand: position, by: $0.offset) }) { return false }
        }
      }
      // What is copied behind the steps is read there.
      return !after.contains { copy in
        if case .operand(operand) = copy.from.region { true } else { false }
      }
    }
    let first = body.state.count
    return Set(
      body.elements.indices.filter { number in
        let element = body.elements[number]
        guard body.signature(of: element) == signature, let place = places[element], place.isBuffer else {
          return false
        }
        return isRead(first + number, place)
      }.map { first + $0 })
  }

  /// Copies whose sources are not known yet.
  private var pending: [(copy: Int, place: Placement.Place)] = []
}
