import Adjoint
import AdjointTraining
import DependencyScheduling
import Testing

/// What a network makes of a data set, at any batch size.
@Suite(.timeLimit(.minutes(20))) struct EvaluationTests {
  private static let points = try! Dataset([
    "x": Dataset.Column(Toy.points.flatMap { $0 }, rowShape: [3]), "y": Dataset.Column(Toy.labels),
  ])

  private static func trained() throws -> ParameterStore {
    let toy = Toy()
    let trainer = try Trainer(
      toy.loss, optimizer: AdamW(), rate: .constant(0.05), batches: points.batches(of: 8, seed: 1),
      feed: points.feed)
    try trainer.takeSteps(until: 60)
    return trainer.session.parameters
  }

  /// By hand: each row by itself.
  private static func predictions(_ store: ParameterStore) throws -> [Int] {
    let toy = Toy(rows: 1)
    let session = try Program(toy.logits).makeSession(parameters: store)
    return try Toy.points.map { point in
      try session.write(point, to: toy.x)
      try session.forward()
      let logits = try session.read(toy.logits, as: Float.self)
      return logits.firstIndex(of: logits.max()!)!
    }
  }

  @Test(arguments: [1, 7, 8, 40, 1_000])
  func `accuracy and confusion count each row once, whatever the batches`(batchSize: Int) async throws {
    let store = try Self.trained(), predictions = try Self.predictions(store)
    let evaluation = try Evaluation(of: Self.points, batchSize: batchSize) { Toy(rows: $0).logits }
    let right = zip(predictions, Toy.labels).filter { $0 == Int($1) }.count
    #expect(try await evaluation.accuracy(labels: "y", with: store) == Double(right) / 40)
    let confusion = try await evaluation.confusion(labels: "y", with: store)
    for label in 0..<3 {
      for prediction in 0..<3 {
        let count = zip(predictions, Toy.labels).filter { $0 == prediction && Int($1) == label }.count
        #expect(confusion[label, prediction] == count)
      }
    }
    #expect(confusion.total == 40 && right > 20)
  }

  @Test func `a closure reduces the outputs of all rows in order`() throws {
    let evaluation = try Evaluation(of: Self.points, batchSize: 9) { rows in
      Graph().input("x", [rows, 3]).sum(axes: [1])
    }
    let rows = try evaluation.reduce([Double](), with: ParameterStore()) { sums, output, row in
      #expect(row == sums.count && output.count == 1)
      sums += output
    }
    #expect(rows.count == 40)
    for (row, sum) in rows.enumerated() { #expect(abs(sum - Double(Toy.points[row].reduce(0, +))) < 1e-6) }
  }

  @Test func `a confusion says shares, and prints a table`() {
    var matrix = ConfusionMatrix(classCount: 3)
    for (label, prediction, count) in [(0, 0, 3), (0, 1, 1), (1, 1, 5)] {
      for _ in 0..<count { matrix.note(label: label, prediction: prediction) }
    }
    #expect(matrix.accuracy == 8 / 9.0 && matrix.recall(of: 0) == 0.75 && matrix.precision(of: 1) == 5 / 6.0)
    #expect(matrix.recall(of: 2).isNaN && ConfusionMatrix(classCount: 0).accuracy.isNaN)
    #expect(
      "\(matrix)" == """
                0    1    2   recall
           0    3    1    0   75.0 %
           1    0    5    0  100.0 %
           2    0    0    0        –
        """)
  }

  @Test func `what does not fit is an error by name`() throws {
    func text(_ body: () throws -> Any) -> String {
      do { return "\(try body())" } catch { return "\(error)" }
    }
    let store = try Self.trained()
    let evaluation = try Evaluation(of: Self.points) { Toy(rows: $0).logits }
    #expect(text { try evaluation.accuracy(labels: "z", with: store) } == "there is no column z, but x, y")
    #expect(
      text { try evaluation.accuracy(labels: "x", with: store) } == "the column x of [3] a row has no labels")
    let strange = try Self.points.replacing("y") { _ in Dataset.Column([Int32](repeating: 3, count: 40)) }
    let other = try Evaluation(of: strange) { Toy(rows: $0).logits }
    #expect(
      text { try other.accuracy(labels: "y", with: store) }
        == "row 0 of the column y is 3, and the output has 3 classes")
    #expect(
      text { try Evaluation(of: Self.points, batchSize: 0) { Toy(rows: $0).logits } }
        == "batchSize is at least 1, got 0")
  }
}
