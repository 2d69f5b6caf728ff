/// What the tasks of one run have made.
///
/// ```swift
/// let results = try await tasks.run()
/// print(results[total])
/// ```
/// Every value lives as long as the results. May be read from any number of threads.
public struct TaskResults: Sendable {
  let values: TaskValues
  let tasks: TaskTable

  /// The value of `output`, which is of the graph that was run.
  ///
  /// - Complexity: O(1).
  public subscript<Value: Sendable>(output: TaskOutput<Value>) -> Value {
    demand(
      tasks.owns(output.id),
      "The results are those of another graph, or of a copy without this task: they have no \(output)")
    return values.value(of: output)
  }
}
