public import Adjoint
public import DependencyScheduling

/// Trains the parameters of a graph: forward, backward and update as one schedule a step.
///
/// ```swift
/// var trainer = try Trainer(
///   loss, optimizer: Adam(), rate: .cosine(from: 0.001, over: 10_000),
///   batches: Batches(rowCount: data.count, batchSize: 32, seed: 1))
/// try trainer.train(until: 10_000) { session, rows in
///   try session.write(data.pixels(of: rows), to: images)
///   try session.write(data.labels(of: rows), to: labels)
/// }
/// try trainer.save(to: "digits.safetensors")
/// ```
/// What the optimizer remembers are parameters of the graph, under `optimizer/`. A run that is saved after some step,
/// resumed and trained on has the same bits as one that went through, at any width.
///
/// A step that fails or is cancelled was not taken: parameters, step and position in the data are as before it, and
/// the next step is taken with the same batch, unless ``skipBatch()`` goes past it. A trainer is a value of one owner;
/// its ``session`` and parameters may be shared as any others. Whoever reads the parameters while it trains has those
/// of one version, and nobody waits; whoever changes them meets `SessionError.otherTrainer`.
public struct Trainer: Sendable {
  public let session: Session
  public let loss: Node
  /// The gradient of each trained parameter, before any clipping: to be read if the trainer keeps gradients.
  public let gradients: [Node: Node]
  public let rate: LearningRate

  /// How many steps have been taken.
  public internal(set) var step = 0
  /// The data's rows; the current batch is that of the next step.
  public internal(set) var batches: Batches
  /// More numbers that are saved and resumed, such as counters of your own random generators.
  public var counters: [String: UInt64] = [:]

  let graph: Graph
  private let rateInput: Node

  /// Compiles a step that makes `loss`, a scalar, smaller.
  ///
  /// - Parameters:
  ///   - loss: what is differentiated.
  ///   - optimizer: how parameters go along their gradients.
  ///   - rate: the learning rate of each step.
  ///   - batches: the rows of data that steps are fed.
  ///   - parameters: what is trained; if left out, all floating-point parameters that `updates` leaves alone.
  ///   - clippingNorm: the most that the global norm of all gradients may be. With it, a step whose gradients are
  ///     infinite or NaN fails with ``TrainingError/gradientNotFinite(_:)``; without it, and unless they are refused,
  ///     they end up in the parameters.
  ///   - refusesNonFinite: whether a step whose loss or any of whose gradients is infinite or NaN fails with
  ///     `SessionError.notFinite`, which names the first producer, forward or backward. It costs one pass over the
  ///     gradients, within the step's schedule.
  ///   - others: more values to compute, such as predictions.
  ///   - updates: more parameters that a step changes, such as running statistics.
  ///   - options: how the step is compiled: which scopes are checkpointed, say.
  ///   - keepsGradients: whether the nodes of ``gradients`` can be read after a step; it costs their memory.
  ///   - executor: where steps run.
  ///   - store: where parameters live.
  ///   - fileID: where the trainer is made, for messages.
  ///   - line: where in that file.
  /// - Throws: ``TrainingError``, and what compiling and making parameters throw.
  public init(
    _ loss: Node, optimizer: some Optimizer, rate: LearningRate, batches: Batches, parameters: [Node]? = nil,
    clippingNorm: Double? = nil, refusesNonFinite: Bool = false, alsoComputing others: [Node] = [],
    alsoUpdating updates: [ParameterUpdate] = [],
    keepsGradients: Bool = false, options: Program.Options = Program.Options(),
    on executor: any ScheduleExecutor = GraphExecutor.shared,
    store: ParameterStore = ParameterStore(), fileID: StaticString = #fileID, line: UInt = #line
  ) throws {
    let graph = loss.graph
    let changed = Set(updates.map(\.parameter))
    let parameters =
      parameters ?? graph.parameters.filter { $0.elementType.isDifferentiable && !changed.contains($0) }
    if parameters.isEmpty { throw TrainingError.noParameters }
    let strangers = parameters.filter { $0.elementType != loss.elementType }
    guard strangers.isEmpty else {
      throw TrainingError.mixedTypes(strangers.map { "\($0.name) \($0.elementType), made at \($0.location)" })
    }
    let found = try graph.gradients(of: [loss], withRespectTo: parameters, fileID: fileID, line: line)
    let gradients = try zip(parameters, found).map { parameter, gradient in
      guard let gradient else {
        throw TrainingError.noGradient(parameter: "\(parameter.name), made at \(parameter.location)")
      }
      return gradient
    }
    let (rateInput, steps) = try graph.scope("optimizer") {
      let rateInput = graph.input("rate", [], loss.elementType, fileID: fileID, line: line)
      let bounded =
        try clippingNorm.map {
          try clipped(
            gradients, of: parameters, toGlobalNorm: $0, refusesNonFinite: !refusesNonFinite, fileID: fileID, line: line
          )
        } ?? gradients
      return (rateInput, optimizer.updates(of: parameters, gradients: bounded, rate: rateInput))
    }
    let program = try Program(
      loss, alsoComputing: others + (keepsGradients ? gradients : []), updating: updates + steps,
      requiringFinite: refusesNonFinite ? [loss] + gradients : [], options: options, fileID: fileID, line: line)
    try store.makeParameters(of: graph)
    self.loss = loss
    self.rate = rate
    self.batches = batches
    self.graph = graph
    self.rateInput = rateInput
    self.gradients = Dictionary(uniqueKeysWithValues: zip(parameters, gradients))
    session = program.makeSession(on: executor, parameters: store)
  }

  // MARK: one step

  /// Feeds the current batch and takes a step with it; returns the loss before it.
  ///
  /// - Parameters:
  ///   - cancellation: stops within the step.
  ///   - feed: writes the rows given into the session's inputs.
  /// - Throws: what `feed` and the run throw: `SessionError.notFinite` if what is infinite or NaN is refused,
  ///   ``TrainingError/gradientNotFinite(_:)`` if it is not and gradients are to be clipped; then no step was taken.
  ///   ``TrainingError/lossNotRead(step:reason:)`` if another task has the session as the loss is read: then the step
  ///   was taken, and ``step`` counts it.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  @discardableResult
  public mutating func takeStep(
    cancellation: CancellationToken? = nil, feed: (_ session: Session, _ rows: ArraySlice<Int>) throws -> Void
  ) throws -> Double {
    try prepare(feed)
    do { try session.step(cancellation: cancellation) } catch { throw Self.innermost(error) }
    return try advance()
  }

  /// The same without blocking the thread; cancelling the task cancels the step.
  @discardableResult
  public mutating func takeStep(
    feed: @Sendable (_ session: Session, _ rows: ArraySlice<Int>) throws -> Void
  ) async throws -> Double {
    try prepare(feed)
    do { try await session.step() } catch { throw Self.innermost(error) }
    return try advance()
  }

  /// The error of this module's own gate, where a run has failed for that.
  private static func innermost(_ error: any Error) -> any Error {
    if case SessionError.gateFailed(_, _, let reason as TrainingError) = error { reason } else { error }
  }

  /// Goes on to the next batch without taking a step with this one: after a step was refused for what a batch holds.
  ///
  /// ```swift
  /// do { try trainer.takeStep(feed: feed) } catch SessionError.notFinite(_, let producer) {
  ///   log("left out the batch at \(trainer.batches.position): \(producer)")
  ///   trainer.skipBatch()
  /// }
  /// ```
  /// ``step`` does not count it, so parameters, optimizer and learning rate go on with the bits of a run whose data
  /// lack the batch. A state that is saved afterwards goes on behind it.
  public mutating func skipBatch() { batches.advance() }

  private func prepare(_ feed: (Session, ArraySlice<Int>) throws -> Void) throws {
    let rate = rate.value(at: step)
    try session.write([rate], to: rateInput)
    try feed(session, batches.rows)
  }

  /// Counts a step whose update is in place, and reads its loss.
  mutating func advance() throws(TrainingError) -> Double {
    step += 1
    batches.advance()
    do {
      return try session.doubles(of: loss)[0]
    } catch {
      throw .lossNotRead(step: step, reason: "\(error)")
    }
  }
}
