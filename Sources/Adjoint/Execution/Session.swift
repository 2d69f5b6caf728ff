public import DependencyScheduling
internal import GradientMemory

/// One set of values of a ``Program``: what it was fed, what it computed, the gradients, and the memory of all that.
///
/// ```swift
/// let session = program.makeSession()
/// try session.write(-2, to: x); try session.write(5, to: y); try session.write(-4, to: z)
/// try session.step()
/// try session.read(f)            // -12
/// try session.gradient(of: x)    // -4
/// ```
/// What a run has computed stays readable until the next run, whatever is written meanwhile.
///
/// Several sessions of one program run at once. One session does one thing at a time: a second run, or a write during a
/// run, meets ``SessionError/busy(_:)``. After an error of any kind the session is usable, and a call that is refused,
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
  let claims = AccessClaims()

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

  init(_ program: Program, _ executor: any ScheduleExecutor, _ parameters: ParameterStore, memoryLimit: Int?) {
    self.program = program
    self.executor = executor
    self.parameters = parameters
    workspace = Workspace(program, memoryLimit: memoryLimit)
    runner = UnitRunner(program, workspace)
    bodies = PassBodies(runner)
  }

  // MARK: running

  /// Computes the outputs, and keeps what a backward pass will need.
  public func forward(cancellation: CancellationToken? = nil) throws {
    try run(.forward, cancellation)
  }

  /// Computes the gradients from the last forward pass, in reversed dependency order.
  ///
  /// - Throws: ``SessionError/notComputed(_:)`` if no forward pass is current: inputs or parameters were written
  ///   since, or its values were consumed by a backward pass before.
  public func backward(cancellation: CancellationToken? = nil) throws {
    try run(.backward, cancellation)
  }

  /// Forward and backward as one schedule: gradients begin while other branches still go forward. Where the program
  /// updates parameters, their new values are in place afterwards, all of them, or none if this throws.
  public func step(cancellation: CancellationToken? = nil) throws {
    try run(.step, cancellation)
  }

  /// As ``forward(cancellation:)``, without blocking the thread; cancelling the task cancels the run.
  public func forward() async throws { try await runAsync(.forward) }
  /// As ``backward(cancellation:)``, without blocking the thread; cancelling the task cancels the run.
  public func backward() async throws { try await runAsync(.backward) }
  /// As ``step(cancellation:)``, without blocking the thread; cancelling the task cancels the run.
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
  func perform(_ pass: Pass, _ body: () throws -> Void) throws {
    try begin(pass)
    do {
      try body()
    } catch {
      end(pass, succeeded: false)
      throw error
    }
    end(pass, succeeded: true)
  }

  private func runAsync(_ pass: Pass) async throws {
    try begin(pass)
    do {
      try await executor.run(schedule(of: pass), bodies[pass])
    } catch {
      end(pass, succeeded: false)
      throw error
    }
    end(pass, succeeded: true)
  }

  func schedule(of pass: Pass) -> Schedule {
    switch pass {
    case .forward: program.plan.forward
    case .backward: program.plan.backward
    case .step: program.plan.step
    }
  }

  /// Claims session and parameters and readies the memory; everything is given back if any of it fails.
  func begin(_ pass: Pass) throws {
    try claimAlone()
    do {
      let layout = try updates(pass) ? parameters.beginWriting() : parameters.beginReading()
      do {
        try checkReady(for: pass)
        try workspace.makeReady(for: pass.needs, parameters, layout: layout)
        workspace.beginKept(parameters)
        if pass != .backward { workspace.restartAccumulators() }
      } catch {
        if updates(pass) { parameters.endWriting(changed: false) } else { parameters.endReading() }
        throw error
      }
    } catch {
      release()
      throw error
    }
  }

  /// Puts the new values of parameters in place if the pass has succeeded, unless it was only for looking, and gives
  /// all claims back.
  func end(_ pass: Pass, succeeded: Bool, updating: Bool = true) {
    let version = parameters.version
    workspace.endKept(parameters, succeeded: succeeded)
    progress.withLock { progress in
      if pass != .backward { progress.hasOutputs = succeeded }
      progress.elsewhere.removeAll(keepingCapacity: true)
      progress.hasGradients = succeeded && pass != .forward
      progress.forwardVersion = succeeded && pass == .forward ? version : nil
    }
    if updates(pass) {
      let changed = succeeded && updating
      let moved = changed && workspace.putUpdatesInPlace()
      parameters.endWriting(changed: changed, moved: moved)
    } else {
      parameters.endReading()
    }
    release()
  }

  /// Whether a pass changes parameters, and so needs them alone.
  private func updates(_ pass: Pass) -> Bool { pass != .forward && !program.plan.updates.isEmpty }

  private func checkReady(for pass: Pass) throws {
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
      guard version == parameters.version else {
        throw SessionError.notComputed("parameters were written since the forward pass: run forward again")
      }
    } else {
      for input in endpoints.inputs where !progress.written.contains(input.node) {
        throw SessionError.missingInput(program.names.describe(input.node))
      }
    }
  }

  /// Takes what the longest run of the program needs.
  func takeMemory() throws {
    let pass = program.endpoints.hasGradients || !program.plan.updates.isEmpty ? Pass.step : .forward
    let layout = try updates(pass) ? parameters.beginWriting() : parameters.beginReading()
    defer { if updates(pass) { parameters.endWriting(changed: false) } else { parameters.endReading() } }
    try workspace.makeReady(for: pass.needs, parameters, layout: layout)
  }

  // MARK: claims

  func claimAlone() throws(SessionError) {
    guard claims.claimAlone() == 0 else {
      throw SessionError.busy("the session is in use: it does one thing at a time")
    }
  }

  func claimShared() throws(SessionError) {
    guard claims.claimShared() else {
      throw SessionError.busy("the session is running: read or write it before or after")
    }
  }

  func release() { claims.end() }
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
    Session(self, executor, parameters, memoryLimit: memoryLimit)
  }
}
