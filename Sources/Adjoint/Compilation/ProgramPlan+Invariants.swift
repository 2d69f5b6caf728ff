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
      /// For each place the units that write it.
      var makers: [Placement.Place: Set<Int>] = [:]
      var occupants = [Occupants](repeating: Occupants(), count: slots.count)

      func touch(_ place: Placement.Place, by unit: Int) {
        guard placement.isTransient(place) else { return }
        let (slot, bytes) = memory(of: place)
        precondition(bytes.upperBound <= slots[slot].byteCount, "a buffer lies within its slot")
        for user in occupants[slot].touch(place.index, bytes, by: unit) {
          precondition(
            order.isBefore(user, unit), "unit \(unit) reuses memory of unit \(user), which it does not wait for")
        }
      }

      func isSameMemory(_ a: Placement.Place, _ b: Placement.Place) -> Bool {
        guard placement.isTransient(a), placement.isTransient(b) else { return false }
        return memory(of: a).slot == memory(of: b).slot && memory(of: a).bytes.overlaps(memory(of: b).bytes)
      }

      for unit in 0..<unitCosts.count {
        for step in steps[steps(of: unit)] {
          for place in operands[step.operands] {
            for maker in makers[place] ?? [] where !sums.contains(place) {
              precondition(order.isBefore(maker, unit), "unit \(unit) reads a value of unit \(maker) without waiting")
            }
            // What a result is written over counts as the result: all parts of it read and write at once.
            if !operands[step.results].contains(where: { isSameMemory($0, place) }) { touch(place, by: unit) }
          }
          for place in operands[step.results] {
            touch(place, by: unit)
            makers[place, default: []].insert(unit)
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

  private func checkScalars(
    _ run: ScalarRun, _ unit: Int, _ graph: IntermediateGraph, _ provenance: Provenance, _ order: UnitOrder,
    _ makers: inout [Placement.Place: Set<Int>]
  ) {
    for node in provenance.nodes(of: run) {
      for input in graph.storage.inputs(of: node) {
        for maker in makers[provenance.places[input.int]] ?? []
        where !accumulators.contains(where: { $0.node == input }) {
          precondition(order.isBefore(maker, unit), "unit \(unit) reads a scalar of unit \(maker) without waiting")
        }
      }
      makers[provenance.places[node.int], default: []].insert(unit)
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
          _ = occupants.touch(place.index, read, by: 0)
        }
        for place in plan.operands[step.results] {
          if let bytes = bytes(place) { _ = occupants.touch(place.index, bytes, by: 0) }
        }
      }
    #endif
  }
}

/// Who has what in a slot, and what was left there before.
private struct Occupants {
  private struct Occupant {
    let buffer: Int
    var bytes: Range<Int>
    var units: Set<Int> = []
    /// The units that had to do with what lay here before.
    var previous: Set<Int> = []
  }
  private var occupants: [Occupant] = []
  private var known: Set<Int> = []

  /// Notes that `unit` has to do with a buffer that lies at `bytes`; returns the units it must come after.
  mutating func touch(_ buffer: Int, _ bytes: Range<Int>, by unit: Int) -> Set<Int> {
    if !known.insert(buffer).inserted {
      guard let place = occupants.firstIndex(where: { $0.buffer == buffer }), occupants[place].bytes == bytes else {
        preconditionFailure("unit \(unit) reads a value that another was written over")
      }
      occupants[place].units.insert(unit)
      return occupants[place].previous
    }
    var new = Occupant(buffer: buffer, bytes: bytes, units: [unit])
    occupants = occupants.flatMap { old in
      guard old.bytes.overlaps(bytes) else { return [old] }
      new.previous.formUnion(old.units)
      return [
        old.bytes.lowerBound..<max(old.bytes.lowerBound, bytes.lowerBound),
        min(old.bytes.upperBound, bytes.upperBound)..<old.bytes.upperBound,
      ].filter { !$0.isEmpty }.map { Occupant(buffer: old.buffer, bytes: $0, units: old.units) }
    }
    occupants.append(new)
    return new.previous
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
