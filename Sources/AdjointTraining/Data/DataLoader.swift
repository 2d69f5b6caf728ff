public import DependencyScheduling

/// The batches of a data set, prepared ahead on an executor while the one before is trained with.
///
/// ```swift
/// let loader = try DataLoader(images, from: trainer.batches, ahead: 2) { batch, number in
///   try augmented(batch, seed: number)     // runs on the executor, several batches at once
/// }
/// for try await batch in loader.prefix(100) {
///   try await trainer.takeStep { session, _ in try batch.feed(session) }
/// }
/// ```
/// Batches come in their order, without end, and each is what `prepare` makes of its rows and its number, whatever the
/// number of workers: the same values, run after run. One that begins with `trainer.batches` goes on where a resumed
/// training does. Where nothing is to be prepared, `dataset.feed` writes rows into a session without a copy between.
public struct DataLoader: AsyncSequence, Sendable {
  /// Makes a batch of its rows; `number` counts all batches from the first of the first epoch.
  public typealias Prepare = @Sendable (_ rows: Dataset, _ number: Int) throws -> Dataset

  private let dataset: Dataset
  private let batches: Batches
  private let ahead: Int
  private let executor: GraphExecutor
  private let prepare: Prepare

  /// - Parameters:
  ///   - dataset: the rows.
  ///   - batches: which rows come in which batch, from the current one on.
  ///   - ahead: how many batches are prepared before they are asked for, at least 1: as much memory is taken.
  ///   - executor: where they are prepared.
  ///   - prepare: makes a batch of its rows: crops and flips images, say. If left out, the rows are the batch.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``, also if the batches are of another number of
  ///   rows.
  public init(
    _ dataset: Dataset, from batches: Batches, ahead: Int = 2, on executor: GraphExecutor = .shared,
    prepare: @escaping Prepare = { rows, _ in rows }
  ) throws(TrainingError) {
    try TrainingError.check(ahead >= 1, "ahead", ahead, "at least 1")
    try TrainingError.check(
      batches.rowCount == dataset.count, "batches.rowCount", batches.rowCount, "the data set's \(dataset.count) rows")
    (self.dataset, self.batches, self.ahead) = (dataset, batches, ahead)
    (self.executor, self.prepare) = (executor, prepare)
  }

  public func makeAsyncIterator() -> Iterator { Iterator(self) }

  public struct Iterator: AsyncIteratorProtocol {
    private let loader: DataLoader
    private var batches: Batches
    private var number: Int
    private let pending = PendingBatches()

    fileprivate init(_ loader: DataLoader) {
      (self.loader, batches) = (loader, loader.batches)
      number = batches.position.epoch * batches.batchesPerEpoch + batches.position.batch
    }

    /// The next batch. Never `nil`.
    ///
    /// - Throws: what `prepare` throws; `CancellationError`.
    public nonisolated(nonsending) mutating func next() async throws -> Dataset? {
      while pending.tasks.count <= loader.ahead {
        let (dataset, prepare, number) = (loader.dataset, loader.prepare, number)
        let rows = Array(batches.rows)
        pending.tasks.append(
          Task(executorPreference: loader.executor) { try prepare(dataset.selecting(rows), number) })
        batches.advance()
        self.number += 1
      }
      let task = pending.tasks.removeFirst()
      return try await withTaskCancellationHandler {
        let batch = try await task.value
        try Task.checkCancellation()
        return batch
      } onCancel: {
        task.cancel()
      }
    }
  }
}

/// Batches under way, which nobody wants once the iterator is gone.
private final class PendingBatches {
  var tasks: [Task<Dataset, any Error>] = []
  deinit { for task in tasks { task.cancel() } }
}
