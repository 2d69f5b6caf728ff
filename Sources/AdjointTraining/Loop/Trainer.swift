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
  /// The session of whole batches.
  public let session: Session
  /// The loss of whole batches.
  public var loss: Node { whole.loss }
  /// The gradient of each trained parameter, before any clipping: to be read if the trainer keeps gradients.
  public var gradients: [Node: Node] { whole.gradients }
  public let rate: LearningRate

  /// How many steps have been taken.
  public internal(set) var step = 0
  /// The data's rows; the current batch is that of the next step.
  public internal(set) var batches: Batches
  /// More numbers that are saved and resumed, such as counters of your own random generators.
  public var counters: [String: UInt64] = [:]

  let whole: TrainingStep
  private let feed: TrainingNetwork.Feed?
  private let shortBatches: ShortBatches?

  /// Compiles a step that makes `loss`, a scalar, smaller.
  ///
  /// - Parameters:
  ///   - loss: what is differentiated.
  ///   - optimizer: how parameters go along their gradients.
  ///   - rate: the learning rate of each step.
  ///   - batches: the rows of data that steps are fed; whole batches, since a graph has one batch size.
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
    try TrainingError.check(
      !batches.keepsShortBatch, "batches.keepsShortBatch", true, "false where the trainer has one graph")
    let network = TrainingNetwork(loss, parameters, others, updates, nil)
    let step = try TrainingStep(
      network, optimizer,
      TrainingStep.Options(
        clippingNorm: clippingNorm, refusesNonFinite: refusesNonFinite, keepsGradients: keepsGradients,
        compilation: options, fileID: fileID, line: line))
    try self.init(step, rate, batches, executor, store, feed: nil, shortBatches: nil)
  }

  /// A trainer that builds its network for the size of a batch, so that the rows left over at the end of an epoch are
  /// trained as well.
  ///
  /// ```swift
  /// var trainer = try Trainer(
  ///   optimizer: Adam(), rate: .constant(0.001),
  ///   batches: Batches(rowCount: 1_437, batchSize: 32, seed: 1, keepsShortBatch: true)
  /// ) { rowCount in
  ///   let graph = Graph()
  ///   let images = graph.input("images", [rowCount, 64]), labels = graph.input("labels", [rowCount], .int32)
  ///   let loss = crossEntropy(logits: dense(images, "digits", to: 10, .zeros), labels: labels)
  ///   return TrainingNetwork(loss) { session, rows in
  ///     try session.write(data.pixels(of: rows), to: images)
  ///     try session.write(data.labels(of: rows), to: labels)
  ///   }
  /// }
  /// try trainer.train(until: 10_000)
  /// ```
  /// The networks of all sizes have the same parameters, in one store. The step of the short batch is compiled when the
  /// first one comes.
  ///
  /// - Parameters:
  ///   - optimizer: how parameters go along their gradients.
  ///   - rate: the learning rate of each step.
  ///   - batches: the rows of data that steps are fed.
  ///   - clippingNorm: as of the form that takes a loss.
  ///   - refusesNonFinite: likewise.
  ///   - keepsGradients: likewise, those of whole batches.
  ///   - options: how the steps are compiled.
  ///   - executor: where steps run.
  ///   - store: where parameters live.
  ///   - fileID: where the trainer is made, for messages.
  ///   - line: where in that file.
  ///   - network: builds the network for a number of rows.
  /// - Throws: ``TrainingError``, and what `network`, compiling and making parameters throw.
  public init(
    optimizer: some Optimizer, rate: LearningRate, batches: Batches, clippingNorm: Double? = nil,
    refusesNonFinite: Bool = false, keepsGradients: Bool = false, options: Program.Options = Program.Options(),
    on executor: any ScheduleExecutor = GraphExecutor.shared, store: ParameterStore = ParameterStore(),
    fileID: StaticString = #fileID, line: UInt = #line,
    network: @escaping @Sendable (_ rowCount: Int) throws -> TrainingNetwork
  ) throws {
    let stepOptions = TrainingStep.Options(
      clippingNorm: clippingNorm, refusesNonFinite: refusesNonFinite, keepsGradients: keepsGradients,
      compilation: options, fileID: fileID, line: line)
    let whole = try network(batches.batchSize)
    let step = try TrainingStep(whole, optimizer, stepOptions)
    let shortBatches = try ShortBatches(store, executor) { rowCount in
      let short = try network(rowCount)
      return (try TrainingStep(short, optimizer, stepOptions), short.feed)
    }
    try self.init(step, rate, batches, executor, store, feed: whole.feed, shortBatches: shortBatches)
  }

  private init(
    _ whole: TrainingStep, _ rate: LearningRate, _ batches: Batches, _ executor: any ScheduleExecutor,
    _ store: ParameterStore, feed: TrainingNetwork.Feed?, shortBatches: ShortBatches?
  ) throws {
    try store.makeParameters(of: whole.loss.graph)
    (self.whole, self.rate, self.batches, self.feed, self.shortBatches) = (whole, rate, batches, feed, shortBatches)
    session = whole.program.makeSession(on: executor, parameters: store)
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
    try takeStep(current(), cancellation, feed)
  }

  /// The same, fed as the ``TrainingNetwork`` says.
  ///
  /// - Throws: ``TrainingError/notFed`` if the trainer was made of a loss; else as the form with `feed`.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  @discardableResult
  public mutating func takeStep(cancellation: CancellationToken? = nil) throws -> Double {
    let current = try current()
    return try takeStep(current, cancellation, Self.feed(of: current))
  }

  /// Feeds the current batch and takes a step with it without blocking the thread; cancelling the task cancels the
  /// step.
  @discardableResult
  public mutating func takeStep(feed: TrainingNetwork.Feed) async throws -> Double {
    try await takeStep(current(), feed)
  }

  /// The same, fed as the ``TrainingNetwork`` says.
  ///
  /// - Throws: ``TrainingError/notFed`` if the trainer was made of a loss; else as the form with `feed`.
  @discardableResult
  public mutating func takeStep() async throws -> Double {
    let current = try current()
    return try await takeStep(current, Self.feed(of: current))
  }

  private mutating func takeStep(
    _ current: CurrentStep, _ cancellation: CancellationToken?,
    _ feed: (Session, ArraySlice<Int>) throws -> Void
  ) throws -> Double {
    try prepare(current, feed)
    do { try current.session.step(cancellation: cancellation) } catch { throw Self.innermost(error) }
    return try advance(current)
  }

  private mutating func takeStep(
    _ current: CurrentStep, _ feed: TrainingNetwork.Feed
  ) async throws -> Double {
    try prepare(current, feed)
    do { try await current.session.step() } catch { throw Self.innermost(error) }
    return try advance(current)
  }

  private static func feed(of current: CurrentStep) throws(TrainingError) -> TrainingNetwork.Feed {
    guard let feed = current.feed else { throw .notFed }
    return feed
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

  /// What takes the step of the current batch.
  func current() throws -> CurrentStep {
    let rowCount = batches.rows.count
    if rowCount == batches.batchSize { return CurrentStep(session: session, step: whole, feed: feed) }
    guard let shortBatches else { preconditionFailure("A trainer of one graph has whole batches alone") }
    return try shortBatches.current(for: rowCount)
  }

  private func prepare(
    _ current: CurrentStep, _ feed: (Session, ArraySlice<Int>) throws -> Void
  ) throws {
    try current.session.write([rate.value(at: step)], to: current.step.rateInput)
    try feed(current.session, batches.rows)
  }

  /// Counts a step whose update is in place, and reads its loss.
  mutating func advance(_ current: CurrentStep) throws(TrainingError) -> Double {
    step += 1
    batches.advance()
    do {
      return try current.session.doubles(of: current.step.loss)[0]
    } catch {
      throw .lossNotRead(step: step, reason: "\(error)")
    }
  }
}
