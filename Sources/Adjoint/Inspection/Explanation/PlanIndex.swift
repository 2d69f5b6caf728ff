/// Who uses what in a plan: found in one walk over its steps.
struct PlanIndex {
  /// One kernel call.
  struct Call {
    /// The node of the plan whose value it makes last.
    let node: NodeID
    let operands: [Placement.Place]
    let results: [Placement.Place]
    /// The units that compute it, a part each.
    var units: Range<Int>
  }
  private(set) var calls: [Call] = []
  /// The scalar runs, and the unit of each.
  private(set) var runs: [(run: ScalarRun, unit: Int)] = []
  /// For each step that is a scalar run its number among these.
  private(set) var runOfStep: [Int: Int] = [:]
  /// For each buffer the first and the last unit that has to do with it.
  private(set) var usersOfBuffer: [ClosedRange<Int>?]
  /// The slots of the slabs that the backward pass writes, in bytes.
  private(set) var backwardScalarBytes = 0

  /// - Complexity: O(steps + operands).
  init(_ plan: ProgramPlan) {
    usersOfBuffer = [ClosedRange<Int>?](repeating: nil, count: plan.placement.buffers.count)
    for unit in plan.unitCosts.indices {
      for number in plan.steps(of: unit) { add(plan.steps[number], number, unit, plan) }
    }
  }

  private mutating func add(_ step: Step, _ number: Int, _ unit: Int, _ plan: ProgramPlan) {
    let isBackward = unit >= plan.forwardUnitCount
    switch step.work {
    case .scalars(let run):
      runOfStep[number] = runs.count
      runs.append((run, unit))
      if isBackward { backwardScalarBytes += run.slots.count * run.type.byteCount }
    case .kernel(let call, _) where call < calls.count:
      calls[call].units = calls[call].units.lowerBound..<unit + 1
    case .kernel:
      let results = Array(plan.operands[step.results])
      calls.append(
        Call(
          node: step.node, operands: Array(plan.operands[step.operands]), results: results, units: unit..<unit + 1))
      if isBackward {
        for place in results where !place.isBuffer { backwardScalarBytes += place.isDoubleSlot ? 8 : 4 }
      }
    case .contribute: break
    }
    for place in plan.operands[step.operands] + plan.operands[step.results] where place.isBuffer && place != .none {
      note(place.index, unit)
      let whole = plan.placement.whole(of: place.index)
      if whole != place.index { note(whole, unit) }
    }
  }

  private mutating func note(_ buffer: Int, _ unit: Int) {
    let users = usersOfBuffer[buffer]
    usersOfBuffer[buffer] = min(users?.lowerBound ?? unit, unit)...max(users?.upperBound ?? unit, unit)
  }
}
