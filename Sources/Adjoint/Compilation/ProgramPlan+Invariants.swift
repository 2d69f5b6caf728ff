internal import DependencyScheduling

extension ProgramPlan {
  /// The check of the last pass's output in debug builds: whoever reads a value, or writes to memory that other values
  /// have had before, comes after all who had to do with them, in its unit or in a unit that its unit waits for. It
  /// takes time and memory quadratic in the units, so that programs of more than 2,048 go without.
  func _checkInvariants(_ graph: IntermediateGraph, _ provenance: Provenance) {
    #if DEBUG
      if unitCosts.count > 1 << 11 || graph.storage.count > 1 << 16 { return }
      let order = UnitOrder(step, count: unitCosts.count)
      let sums = Set(accumulators.map(\.place))
      /// For each place the units that write it, and which of its bytes.
      var makers: [Placement.Place: [Touch]] = [:]
      var occupants = [Occupants](repeating: Occupants(), count: slots.count)

      func touch(_ place: Placement.Place, _ touched: Touch) {
        guard placement.isTransient(place) else { return }
        let (slot, bytes) = memory(of: place)
        precondition(bytes.upperBound <= slots[slot].byteCount, "a buffer lies within its slot")
        for user in occupants[slot].touch(place.index, bytes, touched) {
          precondition(
            order.isBefore(user, touched.unit),
            "unit \(touched.unit) reuses memory of unit \(user), which it does not wait for")
        }
      }

      func isSameMemory(_ a: Placement.Place, _ b: Placement.Place) -> Bool {
        guard placement.isTransient(a), placement.isTransient(b) else { return false }
        return memory(of: a).slot == memory(of: b).slot && memory(of: a).bytes.overlaps(memory(of: b).bytes)
      }

      for unit in 0..<unitCosts.count {
        for step in steps[steps(of: unit)] {
          let results = operands[step.results]
          let written = results.enumerated().map { number, place in
            Touch(unit: unit, bytes: bytes(written: number, of: place, by: step))
          }
          for (position, place) in operands[step.operands].enumerated() {
            let read = Touch(unit: unit, bytes: bytes(read: position, of: place, by: step))
            for maker in makers[place] ?? [] where !sums.contains(place) && maker.meets(read) {
              precondition(
                order.isBefore(maker.unit, unit), "unit \(unit) reads a value of unit \(maker.unit) without waiting")
            }
            if let over = zip(results, written).first(where: { isSameMemory($0.0, place) }) {
              // What a result is written over counts as the result: each part reads what it writes, and no more.
              precondition(
                isWhole(step) || over.1.covers(read), "unit \(unit) reads what another part of its call may write over")
            } else {
              touch(place, read)
            }
          }
          for (place, written) in zip(results, written) {
            touch(place, written)
            makers[place, default: []].append(written)
          }
          if case .scalars(let run) = step.work { checkScalars(run, unit, graph, provenance, order, &makers) }
        }
      }
    #endif
  }

  private func memory(of place: Placement.Place) -> (slot: Int, bytes: Range<Int>) {
    let buffer = placement.buffers[place.index]
    return (buffer.slot, buffer.offset..<buffer.offset + buffer.byteCount)
  }

  /// Whether a step is all of a call.
  private func isWhole(_ step: Step) -> Bool {
    guard case .kernel(let number, let range) = step.work else { return true }
    return range.count == calls[number].extent
  }

  /// Which bytes of operand `position` of a step it reads.
  private func bytes(read position: Int, of place: Placement.Place, by step: Step) -> Range<Int>? {
    guard case .kernel(let number, let range) = step.work, place.isBuffer else { return nil }
    return calls[number].elementsRead(of: position, by: range)?.scaled(by: elementSize(at: place))
  }

  /// Which bytes of result `position` of a step it writes.
  private func bytes(written position: Int, of place: Placement.Place, by step: Step) -> Range<Int>? {
    guard case .kernel(let number, let range) = step.work, place.isBuffer else { return nil }
    return calls[number].elementsWritten(to: position, by: range)?.scaled(by: elementSize(at: place))
  }

  private func elementSize(at place: Placement.Place) -> Int {
    placement.buffers[place.index].signature.elementType.byteCount
  }

  private func checkScalars(
    _ run: ScalarRun, _ unit: Int, _ graph: IntermediateGraph, _ provenance: Provenance, _ order: UnitOrder,
    _ makers: inout [Placement.Place: [Touch]]
  ) {
    for node in provenance.nodes(of: run) {
      for input in graph.storage.inputs(of: node) {
        for maker in makers[provenance.places[input.int]] ?? []
        where !accumulators.contains(where: { $0.node == input }) {
          precondition(
            order.isBefore(maker.unit, unit), "unit \(unit) reads a scalar of unit \(maker.unit) without waiting")
        }
      }
      makers[provenance.places[node.int], default: []].append(Touch(unit: unit, bytes: nil))
    }
  }
}

extension LoopPlan {
  /// The same check of a loop's step, which one worker goes through in order: no value is read where another has been
  /// written since.
  func _checkInvariants() {
    #if DEBUG
      var occupants = Occupants()
      func bytes(_ place: Placement.Place) -> Range<Int>? {
        guard place.isBuffer, place != .none, let own = layout.buffers[place.index], case .scratch = own.region,
          own.stride == 0, own.parity == 0, own.first == nil
        else { return nil }
        return own.offset..<own.offset + plan.placement.buffers[place.index].byteCount
      }
      for step in plan.steps {
        let written = plan.operands[step.results].compactMap(bytes)
        for place in plan.operands[step.operands] {
          guard let read = bytes(place), !written.contains(where: { $0.overlaps(read) }) else { continue }
          _ = occupants.touch(place.index, read, Touch(unit: 0, bytes: nil))
        }
        for place in plan.operands[step.results] {
          if let bytes = bytes(place) { _ = occupants.touch(place.index, bytes, Touch(unit: 0, bytes: nil)) }
        }
      }
    #endif
  }
}

/// What a unit has to do with: bytes of a buffer, counted from its start; `nil` for all of them.
private struct Touch: Hashable {
  let unit: Int
  let bytes: Range<Int>?

  func meets(_ other: Touch) -> Bool {
    guard let bytes, let others = other.bytes else { return true }
    return bytes.overlaps(others)
  }

  func covers(_ other: Touch) -> Bool {
    guard let bytes, let others = other.bytes else { return bytes == nil }
    return others.isEmpty || bytes.lowerBound <= others.lowerBound && others.upperBound <= bytes.upperBound
  }
}

/// Who has what in a slot, and what was left there before.
private struct Occupants {
  private struct Occupant {
    let buffer: Int
    var bytes: Range<Int>
    /// The units that have to do with it, and those that had with what lay here before: beside each the bytes of the slot.
    var users: [Int: [Range<Int>]] = [:]
    var previous: [Int: [Range<Int>]] = [:]
  }
  private var occupants: [Occupant] = []
  private var known: Set<Int> = []

  /// Notes that a unit has to do with a buffer that lies at `bytes`; returns the units it must come after.
  mutating func touch(_ buffer: Int, _ bytes: Range<Int>, _ touch: Touch) -> [Int] {
    let touched = touch.bytes.map { $0.lowerBound + bytes.lowerBound..<$0.upperBound + bytes.lowerBound } ?? bytes
    if known.insert(buffer).inserted {
      var new = Occupant(buffer: buffer, bytes: bytes)
      occupants = occupants.flatMap { old in
        guard old.bytes.overlaps(bytes) else { return [old] }
        let shared = old.bytes.clamped(to: bytes)
        for (unit, stretches) in old.users {
          new.previous[unit, default: []] += stretches.map { $0.clamped(to: shared) }.filter { !$0.isEmpty }
        }
        return [
          old.bytes.lowerBound..<max(old.bytes.lowerBound, bytes.lowerBound),
          min(old.bytes.upperBound, bytes.upperBound)..<old.bytes.upperBound,
        ].filter { !$0.isEmpty }.map { Occupant(buffer: old.buffer, bytes: $0, users: old.users) }
      }
      occupants.append(new)
    }
    guard let place = occupants.firstIndex(where: { $0.buffer == buffer }), occupants[place].bytes == bytes else {
      preconditionFailure("unit \(touch.unit) reads a value that another was written over")
    }
    occupants[place].users[touch.unit, default: []].append(touched)
    return occupants[place].previous.filter { $0.value.contains { $0.overlaps(touched) } }.map(\.key)
  }
}

/// Which unit is an ancestor of which, as a matrix of bits.
private struct UnitOrder {
  private var bits: [UInt64]
  private let words: Int

  init(_ schedule: Schedule, count: Int) {
    words = (count + 63) / 64
    bits = [UInt64](repeating: 0, count: words * count)
    for unit in 0..<count {
      for successor in schedule.successors(of: UnitID(UInt32(unit))) {
        let to = Int(successor.index)
        for word in 0..<words { bits[to * words + word] |= bits[unit * words + word] }
        bits[to * words + unit / 64] |= 1 << UInt64(unit % 64)
      }
    }
  }

  /// Whether `first` has ended before `second` starts, or is the same.
  func isBefore(_ first: Int, _ second: Int) -> Bool {
    first == second || bits[second * words + first / 64] >> UInt64(first % 64) & 1 == 1
  }
}
