import Adjoint
import AdjointTesting
import AdjointTraining
import Foundation
import Testing

/// Losses of logits and labels, with labels that are smoothed, ignored or weighted, against loops.
@Suite(.timeLimit(.minutes(20))) struct ClassLossTests {
  private static let rows = [
    [0.3, -1.2, 2.5, 0.7], [-0.4, 1.1, 0.2, -2.6], [0.05, 0.9, -1.7, 0.2], [2.0, 2.0, 2.0, 2.0],
    [-3.5, 0.1, 0.4, 1.3], [1.1, -0.7, 0.6, 0.3],
  ]
  private static let labels: [Int32] = [2, -9, 0, 3, -9, 1]
  private static let weights = [0.5, 2, 1, 0.25]

  struct Form: Sendable, CustomTestStringConvertible {
    var smoothing = 0.0, isWeighted = false
    var testDescription: String { "smoothing \(smoothing), \(isWeighted ? "weighted" : "unweighted")" }
  }
  static let forms = [
    Form(), Form(smoothing: 0.2), Form(isWeighted: true), Form(smoothing: 0.3, isWeighted: true), Form(smoothing: 1),
  ]

  /// PyTorch's definition: the losses of rows, and what their sum is divided by.
  private func definition(_ form: Form, ignoring: Bool) -> (losses: [Double], total: Double) {
    let weights = form.isWeighted ? Self.weights : [1, 1, 1, 1]
    var losses: [Double] = [], total = 0.0
    for (row, label) in zip(Self.rows, Self.labels) {
      if ignoring, label == -9 {
        losses.append(0)
        continue
      }
      let label = Int(label == -9 ? 2 : label)
      let sum = row.reduce(0) { $0 + exp($1) }
      let logarithms = row.map { log(exp($0) / sum) }
      let smooth = (0..<4).reduce(0) { $0 - weights[$1] * logarithms[$1] } / 4
      losses.append(-(1 - form.smoothing) * weights[label] * logarithms[label] + form.smoothing * smooth)
      total += weights[label]
    }
    return (losses, total)
  }

  private func loss(
    _ form: Form, ignoring: Bool, _ reduction: LossReduction, of logits: Node, in graph: Graph
  ) -> Node {
    let labels = graph.constant(ignoring ? Self.labels : Self.labels.map { $0 == -9 ? 2 : $0 }, [2, 3])
    let weights =
      form.isWeighted
      ? graph.constant(Self.weights, [4]).cast(to: logits.elementType) : nil
    return crossEntropy(
      logits: logits, labels: labels, smoothing: form.smoothing, ignoring: ignoring ? -9 : nil, classWeights: weights,
      reduction: reduction)
  }

  @Test(arguments: forms, [ElementType.float32, .float64])
  func `a loss is its definition, with and without rows that do not count`(form: Form, type: ElementType) throws {
    for ignoring in [false, true] {
      let (losses, total) = definition(form, ignoring: ignoring)
      let sum = losses.reduce(0, +)
      for (reduction, wanted) in [(LossReduction.none, losses), (.sum, [sum]), (.mean, [sum / total])] {
        let graph = Graph()
        let logits = graph.parameter("logits", [2, 3, 4], .values(Array(Self.rows.joined())), type)
        let loss = loss(form, ignoring: ignoring, reduction, of: logits, in: graph)
        #expect(loss.shape == (reduction == .none ? [2, 3] : []))
        let session = try Program(loss).makeSession()
        try session.forward()
        let values =
          try type == .float64
          ? session.read(loss, as: Double.self) : session.read(loss, as: Float.self).map(Double.init)
        for (value, wanted) in zip(values, wanted) {
          // Some twenty roundings of numbers up to 10.
          #expect(abs(value - wanted) <= (type == .float64 ? 1e-14 : 4e-6) * max(1, abs(wanted)), "\(reduction)")
        }
      }
    }
  }

  @Test(arguments: forms) func `gradients agree with finite differences`(form: Form) throws {
    for ignoring in [false, true] {
      let graph = Graph()
      let logits = graph.parameter("logits", [2, 3, 4], .values(Array(Self.rows.joined())), .float64)
      let losses = [LossReduction.mean, .none].map { loss(form, ignoring: ignoring, $0, of: logits, in: graph) }
      for verdict in try losses.flatMap({ try GradientChecker().check($0, withRespectTo: [logits], at: [:]) }) {
        #expect(verdict.isCorrect, "\(verdict)")
      }
    }
  }

  @Test func `the plain form is the cross-entropy that there was, to the bit`() throws {
    let graph = Graph()
    let logits = graph.parameter("logits", [2, 3, 4], .values(Array(Self.rows.joined())))
    let labels = graph.constant(Self.labels.map { max($0, 0) }, [2, 3])
    let plain = crossEntropy(logits: logits, labels: labels)
    let mean = crossEntropy(logits: logits, labels: labels, reduction: .mean)
    let likelihood = negativeLogLikelihood(logProbabilities: logSoftmax(logits), labels: labels)
    let session = try Program([plain, mean, likelihood]).makeSession()
    try session.forward()
    #expect(try session.read(plain) == session.read(mean))
    #expect(try abs(session.read(plain) - session.read(likelihood)) < 1e-6)
  }

  @Test func `a log-likelihood is that of the labels, ignored ones left out and others weighted`() throws {
    let graph = Graph()
    let logarithms = Self.rows.map { row in row.map { $0 - log(row.reduce(0) { $0 + exp($1) }) } }
    let x = graph.parameter("x", [6, 4], .values(Array(logarithms.joined())), .float64)
    let labels = graph.constant(Self.labels, [6])
    let weights = graph.constant(Self.weights, [4])
    let loss = negativeLogLikelihood(logProbabilities: x, labels: labels, ignoring: -9, classWeights: weights)
    let session = try Program(loss).makeSession()
    try session.forward()
    let (losses, total) = definition(Form(isWeighted: true), ignoring: true)
    #expect(try abs(session.read(loss, as: Double.self)[0] - losses.reduce(0, +) / total) < 1e-14)
    for verdict in try GradientChecker().check(loss, withRespectTo: [x], at: [:]) {
      #expect(verdict.isCorrect, "\(verdict)")
    }
  }

  @Test func `where no row counts the loss and its gradient are 0`() throws {
    for form in Self.forms {
      for reduction in [LossReduction.mean, .sum] {
        let graph = Graph()
        // Logits that would give infinite losses, too.
        let logits = graph.parameter("logits", [3, 2], .values([1, 2, 1e4, -1e4, 3e38, -3e38] as [Float]))
        let labels = graph.constant([7, 7, 7] as [Int32], [3])
        let weights = form.isWeighted ? graph.constant([2, 3] as [Float], [2]) : nil
        let losses = [
          crossEntropy(
            logits: logits, labels: labels, smoothing: form.smoothing, ignoring: 7, classWeights: weights,
            reduction: reduction),
          negativeLogLikelihood(
            logProbabilities: logits, labels: labels, ignoring: 7, classWeights: weights, reduction: reduction),
        ]
        for loss in losses {
          let session = try Program(loss, gradientsFor: [logits]).makeSession()
          try session.step()
          #expect(try session.read(loss) == 0)
          #expect(try session.gradient(of: logits, as: Float.self).allSatisfy { $0 == 0 })
        }
      }
    }
  }

  @Test func `weights that are all 0 give a mean of 0`() throws {
    let graph = Graph()
    let logits = graph.parameter("logits", [2, 2], .values([1, 2, 3, 4] as [Float]))
    let loss = crossEntropy(
      logits: logits, labels: graph.constant([0, 0] as [Int32], [2]),
      classWeights: graph.constant([0, 1] as [Float], [2]), reduction: .mean)
    let session = try Program(loss, gradientsFor: [logits]).makeSession()
    try session.step()
    #expect(try session.read(loss) == 0)
    #expect(try session.gradient(of: logits, as: Float.self) == [0, 0, 0, 0])
  }

  @Test func `a weight of 0 leaves a row out, also one whose loss is infinite`() throws {
    let graph = Graph()
    let logits = graph.parameter("logits", [2, 2], .values([0, 0, 0, 0] as [Float]))
    let shifted = logits + graph.constant([0, -.infinity, 0, 0] as [Float], [2, 2])
    let loss = crossEntropy(
      logits: shifted, labels: graph.constant([1, 0] as [Int32], [2]),
      classWeights: graph.constant([2, 0] as [Float], [2]), reduction: .mean)
    let session = try Program(loss, gradientsFor: [logits]).makeSession()
    try session.step()
    #expect(try abs(session.read(loss) - log(2)) < 1e-6)
    #expect(try session.gradient(of: logits, as: Float.self) == [0, 0, -0.5, 0.5])
  }

  @Test func `logits far apart have losses that are numbers`() throws {
    let graph = Graph()
    let logits = graph.parameter("logits", [2, 2], .values([1e4, -1e4, 1e4, -1e4] as [Float]))
    let labels = graph.constant([0, 1] as [Int32], [2])
    let losses = [
      crossEntropy(logits: logits, labels: labels, reduction: .none),
      crossEntropy(logits: logits, labels: labels, smoothing: 0.5, reduction: .none),
    ]
    let session = try Program(losses).makeSession()
    try session.forward()
    #expect(try session.read(losses[0], as: Float.self) == [0, 2e4])
    #expect(try session.read(losses[1], as: Float.self) == [5e3, 1.5e4])
  }

  @Test func `a label between 2²⁴ and the next float is not taken for the ignored one`() throws {
    let graph = Graph()
    let logits = graph.parameter("logits", [1, 2], .zeros)
    let labels = graph.input("labels", [1], .int32)
    let loss = crossEntropy(logits: logits, labels: labels, ignoring: 16_777_217, reduction: .mean)
    let session = try Program(loss).makeSession()
    try session.write([16_777_217] as [Int32], to: labels)
    try session.forward()
    #expect(try session.read(loss) == 0)
    try session.write([16_777_216] as [Int32], to: labels)
    #expect(throws: SessionError.self) { try session.forward() }
  }

  @Test func `operands that do not go together are errors of the caller's line`() throws {
    let graph = Graph()
    let logits = graph.input("logits", [3, 4])
    let labels = graph.input("labels", [3], .int32)
    func expectError(_ loss: Node, _ message: String, _ line: Int = #line) {
      let error = #expect(throws: GraphError.self) { try Program(loss) }
      let text = error?.description ?? ""
      #expect(text.contains("ClassLossTests.swift:\(line): ") && text.contains(message), "\(text)")
    }
    let short = graph.input("short", [2], .int32), floats = graph.input("floats", [3])
    let few = graph.input("few", [3]), other = Graph().input("other", [4])
    expectError(crossEntropy(logits: logits, labels: short, reduction: .mean), "a row, got labels of shape [2]")
    expectError(crossEntropy(logits: logits, labels: floats, reduction: .mean), "write floats.cast(to: .int32)")
    expectError(
      crossEntropy(logits: logits, labels: labels, classWeights: few, reduction: .mean), "a weight a class", #line)
    expectError(
      crossEntropy(logits: logits, labels: labels, classWeights: other, reduction: .mean), "another graph", #line)
    for smoothing in [-0.1, 1.1, .nan] {
      expectError(
        crossEntropy(logits: logits, labels: labels, smoothing: smoothing, reduction: .mean),
        "the smoothing of labels is from 0 to 1, got \(smoothing)", #line - 1)
    }
    expectError(negativeLogLikelihood(logProbabilities: logits, labels: short), "need one label a row")
    expectError(negativeLogLikelihood(logProbabilities: graph.input("one"), labels: short), "of shape []")
    _ = try Program(crossEntropy(logits: logits, labels: labels, ignoring: 0, reduction: .sum))
  }
}
