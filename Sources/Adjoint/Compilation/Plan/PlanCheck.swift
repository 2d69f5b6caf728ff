internal import DependencyScheduling

/// Compares a plan with the graph it is for: who may use which memory in which kind of run, and who waits for whom.
///
/// It knows none of the ways in which the compiler comes to a plan: it follows the units in their order, notes what
/// each touches, and asks for each use of memory whether the units that had it before have ended by then, in every
/// interleaving that the edges allow. A run is a forward pass, a backward pass behind one, or a step; what holds of the
/// step's order holds of the other two, since their schedules are its parts. Between runs only what a caller reaches
/// must keep its value.
///
/// - Complexity: O(steps + operands) and, for each use of memory, O(edges between the units that it must come after).
struct PlanCheck {
  var plan: ProgramPlan
  var endpoints: Endpoints
  let graph: IntermediateGraph
  let provenance: Provenance
  /// Where the value of each node of ``graph`` lies.
  let places: [Placement.Place]
  var violations: [PlanViolation] = []
  /// More than these are not told.
  private static let most = 20  // Decisions/Limits.md

  init(
    _ plan: ProgramPlan, _ endpoints: Endpoints, _ graph: IntermediateGraph, _ provenance: Provenance,
    places: [Placement.Place]
  ) {
    (self.plan, self.endpoints, self.graph, self.provenance) = (plan, endpoints, graph, provenance)
    self.places = places
  }

  /// Every rule that the plan breaks, up to some twenty; none of a plan that may run.
  func violated() -> [PlanViolation] {
    var check = self
    check.checkSchedules()
    // The rest asks the schedule.
    if !check.violations.isEmpty { return check.violations }
    check.checkSlots()
    check.checkConstants()
    check.checkEndpoints()
    check.checkUpdates()
    var order = UnitOrder(plan.step)
    check.checkMemory(&order)
    check.checkFences(&order)
    return check.violations
  }

  mutating func note(_ rule: PlanViolation.Rule, unit: Int? = nil, _ reason: String, at node: NodeID? = nil) {
    if violations.count == Self.most { return }
    let name = node.map { provenance.name(of: $0) }
    violations.append(PlanViolation(rule, unit: unit, reason, node, named: name))
  }

  /// What is violated, with the line where the first node was made: finding that takes a second.
  func message(_ violated: [PlanViolation]) -> String {
    let line = violated.first { $0.node != nil }.map { provenance.describe($0.node!) + "\n" } ?? ""
    return line + violated.map(\.description).joined(separator: "\n")
  }

  func isForward(_ unit: Int) -> Bool { unit < plan.forwardUnitCount }

  // MARK: schedules

  /// Edges run upwards, and the two passes are the step's units in two parts, with the edges within each.
  private mutating func checkSchedules() {
    let (all, split) = (plan.unitCosts.count, plan.forwardUnitCount)
    guard plan.step.unitCount == all, plan.forward.unitCount == split, plan.backward.unitCount == all - split,
      plan.unitStarts.count == all + 1, plan.unitStarts.last == plan.steps.count, plan.unitStarts.first == 0
    else { return note(.schedule, "the passes and the step have not the same units") }
    for unit in 0..<all {
      let successors = plan.step.successors(of: UnitID(UInt32(unit))).map { Int($0.index) }
      if successors.contains(where: { $0 <= unit || $0 >= all }) || plan.unitStarts[unit] > plan.unitStarts[unit + 1] {
        note(.schedule, unit: unit, "does not come before what waits for it")
      }
      let part = unit < split ? plan.forward : plan.backward
      let start = unit < split ? 0 : split
      let within = part.successors(of: UnitID(UInt32(unit - start))).map { Int($0.index) + start }
      if Set(within) != Set(successors.filter { unit >= split || $0 < split }) {
        note(.schedule, unit: unit, "is waited for by others in its pass than in a step")
      }
    }
  }

  // MARK: memory taken

  /// The slots follow one another, and each buffer of a run lies within one.
  private mutating func checkSlots() {
    for (slot, next) in zip(plan.slots, plan.slots.dropFirst()) where slot.bytes.upperBound > next.bytes.lowerBound {
      note(.outsideOfSlot, "the slots of bytes \(slot.bytes) and \(next.bytes) overlap", at: next.node)
    }
    for buffer in plan.placement.buffers {
      let bytes = buffer.offset..<buffer.offset + buffer.byteCount
      if buffer.whole >= 0 { checkPiece(buffer) }
      if buffer.slot < 0 { continue }
      if buffer.lifetime != .transient || buffer.slot >= plan.slots.count || bytes.lowerBound < 0
        || bytes.upperBound > plan.slots[buffer.slot].byteCount
      {
        note(.outsideOfSlot, "bytes \(bytes) of slot \(buffer.slot) are not there for a buffer", at: buffer.node)
      }
    }
  }

  /// A piece lies within its buffer, and lives as long.
  private mutating func checkPiece(_ piece: Placement.BufferPlan) {
    let whole = plan.placement.buffers[piece.whole]
    if whole.whole >= 0 || whole.lifetime != piece.lifetime || whole.slot != piece.slot
      || piece.slot >= 0 && piece.offset != whole.offset + piece.start
      || piece.start < 0 || piece.start + piece.byteCount > whole.byteCount
    {
      note(.outsideOfSlot, "\(piece.byteCount) bytes from \(piece.start) on are no piece of a buffer", at: piece.node)
    }
  }

  // MARK: what lasts

  /// Constants, and nothing else, lie in the program's memory for them, each where its own elements are.
  private mutating func checkConstants() {
    let constants = plan.placement.constants
    for buffer in plan.placement.buffers where buffer.lifetime == .constant || buffer.constant >= 0 {
      guard buffer.lifetime == .constant, constants.indices.contains(buffer.constant) else {
        note(.constantMemory, "a value lies where constants do, or a constant does not", at: buffer.node)
        continue
      }
      let memory = constants[buffer.constant], type = buffer.signature.elementType
      let count = memory.values.elementCount ?? memory.elementCount
      if memory.elementType != type || memory.elementCount < buffer.signature.shape.elementCount
        || count != memory.elementCount
      {
        note(.constantMemory, "a constant lies in memory of another type or size", at: buffer.node)
      }
      // Those of a loop's body stand under the loop.
      guard let values = graph.storage.constants[buffer.node] else { continue }
      let (own, known) = (RepeatedValue(values, type), RepeatedValue(memory.values, type))
      if own != known || own == nil && values != memory.values {
        note(.constantMemory, "a constant lies where the elements of another do", at: buffer.node)
      }
    }
  }

  private func lifetime(_ place: Placement.Place) -> Placement.Lifetime? {
    place.isBuffer && place != .none ? plan.placement.buffers[place.index].lifetime : nil
  }

  /// Whether nothing but runs writes a place, and runs only to make the value that belongs there.
  private func lasts(_ endpoint: Endpoint) -> Bool {
    let place = endpoint.place
    if place == .none || place.isAwaited { return false }
    guard place.isBuffer else {
      return place.index < (place.isDoubleSlot ? plan.placement.float64Slots : plan.placement.float32Slots)
    }
    return [.result, .constant].contains(lifetime(place))
      && plan.placement.buffers[place.index].byteCount == endpoint.signature.byteCount
  }

  /// Results and gradients lie in memory that lasts, and that nobody writes between runs; sources in their own.
  private mutating func checkEndpoints() {
    let sources = endpoints.inputs + endpoints.parameters + endpoints.upstreams.compactMap { $0 }
    let placesOfSources = Set(sources.map(\.place))
    for source in sources where source.place.isBuffer {
      let wanted = source.role == .parameter ? Placement.Lifetime.parameter : .input
      if lifetime(source.place) != wanted { note(.notLasting, "a source lies in other memory than its own") }
    }
    if placesOfSources.count != sources.count { note(.notLasting, "two sources lie in one place") }
    for (node, result) in endpoints.results {
      let isParameter = endpoints.sources[node].map { $0.role == .parameter && $0.place == result.place } ?? false
      if isParameter { continue }
      if !lasts(result) || placesOfSources.contains(result.place) {
        note(.notLasting, "the result \(node) lies in memory that does not last until the next run")
      }
    }
    for (node, gradient) in endpoints.gradients where !lasts(gradient) || placesOfSources.contains(gradient.place) {
      note(.notLasting, "the gradient of \(node) lies in memory that does not last until the next run")
    }
    for guarded in endpoints.guards where !lasts(guarded) || placesOfSources.contains(guarded.place) {
      note(.notLasting, "the magnitude of \(guarded.node) lies in memory that does not last until the end of the run")
    }
  }

  /// Each new value of a parameter is of the parameter's size, and is there when the step ends: alone in the spare
  /// memory, or in memory that lasts.
  private mutating func checkUpdates() {
    let reached = Set((Array(endpoints.results.values) + Array(endpoints.gradients.values)).map(\.place))
    var spares: Set<Placement.Place> = []
    for update in plan.updates {
      let parameter = endpoints.parameters[update.parameter]
      guard update.value != .none, !update.value.isAwaited, update.value.isBuffer == parameter.place.isBuffer else {
        note(.spareMemory, "the new value of parameter \(parameter.node) lies nowhere")
        continue
      }
      guard update.value.isBuffer else { continue }
      let buffer = plan.placement.buffers[update.value.index]
      if buffer.byteCount != plan.placement.buffers[parameter.place.index].byteCount {
        note(.spareMemory, "a parameter and its new value have other sizes", at: buffer.node)
      }
      if update.isComputedInPlace {
        if buffer.lifetime != .next || reached.contains(update.value) || !spares.insert(update.value).inserted {
          note(.spareMemory, "what lies in spare memory is not the new value alone", at: buffer.node)
        }
      } else if buffer.lifetime == .next || buffer.lifetime == .transient {
        note(.spareMemory, "a new value that is copied lies in memory that does not last", at: buffer.node)
      }
    }
    for (index, buffer) in plan.placement.buffers.enumerated()
    where buffer.lifetime == .next && !spares.contains(.buffer(index)) {
      note(.spareMemory, "what lies in spare memory is no parameter's new value", at: buffer.node)
    }
    let lent = plan.operands.indices.filter {
      lifetime(plan.operands[$0]) == .parameter || lifetime(plan.operands[$0]) == .next
    }
    if lent != plan.lentOperands { note(.lentOperands, "operands in the store's memory are not all known as such") }
  }
}
