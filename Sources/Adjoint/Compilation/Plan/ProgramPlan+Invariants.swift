extension Compiled {
  /// The check of the last pass's output in debug builds. A program of many more units than tests have goes without,
  /// since compiling it would take a multiple of the time; see ``PlanCheck/violated()``, which has no limit.
  func _checkInvariants() {
    #if DEBUG
      // Decisions/Limits.md
      if plan.unitCosts.count > 1 << 13 || plan.steps.count > 1 << 15 || nodeCount > 1 << 16 { return }
      let check = check
      let violated = check.violated()
      precondition(violated.isEmpty, check.message(violated))
      let (taken, alive) = (plan.sessionBytes, plan.livenessBytes)
      precondition(alive <= taken, "a session of \(taken) bytes holds \(alive) at once")
    #endif
  }
}

extension LoopPlan {
  /// The same check of a loop's step, which one worker goes through in order: no value is read where another has been
  /// written since.
  func _checkInvariants() {
    #if DEBUG
      var occupants = Occupants()
      func touch(_ place: Placement.Place, _ bytes: Range<Int>) {
        let users = occupants.touch(place.index, bytes, Touch(unit: 0, bytes: nil))
        precondition(users != nil, "a step of a loop reads a value that another was written over")
      }
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
          touch(place, read)
        }
        for place in plan.operands[step.results] {
          if let bytes = bytes(place) { touch(place, bytes) }
        }
      }
    #endif
  }
}
