internal import Threads

extension ScheduleExecutor {
  /// Runs `schedule` once, and tells what happened. Two looks at the clock are added to the time of each unit.
  ///
  /// - Parameters:
  ///   - schedule: The units and their order.
  ///   - name: What the trace calls the run.
  ///   - cancellation: Looked at between two units.
  ///   - fileID: Where the call stands in the source, with `line` and `column`: what is learned is kept for that place.
  ///   - line: See `fileID`.
  ///   - column: See `fileID`.
  ///   - unitName: What a unit is called; asked after the run, by the calling thread.
  ///   - body: What a unit does; called from several threads at once, where units do not depend on one another.
  /// - Throws: The first error that `body` threw, or `CancellationError`; then there is no trace.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func trace(
    _ schedule: Schedule, name: String = "run", cancellation: CancellationToken? = nil,
    fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column,
    naming unitName: (UnitID) -> String = { "\($0)" }, _ body: @Sendable (UnitID) throws -> Void
  ) throws -> RunTrace {
    let site = CallSite(fileID: fileID, line: line, column: column)
    return try trace(
      schedule, name: name, options: RunOptions(cancellation: cancellation, site: site),
      parts: { unit, nanoseconds in
        let name = unitName(unit)
        return [RunTrace.Part(name: name, kind: name, nanoseconds: nanoseconds)]
      }, body)
  }

  /// Runs `schedule` once, and tells what happened, without blocking a thread of Swift's cooperative pool: the run's
  /// worker 0 sits in a seat. Cancelling the task cancels the run, as `cancellation` does.
  ///
  /// - Parameters:
  ///   - schedule: The units and their order.
  ///   - name: What the trace calls the run.
  ///   - cancellation: Looked at between two units.
  ///   - fileID: Where the call stands in the source, with `line` and `column`: what is learned is kept for that place.
  ///   - line: See `fileID`.
  ///   - column: See `fileID`.
  ///   - unitName: What a unit is called; asked after the run.
  ///   - body: What a unit does; called from several threads at once, where units do not depend on one another.
  /// - Throws: The first error that `body` threw, or `CancellationError`; then there is no trace.
  public func trace(
    _ schedule: Schedule, name: String = "run", cancellation: CancellationToken? = nil,
    fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column,
    naming unitName: @escaping @Sendable (UnitID) -> String = { "\($0)" },
    _ body: @escaping @Sendable (UnitID) throws -> Void
  ) async throws -> RunTrace {
    try await awaiting(cancellation) { token in
      try trace(
        schedule, name: name, cancellation: token, fileID: fileID, line: line, column: column, naming: unitName, body)
    }
  }

  /// Runs the units, and tells what happened, without blocking a thread of Swift's cooperative pool. Cancelling the
  /// task cancels the run.
  ///
  /// - Parameters:
  ///   - schedule: The units and their order.
  ///   - name: What the trace calls the run.
  ///   - options: How to run them.
  ///   - parts: What a unit consisted of; asked after the run, with the time that the unit took.
  ///   - body: What a unit does; called from several threads at once, where units do not depend on one another.
  /// - Throws: The first error that `body` threw, or `CancellationError`; then there is no trace.
  public func trace(
    _ schedule: Schedule, name: String, options: RunOptions,
    parts: @escaping @Sendable (_ unit: UnitID, _ nanoseconds: Int64) -> [RunTrace.Part],
    _ body: @escaping @Sendable (UnitID) throws -> Void
  ) async throws -> RunTrace {
    try await awaiting(options.cancellation) { token in
      var options = options
      options.cancellation = token
      return try trace(schedule, name: name, options: options, parts: parts, body)
    }
  }

  /// Runs the units, and notes all of them as one worker's: for executors that do not know who runs what.
  @available(*, noasync)
  public func trace(
    _ schedule: Schedule, name: String, options: RunOptions,
    parts: (_ unit: UnitID, _ nanoseconds: Int64) -> [RunTrace.Part], _ body: @Sendable (UnitID) throws -> Void
  ) throws -> RunTrace {
    try RunTrace(name, of: schedule, parts: parts) { recorder in
      try run(schedule, options: options) { try recorder.record($0, body) }
    }
  }
}

extension GraphExecutor {
  /// Runs the units, and tells what happened and who worked when.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func trace(
    _ schedule: Schedule, name: String, options: RunOptions,
    parts: (_ unit: UnitID, _ nanoseconds: Int64) -> [RunTrace.Part], _ body: @Sendable (UnitID) throws -> Void
  ) throws -> RunTrace {
    try RunTrace(name, of: schedule, parts: parts) { recorder in
      var options = options
      options.recorder = recorder
      try run(schedule, options: options) { try recorder.record($0, body) }
    }
  }
}

extension RunTrace {
  /// A trace of what `run` runs; the calling thread is worker 0.
  fileprivate init(
    _ name: String, of schedule: Schedule, parts: (UnitID, Int64) -> [Part], _ run: (RunRecorder) throws -> Void
  ) throws {
    let recorder = RunRecorder(unitCount: schedule.unitCount)
    let start = MonotonicClock.now
    recorder.enter(0)
    try run(recorder)
    recorder.leave(0)
    self.init(name, schedule, recorder, start: start, end: MonotonicClock.now, parts: parts)
  }
}
