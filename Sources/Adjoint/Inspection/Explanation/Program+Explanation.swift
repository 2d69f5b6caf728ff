extension Program {
  /// What the compiler made of the graph, and why, as text: the passes that ran, kernel calls, chains of elementwise
  /// gates and what ended them, scalar runs, units of work and what each waits for, memory and who lies in it when,
  /// fences and what is computed again.
  ///
  /// ```swift
  /// print(try Program((x + y) * z, gradientsFor: [x, y, z]).explanation)
  /// ```
  /// The text has neither addresses nor times, and costs are nominal nanoseconds, so it is the same on every run and
  /// at every width. Units are sized by speeds that are measured in the process, which the text says; with
  /// ``Options/measuresCosts`` off they, and so the whole text, are the same on every processor. What shares memory
  /// goes by the sizes that the allocator has, which are others without the `Jemalloc` trait. The first lines say how
  /// large the program is, and of each part at most the first 200 items are shown. See <doc:HowAGraphBecomesAProgram>.
  ///
  /// A program keeps nothing for it: the passes run again, and what they tell is put beside the plan that the program
  /// has. Where that fails, because a gate of your own answers otherwise than it did, the text is the error's.
  ///
  /// - Complexity: O(nodes + edges), a compilation. Any thread may ask.
  public var explanation: String {
    do throws(GraphError) { return try explanation(of: plan) } catch { return error.description }
  }

  /// The explanation of `plan`, as if it were that of this program.
  func explanation(of plan: ProgramPlan) throws(GraphError) -> String {
    let record = CompilationRecord()
    let graph = try order.lower(record: record).graph
    return Explanation(self, plan, graph, record).text
  }
}
