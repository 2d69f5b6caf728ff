import Adjoint
import Foundation
import Testing

/// Softmax and its relatives where one probability has rounded to 1: values and derivatives on every road.
@Suite(.timeLimit(.minutes(20))) struct RowAccuracyTests {
  /// The first probability has rounded to 1 in float32; the right numbers are functions of what the second has beside
  /// it.
  private static let logits: [Float] = [16.942385, 0]
  private let ratio = Foundation.exp(-Double(Self.logits[0]))
  private var small: Double { ratio / (1 + ratio) }
  private var loss: Double { Foundation.log1p(ratio) }
  /// p (1 − p), which all second derivatives are up to the sign.
  private var curvature: Double { ratio / ((1 + ratio) * (1 + ratio)) }
  /// p (1 − p) (1 − 2p) of the second element.
  private var third: Double { curvature * (1 - 2 * small) }

  /// The graph of one loss of logits [2], and the numbers that are wanted of it.
  private struct Subject {
    let graph = Graph()
    let x: Node, y: Node

    init(_ type: ElementType = .float32, _ loss: (Graph, Node) -> Node) {
      x = graph.input("x", [2], type)
      y = loss(graph, x)
    }

    func values(_ node: Node, at logits: [Float] = RowAccuracyTests.logits) throws -> [Double] {
      let session = try Program(node).makeSession()
      do { try session.write(logits, to: x) } catch SessionError.notInProgram {}
      try session.forward()
      return try session.read(node, as: Float.self).map { Double($0) }
    }

    /// The gradient by a program, by the graph, and by two tangents.
    func gradients() throws -> [[Double]] {
      let session = try Program(y, gradientsFor: [x]).makeSession()
      try session.write(RowAccuracyTests.logits, to: x)
      try session.writeUpstream([1 as Float], of: y)
      try session.step()
      let program = try session.gradient(of: x, as: Float.self).map { Double($0) }
      let reverse = try values(graph.gradient(of: y, withRespectTo: x))
      let forward = try [[1, 0], [0, 1 as Float]].flatMap { direction in
        let along = graph.constant(direction, [2])
        return try values(#require(try graph.jacobianVectorProduct(of: [y], along: [along], withRespectTo: [x])[0]))
      }
      return [program, reverse, forward]
    }

    /// The Hessian forward over reverse, and reverse over reverse.
    func hessians() throws -> [[Double]] {
      let slope = try graph.gradient(of: y, withRespectTo: x)
      return [
        try values(graph.hessian(of: y, withRespectTo: x)),
        try values(graph.jacobian(of: slope, withRespectTo: x, mode: .reverse)),
      ]
    }
  }

  private func isNear(_ values: [Double], _ exact: [Double]) -> Bool {
    values.count == exact.count && zip(values, exact).allSatisfy { abs($0 - $1) <= 0x1p-20 * abs($1) }
  }

  /// Losses that all are −log p of the first element.
  enum Loss: CaseIterable {
    case labels, probabilities, logSoftmax, chain
    case lessSlice, sliceLess, lessOneHot, lessGathered, rowLess

    func callAsFunction(_ graph: Graph, _ x: Node) -> Node {
      let label = graph.constant([0 as Int32], [1]), one = graph.constant([0 as Int32], [])
      return switch self {
      case .labels: crossEntropy(logits: x.reshaped([1, 2]), labels: label)
      case .probabilities: crossEntropy(logits: x, probabilities: graph.constant([1, 0 as Float], [2]))
      case .logSoftmax: -Adjoint.logSoftmax(x).sliced(0..<1).sum()
      case .chain: crossEntropy(logits: (x * 2 - x).reshaped([1, 2]), labels: label) * 1
      case .lessSlice: x.logSumExp() - x.sliced(0..<1).sum()
      case .sliceLess: -(x.sliced(0..<1) - x.logSumExp(keepsAxes: true)).sum()
      case .lessOneHot: x.logSumExp(axes: [0]) - (x * oneHot(one, classes: 2)).sum(axes: [0])
      case .lessGathered: x.logSumExp() - x.gatheringRows(one)
      case .rowLess: -(x - x.logSumExp(keepsAxes: true)).sliced(0..<1).sum()
      }
    }
  }

  @Test(arguments: Loss.allCases)
  func `a loss that is all but 0 has its digits, and its gradient on every road`(kind: Loss) throws {
    let subject = Subject { kind($0, $1) }
    #expect(isNear(try subject.values(subject.y), [loss]))
    for gradient in try subject.gradients() { #expect(isNear(gradient, [-small, small]), "\(gradient)") }
  }

  @Test(arguments: Loss.allCases) func `its curvature is p (1 - p), and third derivatives are right`(kind: Loss) throws
  {
    let subject = Subject { kind($0, $1) }
    let expected = [curvature, -curvature, -curvature, curvature]
    for hessian in try subject.hessians() { #expect(isNear(hessian, expected), "\(hessian)") }
    let sharpest = try subject.graph.hessian(of: subject.y, withRespectTo: subject.x).reshaped([4]).sliced(3..<4).sum()
    let slope = try subject.values(subject.graph.gradient(of: sharpest, withRespectTo: subject.x))
    #expect(isNear(slope, [-third, third]), "\(slope)")
  }

  @Test func `softmax's own gradient and curvature are those of the others`() throws {
    // Of the probability of the first element, and of the second with an upstream that is large and nearly constant.
    let first = Subject { softmax($1).sliced(0..<1).sum() }
    for gradient in try first.gradients() { #expect(isNear(gradient, [curvature, -curvature]), "\(gradient)") }
    for hessian in try first.hessians() { #expect(isNear(hessian, [-third, third, third, -third]), "\(hessian)") }
    let weighted = Subject { (softmax($1) * $0.constant([4096, 4097 as Float], [2])).sum() }
    // Backward alone: forward, 4096 p′ and −4097 p′ are added by the graph itself.
    for gradient in try weighted.gradients().prefix(2) {
      #expect(isNear(gradient, [-curvature, curvature]), "\(gradient)")
    }
  }

  @Test func `log-sum-exp beside 0 is what the others add, and its gradient is the softmax`() throws {
    let subject = Subject { ($1 - Double(Self.logits[0])).logSumExp() }
    #expect(isNear(try subject.values(subject.y), [loss]))
    for gradient in try subject.gradients() { #expect(isNear(gradient, [1, small]), "\(gradient)") }
    for hessian in try subject.hessians() {
      #expect(isNear(hessian, [curvature, -curvature, -curvature, curvature]), "\(hessian)")
    }
  }

  @Test func `a scan's steps are as accurate, backward and of second order`() throws {
    let graph = Graph()
    let x = graph.input("x", [2]), steps = graph.constant([1, 1 as Float], [2])
    let run = graph.scan(over: steps, from: graph.constant(0, [])) { sum, scale in
      (sum + crossEntropy(logits: x * scale, probabilities: graph.constant([1, 0 as Float], [2])), sum)
    }
    let slope = try graph.gradient(of: run.state, withRespectTo: x)
    let along = graph.constant([0, 1 as Float], [2])
    let wanted: [(Node, [Double])] = [
      (run.state, [2 * loss]), (slope, [-2 * small, 2 * small]),
      (
        try #require(try graph.gradients(of: [slope], upstream: [along], withRespectTo: [x])[0]),
        [-2 * curvature, 2 * curvature]
      ),
    ]
    for (node, exact) in wanted {
      let session = try Program(node).makeSession()
      try session.write(Self.logits, to: x)
      try session.forward()
      let values = try session.read(node, as: Float.self).map { Double($0) }
      #expect(isNear(values, exact), "\(values), not \(exact)")
    }
  }
}

/// The strong zero of rows, and rows with infinities.
@Suite(.timeLimit(.minutes(20))) struct RowMaskTests {
  private func values(_ node: Node, _ inputs: [Node: [Double]]) throws -> [Double] {
    let session = try Program(node).makeSession()
    for (node, values) in inputs {
      do { try session.write(values, to: node) } catch SessionError.notInProgram {}
    }
    try session.forward()
    return try session.read(node, as: Double.self)
  }

  @Test func `an attention row that is masked as a whole and dropped leaves no NaN anywhere`() throws {
    let graph = Graph()
    let (queries, keys) = (graph.input("queries", [2, 3], .float64), graph.input("keys", [2, 3], .float64))
    let mask = graph.constant([0, 0, -Double.infinity, -.infinity], [2, 2])
    let isMasked = graph.constant([0, 1.0], [2, 1])
    let weights = softmax(queries.matmul(keys.transposed()) + mask)
    let attended = select(isMasked, graph.constant(0, [], .float64), weights).matmul(keys)
    let loss = square(attended).sum()
    let inputs = [queries: [0.1, 0.2, 0.3, -0.4, 0.5, 0.6], keys: [0.7, -0.2, 0.4, 0.3, 0.1, -0.9]]
    let slopes = try graph.gradients(of: [loss], withRespectTo: [queries, keys]).map { try #require($0) }
    for slope in slopes { #expect(try values(slope, inputs).allSatisfy { $0.isFinite }) }
    #expect(try Array(values(slopes[0], inputs)[3...]) == [0, 0, 0])
    let along = [graph.constant([1, 2, 3, 4, 5, 6.0], [2, 3]), graph.constant([1, -1, 1, -1, 1, -1.0], [2, 3])]
    for product in try graph.hessianVectorProduct(of: loss, along: along, withRespectTo: [queries, keys]) {
      #expect(try values(product, inputs).allSatisfy { $0.isFinite })
    }
    let tangent = try #require(
      try graph.jacobianVectorProduct(of: [loss], along: along, withRespectTo: [queries, keys])[0])
    #expect(try values(tangent, inputs).allSatisfy { $0.isFinite })
  }

  /// A function of rows with infinities and NaN, times 0.
  @Test(arguments: 0..<6)
  func `a zero upstream gives zeros and a zero tangent a zero, whatever the row is`(kind: Int) throws {
    let graph = Graph()
    let x = graph.input("x", [3, 2], .float64), labels = graph.constant([0, 1, 0] as [Int32], [3])
    let targets = graph.constant([1, 0, 0.5, 0.5, 0, 1], [3, 2])
    let y =
      switch kind {
      case 0: softmax(x)
      case 1: logSoftmax(x)
      case 2: x.logSumExp(axes: [1])
      case 3: graph.apply(CrossEntropy(), to: [x, labels])
      case 4: graph.apply(SoftCrossEntropy(), to: [x, targets])
      default: graph.apply(SoftCrossEntropy(), to: [targets, x])
      }
    let rows = [-Double.infinity, -.infinity, .nan, 1, .infinity, 0]
    let zeros = graph.constant([Double](repeating: 0, count: y.shape.elementCount), y.shape)
    let slope = try #require(try graph.gradients(of: [y], upstream: [zeros], withRespectTo: [x])[0])
    #expect(try values(slope, [x: rows]) == [Double](repeating: 0, count: 6))
    let still = graph.constant([Double](repeating: 0, count: 6), [3, 2])
    let tangent = try #require(try graph.jacobianVectorProduct(of: [y], along: [still], withRespectTo: [x])[0])
    #expect(try values(tangent, [x: rows]).allSatisfy { $0 == 0 })
    // Again with the gradient as the function: its own slopes are multiplied by zeros.
    let upstream = graph.constant((0..<y.shape.elementCount).map { Double($0) + 1 }, y.shape)
    let first = try #require(try graph.gradients(of: [y], upstream: [upstream], withRespectTo: [x])[0])
    if let second = try graph.gradients(of: [first], upstream: [still], withRespectTo: [x])[0] {
      #expect(try values(second, [x: rows]) == [Double](repeating: 0, count: 6))
    }
  }

  @Test func `a class ruled out by minus infinity has no probability and no gradient`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 3], .float64)
    let losses = [
      crossEntropy(logits: x, labels: graph.constant([0 as Int32], [1])),
      crossEntropy(logits: x, probabilities: graph.constant([1, 0, 0.0], [1, 3])),
    ]
    for loss in losses {
      let inputs = [x: [1, 1, -Double.infinity]]
      #expect(try values(loss, inputs) == [Foundation.log(2.0)])
      #expect(try values(graph.gradient(of: loss, withRespectTo: x), inputs) == [-0.5, 0.5, 0])
      #expect(
        try values(graph.hessian(of: loss, withRespectTo: x), inputs) == [0.25, -0.25, 0, -0.25, 0.25, 0, 0, 0, 0])
    }
  }

  @Test func `soft labels weigh their rows, and their own gradient is minus the logarithm of the probability`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 2], .float64), t = graph.input("t", [2, 2], .float64)
    let loss = crossEntropy(logits: x, probabilities: t)
    let inputs = [x: [0, 0, 0, -Double.infinity], t: [0.5, 1, 2, 0]]
    let (half, ln2) = (0.5, Foundation.log(2.0))
    #expect(try values(loss, inputs) == [half * 1.5 * ln2])
    #expect(try values(graph.gradient(of: loss, withRespectTo: x), inputs) == [half * 0.25, half * -0.25, 0, 0])
    #expect(try values(graph.gradient(of: loss, withRespectTo: t), inputs) == [half * ln2, half * ln2, 0, .infinity])
    let labels = graph.constant([0, 1] as [Int32], [2])
    let certain = crossEntropy(logits: x, probabilities: oneHot(labels, classes: 2, .float64))
    let point = [x: [0.3, -0.2, 1, 4]]
    #expect(try values(certain, point) == values(crossEntropy(logits: x, labels: labels), point))
  }

  @Test func `logits and probabilities of different shapes are refused`() {
    let graph = Graph()
    let x = graph.input("x", [2, 3]), t = graph.input("t", [3])
    let error = #expect(throws: GraphError.self) { try Program(crossEntropy(logits: x, probabilities: t)) }
    let reason = "logits of shape [2, 3] need a probability each, got probabilities of shape [3]"
    #expect(error?.description.contains(reason) == true)
  }
}
