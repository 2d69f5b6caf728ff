public import DependencyScheduling

/// Gradients are told of while the run that computes them still goes on: to send one to another machine, or to add up
/// norms, beside the work that is left.
extension Session {
  /// As ``backward(cancellation:)``, and calls `body` with each gradient of the program once, when the last contribution to
  /// it has been added.
  ///
  /// ```swift
  /// try session.backward { gradient in
  ///   try gradient.withValues(as: Float.self) { send($0, as: gradient.variable.name) }
  /// }
  /// ```
  /// `body` is called by whichever worker has completed the gradient, several at a time, in an order that may differ from
  /// run to run; what it takes, the run takes longer. It cannot use the session, which is running. Of a run that fails or
  /// is cancelled some gradients may have been told.
  ///
  /// - Throws: as ``backward(cancellation:)``; what `body` throws, which ends the run.
  /// - Complexity: O(steps) the first time, then O(gradients) beside the run.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func backward(
    cancellation: CancellationToken? = nil, whenReady body: @Sendable (ReadyGradient) throws -> Void
  ) throws {
    try run(.backward, cancellation, whenReady: body)
  }

  /// As ``step(cancellation:)``, and calls `body` with each gradient once, as ``backward(cancellation:whenReady:)`` does.
  /// Updates of parameters are put in place when all is done.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func step(
    cancellation: CancellationToken? = nil, whenReady body: @Sendable (ReadyGradient) throws -> Void
  ) throws {
    try run(.step, cancellation, whenReady: body)
  }

  /// As ``backward(cancellation:whenReady:)``, without blocking the thread; cancelling the task cancels the run.
  ///
  /// - Parameter body: called in the executor's seats, by several workers at a time.
  /// - Throws: as ``backward(cancellation:)``; what `body` throws, which ends the run.
  public func backward(whenReady body: @escaping @Sendable (ReadyGradient) throws -> Void) async throws {
    try await run(.backward, whenReady: body)
  }

  /// As ``step(cancellation:whenReady:)``, without blocking the thread; cancelling the task cancels the run.
  ///
  /// - Parameter body: called in the executor's seats, by several workers at a time.
  /// - Throws: as ``step(cancellation:)``; what `body` throws, which ends the run.
  public func step(whenReady body: @escaping @Sendable (ReadyGradient) throws -> Void) async throws {
    try await run(.step, whenReady: body)
  }

  private func run(
    _ pass: Pass, _ cancellation: CancellationToken?, whenReady body: @Sendable (ReadyGradient) throws -> Void
  ) throws {
    try perform(pass) {
      let telling = try telling(of: pass, body)
      try executor.run(schedule(of: pass), cancellation: cancellation) { unit in try telling.run(unit, body) }
    }
  }

  private func run(
    _ pass: Pass, whenReady body: @escaping @Sendable (ReadyGradient) throws -> Void
  ) async throws {
    try await perform(pass, awaiting: { try await runTelling(pass, whenReady: body) })
  }

  /// Runs a pass that has begun, and calls `body` with each gradient.
  func runTelling(
    _ pass: Pass, whenReady body: @escaping @Sendable (ReadyGradient) throws -> Void
  ) async throws {
    let telling = try telling(of: pass, body)
    try await executor.run(schedule(of: pass)) { unit in try telling.run(unit, body) }
  }

  /// What a run of `pass` tells, once what no unit writes has been told.
  private func telling(of pass: Pass, _ body: (ReadyGradient) throws -> Void) throws -> Telling {
    let firstUnit = firstUnit(of: pass)
    let writers = gradientWriters.withLock { known in
      if let known = known[pass] { return known }
      let writers = GradientWriters(program, firstUnit..<program.plan.unitCosts.count)
      known[pass] = writers
      return writers
    }
    let telling = Telling(session: self, writers: writers, left: Countdowns(writers.counts), firstUnit: firstUnit)
    for gradient in writers.gradients.indices where writers.counts[gradient] == 0 { try telling.tell(gradient, body) }
    return telling
  }

  private func firstUnit(of pass: Pass) -> Int { pass == .backward ? program.plan.forwardUnitCount : 0 }
}

/// What one run has still to tell: whoever writes the last part of a gradient tells it.
private struct Telling: Sendable {
  let session: Session
  let writers: GradientWriters
  let left: Countdowns
  /// The plan's number of the schedule's first unit.
  let firstUnit: Int

  func run(_ unit: UnitID, _ body: (ReadyGradient) throws -> Void) throws {
    let unit = firstUnit + Int(unit.index)
    try session.runner.run(unit: unit)
    for gradient in writers.written[unit] ?? [] where left.isLast(gradient) { try tell(gradient, body) }
  }

  func tell(_ gradient: Int, _ body: (ReadyGradient) throws -> Void) throws {
    try body(ReadyGradient(session: session, number: gradient, endpoint: writers.gradients[gradient]))
  }
}

/// A gradient that is complete while its run goes on; it is there until the closure that it is given to returns.
public struct ReadyGradient: Sendable {
  let session: Session
  /// Among the program's gradients, by ascending variables.
  let number: Int
  let endpoint: Endpoint

  /// The variable that it is the gradient of, whose shape it has.
  public var variable: Node { Node(graph: session.program.graph, id: endpoint.node) }

  /// Calls `body` with the elements in place, row-major.
  ///
  /// - Throws: ``SessionError/wrongValues(_:)`` if they are of another type; what `body` throws.
  public func withValues<T: GraphScalar, R>(as type: T.Type, _ body: (Span<T>) throws -> R) throws -> R {
    try session.withGradientWithinRun(endpoint, type, body)
  }
}

/// Which units of a pass write which gradients, in as many parts or contributions as there are.
struct GradientWriters: Sendable {
  /// Ascending by their variables.
  let gradients: [Endpoint]
  /// By the units that write any, the numbers of those they write.
  private(set) var written: [Int: [Int]] = [:]
  /// How many units write each; 0 for one that is no result of the pass.
  private(set) var counts: [Int]

  /// - Complexity: O(steps + gradients · log gradients).
  init(_ program: Program, _ units: Range<Int>) {
    gradients = program.endpoints.gradients.values.sorted { $0.node < $1.node }
    counts = [Int](repeating: 0, count: gradients.count)
    var numbers: [Placement.Place: [Int]] = [:]
    for (number, gradient) in gradients.enumerated() { numbers[gradient.place, default: []].append(number) }
    let slots = numbers.keys.filter { !$0.isBuffer }.sorted { $0.index < $1.index }
    for unit in units {
      for step in program.plan.steps(of: unit) {
        let step = program.plan.steps[step]
        if case .scalars(let run) = step.work {
          for slot in slots.within(run.slots) where slot.isDoubleSlot == run.type.isDouble {
            note(numbers[slot]!, unit)
          }
        } else {
          for place in program.plan.operands[step.results] { note(numbers[place] ?? [], unit) }
        }
      }
    }
  }

  private mutating func note(_ gradients: [Int], _ unit: Int) {
    for gradient in gradients where written[unit]?.contains(gradient) != true {
      written[unit, default: []].append(gradient)
      counts[gradient] += 1
    }
  }
}

extension [Placement.Place] {
  /// Those of ascending slots that are in a range.
  ///
  /// - Complexity: O(log n + found).
  fileprivate func within(_ slots: Range<Int>) -> ArraySlice<Placement.Place> {
    let first = partitioningIndex { $0.index >= slots.lowerBound }
    return self[first...].prefix { $0.index < slots.upperBound }
  }
}
