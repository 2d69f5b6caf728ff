extension TaskGraph {
  /// Adds a task that runs after those whose outputs it takes, and makes a value of them.
  ///
  /// ```swift
  /// let sum = graph.task("sum", words, lines) { words, lines in words + lines }
  /// ```
  /// - Parameters:
  ///   - name: What errors and traces call it; need not be unique.
  ///   - inputs: The outputs that it takes, as many as one likes, of any types.
  ///   - group: The group whose limit it counts for; see ``group(_:limit:)``.
  ///   - estimatedNanoseconds: What it roughly costs. If every task says, a graph too small to share out stays on
  ///     the calling thread.
  ///   - work: Called with the values of `inputs`, once a run. An error ends the run.
  /// - Returns: Its output, to be handed to other tasks, and to ask the results for.
  /// - Complexity: O(inputs), amortised.
  @discardableResult
  public mutating func task<each Input: Sendable, Output: Sendable>(
    _ name: String, _ inputs: repeat TaskOutput<each Input>, in group: Group? = nil,
    estimatedNanoseconds: Float? = nil, run work: @escaping @Sendable (repeat each Input) throws -> Output
  ) -> TaskOutput<Output> {
    let taken = (repeat each inputs)
    var dependencies: [TaskID] = []
    repeat dependencies.append((each inputs).id)
    return add(name, after: dependencies, in: group, estimatedNanoseconds) { place in
      .blocking { values in values.store(try work(repeat values.value(of: each taken)), at: place) }
    }
  }

  /// Adds an asynchronous task that runs after those whose outputs it takes; while it awaits something, it holds no
  /// thread.
  ///
  /// ```swift
  /// let page = graph.task("fetch", address) { address in try await download(address) }
  /// ```
  /// - Complexity: O(inputs), amortised.
  @discardableResult
  public mutating func task<each Input: Sendable, Output: Sendable>(
    _ name: String, _ inputs: repeat TaskOutput<each Input>, in group: Group? = nil,
    estimatedNanoseconds: Float? = nil, run work: @escaping @Sendable (repeat each Input) async throws -> Output
  ) -> TaskOutput<Output> {
    let taken = (repeat each inputs)
    var dependencies: [TaskID] = []
    repeat dependencies.append((each inputs).id)
    return add(name, after: dependencies, in: group, estimatedNanoseconds) { place in
      .suspending { values in values.store(try await work(repeat values.value(of: each taken)), at: place) }
    }
  }

  /// Adds a task that gathers outputs of one type in an array, in their order: where only the program knows how many
  /// there are.
  ///
  /// ```swift
  /// let counts = pages.map { page in graph.task("count", page) { page in countWords(page) } }
  /// let total = graph.task("total", graph.gather(counts)) { counts in counts.reduce(0, +) }
  /// ```
  /// - Complexity: O(outputs), amortised.
  public mutating func gather<Value: Sendable>(
    _ outputs: some Sequence<TaskOutput<Value>>, as name: String = "gather"
  ) -> TaskOutput<[Value]> {
    let outputs = Array(outputs)
    return add(name, after: outputs.map(\.id), in: nil, 0) { place in
      .blocking { values in values.store(outputs.map { values.value(of: $0) }, at: place) }
    }
  }

  private mutating func add<Output: Sendable>(
    _ name: String, after dependencies: [TaskID], in group: Group?, _ estimatedNanoseconds: Float?,
    _ work: (_ place: TaskValues.Place) -> TaskTable.Work
  ) -> TaskOutput<Output> {
    for task in dependencies { tasks.demandOwn(task) }
    if !dependencies.isEmpty { tasks.noteTaker(name) }
    let place = tasks.reservePlace(for: Output.self)
    let output = TaskOutput<Output>(id: add(name, in: group, estimatedNanoseconds, work(place)), place: place)
    addDependencies(of: output, on: dependencies)
    return output
  }
}
