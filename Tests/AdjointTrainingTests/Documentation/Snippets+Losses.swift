import Adjoint
import AdjointTraining
import Testing

extension SnippetTests {
  @Test func `losses of answers, words and distributions`() throws {
    let graph = Graph()
    let features = graph.input("features", [4, 3]), answers = graph.input("answers", [4, 1])
    let loss = binaryCrossEntropy(logits: dense(features, "isSpam", to: 1), targets: answers)
    let student = graph.input("student", [4, 5]), teacher = graph.input("teacher", [4, 5])
    let distilled = klDivergence(logits: student, probabilities: softmax(stopGradient(teacher)))
    let session = try Program([loss, distilled]).makeSession()
    try session.write([Float](repeating: 0, count: 12), to: features)
    try session.write([0, 1, 0, 1] as [Float], to: answers)
    for node in [student, teacher] { try session.write((0..<20).map { Float($0 % 6) }, to: node) }
    try session.forward()
    #expect(abs(try session.read(loss) - 0.6931472) < 1e-6)  // log 2
    #expect(abs(try session.read(distilled)) < 1e-6)
  }

  @Test func `labels are smoothed and ignored`() throws {
    let graph = Graph()
    let logits = graph.input("logits", [3, 4]), words = graph.input("words", [3], .int32)
    let loss = crossEntropy(logits: logits, labels: words, smoothing: 0.1, ignoring: -1, reduction: .mean)
    let session = try Program(loss).makeSession()
    try session.write([0, 0, 0, 0, 0, 0, 0, 0, 9, 8, 7, 6] as [Float], to: logits)
    try session.write([0, 3, -1], to: words)
    try session.forward()
    #expect(abs(try session.read(loss) - 1.3862944) < 1e-6)  // log 4
  }

  @Test func `a loss is reduced, or not`() {
    let graph = Graph()
    let prediction = graph.input("prediction", [4, 2]), target = graph.input("target", [4, 2])
    let loss = huberLoss(prediction, target)  // the mean
    let each = huberLoss(prediction, target, reduction: .none)  // of the prediction's shape
    #expect(loss.shape == [] && each.shape == [4, 2])
  }
}
