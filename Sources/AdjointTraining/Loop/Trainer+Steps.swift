public import Adjoint
public import DependencyScheduling

/// One step, and many.
extension Trainer {
  /// Feeds the current batch and takes a step with it; returns the loss before it, with micro-batches the mean of
  /// theirs.
  ///
  /// - Parameters:
  ///   - cancellation: stops within the step.
  ///   - feed: writes the rows given into the session's inputs.
  /// - Throws: what `feed` and the run throw: `SessionError.notFinite` if what is infinite or NaN is refused,
  ///   ``TrainingError/gradientNotFinite(_:)`` if it is not and gradients are to be clipped; then no step was taken.
  ///   ``TrainingError/lossNotRead(step:reason:)`` if another task has the session as the loss is read, and what a
  ///   validation's measure and ``afterStep`` throw: then the step was taken, and ``step`` counts it.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  @discardableResult
  public func takeStep(
    cancellation: CancellationToken? = nil, feed: (_ session: Session, _ rows: ArraySlice<Int>) throws -> Void
  ) throws -> Double {
    let current = try current()
    var position = batches, sum = 0.0
    for number in 1..<microBatches {
      let session = try prepareMicroBatch(number, position.rows, feed)
      do { try session.step(cancellation: cancellation) } catch { throw Self.innermost(error) }
      sum += try session.doubles(of: loss)[0]
      position.advance()
    }
    try prepare(current, position.rows, feed)
    do { try current.session.step(cancellation: cancellation) } catch { throw Self.innermost(error) }
    let loss = try advance(current, past: position, sum)
    if let measures, isDue(measures) { try note(measures.measure(session.parameters), measures) }
    try afterStep?(step, loss)
    return loss
  }

  /// The same, fed as the trainer was told.
  ///
  /// - Throws: ``TrainingError/notFed`` if it was not; else as the form with `feed`.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  @discardableResult
  public func takeStep(cancellation: CancellationToken? = nil) throws -> Double {
    try takeStep(cancellation: cancellation, feed: currentFeed())
  }

  /// Feeds the current batch and takes a step with it without blocking the thread; cancelling the task cancels the
  /// step.
  @discardableResult
  public nonisolated(nonsending) func takeStep(feed: TrainingNetwork.Feed) async throws -> Double {
    let current = try current()
    var position = batches, sum = 0.0
    for number in 1..<microBatches {
      let session = try prepareMicroBatch(number, position.rows, feed)
      do { try await session.step() } catch { throw Self.innermost(error) }
      sum += try session.doubles(of: loss)[0]
      position.advance()
    }
    try prepare(current, position.rows, feed)
    do { try await current.session.step() } catch { throw Self.innermost(error) }
    let loss = try advance(current, past: position, sum)
    if let measures, isDue(measures) {
      let (measure, store) = (measures.measure, session.parameters)
      try note(try await awaitingBlocking { try measure(store) }, measures)
    }
    try afterStep?(step, loss)
    return loss
  }

  /// The same, fed as the trainer was told.
  ///
  /// - Throws: ``TrainingError/notFed`` if it was not; else as the form with `feed`.
  @discardableResult
  public nonisolated(nonsending) func takeStep() async throws -> Double { try await takeStep(feed: currentFeed()) }

  // MARK: many steps

  /// Whether a validation's patience is at its end.
  public var hasStopped: Bool {
    guard let patience = measures?.patience else { return false }
    return validation.countSinceBest >= patience
  }

  /// Takes steps until `last` have been taken in all, and none if that many have, or until a validation's patience
  /// ends.
  ///
  /// - Parameters:
  ///   - last: counted from the first step of all, before any resuming.
  ///   - report: where to say how far training is.
  ///   - cancellation: stops within a step.
  ///   - feed: writes the rows given into the session's inputs; if left out, the trainer was told.
  /// - Throws: `CancellationError`, and what `feed`, the run and reading the loss throw; the steps that ``step`` counts
  ///   are taken, so that the trainer can be saved, or trained on.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func takeSteps(
    until last: Int, reporting report: ProgressReport = .silent, cancellation: CancellationToken? = nil,
    feed: ((_ session: Session, _ rows: ArraySlice<Int>) throws -> Void)? = nil
  ) throws {
    var meter = ProgressMeter(report, from: step, to: last)
    while step < last, !hasStopped {
      let loss = try takeStep(cancellation: cancellation, feed: feed ?? currentFeed())
      meter.note(step, loss: loss, hasStopped: hasStopped)
    }
  }

  /// Takes steps until `last` have been taken in all, or until a validation's patience ends, without blocking the
  /// thread; cancelling the task stops within a step.
  public nonisolated(nonsending) func takeSteps(
    until last: Int, reporting report: ProgressReport = .silent, feed: TrainingNetwork.Feed? = nil
  ) async throws {
    for try await _ in train(until: last, every: .max, reporting: report, feed: feed) {}
  }

  /// The steps until `last` have been taken in all: taken while the sequence is iterated, in the iterating task, which
  /// sees how far they are.
  ///
  /// ```swift
  /// for try await progress in trainer.train(until: 10_000, every: 500) {
  ///   print(progress)  // step 500/10000  loss 0.4213  830 steps/s  11 s left
  ///   if progress.loss < 0.01 { break }
  /// }
  /// ```
  /// An iteration that ends, or whose task is cancelled, takes no more steps; another goes on from there.
  ///
  /// - Parameters:
  ///   - last: counted from the first step of all, before any resuming.
  ///   - steps: how many steps make an element, at least 1; the last one has what is left, and a measure of the
  ///     validation is always an element of its own.
  ///   - report: where else to say how far training is: ``ProgressReport/terminal``, say.
  ///   - feed: writes the rows given into the session's inputs; if left out, the trainer was told.
  public func train(
    until last: Int, every steps: Int = 1, reporting report: ProgressReport = .silent,
    feed: TrainingNetwork.Feed? = nil
  ) -> TrainingRun {
    TrainingRun(trainer: self, last: last, steps: max(1, steps), report: report, feed: feed)
  }

  // MARK: parts of a step

  /// How the network of the current batch's size is fed.
  private func currentFeed() throws -> TrainingNetwork.Feed {
    guard let feed = try current().feed else { throw TrainingError.notFed }
    return feed
  }

  /// The error of this module's own gate, where a run has failed for that.
  private static func innermost(_ error: any Error) -> any Error {
    if case SessionError.gateFailed(_, _, let reason as TrainingError) = error { reason } else { error }
  }

  private func prepare(
    _ current: CurrentStep, _ rows: ArraySlice<Int>, _ feed: (Session, ArraySlice<Int>) throws -> Void
  ) throws {
    for input in current.step.rates {
      let value = (input.rate ?? rate).value(at: step) * validation.rateFactor
      try current.session.write([value], to: input.input)
    }
    try feed(current.session, rows)
  }

  /// Feeds the micro-batch of a number from 1 on, which is not the last.
  private func prepareMicroBatch(
    _ number: Int, _ rows: ArraySlice<Int>, _ feed: (Session, ArraySlice<Int>) throws -> Void
  ) throws -> Session {
    guard let accumulating, let isFirst = whole.accumulating?.isFirst else {
      preconditionFailure("A step of micro-batches has a program for those before the last")
    }
    try accumulating.write([number == 1], to: isFirst)
    try feed(accumulating, rows)
    return accumulating
  }

  /// Counts a step whose update is in place, the last of whose batches is that of `position`, and reads its loss.
  func advance(
    _ current: CurrentStep, past position: Batches? = nil, _ sum: Double = 0
  ) throws(TrainingError) -> Double {
    state.step += 1
    if let position { state.batches = position }
    state.batches.advance()
    do {
      return (sum + (try current.session.doubles(of: current.step.loss)[0])) / Double(microBatches)
    } catch {
      throw .lossNotRead(step: step, reason: "\(error)")
    }
  }

  private func isDue(_ measures: Validation) -> Bool { step.isMultiple(of: measures.steps) }

  private func note(_ measure: Double, _ measures: Validation) throws {
    let isBest = state.validation.note(measure, after: step, measures)
    if isBest && measures.keepsBest { try network.keep(in: session.parameters) }
  }
}
