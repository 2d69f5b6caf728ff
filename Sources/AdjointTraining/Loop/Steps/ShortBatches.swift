internal import Adjoint
internal import DependencyScheduling

/// What takes a step: a session of its program, and how it is fed if the network says so.
struct CurrentStep: Sendable {
  let session: Session
  let step: TrainingStep
  let feed: TrainingNetwork.Feed?
}

/// The step of the short batch at the end of each epoch, compiled when it first comes.
struct ShortBatches: Sendable {
  private let family: ProgramFamily<Int, CurrentStep>

  init(
    _ store: ParameterStore, _ executor: any ScheduleExecutor,
    build: @escaping @Sendable (_ rowCount: Int) throws -> (TrainingStep, TrainingNetwork.Feed?)
  ) throws {
    family = try ProgramFamily(capacity: 1, parameters: store, on: executor) { rowCount in
      let (step, feed) = try build(rowCount)
      // Before it is kept: a network that does not fit the store is built anew next time.
      try store.makeParameters(of: step.loss.graph)
      let session = step.program.makeSession(on: executor, parameters: store)
      return (step.program, CurrentStep(session: session, step: step, feed: feed))
    }
  }

  func current(for rowCount: Int) throws -> CurrentStep { try family.member(for: rowCount).ports }
}
