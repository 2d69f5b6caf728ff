/// A task of a graph has thrown an error, which ended the run.
///
/// ```swift
/// do {
///   try await tasks.run()
/// } catch let failure as TaskFailure {
///   print(failure)         // task "parse" failed: unexpected end of file
///   retry(failure.error)   // what the task has thrown
/// }
/// ```
public struct TaskFailure: Error, Sendable {
  /// The name of the task.
  public let task: String
  /// The unit that runs the task.
  public let unit: UnitID
  /// What the task has thrown.
  public let error: any Error
}

extension TaskFailure: CustomStringConvertible {
  public var description: String { "task \"\(task)\" failed: \(error)" }
}

extension TaskTable {
  /// What a run throws because the task of `unit` threw `error`. A `CancellationError` of a run that is cancelled
  /// anyway says nothing about the task.
  func failure(of unit: UnitID, _ error: any Error, isCancelled: Bool) -> any Error {
    if isCancelled, error is CancellationError { return error }
    return TaskFailure(task: self[unit].name, unit: unit, error: error)
  }
}
