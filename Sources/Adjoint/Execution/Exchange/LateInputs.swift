internal import DependencyScheduling

/// Inputs of a program that are written while its step already runs: units that read one wait until it has arrived, all
/// others begin at once. So the update of one parameter does not wait for the gradient of another.
///
/// The step's schedule is that of the program with a unit in front for each input, its arrival, which suspends.
package struct LateInputs: Sendable {
  /// The inputs, by number.
  package let inputs: [Node]
  /// Arrivals, then the units of the program's step.
  let schedule: Schedule

  /// - Parameter inputs: inputs of the program's graph, each once; nothing waits for one that it does not read.
  /// - Complexity: O(steps + edges).
  package init(_ inputs: [Node], of program: Program) {
    self.inputs = inputs
    var numbers: [Placement.Place: [UInt32]] = [:], singles: [UInt32] = []
    for (number, input) in inputs.enumerated() {
      guard let endpoint = program.endpoints.endpoint(of: input.id, .source) else { continue }
      if endpoint.place.isBuffer {
        numbers[Self.whole(of: endpoint.place, in: program.plan), default: []].append(UInt32(number))
      } else {
        singles.append(UInt32(number))
      }
    }
    let plan = program.plan, count = UInt32(inputs.count)
    var edges: [(UInt32, UInt32)] = []
    for unit in 0..<plan.unitCosts.count {
      var awaited: Set<UInt32> = []
      for step in plan.steps(of: unit).map({ plan.steps[$0] }) {
        // Code for scalars reads cells that only it knows: it waits for all single numbers.
        if case .scalars = step.work { awaited.formUnion(singles) }
        for place in plan.operands[step.operands] {
          awaited.formUnion(place.isBuffer ? numbers[Self.whole(of: place, in: plan)] ?? [] : singles)
        }
      }
      edges += awaited.sorted().map { ($0, count + UInt32(unit)) }
    }
    for unit in 0..<UInt32(plan.step.unitCount) {
      edges += plan.step.successors(of: UnitID(unit)).map { (count + unit, count + $0.index) }
    }
    // Arrivals come first, and the units of a program ascend: there is no cycle.
    schedule = try! Schedule(
      unitCount: inputs.count + plan.step.unitCount, dependencies: edges,
      costs: [Float](repeating: 0, count: inputs.count) + plan.unitCosts)
  }

  /// The buffer of which a place is a piece, or itself.
  private static func whole(of place: Placement.Place, in plan: ProgramPlan) -> Placement.Place {
    let whole = plan.placement.buffers[place.index].whole
    return whole < 0 ? place : .buffer(whole)
  }
}

/// The arrivals of one step; see ``LateInputs``.
package final class Arrivals: Sendable {
  private enum State: Sendable {
    case expected
    case awaited(UnitCompletion)
    case arrived
    case failed(any Error)
  }
  private let states: Locked<[State]>

  package init(_ late: LateInputs) { states = Locked(late.inputs.map { _ in .expected }) }

  /// The input of a number has been written: what reads it may run, and sees what this thread has written.
  package func arrive(_ number: Int) {
    let completion = states.withLock { states -> UnitCompletion? in
      defer { states[number] = .arrived }
      if case .awaited(let completion) = states[number] { return completion }
      return nil
    }
    completion?.finish()
  }

  /// Whether all inputs have arrived.
  ///
  /// - Throws: the reason if one never will.
  package var areAllThere: Bool {
    get throws {
      try states.withLock { states in
        try states.allSatisfy { state in
          if case .failed(let error) = state { throw error }
          if case .arrived = state { return true }
          return false
        }
      }
    }
  }

  /// No input comes any more: those that wait for one fail.
  package func fail(_ error: any Error) {
    let waiting = states.withLock { states -> [UnitCompletion] in
      defer { states = states.map { _ in .failed(error) } }
      return states.compactMap { if case .awaited(let completion) = $0 { completion } else { nil } }
    }
    for completion in waiting { completion.fail(error) }
  }

  /// Suspends the unit that waits for an input, unless it is there: then it sees what was written, for both have held
  /// the lock.
  fileprivate func await(_ number: Int, _ context: inout UnitContext) throws {
    try states.withLock { states in
      switch states[number] {
      case .arrived: break
      case .failed(let error): throw error
      case .expected, .awaited: states[number] = .awaited(context.suspend())
      }
    }
  }
}

extension Session {
  /// As ``step()``, but its inputs in `late` are written while it runs; each counts as fed.
  ///
  /// - Parameter arrivals: of this step alone.
  /// - Throws: as ``step()``; `CancellationError` where the task is cancelled while an input is missing.
  package func step(awaiting late: LateInputs, _ arrivals: Arrivals) async throws {
    progress.withLock { $0.written.formUnion(late.inputs.map(\.id)) }
    let (runner, count) = (runner, late.inputs.count)
    let body = UnitBody(suspending: { unit, context in
      let unit = Int(unit.index)
      if unit < count { return try arrivals.await(unit, &context) }
      try runner.run(unit: unit - count)
    })
    try await perform(.step, awaiting: { try await executor.run(late.schedule, body) })
  }

  /// Where the elements of an input lie, to be written while nothing reads them: before a step, or as a late input of
  /// one. The memory is the session's for as long as it lives.
  ///
  /// - Returns: `nil` for an input that the program does not read.
  /// - Throws: ``SessionError/memoryLimit(node:requested:inUse:limit:)``.
  package func memory(ofInput node: Node) throws -> UnsafeMutableRawPointer? {
    try claimAlone()
    defer { release() }
    try workspace.makeValuesReady()
    return program.endpoints.endpoint(of: node.id, .source).flatMap { workspace.address($0.place) }
  }
}
