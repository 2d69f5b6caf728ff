public import Adjoint
public import AdjointTraining
public import DependencyScheduling
internal import LibC

/// Trains the parameters of a graph on all ranks of a ``Cluster``: each computes the gradients of its share of every
/// batch, and all take the same step with the mean.
///
/// ```swift
/// let cluster = try Cluster.join()
/// let trainer = try ClusterTrainer(
///   loss, optimizer: Adam(), rate: .constant(0.001), shards: 8,
///   batches: Batches(rowCount: data.count, batchSize: 512, seed: 1), on: cluster, feed: data.feed)
/// for try await progress in trainer.train(until: 10_000, every: 500) { print(progress) }
/// try await trainer.save(to: path)
/// ```
/// **The bits of a training do not depend on how many processes ran it.** The batch is cut into shards, a power of two
/// of them, which belong to the training and its file as its seed does; the graph's batch is one shard. Ranks, any
/// number up to the shards, compute neighbouring shards each, and sums over shards follow one binary tree. So a
/// training can be stopped on four ranks and go on on three. Each shard is a run of its own, which reads all weights
/// and writes all gradients: it should have 32 rows or more, better 64.
///
/// Nothing else depends on the number of ranks either. The loss is the mean over shards by the same tree, and so is
/// what running statistics become, which each shard computes from the values before the step. A counter of steps, an
/// int32 that `alsoUpdating` moves on by a constant, reads S · value + s in shard s of S, so that each shard draws its
/// own dropouts.
///
/// A gradient leaves when its last contribution is in, while backward goes on; its parameter's update begins when its
/// sum is there, unless gradients are clipped by their global norm.
///
/// All ranks make the same calls in the same order. A step that is refused on all of them alike, for a loss or
/// gradients that are not finite, was not taken, as in a `Trainer`; any other error of a rank ends the cluster, and
/// every other rank throws a ``ClusterError`` that names it.
public final class ClusterTrainer {
  public let cluster: Cluster
  public let rate: LearningRate
  /// How many shards each batch has.
  public let shards: Int
  /// The parameters, the same on all ranks.
  public var parameters: ParameterStore { updating.parameters }

  /// How many steps have been taken.
  public var step: Int { state.step }
  /// The data's rows, of all ranks together; the current batch is that of the next step.
  public var batches: Batches { state.batches }
  /// More numbers that are saved and resumed, such as counters of your own random generators.
  public var counters: [String: UInt64] {
    get { state.counters }
    set { state.counters = newValue }
  }

  /// How long the last step took on this rank, part by part; `nil` before the first.
  public var lastTimings: ClusterTimings? { lastSpans?.timings }

  var state: TrainingState
  var lastSpans: StepSpans?
  let sharded: ShardedStep
  /// The session that updates, its inputs that arrive late, and where it reads each of them, if it does.
  let updating: Session
  let late: LateInputs
  let targets: LateTargets
  let computing: [ShardSession]
  let buckets: GradientBuckets
  let tree: ShardTree
  let feed: TrainingNetwork.Feed?
  let executor: any ScheduleExecutor
  var hasAgreed = false
  /// Whether gradients leave while backward goes on. Turning it off changes no bit; it exists so that tests can verify
  /// this, and measure what it saves.
  package var overlaps = true

  /// Compiles a step that makes `loss`, a scalar, smaller.
  ///
  /// - Parameters:
  ///   - loss: the mean loss of one shard.
  ///   - optimizer: how parameters go along their gradients.
  ///   - rate: the learning rate of each step.
  ///   - shards: how many a batch is cut into: a power of two, at least the number of ranks.
  ///   - batches: the rows of data that a step is fed, of all shards together.
  ///   - parameters: what is trained; if left out, all floating-point parameters that `updates` leaves alone.
  ///   - frozen: parameters that stay as they are.
  ///   - groups: parameters with rates of their own.
  ///   - clippingNorm: the most that the global norm of all gradients may be.
  ///   - refusesNonFinite: whether a step whose loss or any of whose gradients is infinite or NaN fails with
  ///     `SessionError.notFinite`, on all ranks.
  ///   - averageDecay: keeps a moving average of the weights: see ``averagedParameters()``.
  ///   - updates: more that a step changes: running statistics, and counters of steps.
  ///   - options: how programs are compiled.
  ///   - cluster: the ranks.
  ///   - executor: where runs are.
  ///   - store: where parameters live; those of rank 0 become those of all.
  ///   - fileID: where the trainer is made, for messages.
  ///   - line: where in that file.
  ///   - feed: writes the rows of one shard into a session's inputs; if left out, each step is told.
  /// - Throws: ``ClusterError/notAllowed(parameter:value:allowed:)``, `TrainingError`, and what compiling and making
  ///   parameters throw.
  public init(
    _ loss: Node, optimizer: some Optimizer, rate: LearningRate, shards: Int, batches: Batches,
    parameters: [Node]? = nil, freezing frozen: [Node] = [], groups: [ParameterGroup] = [],
    clippingNorm: Double? = nil, refusesNonFinite: Bool = false, averageDecay: Double? = nil,
    alsoUpdating updates: [ParameterUpdate] = [], options: Program.Options = Program.Options(),
    on cluster: Cluster, executor: any ScheduleExecutor = GraphExecutor.shared,
    store: ParameterStore = ParameterStore(), fileID: StaticString = #fileID, line: UInt = #line,
    feed: TrainingNetwork.Feed? = nil
  ) throws {
    try Self.check(shards, batches, loss, cluster)
    (self.cluster, self.rate, self.shards, self.feed, self.executor) = (cluster, rate, shards, feed, executor)
    state = TrainingState(batches)
    let sharded = try ShardedStep(
      loss, shards: shards, optimizer: optimizer, parameters: parameters, freezing: frozen, groups: groups,
      clippingNorm: clippingNorm, refusesNonFinite: refusesNonFinite, averageDecay: averageDecay,
      alsoUpdating: updates, options: options, fileID: fileID, line: line)
    tree = ShardTree(shardCount: shards, rankCount: cluster.size)
    try store.makeParameters(of: loss.graph)
    let updating = sharded.update.makeSession(on: executor, parameters: store)
    let results = sharded.gradientInputs + [sharded.lossInput] + sharded.statisticInputs
    let targets = LateTargets(try results.map { try updating.memory(ofInput: $0) })
    buckets = GradientBuckets(
      results.map { GradientBuckets.Item(name: $0.name, type: $0.elementType, count: $0.shape.elementCount) },
      breakingAt: [sharded.gradientInputs.count], tree, rank: cluster.rank, targets: { targets.addresses[$0] })
    late = LateInputs(results, of: sharded.update)
    (self.sharded, self.updating, self.targets) = (sharded, updating, targets)

    let width = min(tree.shards(of: cluster.rank).count, (executor as? GraphExecutor)?.width ?? 1)
    computing = (0..<width).map { number in
      let session = sharded.shard.makeSession(on: executor, parameters: store)
      return ShardSession(sharded, session, first: number, stride: width)
    }
    try Self.check(buckets.buckets.count, cluster)
    Self.warn(of: batches.batchSize / shards, cluster)
  }

  private static func check(_ shards: Int, _ batches: Batches, _ loss: Node, _ cluster: Cluster) throws(ClusterError) {
    func check(
      _ isAllowed: Bool, _ parameter: String, _ value: some CustomStringConvertible, _ allowed: String
    ) throws(ClusterError) {
      if !isAllowed { throw .notAllowed(parameter: parameter, value: "\(value)", allowed: allowed) }
    }
    try check(shards >= 1 && shards.nonzeroBitCount == 1, "shards", shards, "a power of two")
    try check(
      shards >= cluster.size, "shards", shards, "at least the number of ranks, \(cluster.size): each computes one")
    try check(
      batches.batchSize.isMultiple(of: shards), "batches.batchSize", batches.batchSize,
      "a multiple of the \(shards) shards")
    try check(!batches.keepsShortBatch, "batches.keepsShortBatch", true, "false where a graph has one batch size")
    let type = loss.elementType
    try check(type == .float32 || type == .float64, "loss", type, "float32 or float64")
  }

  private static func check(_ bucketCount: Int, _ cluster: Cluster) throws(ClusterError) {
    if bucketCount > cluster.thread.greatestTag {
      throw .notAllowed(
        parameter: "parameters", value: "\(bucketCount) messages a step",
        allowed: "at most \(cluster.thread.greatestTag), as many as MPI can tell apart")
    }
  }

  private static let fewRows = 32  // Decisions/Cluster.md

  private static func warn(of rowCount: Int, _ cluster: Cluster) {
    guard rowCount < fewRows, cluster.rank == 0 else { return }
    let line = "Adjoint: shards of \(rowCount) rows each cost time, for each reads all weights: better \(fewRows)\n"
    _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress!, $0.count) }
  }

  /// The moving averages of the weights over the steps taken, and all else that the network predicts with as it is now:
  /// a store of their own, the same on all ranks.
  ///
  /// - Returns: `nil` if the trainer keeps no average, or has taken no step.
  /// - Throws: what compiling, running and reading throw.
  public nonisolated(nonsending) func averagedParameters() async throws -> ParameterStore? {
    guard step > 0 else { return nil }
    let (sharded, store, executor) = (sharded, parameters, executor)
    return try await awaitingBlocking { try sharded.averagedParameters(of: store, on: executor) }
  }
}

/// Where a session reads its late inputs; `nil` for one that its program does not read.
struct LateTargets: @unchecked Sendable {  // because each is written before its input arrives, and read after
  let addresses: [UnsafeMutableRawPointer?]
  init(_ addresses: [UnsafeMutableRawPointer?]) { self.addresses = addresses }
}
