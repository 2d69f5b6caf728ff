internal import Threads

extension GraphExecutor {
  /// Runs every unit of `schedule` without blocking a thread of Swift's cooperative pool: only the executor's seats
  /// work on it, ``width`` of them at most. Cancelling the task cancels the run.
  ///
  /// - Throws: The first error that `body` threw, or `CancellationError`.
  public func run(_ schedule: Schedule, options: RunOptions, keeping body: UnitBody) async throws {
    if Task.isCancelled || options.cancellation?.isCancelled == true { throw CancellationError() }
    if schedule.unitCount == 0 { return }
    try await withRunOfTask(options) { options, finish in
      start(schedule.storage, options, body, finish)
    }
  }

  private func start(
    _ schedule: ScheduleStorage, _ options: RunOptions, _ body: UnitBody,
    _ finish: @escaping @Sendable (Result<Void, any Error>) -> Void
  ) {
    let width = schedule.usefulWidth(upTo: width)
    let learned = body.learned ?? schedule.learned
    let key = LearningKey(site: options.site, width: width, unitCount: schedule.unitCount)
    let sharing = options.sharing ?? sharing
    let facts = schedule.facts(width: width)
    let (beginning, decided) = SharingRecord.decide(sharing, facts, isSuspending: body.isSuspending) {
      learned.update(key, $0)
    }
    let lone: WatchedWalk? =
      switch beginning {
      case .shared, .probed: nil
      case .alone: WatchedWalk(schedule, SharingRecord.Expectation(limit: .infinity), width: width)
      case .watched(let expectation): WatchedWalk(schedule, expectation, width: width)
      }
    // There is no caller to be watched.
    let way = decided == .probed ? .sharedByExperience : decided
    let observed = seats.observer.map { ObservedRun.begin(schedule, options, way, $0) }
    let isShared = lone == nil
    let start = MonotonicClock.now
    let run = schedule.takeRun()
    run.open(
      Run.Order(
        body: body, cancellation: options.cancellation, recorder: options.recorder, seats: seats,
        width: sharing == .never ? 1 : width,
        sharesRest: { elapsed in learned.update(key) { $0.note(sharedHalfWay: elapsed) } },
        finish: { run in
          let elapsed = Double(MonotonicClock.now - start)
          let walk = run.lone
          let outcome = run.takeOutcome()
          if outcome.failure == nil {
            if isShared {
              learned.update(key) { $0.note(shared: elapsed, work: Double(outcome.busy)) }
            } else if let walk, !walk.wasInterrupted {
              learned.update(key) { $0.note(alone: walk.elapsed) }
            }
          }
          if outcome.failure == nil || !body.isSuspending { schedule.giveBack(run) }
          (isShared || walk == nil ? self.seats.tally.sharedRuns : self.seats.tally.aloneRuns).add()
          observed?.end(isShared || walk != nil ? way : .sharedHalfWay, failed: outcome.failure != nil)
          finish(outcome.failure.map { .failure($0) } ?? .success(()))
          _ = self  // which keeps the seats
        }),
      lone: lone)
    if body.isSuspending { run.stopWhenCancelled() }
    seats.open(run)
  }
}
