internal import Notation

/// Memory: who lies where, and when.
extension Explanation {
  /// The bytes that a session takes, by what they are for; the allocator rounds each piece up.
  struct MemoryCounts: Equatable {
    /// What is fed.
    var sources = 0
    /// Outputs, the slots of the forward pass, and the scalars that it computes or reads.
    var values = 0
    /// Gradients and next values that are read behind a run, the slots that only the backward pass takes, and the
    /// scalars that it computes.
    var gradients = 0
    /// What the program lends all its sessions: constants, those of one value once.
    var constants = 0
    /// What the parameter store lends: parameters, and room for their next values.
    var parameters = 0

    var session: Int { sources + values + gradients }
  }

  /// - Complexity: O(buffers + slots).
  var memoryCounts: MemoryCounts {
    var counts = MemoryCounts()
    counts.constants = constants.reduce(0) { $0 + $1.byteCount }
    let placement = plan.placement
    for (number, buffer) in placement.buffers.enumerated() where buffer.whole < 0 {
      switch buffer.lifetime {
      case .input: counts.sources += buffer.byteCount
      case .parameter, .next: counts.parameters += buffer.byteCount
      case .result where isOfBackward(number): counts.gradients += buffer.byteCount
      case .result, .kept: counts.values += buffer.byteCount
      case .transient, .constant: break
      }
    }
    for (number, slot) in plan.slots.enumerated() {
      if number < plan.forwardSlotCount { counts.values += slot.byteCount } else { counts.gradients += slot.byteCount }
    }
    let scalarBytes = placement.float32Slots * 4 + placement.float64Slots * 8
    counts.gradients += index.backwardScalarBytes
    counts.values += scalarBytes - index.backwardScalarBytes
    return counts
  }

  private func isOfBackward(_ buffer: Int) -> Bool {
    index.usersOfBuffer[buffer].map { $0.lowerBound >= plan.forwardUnitCount } ?? false
  }

  /// What lives longer than a run.
  var lastingMemory: ExplanationPart {
    let (placement, counts, bytes) = (plan.placement, memoryCounts, ExplanationText.bytes)
    var part = ExplanationPart(
      "memory of a session: \(bytes(counts.session)), of which sources \(bytes(counts.sources)), "
        + "values \(bytes(counts.values)), gradients \(bytes(counts.gradients)); "
        + "constants, which the program lends: \(bytes(counts.constants)); "
        + "parameters and their next values: \(bytes(counts.parameters))")
    for (type, count) in [(ElementType.float32, placement.float32Slots), (.float64, placement.float64Slots)] {
      if count > 0 { part.add("\(type)[0..<\(count)]: \(bytes(count * type.byteCount)) of scalars") }
    }
    for (number, buffer) in placement.buffers.enumerated() where buffer.lifetime != .transient {
      part.add(text(ofBuffer: number))
    }
    return part
  }

  /// `buffer 2, hidden [4, 8] float32: 128 bytes, read after the run, unit 3`.
  private func text(ofBuffer number: Int) -> String {
    let buffer = plan.placement.buffers[number]
    let memory =
      buffer.whole < 0
      ? ExplanationText.bytes(buffer.byteCount)
      : "of buffer \(buffer.whole), from byte \(buffer.start) on"
    return "buffer \(number), \(name(at: .buffer(number))) \(buffer.signature): "
      + "\(memory), \(buffer.lifetime), \(users(ofBuffer: number))"
  }

  private func users(ofBuffer number: Int) -> String {
    guard let units = index.usersOfBuffer[number] else { return "used by no unit" }
    return units.count == 1 ? "unit \(units.lowerBound)" : "units \(units)"
  }

  /// What lives within a run.
  var slots: ExplanationPart {
    let bytes = plan.slots.reduce(0) { $0 + $1.byteCount }
    var part = ExplanationPart(
      "memory of a run, which values take one after the other: \(ExplanationText.bytes(bytes)) "
        + "in \(NumberText.count(plan.slots.count, "slot"))")
    var buffers = [[Int]](repeating: [], count: plan.slots.count)
    for (number, buffer) in plan.placement.buffers.enumerated() where buffer.slot >= 0 {
      buffers[buffer.slot].append(number)
    }
    for (number, slot) in plan.slots.enumerated() {
      let pass = number < plan.forwardSlotCount ? "" : ", which only the backward pass takes"
      part.add("slot \(number), \(slot): \(ExplanationText.bytes(slot.byteCount))\(pass)")
      // In the order of construction, which is that of their calls.
      for buffer in buffers[number] { part.add("  \(text(ofOccupant: buffer))") }
    }
    return part
  }

  /// `0..<128: buffer 3, tanh#4 [4, 8] float32, units 0...2`.
  private func text(ofOccupant number: Int) -> String {
    let buffer = plan.placement.buffers[number]
    return "\(buffer.offset)..<\(buffer.offset + buffer.byteCount): buffer \(number), "
      + "\(name(at: .buffer(number))) \(buffer.signature), \(users(ofBuffer: number))"
  }
}
