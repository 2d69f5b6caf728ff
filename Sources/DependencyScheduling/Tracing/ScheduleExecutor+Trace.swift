extension ScheduleExecutor {
  /// Runs `schedule` as ``ScheduleExecutor/run(_:cancellation:_:)`` does, and tells what happened.
  ///
  /// Two looks at the clock a unit are added to its time. What the units are called is asked after the run.
  public func trace(
    _ schedule: Schedule, name: String = "run", cancellation: CancellationToken? = nil,
    naming unitName: (UnitID) -> String = { "\($0)" }, _ body: @Sendable (UnitID) throws -> Void
  ) throws -> RunTrace {
    try trace(
      schedule, name: name, cancellation: cancellation,
      parts: { unit, nanoseconds in
        let name = unitName(unit)
        return [RunTrace.Part(name: name, kind: name, nanoseconds: nanoseconds)]
      }, body)
  }

  /// The same, with what each unit consists of: asked after the run, with the time it took.
  package func trace(
    _ schedule: Schedule, name: String, cancellation: CancellationToken?,
    parts: (UnitID, _ nanoseconds: Int64) -> [RunTrace.Part], _ body: @Sendable (UnitID) throws -> Void
  ) throws -> RunTrace {
    let recorder = RunRecorder(unitCount: schedule.unitCount)
    let start = RunClock.now
    recorder.enter(0)
    if let executor = self as? GraphExecutor {
      // The helpers have left the body when the run returns.
      try withoutActuallyEscaping(body) { body in
        try executor.run(schedule, cancellation: cancellation, recorder: recorder) { try recorder.record($0, body) }
      }
    } else {
      try run(schedule, cancellation: cancellation) { try recorder.record($0, body) }
    }
    recorder.leave(0)
    return RunTrace(name, schedule, recorder, start: start, end: RunClock.now, parts: parts)
  }
}

extension TaskSchedule {
  /// Runs every task once and tells what happened, under the tasks' names.
  public func trace(
    on executor: some ScheduleExecutor, name: String = "run", cancellation: CancellationToken? = nil
  ) throws -> RunTrace {
    let work = tasks.work
    return try executor.trace(
      schedule, name: name, cancellation: cancellation, naming: { self.name(of: $0) },
      { unit in try work[Int(unit.index)]() })
  }
}
