public import DependencyScheduling
internal import GradientMemory

/// One set of values of a ``Program``: what it was fed, what it computed, the gradients, and the memory of all that.
///
/// ```swift
/// let session = program.makeSession()
/// try session.write(-2, to: x)
/// try session.write(5, to: y)
/// try session.write(-4, to: z)
/// try session.step()
/// print(try session.read(f))            // -12.0
/// print(try session.gradient(of: x))    // -4.0
/// ```
/// What a run has computed stays readable until the next run, whatever is written meanwhile.
///
/// Several sessions of one program run at once. One session does one thing at a time: an asynchronous run waits its
/// turn, in order of arrival, until its task is cancelled; a synchronous call that would have to wait throws
/// ``SessionError/busy(_:)``. A run reads the newest version of its ``ParameterStore`` when it begins, and waits for
/// nobody who writes there. After an error of any kind the session is usable, and a call that is refused,
/// for what it was given or because something is missing, has changed nothing. A run that fails on its way has no
/// results.
public final class Session: Sendable {
  public let program: Program
  /// The values of the program's parameters, which other sessions may share.
  public let parameters: ParameterStore
  let executor: any ScheduleExecutor
  let workspace: Workspace
  let runner: UnitRunner
  private let bodies: PassBodies
  let progress = Locked(Progress())
  /// Who completes which gradient, of each pass that was asked to tell.
  let gradientWriters = Locked<[Pass: GradientWriters]>([:])
  let claims = TurnQueue()

  /// What has been fed and computed so far.
  struct Progress: Sendable {
    var written: Set<NodeID> = []
    /// Which outputs, by their position, have been given an upstream gradient.
    var writtenUpstreams: Set<Int> = []
    var hasOutputs = false
    var hasGradients = false
    /// The version of the parameters that a forward pass kept values of for a backward pass.
    var forwardVersion: Int?
    /// What reads or writes memory of the caller's, and which results lie there and no longer here.
    var loans: Set<Placement.Place> = [], elsewhere: Set<Placement.Place> = []
  }

  /// - Parameter parts: of this program and store, and no other session's.
  init(
    _ program: Program, _ executor: any ScheduleExecutor, _ parameters: ParameterStore, _ parts: SessionParts
  ) {
    self.program = program
    self.executor = executor
    self.parameters = parameters
    (workspace, runner, bodies) = (parts.workspace, parts.runner, parts.bodies)
  }

  // MARK: running

  /// Computes the outputs, and keeps what a backward pass will need.
  ///
  /// - Throws: ``SessionError/busy(_:)`` while something else goes on in the session; this call does not wait.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func forward(cancellation: CancellationToken? = nil) throws {
    try run(.forward, cancellation)
  }

  /// Computes the gradients from the last forward pass, in reversed dependency order.
  ///
  /// - Throws: ``SessionError/notComputed(_:)`` if no forward pass is current: inputs or parameters were written
  ///   since, or its values were consumed by a backward pass before; else as ``step(cancellation:)``.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func backward(cancellation: CancellationToken? = nil) throws {
    try run(.backward, cancellation)
  }

  /// Forward and backward as one schedule: gradients begin while other branches still go forward. Where the program
  /// updates parameters, their new values are in place afterwards, all of them, or none if this throws.
  ///
  /// - Throws: ``SessionError/busy(_:)`` while something else goes on in the session, or while parameters that it
  ///   updates are written; this call does not wait. ``SessionError/otherTrainer(_:)`` if it updates parameters, and so
  ///   does another step at that moment. ``SessionError/notFinite(_:producer:)`` if a value that the program requires
  ///   to be finite is not.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func step(cancellation: CancellationToken? = nil) throws {
    try run(.step, cancellation)
  }

  /// As ``forward(cancellation:)``, without blocking the thread: it waits its turn, in order of arrival.
  ///
  /// Cancelling the task ends the waiting, which changes nothing, or the run.
  public func forward() async throws { try await runAsync(.forward) }
  /// As ``backward(cancellation:)``, without blocking the thread: it waits its turn, in order of arrival.
  ///
  /// Cancelling the task ends the waiting, which changes nothing, or the run.
  public func backward() async throws { try await runAsync(.backward) }
  /// As ``step(cancellation:)``, without blocking the thread: it waits its turn, in order of arrival.
  ///
  /// Cancelling the task ends the waiting, which changes nothing, or the run.
  public func step() async throws { try await runAsync(.step) }

  enum Pass: Sendable {
    case forward, backward, step

    /// What must be there before it runs.
    var needs: Readiness { self == .forward ? .forward : .step }
  }

  private func run(_ pass: Pass, _ cancellation: CancellationToken?) throws {
    try perform(pass) {
      try executor.run(schedule(of: pass), bodies[pass], cancellation: cancellation)
    }
  }

  /// Claims and readies what `pass` needs, and gives it back however `body`, which runs it, ends.
  func perform<Result>(_ pass: Pass, _ body: () throws -> Result) throws -> Result {
    try begin(pass)
    let result: Result
    do {
      result = try body()
      try refuseNonFinite(after: pass)
    } catch {
      end(pass, succeeded: false)
      throw error
    }
    end(pass, succeeded: true)
    return result
  }

  /// As the synchronous form, for a `body` that awaits the run.
  func perform<Result>(_ pass: Pass, awaiting body: () async throws -> Result) async throws -> Result {
    try await begin(pass)
    let result: Result
    do {
      result = try await body()
      try await refuseNonFinite(after: pass)
    } catch {
      end(pass, succeeded: false)
      throw error
    }
    end(pass, succeeded: true)
    return result
  }

  private func runAsync(_ pass: Pass) async throws {
    try await perform(pass, awaiting: { try await executor.run(schedule(of: pass), bodies[pass]) })
  }

  func schedule(of pass: Pass) -> Schedule {
    switch pass {
    case .forward: program.plan.forward
    case .backward: program.plan.backward
    case .step: program.plan.step
    }
  }

  /// Claims the session, and the parameters if the pass updates them, and readies the memory; everything is given back
  /// if any of it fails.
  ///
  /// - Parameter updating: false for a pass that is only for looking.
  func begin(_ pass: Pass, updating: Bool = true) throws {
    try claimAlone()
    do {
      if updating, updates(pass) { try parameters.beginTraining() }
      do {
        try makeReady(pass)
      } catch {
        if updating, updates(pass) { parameters.endTraining() }
        throw error
      }
    } catch {
      release()
      throw error
    }
  }

  /// The same once it is the caller's turn. What may take long, the first time, is done in a seat of the executor.
  func begin(_ pass: Pass, updating: Bool = true) async throws {
    let isTraining = updating && updates(pass)
    try await claimAlone()
    do {
      if isTraining { try await parameters.beginTraining() }
      do {
        if workspace.readiness >= pass.needs { try makeReady(pass) } else { try await makeReadyInSeat(pass) }
      } catch {
        if isTraining { parameters.endTraining() }
        throw error
      }
    } catch {
      release()
      throw error
    }
  }

  /// Looks whether everything is there, and begins the run.
  private func makeReady(_ pass: Pass) throws {
    let version = try checkReady(for: pass)
    try workspace.beginRun(for: pass.needs, of: version, parameters)
    workspace.beginKept()
    if pass != .backward { workspace.restartAccumulators() }
  }

  /// As a run of one unit: it takes memory and draws the parameters that nobody has made yet.
  private func makeReadyInSeat(_ pass: Pass) async throws {
    _ = try checkReady(for: pass)
    let outcome = Locked<Result<Void, any Error>?>(nil)
    do {
      let body = UnitBody { [self] _ in
        let result = Result { try makeReady(pass) }
        outcome.withLock { $0 = result }
        try result.get()
      }
      try await executor.run(Self.single, body, sharing: .never)
    } catch {
      let outcome = outcome.withLock { $0 }
      if case .failure(let refusal)? = outcome { throw refusal }
      // Cancelled, or the executor's own failure: what a run that fails leaves.
      note(pass, succeeded: false)
      if case .success? = outcome { workspace.endRun(parameters, publishing: false) }
      throw error
    }
  }

  private static let single = Schedule(successorOffsets: [0, 0], successors: [])

  /// Publishes the new values of parameters if the pass has succeeded, and gives all claims back.
  ///
  /// - Parameter updating: as given to ``begin(_:updating:)``.
  func end(_ pass: Pass, succeeded: Bool, updating: Bool = true) {
    workspace.endKept(succeeded: succeeded)
    note(pass, succeeded: succeeded)
    let isTraining = updating && updates(pass)
    workspace.endRun(parameters, publishing: isTraining && succeeded)
    if isTraining { parameters.endTraining() }
    release()
  }

  /// Notes what a pass has computed, before its run ends.
  private func note(_ pass: Pass, succeeded: Bool) {
    let version = workspace.parameters.version
    progress.withLock { progress in
      if pass != .backward { progress.hasOutputs = succeeded }
      progress.elsewhere.removeAll(keepingCapacity: true)
      progress.hasGradients = succeeded && pass != .forward
      progress.forwardVersion = succeeded && pass == .forward ? version : nil
    }
  }

  /// Whether a pass changes parameters.
  private func updates(_ pass: Pass) -> Bool { pass != .forward && !program.plan.updates.isEmpty }

  /// The version of the parameters that the pass must read; `nil` if it may be any.
  ///
  /// - Throws: ``SessionError`` for what is missing.
  private func checkReady(for pass: Pass) throws -> Int? {
    let progress = progress.withLock { $0 }
    let endpoints = program.endpoints
    if pass != .forward {
      guard endpoints.hasGradients || !program.plan.updates.isEmpty else {
        throw SessionError.notComputed("the program was compiled without gradients: name them in gradientsFor")
      }
      for (position, upstream) in endpoints.upstreams.enumerated() {
        guard let upstream, upstream.signature.shape != .scalar, !progress.writtenUpstreams.contains(position) else {
          continue
        }
        throw SessionError.missingUpstream(program.names.describe(upstream.node))
      }
    }
    if pass == .backward {
      guard let version = progress.forwardVersion else {
        throw SessionError.notComputed("backward needs a forward pass of the values as they are: run forward first")
      }
      return version
    }
    for input in endpoints.inputs where !progress.written.contains(input.node) {
      throw SessionError.missingInput(program.names.describe(input.node))
    }
    return nil
  }

  /// Takes what the longest run of the program needs.
  func takeMemory() throws {
    let pass = program.endpoints.hasGradients || !program.plan.updates.isEmpty ? Pass.step : .forward
    try workspace.beginRun(for: pass.needs, of: nil, parameters)
    workspace.endRun(parameters, publishing: false)
  }
}

extension Program {
  /// A session of this program.
  ///
  /// - Parameters:
  ///   - executor: where it runs; the shared one uses what cores the process may.
  ///   - parameters: values to share with other sessions; its own if left out.
  ///   - memoryLimit: the most bytes for values and gradients, parameters and the program's constants apart; passing
  ///     it is an error of the run.
  public func makeSession(
    on executor: any ScheduleExecutor = GraphExecutor.shared, parameters: ParameterStore = ParameterStore(),
    memoryLimit: Int? = nil
  ) -> Session {
    Session(self, executor, parameters, SessionParts(self, memoryLimit: memoryLimit))
  }
}
