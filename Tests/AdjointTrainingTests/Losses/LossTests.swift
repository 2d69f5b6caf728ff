import Adjoint
import AdjointTesting
import AdjointTraining
import Foundation
import Testing

/// Losses of predictions and targets, and of logits and probabilities, against loops, differences and limits.
@Suite(.timeLimit(.minutes(20))) struct LossTests {
  typealias Loss = @Sendable (_ x: Node, _ t: Node, _ reduction: LossReduction, _ line: UInt) -> Node

  /// A loss in gates, the slow definition of one element's or row's, and targets that it is defined for.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let loss: Loss
    /// Losses of what one loss is of.
    let definition: @Sendable (_ x: [Double], _ t: [Double]) -> [Double]
    let targets: [Double]
  }

  static let predictions = [0.3, -1.2, 2.5, 0.7, -0.4, 1.1, 3.2, -2.6, 0.05, 0.9, -1.7, 0.2]
  private static let targets = [0.1, -1.5, 0.2, 0.9, 2.4, 1.0, 0.1, -2.9, 0.55, -0.9, -1.1, 0.6]
  private static let shares = [0, 1, 0.25, 0.5, 0.9, 0, 1, 1, 0.3, 0.75, 0, 0.05]
  private static let probabilities = [0.1, 0.2, 0.3, 0.4, 0, 0, 1, 0, 0.25, 0.25, 0.5, 0]

  static let cases = [
    Case(
      testDescription: "absolute error", loss: { absoluteError($0, $1, reduction: $2, line: $3) },
      definition: { zip($0, $1).map { abs($0 - $1) } }, targets: targets),
    Case(
      testDescription: "squared error", loss: { squaredError($0, $1, reduction: $2, line: $3) },
      definition: { zip($0, $1).map { ($0 - $1) * ($0 - $1) } }, targets: targets),
    Case(
      testDescription: "Huber", loss: { huberLoss($0, $1, threshold: 0.75, reduction: $2, line: $3) },
      definition: {
        zip($0, $1).map { prediction, target in
          let d = abs(prediction - target)
          return d <= 0.75 ? d * d / 2 : 0.75 * (d - 0.375)
        }
      }, targets: targets),
    Case(
      testDescription: "binary cross-entropy",
      loss: { binaryCrossEntropy(logits: $0, targets: $1, reduction: $2, line: $3) },
      definition: {
        zip($0, $1).map { x, t in
          let p = 1 / (1 + exp(-x))
          return -t * log(p) - (1 - t) * log(1 - p)
        }
      }, targets: shares),
    Case(
      testDescription: "Kullback and Leibler",
      loss: { klDivergence(logits: $0, probabilities: $1, reduction: $2, line: $3) },
      definition: { x, t in
        [0, 4, 8].map { row in
          let total = x[row..<row + 4].reduce(0) { $0 + exp($1) }
          return (row..<row + 4).reduce(0) { $0 + (t[$1] == 0 ? 0 : t[$1] * log(t[$1] * total / exp(x[$1]))) }
        }
      }, targets: probabilities),
  ]

  private func session(_ output: Node, _ x: Node, _ t: Node, _ values: [Double], _ targets: [Double]) throws -> Session
  {
    let session = try Program(output, gradientsFor: output.shape == .scalar ? [x] : []).makeSession()
    try write(values, to: x, in: session)
    try write(targets, to: t, in: session)
    if output.shape == .scalar { try session.step() } else { try session.forward() }
    return session
  }

  private func write(_ values: [Double], to node: Node, in session: Session) throws {
    if node.elementType == .float64 {
      try session.write(values, to: node)
    } else {
      try session.write(values.map { Float($0) }, to: node)
    }
  }

  private func read(_ node: Node, in session: Session) throws -> [Double] {
    try node.elementType == .float64
      ? session.read(node, as: Double.self) : session.read(node, as: Float.self).map(Double.init)
  }

  @Test(arguments: cases, [ElementType.float32, .float64])
  func `a loss is its definition, each by itself, in sum and on average`(item: Case, type: ElementType) throws {
    let each = item.definition(Self.predictions, item.targets)
    let total = each.reduce(0, +)
    for (reduction, wanted) in [
      (LossReduction.none, each), (.sum, [total]), (.mean, [total / Double(each.count)]),
    ] {
      let graph = Graph()
      let x = graph.input("x", [3, 4], type), t = graph.input("t", [3, 4], type)
      let loss = item.loss(x, t, reduction, #line)
      let values = try read(loss, in: session(loss, x, t, Self.predictions, item.targets))
      #expect(values.count == wanted.count)
      for (value, wanted) in zip(values, wanted) {
        // Some twenty roundings of numbers up to 30.
        #expect(abs(value - wanted) <= (type == .float64 ? 1e-14 : 4e-6) * max(1, abs(wanted)), "\(reduction)")
      }
    }
  }

  @Test(arguments: cases) func `gradients agree with finite differences`(item: Case) throws {
    for reduction in [LossReduction.mean, .sum, .none] {
      let graph = Graph()
      let x = graph.parameter("x", [3, 4], .values(Self.predictions), .float64)
      let t = graph.input("t", [3, 4], .float64)
      let loss = item.loss(x, t, reduction, #line)
      let targets = ReferenceTensor([3, 4], .float64, item.targets)
      for verdict in try GradientChecker().check(loss, withRespectTo: [x], at: [t: targets]) {
        #expect(verdict.isCorrect, "\(verdict)")
      }
    }
  }

  @Test(arguments: cases) func `shapes that do not go together are an error of the caller's line`(item: Case) throws {
    let graph = Graph()
    let x = graph.input("x", [3, 4])
    for shape in [[3, 1], [4], [], [4, 3], [3, 4, 1]] as [Shape] {
      let line: UInt = #line
      let loss = item.loss(x, graph.input("t\(shape)", shape), .mean, line)
      let error = #expect(throws: GraphError.self) { try Program(loss) }
      let text = error?.description ?? ""
      #expect(text.contains("LossTests.swift:\(line): ") && text.contains("of shape \(shape)"), "\(text)")
    }
    let other = Graph().input("other", [3, 4])
    let error = #expect(throws: GraphError.self) { try Program(item.loss(x, other, .mean, #line)) }
    #expect(error?.description.contains("belongs to another graph") == true)
    let wide = item.loss(x, graph.input("wide", [3, 4], .float64), .mean, #line)
    #expect(throws: GraphError.self) { try Program(wide) }
  }

  // MARK: extremes

  private func lossAndSlopes(
    _ loss: (_ x: Node, _ t: Node) -> Node, _ shape: Shape, _ x: [Float], _ t: [Float]
  ) throws -> (loss: Float, slopes: [Float]) {
    let graph = Graph()
    let variable = graph.input("x", shape), target = graph.input("t", shape)
    let output = loss(variable, target)
    let session = try Program(output, gradientsFor: [variable]).makeSession()
    try session.write(x, to: variable)
    try session.write(t, to: target)
    try session.step()
    return (try session.read(output, as: Float.self)[0], try session.gradient(of: variable, as: Float.self))
  }

  @Test func `binary cross-entropy is right far from 0`() throws {
    for (x, t, wanted, slope) in [
      (1e4, 1, 0, 0), (1e4, 0, 1e4, 1), (-1e4, 1, 1e4, -1), (-1e4, 0, 0, 0), (1e4, 0.5, 5e3, 0.5),
      (20, 1, 2.0611536e-9, -2.0611536e-9), (-20, 0, 2.0611536e-9, 2.0611536e-9),
      (.infinity, 1, 0, 0), (-.infinity, 0, 0, 0), (.infinity, 0, .infinity, 1), (3e38, 0, 3e38, 1),
    ] as [(Float, Float, Float, Float)] {
      let result = try lossAndSlopes({ binaryCrossEntropy(logits: $0, targets: $1) }, [1], [x], [t])
      #expect(result.loss == wanted || abs(result.loss - wanted) <= 4 * wanted.ulp, "\(x), \(t): \(result)")
      #expect(abs(result.slopes[0] - slope) <= 4 * slope.ulp, "\(x), \(t): \(result)")
    }
  }

  @Test func `a divergence is right where logits are far apart, and 0 of a distribution from itself`() throws {
    let loss = { klDivergence(logits: $0, probabilities: $1) }
    var result = try lossAndSlopes(loss, [1, 3], [1e4, -1e4, 0], [1, 0, 0])
    #expect(result.loss == 0 && result.slopes == [0, 0, 0])
    result = try lossAndSlopes(loss, [1, 2], [1e4, -1e4], [0, 1])
    #expect(result.loss == 2e4 && result.slopes == [1, -1])
    result = try lossAndSlopes(loss, [1, 2], [0, -.infinity], [1, 0])
    #expect(result.loss == 0 && result.slopes == [0, 0])
    let even = try lossAndSlopes(loss, [1, 4], [7, 7, 7, 7], [0.25, 0.25, 0.25, 0.25])
    #expect(abs(even.loss) < 1e-7 && even.slopes == [0, 0, 0, 0])
  }

  @Test func `errors of regression are right far from 0, and at it`() throws {
    for (x, absolute, huber, slopes) in [
      (0, 0, 0, (0, 0)), (1e4, 1e4, 9999.5, (1, 1)), (-1e4, 1e4, 9999.5, (-1, -1)), (1e-30, 1e-30, 0, (1, 1e-30)),
      (3e38, 3e38, 3e38, (1, 1)), (1, 1, 0.5, (1, 1)), (-0.5, 0.5, 0.125, (-1, -0.5)),
    ] as [(Float, Float, Float, (Float, Float))] {
      let first = try lossAndSlopes({ absoluteError($0, $1) }, [1], [x], [0])
      let second = try lossAndSlopes({ huberLoss($0, $1) }, [1], [x], [0])
      #expect(first.loss == absolute && first.slopes == [slopes.0], "\(x): \(first)")
      #expect(second.loss == huber && second.slopes == [slopes.1], "\(x): \(second)")
    }
    // Squares of which there is no float, and their mean.
    let squared = try lossAndSlopes({ squaredError($0, $1) }, [4], [2e19, 0, 0, 0], [0, 0, 0, 0])
    #expect(abs(squared.loss - 1e38) < 1e32 && squared.slopes == [1e19, 0, 0, 0])
  }

  @Test func `a threshold that is none is an error of the caller's line`() throws {
    let graph = Graph()
    let x = graph.input("x", [3]), t = graph.input("t", [3])
    for threshold in [0, -1, .nan, .infinity, 1e-60] {
      let loss = huberLoss(x, t, threshold: threshold); let line = #line
      let error = #expect(throws: GraphError.self) { try Program(loss) }
      let message = "LossTests.swift:\(line): the threshold of a Huber loss is above 0 and finite in float32, got"
      #expect(error?.description.contains(message) == true)
    }
    _ = try Program(huberLoss(x, t))  // and the operands are none the worse
  }
}
