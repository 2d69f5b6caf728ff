/// The steps of a training as a sequence of how far it is: see ``Trainer/train(until:every:reporting:feed:)``.
public struct TrainingRun: AsyncSequence {
  let trainer: Trainer
  let last: Int
  let steps: Int
  let report: ProgressReport
  let feed: TrainingNetwork.Feed?

  public func makeAsyncIterator() -> Iterator { Iterator(self) }

  public struct Iterator: AsyncIteratorProtocol {
    private let run: TrainingRun
    private var meter: ProgressMeter

    fileprivate init(_ run: TrainingRun) {
      self.run = run
      meter = ProgressMeter(run.report, from: run.trainer.step, to: run.last)
    }

    /// Takes the steps of the next element; `nil` if there is none to take.
    ///
    /// - Throws: `CancellationError`, and what `Trainer.takeStep` throws.
    public nonisolated(nonsending) mutating func next() async throws -> TrainingProgress? {
      let trainer = run.trainer
      var losses = LossSum()
      while trainer.step < run.last, !trainer.hasStopped, losses.count < run.steps {
        try Task.checkCancellation()
        let known = trainer.validation
        let loss =
          if let feed = run.feed { try await trainer.takeStep(feed: feed) } else { try await trainer.takeStep() }
        losses.add(loss)
        meter.note(trainer.step, loss: loss, hasStopped: trainer.hasStopped)
        if trainer.validation != known {
          return meter.progress(after: trainer.step, loss: losses.mean, measure: trainer.validation.last)
        }
      }
      return losses.count == 0 ? nil : meter.progress(after: trainer.step, loss: losses.mean, measure: nil)
    }
  }
}

/// The mean of losses.
package struct LossSum {
  private var sum = 0.0
  package private(set) var count = 0
  package init() {}
  package var mean: Double { sum / Double(count) }
  package mutating func add(_ loss: Double) { (sum, count) = (sum + loss, count + 1) }
}
