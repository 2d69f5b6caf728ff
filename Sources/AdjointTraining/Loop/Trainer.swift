public import Adjoint
public import DependencyScheduling

/// Trains the parameters of a graph: forward, backward and update as one schedule a step.
///
/// ```swift
/// let trainer = try Trainer(
///   loss, optimizer: Adam(), rate: .cosine(from: 0.001, over: 2_000),
///   batches: Batches(rowCount: data.count, batchSize: 32, seed: 1)
/// ) { session, rows in
///   try session.write(data.pixels(of: rows), to: images)
///   try session.write(data.labels(of: rows), to: labels)
/// }
/// for try await progress in trainer.train(until: 2_000, every: 500) { print(progress) }
/// try await trainer.save(to: path)
/// ```
/// What the optimizer remembers are states of the graph, under `optimizer/`. A run that is saved after some step,
/// resumed and trained on has the same bits as one that went through, at any width.
///
/// A step that fails or is cancelled was not taken: parameters, step and position in the data are as before it, and
/// the next step is taken with the same batch, unless ``skipBatch()`` goes past it.
///
/// A trainer belongs to one owner, which may be an actor. Its ``session`` and parameters may be shared as any others:
/// whoever reads the parameters while it trains has those of one version, and nobody waits; whoever changes them meets
/// `SessionError.otherTrainer`.
public final class Trainer {
  /// The session of whole batches.
  public let session: Session
  /// The loss of whole batches.
  public var loss: Node { whole.loss }
  /// The gradient of each trained parameter, before any clipping: to be read if the trainer keeps gradients. With
  /// micro-batches it is the mean of theirs.
  public var gradients: [Node: Node] { whole.gradients }
  public let rate: LearningRate

  /// How many steps have been taken.
  public var step: Int { state.step }
  /// The data's rows; the current batch is that of the next step.
  public var batches: Batches { state.batches }
  /// What was measured on other data.
  public var validation: ValidationRecord { state.validation }
  /// More numbers that are saved and resumed, such as counters of your own random generators.
  public var counters: [String: UInt64] {
    get { state.counters }
    set { state.counters = newValue }
  }
  /// Is called after each step, with the number of steps taken and the loss before the last: for what else is to be
  /// noted, or changed. If it throws, the step was taken.
  public var afterStep: ((_ step: Int, _ loss: Double) throws -> Void)?

  var state: TrainingState
  let whole: TrainingStep
  let network: NetworkParameters
  let measures: Validation?
  let microBatches: Int
  /// The session of all micro-batches before the last.
  let accumulating: Session?
  let feed: TrainingNetwork.Feed?
  private let shortBatches: ShortBatches?
  private let executor: any ScheduleExecutor

  /// Compiles a step that makes `loss`, a scalar, smaller.
  ///
  /// - Parameters:
  ///   - loss: what is differentiated.
  ///   - optimizer: how parameters go along their gradients.
  ///   - rate: the learning rate of each step.
  ///   - batches: the rows of data that steps are fed; whole batches, since a graph has one batch size.
  ///   - parameters: what is trained; if left out, all floating-point parameters that `updates` leaves alone.
  ///   - frozen: parameters that stay as they are.
  ///   - groups: parameters with rates of their own.
  ///   - clippingNorm: the most that the global norm of all gradients may be. With it, a step whose gradients are
  ///     infinite or NaN fails with ``TrainingError/gradientNotFinite(_:)``; without it, and unless they are refused,
  ///     they end up in the parameters.
  ///   - refusesNonFinite: whether a step whose loss or any of whose gradients is infinite or NaN fails with
  ///     `SessionError.notFinite`, which names the first producer, forward or backward. It costs one pass over the
  ///     gradients, within the step's schedule.
  ///   - microBatches: how many batches one step takes, at least 1: their gradients are added up in order, in memory
  ///     of one batch, and their mean is what the optimizer sees. What `updates` changes, each of them changes.
  ///   - averageDecay: keeps a moving average of the weights, of which each step leaves this share, at least 0 and
  ///     below 1: see `averagedParameters()`. It costs their memory.
  ///   - validation: what is measured on other data, and what follows from it.
  ///   - others: more values to compute, such as predictions.
  ///   - updates: more that a step changes, such as running statistics.
  ///   - options: how the step is compiled: which scopes are checkpointed, say.
  ///   - keepsGradients: whether the nodes of ``gradients`` can be read after a step; it costs their memory.
  ///   - executor: where steps run.
  ///   - store: where parameters live.
  ///   - fileID: where the trainer is made, for messages.
  ///   - line: where in that file.
  ///   - feed: writes the rows given into the session's inputs; if left out, each step is told.
  /// - Throws: ``TrainingError``, and what compiling and making parameters throw.
  public convenience init(
    _ loss: Node, optimizer: some Optimizer, rate: LearningRate, batches: Batches, parameters: [Node]? = nil,
    freezing frozen: [Node] = [], groups: [ParameterGroup] = [], clippingNorm: Double? = nil,
    refusesNonFinite: Bool = false, microBatches: Int = 1, averageDecay: Double? = nil, validation: Validation? = nil,
    alsoComputing others: [Node] = [], alsoUpdating updates: [ParameterUpdate] = [],
    keepsGradients: Bool = false, options: Program.Options = Program.Options(),
    on executor: any ScheduleExecutor = GraphExecutor.shared,
    store: ParameterStore = ParameterStore(), fileID: StaticString = #fileID, line: UInt = #line,
    feed: TrainingNetwork.Feed? = nil
  ) throws {
    try TrainingError.check(
      !batches.keepsShortBatch, "batches.keepsShortBatch", true, "false where the trainer has one graph")
    var network = TrainingNetwork(loss)
    (network.parameters, network.frozen, network.groups) = (parameters, frozen, groups)
    (network.others, network.updates, network.feed) = (others, updates, feed)
    let stepOptions = TrainingStep.Options(
      clippingNorm: clippingNorm, refusesNonFinite: refusesNonFinite, keepsGradients: keepsGradients,
      microBatches: microBatches, averageDecay: averageDecay, compilation: options, fileID: fileID, line: line)
    try self.init(network, optimizer, stepOptions, rate, batches, validation, executor, store, shortBatches: nil)
  }

  /// A trainer that builds its network for the size of a batch, so that the rows left over at the end of an epoch are
  /// trained as well.
  ///
  /// ```swift
  /// let trainer = try Trainer(
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
  /// try trainer.takeSteps(until: 1_000)
  /// ```
  /// The networks of all sizes have the same parameters, in one store. The step of the short batch is compiled when the
  /// first one comes.
  ///
  /// - Parameters:
  ///   - optimizer: how parameters go along their gradients.
  ///   - rate: the learning rate of each step.
  ///   - batches: the rows of data that steps are fed; whole ones where a step takes several micro-batches.
  ///   - clippingNorm: as of the form that takes a loss.
  ///   - refusesNonFinite: likewise.
  ///   - microBatches: likewise.
  ///   - averageDecay: likewise.
  ///   - validation: likewise.
  ///   - keepsGradients: likewise, those of whole batches.
  ///   - options: how the steps are compiled.
  ///   - executor: where steps run.
  ///   - store: where parameters live.
  ///   - fileID: where the trainer is made, for messages.
  ///   - line: where in that file.
  ///   - network: builds the network for a number of rows.
  /// - Throws: ``TrainingError``, and what `network`, compiling and making parameters throw.
  public convenience init(
    optimizer: some Optimizer, rate: LearningRate, batches: Batches, clippingNorm: Double? = nil,
    refusesNonFinite: Bool = false, microBatches: Int = 1, averageDecay: Double? = nil, validation: Validation? = nil,
    keepsGradients: Bool = false, options: Program.Options = Program.Options(),
    on executor: any ScheduleExecutor = GraphExecutor.shared, store: ParameterStore = ParameterStore(),
    fileID: StaticString = #fileID, line: UInt = #line,
    network: @escaping @Sendable (_ rowCount: Int) throws -> TrainingNetwork
  ) throws {
    let stepOptions = TrainingStep.Options(
      clippingNorm: clippingNorm, refusesNonFinite: refusesNonFinite, keepsGradients: keepsGradients,
      microBatches: microBatches, averageDecay: averageDecay, compilation: options, fileID: fileID, line: line)
    try TrainingError.check(
      microBatches == 1 || !batches.keepsShortBatch, "microBatches", microBatches, "1 where short batches are kept")
    let shortBatches = try ShortBatches(store, executor) { rowCount in
      let short = try network(rowCount)
      return (try TrainingStep(short, optimizer, stepOptions), short.feed)
    }
    try self.init(
      try network(batches.batchSize), optimizer, stepOptions, rate, batches, validation, executor, store,
      shortBatches: shortBatches)
  }

  private init(
    _ network: TrainingNetwork, _ optimizer: some Optimizer, _ options: TrainingStep.Options, _ rate: LearningRate,
    _ batches: Batches, _ validation: Validation?, _ executor: any ScheduleExecutor, _ store: ParameterStore,
    shortBatches: ShortBatches?
  ) throws {
    try TrainingError.check(options.microBatches >= 1, "microBatches", options.microBatches, "at least 1")
    if let decay = options.averageDecay { try TrainingError.check(fraction: decay, "averageDecay") }
    let whole = try TrainingStep(network, optimizer, options)
    self.network = NetworkParameters(network, in: whole.program)
    (self.whole, self.rate, self.feed, self.shortBatches) = (whole, rate, network.feed, shortBatches)
    (measures, microBatches, self.executor) = (validation, options.microBatches, executor)
    state = TrainingState(batches)
    try store.makeParameters(of: whole.loss.graph)
    session = whole.program.makeSession(on: executor, parameters: store)
    accumulating = whole.accumulating?.program.makeSession(on: executor, parameters: store)
    if let validation, validation.keepsBest { try store.makeParameters(of: self.network.bests()) }
  }

  /// Goes on to the next batch without taking a step with this one: after a step was refused for what a batch holds.
  ///
  /// ```swift
  /// do {
  ///   try trainer.takeStep(feed: feed)
  /// } catch SessionError.notFinite(let name, _) {
  ///   print("\(name) is not finite: left out the batch at \(trainer.batches.position)")
  ///   trainer.skipBatch()
  /// }
  /// ```
  /// ``step`` does not count it, so parameters, optimizer and learning rate go on with the bits of a run whose data
  /// lack the batch. A state that is saved afterwards goes on after it.
  public func skipBatch() { state.batches.advance() }

  /// What takes the step of the current batch.
  func current() throws -> CurrentStep {
    let rowCount = batches.rows.count
    if rowCount == batches.batchSize { return CurrentStep(session: session, step: whole, feed: feed) }
    guard let shortBatches else { preconditionFailure("A trainer of one graph has whole batches alone") }
    return try shortBatches.current(for: rowCount)
  }

  // MARK: its parameters

  /// The moving averages of the weights over the steps taken, and all else that the network predicts with as it is now:
  /// a store of their own.
  ///
  /// - Returns: `nil` if the trainer keeps no average, or has taken no step.
  /// - Throws: what compiling, running and reading throw.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func averagedParameters() throws -> ParameterStore? { try averagedCopy?() }

  /// The same, on a thread of Dispatch's.
  public nonisolated(nonsending) func averagedParameters() async throws -> ParameterStore? {
    guard let copy = averagedCopy else { return nil }
    return try await awaitingBlocking(copy)
  }

  private var averagedCopy: (@Sendable () throws -> ParameterStore)? {
    guard let averages = whole.averages, step > 0 else { return nil }
    return { [network, executor, store = session.parameters] in
      let values = try averages.values(in: store, on: executor)
      return try network.copy(from: store, bytes: { values[ExactName($0)] })
    }
  }

  /// The parameters of the best measure, and the statistics of then: a store of their own.
  ///
  /// - Returns: `nil` if the validation keeps none, or has not measured yet.
  /// - Throws: what reading throws.
  public func bestParameters() throws -> ParameterStore? {
    guard measures?.keepsBest == true, validation.best != nil else { return nil }
    let store = session.parameters
    return try network.copy(from: store, reading: NetworkParameters.best)
  }

  /// What is saved.
  var savedNames: [String] {
    whole.savedNames + (measures?.keepsBest == true ? network.names.map(NetworkParameters.best) : [])
  }

  // MARK: saving and resuming

  /// Writes the state after the steps taken so far. The file appears whole or not at all, also after a power failure.
  ///
  /// - Throws: ``StateFileError``; an older file of that name is then as it was.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func save(to path: String) throws(StateFileError) {
    try state.save(savedNames, of: session.parameters, to: path)
  }

  /// The same on a thread of Dispatch's, while the calling task awaits it.
  ///
  /// - Parameter path: the file.
  /// - Throws: ``StateFileError``; an older file of that name is then as it was.
  public nonisolated(nonsending) func save(to path: String) async throws(StateFileError) {
    let (state, names, store) = (state, savedNames, session.parameters)
    try await awaitingBlocking { () throws(StateFileError) in try state.save(names, of: store, to: path) }
  }

  /// Goes on from the state in a file: the steps that follow have the bits they would have had without the break.
  ///
  /// The data's seed is the file's from then on, and so are the counters. A file of an earlier version, which kept the
  /// mean squares of ``Adam``, ``AdamW`` and ``RMSProp`` and not their roots, is read as well, each root rounded once.
  ///
  /// - Throws: ``StateFileError``: ``StateFileError/mismatch(path:_:)`` with all that does not fit this training; then
  ///   nothing was changed.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func resume(from path: String) throws(StateFileError) {
    state = try state.resumed(savedNames, of: session.parameters, from: path)
  }

  /// The same on a thread of Dispatch's, while the calling task awaits it.
  ///
  /// - Parameter path: the file.
  /// - Throws: ``StateFileError``, as the synchronous form; then nothing was changed.
  public nonisolated(nonsending) func resume(from path: String) async throws(StateFileError) {
    let (before, names, store) = (state, savedNames, session.parameters)
    state = try await awaitingBlocking { () throws(StateFileError) in
      try before.resumed(names, of: store, from: path)
    }
  }
}
