extension Program {
  /// What liveness analysis predicts for a step: the bytes that a session would take if each value had memory from the
  /// step that writes it to the last one that reads it, in the order of the plan, and no longer, in pieces of any size.
  ///
  /// A result that is written over an operand counts as that operand. ``sessionBytes`` exceeds it by what the allocator
  /// rounds up, and by the gaps between values that do not fit together: memory goes to the next value only once whoever
  /// reads the last one has ended, at any width.
  ///
  /// - Complexity: O(operands of all steps).
  public var livenessBytes: Int {
    struct Memory: Hashable { let slot, offset: Int }
    let placement = plan.placement
    var first = [Int](repeating: .max, count: placement.buffers.count)
    var last = [Int](repeating: -1, count: placement.buffers.count)
    var occupants: [Memory: Int] = [:]
    func touch(_ place: Placement.Place, at step: Int) {
      guard placement.isTransient(place) else { return }
      let buffer = placement.whole(of: place.index)
      first[buffer] = min(first[buffer], step)
      last[buffer] = max(last[buffer], step)
    }
    for (number, step) in plan.steps.enumerated() {
      for place in plan.operands[step.operands] { touch(place, at: number) }
      for place in plan.operands[step.results] {
        let isNew = placement.isTransient(place) && first[placement.whole(of: place.index)] == .max
        touch(place, at: number)
        guard isNew else { continue }
        let whole = placement.whole(of: place.index)
        let buffer = placement.buffers[whole]
        if let overwritten = occupants.updateValue(
          whole, forKey: Memory(slot: buffer.slot, offset: buffer.offset)),
          last[overwritten] == number
        {
          last[overwritten] = number - 1
        }
      }
    }
    var changes = [Int](repeating: 0, count: plan.steps.count + 1)
    for buffer in placement.buffers.indices where last[buffer] >= first[buffer] {
      changes[first[buffer]] += placement.buffers[buffer].byteCount
      changes[last[buffer] + 1] -= placement.buffers[buffer].byteCount
    }
    var live = 0, most = 0
    for change in changes {
      live += change
      most = max(most, live)
    }
    return most + lastingByteCounts.reduce(0, +)
  }
}
