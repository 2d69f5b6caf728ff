internal import Adjoint
public import AdjointTraining
internal import Threads

/// One step, and many.
extension ClusterTrainer {
  /// Takes a step with the current batch: feeds and computes the shards of this rank, sums with all others, updates;
  /// returns the mean loss before it. Cancelling the task ends the cluster.
  ///
  /// - Parameter feed: writes the rows of one shard into a session's inputs; called once a shard of this rank, for
  ///   several at a time.
  /// - Throws: ``ClusterError``; what `feed` and the runs throw, which all other ranks are told. An error that all
  ///   ranks throw alike, `SessionError.notFinite` or `TrainingError.gradientNotFinite`, leaves the cluster as it was.
  @discardableResult
  public nonisolated(nonsending) func takeStep(feed: @escaping TrainingNetwork.Feed) async throws -> Double {
    try await agree()
    do {
      for input in sharded.rates { try updating.write([(input.rate ?? rate).value(at: step)], to: input.input) }
      buckets.beginStep()
      let step = ClusterStep(self, feed)
      try await step.run()
      lastSpans = step.spans
    } catch  where Self.isAlike(error) {
      throw Self.innermost(error)
    } catch {
      cluster.thread.fail("\(error)")
      throw error
    }
    state.step += 1
    state.batches.advance()
    return try updating.doubles(of: sharded.lossInput)[0]
  }

  /// The same, fed as the trainer was told.
  ///
  /// - Throws: `TrainingError.notFed` if it was not; else as the form with `feed`.
  @discardableResult
  public nonisolated(nonsending) func takeStep() async throws -> Double {
    guard let feed else { throw TrainingError.notFed }
    return try await takeStep(feed: feed)
  }

  /// Goes on to the next batch without taking a step with this one, on all ranks: after a step was refused for what a
  /// batch holds.
  public func skipBatch() { state.batches.advance() }

  /// The steps until `last` have been taken in all: taken while the sequence is iterated. Every rank iterates its own.
  ///
  /// - Parameters:
  ///   - last: counted from the first step of all, before any resuming.
  ///   - steps: how many steps make an element, at least 1.
  ///   - report: where else to say how far training is.
  ///   - feed: writes the rows of one shard into a session's inputs; if left out, the trainer was told.
  public func train(
    until last: Int, every steps: Int = 1, reporting report: ProgressReport = .silent,
    feed: TrainingNetwork.Feed? = nil
  ) -> ClusterRun {
    ClusterRun(trainer: self, last: last, steps: max(1, steps), report: report, feed: feed ?? self.feed)
  }

  /// Whether all ranks throw an error of the update: it is of sums, which are the same on all of them.
  static func isAlike(_ error: any Error) -> Bool {
    switch error as? SessionError {
    case .notFinite: true
    case .gateFailed(_, _, let reason): reason is TrainingError
    default: false
    }
  }

  private static func innermost(_ error: any Error) -> any Error {
    if case SessionError.gateFailed(_, _, let reason as TrainingError) = error { reason } else { error }
  }
}

/// One step of a trainer on this rank: runs of shards, exchanges and the run of the update, all at once.
private struct ClusterStep: Sendable {
  private let updating: Session
  private let late: LateInputs
  private let arrivals: Arrivals
  private let targets: LateTargets
  private let buckets: GradientBuckets
  private let computing: [ShardSession]
  private let cluster: Cluster
  private let feed: TrainingNetwork.Feed
  private let rows: ArraySlice<Int>
  /// The shards of this rank.
  private let shards: Range<Int>
  private let shardCount: Int
  private let gradientCount: Int
  /// Buckets that leave when all shards of this rank are computed; `nil` where each leaves when it is complete.
  private let held: HeldBuckets?
  let spans = StepSpans()

  init(_ trainer: ClusterTrainer, _ feed: @escaping TrainingNetwork.Feed) {
    (updating, late, arrivals) = (trainer.updating, trainer.late, Arrivals(trainer.late))
    (targets, buckets, computing) = (trainer.targets, trainer.buckets, trainer.computing)
    (cluster, self.feed, rows) = (trainer.cluster, feed, trainer.batches.rows)
    (shards, shardCount) = (trainer.tree.shards(of: trainer.cluster.rank), trainer.shards)
    gradientCount = trainer.sharded.gradientInputs.count
    held = trainer.overlaps ? nil : HeldBuckets(sessionCount: trainer.computing.count)
  }

  /// How a part of the step has ended: the update may fail on all ranks alike, and then the rest of the step goes on,
  /// so that all of them have handed over the same.
  private enum Part: Sendable {
    case shards
    case update((any Error)?)
  }

  func run() async throws {
    let refusal = try await withThrowingTaskGroup(of: Part.self) { group in
      group.addTask {
        let span = spans.begin(.update, "update")
        defer { spans.end(span) }
        do {
          try await updating.step(awaiting: late, arrivals)
          return .update(nil)
        } catch  where ClusterTrainer.isAlike(error) {
          return .update(error)
        }
      }
      for session in computing {
        group.addTask {
          for shard in stride(from: session.first, to: shards.count, by: session.stride) {
            try Task.checkCancellation()
            try await compute(shard, session)
          }
          for bucket in held?.endSession() ?? [] { exchange(bucket) }
          return .shards
        }
      }
      var refusal: (any Error)?
      do {
        for try await part in group {
          if case .update(let error?) = part { refusal = error }
        }
      } catch {
        // The update waits for sums that never come.
        arrivals.fail(error)
        throw error
      }
      return refusal
    }
    guard let refusal else { return }
    while try !arrivals.areAllThere { try await Task.sleep(for: .milliseconds(1)) }
    throw refusal
  }

  /// Computes one shard, counted among those of this rank.
  private func compute(_ shard: Int, _ session: ShardSession) async throws {
    let span = spans.begin(.shards(session: session.first), "shard \(shards.lowerBound + shard)")
    defer { spans.end(span) }
    try session.setCounters(shard: shards.lowerBound + shard, of: shardCount)
    let rowCount = rows.count / shardCount, first = rows.startIndex + (shards.lowerBound + shard) * rowCount
    try feed(session.session, rows[first..<first + rowCount])
    let memories = GradientTargets((0..<gradientCount).map { buckets.memory(ofItem: $0, shard: shard) })
    try await session.session.step(writingGradientsTo: memories) { gradient in
      hand(in: gradient, of: shard)
    }
    let others = gradientCount..<buckets.items.count
    try session.writeResults(to: others.map { buckets.memory(ofItem: $0, shard: shard) })
    for item in others { hand(in: item, of: shard) }
  }

  private func hand(in item: Int, of shard: Int) {
    guard let bucket = buckets.complete(item: item, shard: shard) else { return }
    if let held { held.add(bucket) } else { exchange(bucket) }
  }

  private func exchange(_ bucket: Int) {
    if cluster.size == 1 { return distribute(bucket) }
    let span = spans.begin(.messages, buckets.name(ofBucket: bucket))
    cluster.thread.begin(buckets.buckets[bucket].memory, tag: bucket) { [self] failure in
      spans.end(span)
      if let failure {
        KeptMemory.keep(buckets)
        KeptMemory.keep(updating)
        arrivals.fail(failure)
      } else {
        distribute(bucket)
      }
    }
  }

  /// Gives the sums of a bucket to the update.
  private func distribute(_ bucket: Int) {
    for item in buckets.buckets[bucket].items {
      let sum = buckets.sum(ofItem: item)
      if let target = targets.addresses[item], target != sum {
        target.copyMemory(from: sum, byteCount: buckets.items[item].byteCount)
      }
      arrivals.arrive(item)
    }
  }
}

/// Buckets that are complete on this rank, and wait for its last session.
private final class HeldBuckets: @unchecked Sendable {  // because `lock` guards what changes
  private let lock = PlatformLock()
  private var sessionCount: Int
  private var buckets: [Int] = []

  init(sessionCount: Int) { self.sessionCount = sessionCount }

  func add(_ bucket: Int) { lock.withLock { buckets.append(bucket) } }

  /// A session has computed its shards. The last one gets all buckets.
  func endSession() -> [Int] {
    lock.withLock {
      sessionCount -= 1
      return sessionCount == 0 ? buckets : []
    }
  }
}

/// The steps of a training on all ranks as a sequence of how far it is: see
/// ``ClusterTrainer/train(until:every:reporting:feed:)``.
public struct ClusterRun: AsyncSequence {
  let trainer: ClusterTrainer
  let last: Int
  let steps: Int
  let report: ProgressReport
  let feed: TrainingNetwork.Feed?

  public func makeAsyncIterator() -> Iterator { Iterator(self) }

  public struct Iterator: AsyncIteratorProtocol {
    private let run: ClusterRun
    private var meter: ProgressMeter

    fileprivate init(_ run: ClusterRun) {
      self.run = run
      meter = ProgressMeter(run.report, from: run.trainer.step, to: run.last)
    }

    /// Takes the steps of the next element; `nil` if there is none to take.
    ///
    /// - Throws: `CancellationError`, and what `ClusterTrainer.takeStep` throws.
    public nonisolated(nonsending) mutating func next() async throws -> TrainingProgress? {
      let trainer = run.trainer
      var losses = LossSum()
      guard let feed = run.feed else { throw TrainingError.notFed }
      while trainer.step < run.last, losses.count < run.steps {
        try Task.checkCancellation()
        let loss = try await trainer.takeStep(feed: feed)
        losses.add(loss)
        meter.note(trainer.step, loss: loss)
      }
      return losses.count == 0 ? nil : meter.progress(after: trainer.step, loss: losses.mean)
    }
  }
}
