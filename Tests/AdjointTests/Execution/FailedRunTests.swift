import DependencyScheduling
import Dispatch
import Testing

@testable import Adjoint

/// A table: every form of a run × every way in which it can fail × what the session had done before, and for each cell
/// all that must be as before, all that must be gone, and that the next runs have the right bits.
@Suite(.timeLimit(.minutes(20))) struct FailedRunTests {
  // MARK: rows

  /// How a run is asked for.
  enum Form: String, CaseIterable { case plain, asynchronous, telling, traced, looking }

  /// What makes it fail.
  enum Failure: String, CaseIterable {
    case cancelledBefore, deadlinePassed, cancelledWithin
    case gateForward, gateBackward, gateUpdate
    case executorRefuses, executorFailsLate
    case closureThrows, notANumber
    case storeIsWritten, storeIsTrained, sessionIsRead
    case inputIsMissing

    /// Whether the call is refused before anything runs.
    var isRefusal: Bool {
      switch self {
      case .storeIsWritten, .storeIsTrained, .sessionIsRead, .inputIsMissing: true
      default: false
      }
    }

    /// Whether a pass in a form can fail like this.
    func isPossible(_ form: Form, _ pass: Session.Pass, updates: Bool) -> Bool {
      if form == .telling && pass == .forward || form == .looking && pass != .step { return false }
      switch self {
      case .cancelledBefore: return form != .looking
      case .deadlinePassed: return form != .looking && form != .asynchronous
      case .cancelledWithin: return form != .looking
      case .gateForward: return pass != .backward
      case .gateBackward: return pass != .forward
      case .gateUpdate: return pass != .forward && updates
      case .executorRefuses, .executorFailsLate: return form != .looking
      case .closureThrows: return form == .telling
      case .notANumber: return form == .looking
      case .sessionIsRead: return form != .asynchronous
      case .storeIsWritten: return form != .asynchronous && form != .looking && pass != .forward && updates
      case .storeIsTrained: return form != .looking && pass != .forward && updates
      case .inputIsMissing: return pass != .backward
      }
    }
  }

  /// What the session has done before.
  enum Before: String, CaseIterable { case fed, forward, backward, step }

  struct Own: Error {}

  // MARK: running a cell

  /// Makes one run in a form, failing as told.
  private func fail(_ model: Model, _ pass: Session.Pass, _ form: Form, _ failure: Failure) async throws {
    let token = failure == .deadlinePassed ? CancellationToken(deadline: .now) : CancellationToken()
    switch failure {
    case .cancelledBefore: token.cancel()
    case .cancelledWithin:
      // The first unit of the pass that can be tripped over; others come after it.
      model.trips.set(pass == .backward ? .backward : .forward) { token.cancel() }
    case .gateForward: model.trips.set(.forward) { throw Own() }
    case .gateBackward: model.trips.set(.backward) { throw Own() }
    case .gateUpdate: model.trips.set(.update) { throw Own() }
    case .executorRefuses: model.executor.failure.withLock { $0 = .before }
    case .executorFailsLate: model.executor.failure.withLock { $0 = .after }
    case .notANumber: model.trips.yieldsNaN.withLock { $0 = true }
    default: break
    }
    defer {
      model.trips.clear()
      model.executor.failure.withLock { $0 = .never }
    }
    if failure == .storeIsTrained { try model.session.parameters.claimForTraining() }
    defer { if failure == .storeIsTrained { model.session.parameters.endTraining() } }
    if form == .asynchronous {
      let session = model.session, canceller = Canceller()
      if failure == .cancelledWithin {
        model.trips.set(pass == .backward ? .backward : .forward) { canceller.cancel() }
      }
      let task = Task {
        if failure == .cancelledBefore { withUnsafeCurrentTask { $0?.cancel() } }
        switch pass {
        case .forward: try await session.forward()
        case .backward: try await session.backward()
        case .step: try await session.step()
        }
      }
      canceller.give(task)
      return try await task.value
    }
    try failBlocking(model, pass, form, failure, token)
  }

  private func failBlocking(
    _ model: Model, _ pass: Session.Pass, _ form: Form, _ failure: Failure, _ token: CancellationToken
  ) throws {
    let session = model.session
    func run() throws {
      switch form {
      case .plain:
        switch pass {
        case .forward: try session.forward(cancellation: token)
        case .backward: try session.backward(cancellation: token)
        case .step: try session.step(cancellation: token)
        }
      case .telling:
        let tell: @Sendable (ReadyGradient) throws -> Void = { _ in if failure == .closureThrows { throw Own() } }
        if pass == .step {
          try session.step(cancellation: token, whenReady: tell)
        } else {
          try session.backward(cancellation: token, whenReady: tell)
        }
      case .traced:
        let traced: Session.TracedPass = pass == .forward ? .forward : pass == .backward ? .backward : .step
        _ = try session.trace(traced, cancellation: token)
      case .looking:
        if try session.firstNonFinite() != nil { throw Own() }
      case .asynchronous: break
      }
    }
    switch failure {
    case .storeIsWritten:
      try model.session.parameters.beginWriting()
      defer { model.session.parameters.endWriting() }
      try run()
    case .sessionIsRead: try session.withValues(of: model.other, as: Float.self) { _ in try run() }
    default: try run()
    }
  }

  // MARK: what must be

  /// The kind of the error that a cell ends with.
  private func isExpected(_ error: any Error, _ failure: Failure, isStale: Bool) -> Bool {
    switch (failure, error) {
    case (.storeIsWritten, SessionError.busy), (.storeIsTrained, SessionError.otherTrainer),
      (.sessionIsRead, SessionError.busy):
      return true
    case (_, SessionError.notComputed): return isStale
    case (.cancelledBefore, is CancellationError), (.deadlinePassed, is CancellationError),
      (.cancelledWithin, is CancellationError), (.inputIsMissing, SessionError.missingInput):
      return true
    case (.gateForward, SessionError.gateFailed(let node, let gate, let cause)),
      (.gateBackward, SessionError.gateFailed(let node, let gate, let cause)),
      (.gateUpdate, SessionError.gateFailed(let node, let gate, let cause)):
      return node.contains("FailedRunTests+Model.swift") && gate == "tripping" && cause is Own
    case (.executorRefuses, is Own), (.executorFailsLate, is Own), (.closureThrows, is Own), (.notANumber, is Own):
      return true
    default: return false
    }
  }

  /// What is seen after a failed run, from what was seen before it.
  private func expected(after seen: Seen, _ pass: Session.Pass, hasBegun: Bool) -> Seen {
    guard hasBegun else { return seen }
    var expected = seen
    if pass != .backward { expected.outputs = seen.outputs.mapValues { _ in nil } }
    expected.gradients = seen.gradients.mapValues { _ in nil }
    expected.isForwardCurrent = false
    return expected
  }

  /// What is seen after each of the first steps of a session in which nothing fails, the state before them first.
  private func trajectory(_ accumulation: Accumulation, updates: Bool) throws -> [Seen] {
    let model = try Model(accumulation, updates: updates)
    return try [Seen(model)]
      + (0..<8).map { _ in
        try model.session.step()
        return try Seen(model)
      }
  }

  @Test(arguments: [Accumulation.graphOrder, .arrivalOrder], [false, true])
  func `a run that fails leaves what is documented, whatever fails and whatever was before`(
    accumulation: Accumulation, updates: Bool
  ) async throws {
    let path = try trajectory(accumulation, updates: updates)
    let model = try Model(accumulation, updates: updates)
    var cells = 0
    for pass in [Session.Pass.forward, .backward, .step] {
      for form in Form.allCases {
        for failure in Failure.allCases where failure.isPossible(form, pass, updates: updates) {
          for before in Before.allCases where failure != .inputIsMissing || before == .fed {
            let cell = "\(pass), \(form), \(failure) after \(before)"
            cells += 1
            try await check(model, pass, form, failure, before, path, cell)
          }
        }
      }
    }
    #expect(cells > 150, "\(cells) cells")
  }

  private func check(
    _ model: Model, _ pass: Session.Pass, _ form: Form, _ failure: Failure, _ before: Before, _ path: [Seen],
    _ cell: String
  ) async throws {
    try model.startAnew(fed: failure != .inputIsMissing)
    let session = model.session, store = session.parameters
    try prepare(session, before)
    let seen = try Seen(model)
    // How many updates have been made: the session is that far along the path.
    var turn = path[0].version == path[1].version ? 0 : seen.version - path[0].version

    let isStale = pass == .backward && before != .forward
    let hasBegun = !failure.isRefusal && !isStale
    do {
      try await fail(model, pass, form, failure)
      Issue.record("\(cell): nothing was thrown")
      return
    } catch {
      if !isExpected(error, failure, isStale: isStale) { Issue.record("\(cell): \(error)") }
    }

    var after = try Seen(model)
    if hasBegun {
      #expect(after.allocated >= seen.allocated && after.allocated <= model.program.sessionBytes, "\(cell)")
      after.allocated = seen.allocated
    }
    #expect(after == expected(after: seen, pass, hasBegun: hasBegun), "\(cell)")
    // Nobody is left with a claim.
    try #require(session.claims.claim(.alone), "\(cell)")
    session.claims.end()
    #expect(throws: Never.self, "\(cell)") {
      try store.claimForTraining()
      store.endTraining()
    }
    let living = store.state.withLock { $0.ledger.living }
    #expect(living.map(\.readers) == [0], "\(cell)")

    // What follows goes on as if nothing had been.
    if failure == .inputIsMissing { try feed(model) }
    func expectStep(_ what: String) throws {
      let now = try Seen(model), next = path[model.updates ? turn + 1 : 1]
      #expect(now.hasResults(of: next, exactly: model.isExact), "\(cell), then \(what)")
      turn += 1
    }
    if after.isForwardCurrent {
      try goOn(session, [.backward])
      try expectStep("backward")
    } else {
      let stale = #expect(throws: SessionError.self, "\(cell)") { try self.goOn(session, [.backward]) }
      guard case .notComputed = stale else {
        Issue.record("\(cell): backward went on")
        return
      }
    }
    try goOn(session, [.forward, .backward])
    try expectStep("forward and backward")
    try goOn(session, [.step])
    try expectStep("step")
  }

  private func prepare(_ session: Session, _ before: Before) throws {
    switch before {
    case .fed: break
    case .forward: try session.forward()
    case .backward: try goOn(session, [.forward, .backward])
    case .step: try session.step()
    }
  }

  private func feed(_ model: Model) throws {
    try model.session.write((0..<Model.count).map { Float($0) / 16 - 0.5 }, to: model.x)
  }

  private func goOn(_ session: Session, _ passes: [Session.Pass]) throws {
    for pass in passes {
      switch pass {
      case .forward: try session.forward()
      case .backward: try session.backward()
      case .step: try session.step()
      }
    }
  }

  // MARK: calls that succeed

  /// What a call leaves of a forward pass, of its outputs, and of the gradients of a step before.
  private struct Left: OptionSet {
    let rawValue: Int
    static let forwardPass = Left(rawValue: 1), outputs = Left(rawValue: 2), gradients = Left(rawValue: 4)
    static let all: Left = [.forwardPass, .outputs, .gradients]
    static let results: Left = [.outputs, .gradients]
  }

  private static let successes: [(name: String, left: Left, body: @Sendable (Model) throws -> Void)] = [
    ("read", .all, { _ = try $0.session.read($0.y, as: Float.self) }), ("report", .all, { _ = $0.session.report() }),
    ("peak", .all, { $0.session.resetPeakMemory() }), ("memory", .all, { _ = $0.session.memory }),
    ("parameters", .all, { try $0.session.parameters.makeParameters(of: $0.graph) }),
    ("bytes", .all, { try $0.session.parameters.withBytes(of: ["w", "s"]) { _, _ in } }),
    ("upstream", .all, { try $0.session.writeUpstream([Float](repeating: 1, count: Model.count), of: $0.y) }),
    ("write", .results, { try $0.session.write([0.25] as [Float], to: $0.other) }),
    ("write in place", .results, { try $0.session.withMutableValues(of: $0.x, as: Float.self) { _ in } }),
    ("write of a parameter", .results, { try $0.session.write([0.75] as [Float], to: $0.s) }),
    (
      "write of a parameter in place", .results,
      { try $0.session.withMutableValues(of: $0.w, as: Float.self) { _ in } }
    ),
    (
      "another session's write", .results,
      { try $0.program.makeSession(parameters: $0.session.parameters).write([0.75] as [Float], to: $0.s) }
    ),
    (
      "new values", .results,
      { try $0.session.parameters.replaceValues(of: ["s"]) { $1.storeBytes(of: 0.75, as: Float.self) } }
    ),
    (
      "another session's reserving", .all,
      {
        let other = $0.program.makeSession(parameters: $0.session.parameters)
        try other.reserveMemory()
        try other.trimMemory()
      }
    ),
    ("trimming", .results, { try $0.session.trimMemory() }), ("reserving", [], { try $0.session.reserveMemory() }),
    (
      "loan of an input", .results,
      { model in
        try model.session.lending(([0.25] as [Float]).span, asInput: model.other) {}
        try model.session.write([0.25] as [Float], to: model.other)
      }
    ),
  ]

  @Test(arguments: [false, true])
  func `a call that succeeds leaves as much of a forward pass as it says`(updates: Bool) throws {
    let model = try Model(.graphOrder, updates: updates)
    for (name, left, body) in Self.successes {
      try model.startAnew()
      try model.session.forward()
      let seen = try Seen(model)
      try body(model)
      let after = try Seen(model)
      #expect(
        after.outputs == (left.contains(.outputs) ? seen.outputs : seen.outputs.mapValues { _ in nil }), "\(name)")
      #expect(after.sources == seen.sources, "\(name)")
      if left.contains(.forwardPass) {
        #expect(throws: Never.self, "\(name)") { try model.session.backward() }
      } else {
        let stale = #expect(throws: SessionError.self, "\(name)") { try model.session.backward() }
        guard case .notComputed = stale else {
          Issue.record("\(name): \(String(describing: stale))")
          continue
        }
      }
      try model.startAnew()
      try model.session.step()
      let stepped = try Seen(model)
      try body(model)
      let kept = left.contains(.gradients) ? stepped.gradients : stepped.gradients.mapValues { _ in nil }
      #expect(try Seen(model).gradients == kept, "\(name) after a step")
    }
  }

  // MARK: calls during a run

  /// Whatever needs the session or writes its store; each is refused while the session runs.
  private static let calls: [(name: String, body: @Sendable (Model) throws -> Void)] = [
    ("forward", { try $0.session.forward() }), ("backward", { try $0.session.backward() }),
    ("step", { try $0.session.step() }), ("telling step", { try $0.session.step { _ in } }),
    ("telling backward", { try $0.session.backward { _ in } }), ("trace", { _ = try $0.session.trace(.forward) }),
    ("search", { _ = try $0.session.firstNonFinite() }),
    ("write", { try $0.session.write([Float](repeating: 9, count: Model.count), to: $0.x) }),
    ("write of a parameter", { try $0.session.write([9] as [Float], to: $0.s) }),
    ("write in place", { try $0.session.withMutableValues(of: $0.x, as: Float.self) { $0[0] = 9 } }),
    ("write of a parameter in place", { try $0.session.withMutableValues(of: $0.w, as: Float.self) { $0[0] = 9 } }),
    ("upstream", { try $0.session.writeUpstream([Float](repeating: 9, count: Model.count), of: $0.y) }),
    ("upstream at a position", { try $0.session.writeUpstream([Float](repeating: 9, count: 17), ofOutputAt: 0) }),
    ("read", { _ = try $0.session.read($0.x, as: Float.self) }),
    ("read in place", { try $0.session.withValues(of: $0.x, as: Float.self) { _ in } }),
    ("gradient", { _ = try $0.session.gradient(of: $0.w, as: Float.self) }),
    ("gradient in place", { try $0.session.withGradient(of: $0.w, as: Float.self) { _ in } }),
    ("trimming", { try $0.session.trimMemory() }), ("reserving", { try $0.session.reserveMemory() }),
    ("loan", { try $0.session.lending(([9] as [Float]).span, asInput: $0.other) {} }),
    (
      "loan of an output",
      { model in
        var target = [Float](repeating: 9, count: Model.count)
        var span = target.mutableSpan
        try model.session.lending(&span, asOutput: model.y) {}
      }
    ),
  ]

  /// Whatever changes the store of a session: it meets a step that updates, and no other run.
  private static let changes: [(name: String, body: @Sendable (Model) throws -> Void)] = [
    (
      "new values of a parameter",
      { try $0.session.parameters.replaceValues(of: ["s"]) { $1.storeBytes(of: 9, as: Float.self) } }
    ),
    (
      "another session's write",
      { try $0.program.makeSession(parameters: $0.session.parameters).write([9] as [Float], to: $0.s) }
    ),
  ]

  @Test(arguments: [false, true])
  func `a call during a run is refused and the run is as without it`(updates: Bool) throws {
    let path = try trajectory(.graphOrder, updates: updates)
    let model = try Model(.graphOrder, updates: updates)
    for (name, body) in Self.calls {
      for part in [Tripping.Part.forward, .backward] {
        try model.startAnew()
        let refusals = Guarded<[String]>([])
        nonisolated(unsafe) let shared = model  // because the run's only other thread waits for it
        model.trips.set(part) {
          do {
            try body(shared)
            refusals.withLock { $0.append("nothing") }
          } catch SessionError.busy {
            refusals.withLock { $0.append("busy") }
          } catch {
            refusals.withLock { $0.append("\(error)") }
          }
        }
        try model.session.step()
        model.trips.clear()
        let seen = refusals.withLock { $0 }
        #expect(!seen.isEmpty && seen.allSatisfy { $0 == "busy" }, "\(name) in \(part): \(seen)")
        let after = try Seen(model)
        #expect(after.outputs == path[1].outputs && after.gradients == path[1].gradients, "\(name) in \(part)")
        #expect(after.parameters == path[1].parameters && after.version == path[1].version, "\(name) in \(part)")
      }
    }
  }
  @Test(arguments: [false, true])
  func `a change of parameters during a run is refused by steps that update, and leaves every run as it is`(
    updates: Bool
  ) throws {
    let path = try trajectory(.graphOrder, updates: updates)
    let model = try Model(.graphOrder, updates: updates)
    for (name, body) in Self.changes {
      for part in [Tripping.Part.forward, .backward] {
        try model.startAnew()
        let outcomes = Guarded<[String]>([])
        nonisolated(unsafe) let shared = model  // because the run's only other thread waits for it
        model.trips.set(part) {
          do {
            try body(shared)
            outcomes.withLock { $0.append("done") }
          } catch SessionError.otherTrainer {
            outcomes.withLock { $0.append("another trainer") }
          }
        }
        try model.session.step()
        model.trips.clear()
        let seen = outcomes.withLock { $0 }
        let expected = updates ? "another trainer" : "done"
        #expect(!seen.isEmpty && seen.allSatisfy { $0 == expected }, "\(name) in \(part): \(seen)")
        let after = try Seen(model)
        #expect(after.outputs == path[1].outputs && after.gradients == path[1].gradients, "\(name) in \(part)")
        if updates {
          #expect(after.parameters == path[1].parameters && after.version == path[1].version, "\(name) in \(part)")
        } else {
          #expect(after.parameters["s"] == [(9 as Float).bitPattern], "\(name) in \(part)")
        }
      }
    }
  }
}

extension ParameterStore {
  /// Begins a training step as a call does that does not wait.
  fileprivate func claimForTraining() throws { try beginTraining() }
}
