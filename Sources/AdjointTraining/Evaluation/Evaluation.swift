public import Adjoint
public import DependencyScheduling

/// What a network makes of a data set, batch by batch, with parameters of a store: losses, accuracies, and whatever a
/// closure makes of the outputs.
///
/// ```swift
/// let evaluation = try Evaluation(of: test) { rows in
///   let graph = Graph()
///   return classifier(graph.input("images", [rows, 64]))      // logits [rows, 10]
/// }
/// print(try evaluation.accuracy(labels: "labels", with: trainer.session.parameters))
/// ```
/// The last batch may be shorter: its program is compiled as well. An evaluation reads one version of the parameters a
/// batch; a ``Trainer`` that goes on meanwhile may publish others between.
public struct Evaluation: Sendable {
  private let data: Dataset
  private let batchSize: Int
  private let executor: any ScheduleExecutor
  private let programs: EvaluationPrograms

  /// - Parameters:
  ///   - data: all rows are evaluated, in their order.
  ///   - batchSize: how many at once, at least 1.
  ///   - executor: where runs are.
  ///   - network: builds the network for a number of rows, and returns the output: a row a row of the data. Its inputs
  ///     are named as the columns are.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``, and what `network` and compiling throw.
  public init(
    of data: Dataset, batchSize: Int = 256, on executor: any ScheduleExecutor = GraphExecutor.shared,
    network: (_ rowCount: Int) throws -> Node
  ) throws {
    try TrainingError.check(batchSize >= 1, "batchSize", batchSize, "at least 1")
    try TrainingError.check(data.count >= 1, "data", "\(data.count) rows", "at least 1 row")
    (self.data, self.batchSize, self.executor) = (data, min(batchSize, data.count), executor)
    programs = try EvaluationPrograms(sizes: Set([self.batchSize, data.count % self.batchSize]), network)
  }

  /// Calls `body` with the output's elements for each batch, row-major, and the rows they are of.
  ///
  /// - Throws: what running and `body` throw.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func forEachBatch(
    with parameters: ParameterStore, _ body: (_ output: [Double], _ rows: Range<Int>) throws -> Void
  ) throws {
    var sessions: [Int: Session] = [:]
    for first in stride(from: 0, to: data.count, by: batchSize) {
      let rows = first..<min(first + batchSize, data.count)
      let (program, output) = programs.byRowCount[rows.count]!
      let session = sessions[rows.count] ?? program.makeSession(on: executor, parameters: parameters)
      sessions[rows.count] = session
      try data.feed(session, rows: Array(rows)[...])
      try session.forward()
      try body(session.doubles(of: output), rows)
    }
  }

  /// What `next` makes of a result so far and the output of each row, in order.
  ///
  /// - Throws: what running and `next` throw.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func reduce<Result>(
    _ initial: Result, with parameters: ParameterStore,
    _ next: (_ result: inout Result, _ output: ArraySlice<Double>, _ row: Int) throws -> Void
  ) throws -> Result {
    var result = initial
    try forEachBatch(with: parameters) { output, rows in
      let size = output.count / rows.count
      for (place, row) in rows.enumerated() { try next(&result, output[place * size..<(place + 1) * size], row) }
    }
    return result
  }

  /// The same on a thread of Dispatch's, while the calling task awaits it.
  public func reduce<Result: Sendable>(
    _ initial: Result, with parameters: ParameterStore,
    _ next: @escaping @Sendable (_ result: inout Result, _ output: ArraySlice<Double>, _ row: Int) throws -> Void
  ) async throws -> Result {
    try await awaitingBlocking { try reduce(initial, with: parameters, next) }
  }

  // MARK: classes

  /// The share of rows whose label has the largest logit.
  ///
  /// - Parameters:
  ///   - labels: the column of class labels, int32 or int64 scalars.
  ///   - parameters: what the network runs with.
  /// - Throws: ``DataError`` for a label that is not a class of the output, and what running throws.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func accuracy(labels: String, with parameters: ParameterStore) throws -> Double {
    try confusion(labels: labels, with: parameters).accuracy
  }

  /// The same on a thread of Dispatch's, while the calling task awaits it.
  public func accuracy(labels: String, with parameters: ParameterStore) async throws -> Double {
    try await awaitingBlocking { try accuracy(labels: labels, with: parameters) }
  }

  /// How often each class was taken for which.
  ///
  /// - Parameters: as of ``accuracy(labels:with:)``.
  /// - Throws: likewise.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func confusion(labels: String, with parameters: ParameterStore) throws -> ConfusionMatrix {
    let known = try data.labels(labels)
    var matrix: ConfusionMatrix?
    try forEachBatch(with: parameters) { output, rows in
      let classes = output.count / rows.count
      var counts = matrix ?? ConfusionMatrix(classCount: classes)
      for (place, row) in rows.enumerated() {
        let label = known[row], logits = output[place * classes..<(place + 1) * classes]
        guard (0..<classes).contains(label) else {
          throw DataError("row \(row) of the column \(labels) is \(label), and the output has \(classes) classes")
        }
        // The first of the largest, as argmax has it; a NaN is never larger.
        var best = logits.startIndex
        for index in logits.indices where logits[index] > logits[best] { best = index }
        counts.note(label: label, prediction: best - logits.startIndex)
      }
      matrix = counts
    }
    return matrix ?? ConfusionMatrix(classCount: 0)
  }

  /// The same on a thread of Dispatch's, while the calling task awaits it.
  public func confusion(labels: String, with parameters: ParameterStore) async throws -> ConfusionMatrix {
    try await awaitingBlocking { try confusion(labels: labels, with: parameters) }
  }
}

/// The program for each size of batch.
private struct EvaluationPrograms: Sendable {
  private(set) var byRowCount: [Int: (program: Program, output: Node)] = [:]

  init(sizes: Set<Int>, _ network: (_ rowCount: Int) throws -> Node) throws {
    for rowCount in sizes where rowCount > 0 {
      let output = try network(rowCount)
      try TrainingError.check(
        output.shape.elementCount.isMultiple(of: rowCount), "output", "shape \(output.shape)",
        "a row for each of \(rowCount)")
      byRowCount[rowCount] = (try Program(output), output)
    }
  }
}
