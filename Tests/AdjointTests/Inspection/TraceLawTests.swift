import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

/// A trace is held against the plan of the program that was traced, for each kind of unit and each pass.
@Suite(.timeLimit(.minutes(20))) struct TraceLawTests {
  private func passes(of session: Session) -> [(traced: Session.TracedPass, units: Range<Int>, schedule: Schedule)] {
    let plan = session.program.plan
    let all = plan.unitCosts.count
    return [
      (.forward, 0..<plan.forwardUnitCount, plan.forward), (.backward, plan.forwardUnitCount..<all, plan.backward),
      (.step, 0..<all, plan.step),
    ]
  }

  @Test(arguments: InspectedKind.allCases, [1, 3])
  func `a trace has every step of every unit, in order, within its unit and its worker's stay`(
    kind: InspectedKind, width: Int
  ) throws {
    let session = try kind.session(on: GraphExecutor(width: width, sharing: .always))
    let plan = session.program.plan
    try session.step()
    var dividedCount = 0
    for (pass, units, schedule) in passes(of: session) {
      // Only a pass that has something to run backward is run backward.
      if pass == .backward { try session.forward() }
      let trace = try session.trace(pass)
      #expect(trace.name == pass.rawValue)
      try #require(trace.units.map(\.id.index) == units.indices.map { UInt32($0 - units.lowerBound) })
      var ranges: [Int: [Range<Int>]] = [:]
      for (unit, number) in zip(trace.units, units) {
        let steps = plan.steps(of: number)
        #expect(unit.parts.count == steps.count, "unit \(number)")
        #expect(0 <= unit.start && unit.start <= unit.end && unit.end <= trace.nanoseconds)
        #expect(unit.parts.allSatisfy { $0.nanoseconds >= 0 })
        #expect(unit.parts.reduce(0) { $0 + $1.nanoseconds } <= unit.nanoseconds)
        #expect((0..<width).contains(unit.worker))
        #expect(trace.stays.contains { $0.worker == unit.worker && $0.start <= unit.start && unit.end <= $0.end })
        for successor in schedule.successors(of: unit.id) {
          #expect(unit.end <= trace.units[Int(successor.index)].start)
        }
        for (step, part) in zip(steps, unit.parts) {
          expectName(of: plan.steps[step], in: session.program, part)
          #expect(part.name == name(of: plan.steps[step], in: session.program))
          if case .kernel(let call, let range) = plan.steps[step].work, partCount(of: call, in: plan) > 1 {
            ranges[call, default: []].append(range)
          }
        }
      }
      dividedCount += ranges.count
      for (call, parts) in ranges {
        let ranges = parts.sorted { $0.lowerBound < $1.lowerBound }
        #expect(
          ranges.first?.lowerBound == 0 && ranges.last?.upperBound == plan.calls[call].extent, "\(call): \(ranges)")
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound }, "\(call): \(ranges)")
      }
      let parts = trace.units.flatMap(\.parts)
      #expect(trace.timeByKind.reduce(0) { $0 + $1.count } == parts.count)
      #expect(parts.reduce(0) { $0 + $1.nanoseconds } > 0)
    }
    if kind == .parts { #expect(dividedCount > 0) }
  }

  /// The step's gates, in the order of the chain or of the run, each once and the first four by name.
  private func expectName(of step: Step, in program: Program, _ part: RunTrace.Part) {
    let provenance = program.provenance
    let gates: [String]
    switch step.work {
    case .contribute:
      #expect(part.kind == "contribute" && part.name.hasPrefix("contribution to "))
      return
    case .scalars(let run):
      gates = provenance.nodes(of: run).map { provenance.gateName(of: $0) }
      #expect(part.name.hasPrefix("\(run.slots.count) scalar gates from ") == (run.slots.count > 1))
    case .kernel(let call, _):
      gates = (program.plan.chainNodes[call] ?? [step.node]).map { provenance.gateName(of: $0) }
    }
    var distinct: [String] = []
    for gate in gates where !distinct.contains(gate) { distinct.append(gate) }
    var kind = distinct.prefix(4).joined(separator: "+") + (distinct.count > 4 ? "+…" : "")
    if case .scalars = step.work { kind = "scalar " + kind }
    #expect(part.kind == kind)
  }

  private func partCount(of call: Int, in plan: ProgramPlan) -> Int {
    plan.steps.count { step in
      if case .kernel(call, _) = step.work { true } else { false }
    }
  }

  /// The node, and in the backward pass the forward node whose gradient it belongs to; how many gates a run of scalars
  /// has, and which part of a divided call it is.
  private func name(of step: Step, in program: Program) -> String {
    let state = program.provenance.names
    let origin = program.provenance.origins[step.node.int]
    var name = state.name(of: origin)
    if let forward = state.forwardNode(of: origin) { name += ", backward of \(state.name(of: forward))" }
    switch step.work {
    case .contribute: return "contribution to \(name)"
    case .scalars(let run): return run.slots.count == 1 ? name : "\(run.slots.count) scalar gates from \(name)"
    case .kernel(let call, let range):
      let plan = program.plan
      if partCount(of: call, in: plan) == 1 { return name }
      return "\(name), \(range.lowerBound)..<\(range.upperBound) of \(plan.calls[call].extent)"
    }
  }

  @Test(arguments: InspectedKind.allCases) func `a traced pass leaves what any other leaves`(kind: InspectedKind) throws
  {
    let traced = try kind.session(on: GraphExecutor(width: 2)), plain = try kind.session(on: GraphExecutor(width: 1))
    let endpoints = plain.program.endpoints
    func bits(_ session: Session) throws -> [ReferenceTensor] {
      let graph = session.program.graph
      func nodes(_ ids: some Sequence<NodeID>) -> [Node] { ids.sorted().map { Node(graph: graph, id: $0) } }
      return try nodes(endpoints.results.keys).map { try session.referenceValue(of: $0) }
        + nodes(endpoints.gradients.keys).map { try session.referenceGradient(of: $0) }
        + nodes(endpoints.parameters.map(\.node)).map { try session.referenceValue(of: $0) }
    }
    for _ in 0..<2 {
      try plain.step()
      _ = try traced.trace(.step)
      let isExact = kind != .arrival
      for (one, other) in zip(try bits(traced), try bits(plain)) {
        #expect(isExact ? one.isIdentical(to: other) : one.shape == other.shape)
      }
    }
    if kind == .updates { return }
    _ = try traced.trace(.forward)
    #expect(throws: Never.self) { try traced.backward() }
    #expect(throws: SessionError.self) { try traced.trace(.backward) }
    try traced.forward()
    _ = try traced.trace(.backward)
    #expect(throws: SessionError.self) { try traced.backward() }  // the forward pass has been used
    #expect(try bits(traced).count == bits(plain).count)
  }
}
