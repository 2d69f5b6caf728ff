public import Adjoint
public import DependencyScheduling

/// Many steps.
extension Trainer {
  /// Takes steps until `last` have been taken in all, and none if that many have.
  ///
  /// - Parameters:
  ///   - last: counted from the first step of all, before any resuming.
  ///   - report: where to say how far training is; by default on standard error, if that is a terminal.
  ///   - cancellation: stops within a step.
  ///   - feed: writes the rows given into the session's inputs.
  /// - Throws: `CancellationError`, and what `feed`, the run and reading the loss throw; the steps that ``step`` counts
  ///   are taken, so that the trainer can be saved, or trained on.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public mutating func train(
    until last: Int, reporting report: ProgressReport = .terminal, cancellation: CancellationToken? = nil,
    feed: (_ session: Session, _ rows: ArraySlice<Int>) throws -> Void
  ) throws {
    var meter = ProgressMeter(report, from: step, to: last)
    while step < last {
      let loss = try takeStep(cancellation: cancellation, feed: feed)
      meter.note(step, loss: loss)
    }
  }

  /// The same, fed as the ``TrainingNetwork`` says.
  ///
  /// - Throws: ``TrainingError/notFed`` if the trainer was made of a loss; else as the form with `feed`.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public mutating func train(
    until last: Int, reporting report: ProgressReport = .terminal, cancellation: CancellationToken? = nil
  ) throws {
    var meter = ProgressMeter(report, from: step, to: last)
    while step < last {
      let loss = try takeStep(cancellation: cancellation)
      meter.note(step, loss: loss)
    }
  }

  /// Takes steps until `last` have been taken in all, without blocking the thread; cancelling the task stops within a
  /// step.
  public mutating func train(
    until last: Int, reporting report: ProgressReport = .terminal, feed: TrainingNetwork.Feed
  ) async throws {
    var meter = ProgressMeter(report, from: step, to: last)
    while step < last {
      let loss = try await takeStep(feed: feed)
      meter.note(step, loss: loss)
    }
  }

  /// The same, fed as the ``TrainingNetwork`` says.
  ///
  /// - Throws: ``TrainingError/notFed`` if the trainer was made of a loss; else as the form with `feed`.
  public mutating func train(until last: Int, reporting report: ProgressReport = .terminal) async throws {
    var meter = ProgressMeter(report, from: step, to: last)
    while step < last {
      let loss = try await takeStep()
      meter.note(step, loss: loss)
    }
  }
}
