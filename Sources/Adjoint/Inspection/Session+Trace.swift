public import DependencyScheduling
internal import Threads

extension Session {
  /// Which pass ``trace(_:cancellation:)`` runs.
  public enum TracedPass: String, Hashable, Sendable { case forward, backward, step }

  /// Runs a pass and tells what happened: which worker ran what and when, and which chain of gates kept it from ending
  /// sooner.
  ///
  /// ```swift
  /// let trace = try session.trace(.step)
  /// print(trace.summary)
  /// try trace.perfettoJSON.write(toFile: path, atomically: true, encoding: .utf8)
  /// ```
  /// Slices are named after nodes, and those of the backward pass after the forward nodes whose gradients they belong
  /// to; the kind of a slice is its gate, or the gates that were fused or put into one run of scalars. The first run
  /// of a program is not like later ones: trace the second or third.
  ///
  /// - Throws: what ``step(cancellation:)`` throws; a run that fails leaves no trace.
  /// - Complexity: O(nodes) beside the run; two looks at the clock a unit and one a gate are added to it.
  ///
  /// - Parameters:
  ///   - pass: what is run.
  ///   - cancellation: looked at between two units.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func trace(_ pass: TracedPass = .step, cancellation: CancellationToken? = nil) throws -> RunTrace {
    try perform(pass.pass) {
      let run = TracedRun(self, pass.pass)
      return try executor.trace(
        schedule(of: pass.pass), name: pass.rawValue, options: RunOptions(cancellation: cancellation),
        parts: { unit, _ in run.parts(of: unit) }, { unit in try run.run(unit) })
    }
  }

  /// As ``trace(_:cancellation:)``, without blocking the thread: the run's worker 0 sits in a seat of the executor.
  /// Cancelling the task cancels the run.
  ///
  /// - Parameter pass: what is run.
  /// - Throws: what ``step(cancellation:)`` throws; a run that fails leaves no trace.
  public func trace(_ pass: TracedPass = .step) async throws -> RunTrace {
    try await perform(
      pass.pass,
      awaiting: {
        let run = TracedRun(self, pass.pass)
        return try await executor.trace(
          schedule(of: pass.pass), name: pass.rawValue, options: RunOptions(),
          parts: { unit, _ in run.parts(of: unit) }, { unit in try run.run(unit) })
      })
  }
}

extension Session.TracedPass {
  fileprivate var pass: Session.Pass {
    switch self {
    case .forward: .forward
    case .backward: .backward
    case .step: .step
    }
  }
}

/// A run that looks at the clock before and after each step.
private struct TracedRun: Sendable {
  private let times: StepTimes
  private let names: TraceNames
  private let runner: UnitRunner
  private let plan: ProgramPlan
  /// The plan's number of the schedule's first unit.
  private let firstUnit: Int

  init(_ session: Session, _ pass: Session.Pass) {
    (runner, plan) = (session.runner, session.program.plan)
    times = StepTimes(stepCount: plan.steps.count)
    names = TraceNames(session.program)
    firstUnit = pass == .backward ? plan.forwardUnitCount : 0
  }

  func run(_ unit: UnitID) throws {
    for step in plan.steps(of: firstUnit + Int(unit.index)) {
      let start = MonotonicClock.now
      try runner.run(plan.steps[step])
      times[step] = MonotonicClock.now - start
    }
  }

  func parts(of unit: UnitID) -> [RunTrace.Part] {
    plan.steps(of: firstUnit + Int(unit.index)).map { step in
      RunTrace.Part(name: names.name(of: step), kind: names.kind(of: step), nanoseconds: times[step])
    }
  }
}

/// What each step of a run took. A step is run by one worker; who reads does so after the run.
private final class StepTimes: @unchecked Sendable {  // because of the above
  private let times: UnsafeMutablePointer<Int64>

  init(stepCount: Int) {
    times = .allocate(capacity: stepCount)
    times.initialize(repeating: 0, count: stepCount)
  }

  deinit { times.deallocate() }

  subscript(step: Int) -> Int64 {
    get { times[step] }
    set { times[step] = newValue }
  }
}

/// What the steps of a program are called in its traces.
private struct TraceNames: Sendable {
  let plan: ProgramPlan
  let provenance: Provenance
  /// How many steps each divided call has.
  private var partCounts: [Int: Int] = [:]

  init(_ program: Program) {
    plan = program.plan
    provenance = program.provenance
    for step in plan.steps {
      if case .kernel(let call, _) = step.work { partCounts[call, default: 0] += 1 }
    }
  }

  func name(of step: Int) -> String {
    let names = provenance.names
    let origin = provenance.origins[plan.steps[step].node.int]
    var name = names.name(of: origin)
    if let forward = names.forwardNode(of: origin) { name = "\(name), backward of \(names.name(of: forward))" }
    switch plan.steps[step].work {
    case .scalars(let run) where run.slots.count == 1: return name
    case .scalars(let run): return "\(run.slots.count) scalar gates from \(name)"
    case .contribute: return "contribution to \(name)"
    case .kernel(let call, let range):
      guard let count = partCounts[call], count > 1 else { return name }
      return "\(name), \(range.lowerBound)..<\(range.upperBound) of \(plan.calls[call].extent)"
    }
  }

  func kind(of step: Int) -> String {
    switch plan.steps[step].work {
    case .scalars(let run):
      return "scalar " + Self.joined(provenance.nodes(of: run).map { provenance.gateName(of: $0) })
    case .contribute: return "contribute"
    case .kernel(let call, _):
      guard let nodes = plan.chainNodes[call] else { return provenance.gateName(of: plan.steps[step].node) }
      return Self.joined(nodes.map { provenance.gateName(of: $0) })
    }
  }

  /// Each of them once, the first few by name.
  private static func joined(_ gates: [String]) -> String {
    var seen: Set<String> = []
    let distinct = gates.filter { seen.insert($0).inserted }
    return distinct.prefix(4).joined(separator: "+") + (distinct.count > 4 ? "+…" : "")
  }
}
