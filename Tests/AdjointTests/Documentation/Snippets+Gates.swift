@testable import Adjoint
import Testing

extension SnippetTests {
  @Test func `a gate of one's own is applied and differentiated`() throws {
    let graph = Graph()
    let x = graph.input("x")
    struct Cube: ElementwiseGate {  // y = x³
      static let name = "cube"
      func value(_ x: ElementOperands) -> Double { x[0] * x[0] * x[0] }
      func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
        [downstream(upstream, 3 * square(node.inputs[0]))]  // ∂y/∂x = 3x²
      }
    }
    let y = graph.apply(Cube(), to: [x])
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.write(2, to: x)
    try session.step()
    #expect(try session.read(y) == 8)
    #expect(try session.gradient(of: x) == 12)
  }

  @Test func `a local gradient that is NaN does not count where no gradient flows`() throws {
    let graph = Graph()
    let x = graph.input("x", [2]), quotient = graph.apply(BoundedQuotient(), to: [x, x])
    let y = graph.apply(ThreeHalves(), to: [x])
    let sum = select(greater(x, graph.constant(0)), y, x).sum()
    let session = try Program(sum, gradientsFor: [x], alsoComputing: [quotient]).makeSession()
    try session.write([4, -3] as [Float], to: x)
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [3, 1])
    #expect(try session.read(quotient, as: Float.self) == [0.8, -0.75])
  }

  @Test func `gates of the network's parts have the shapes that they say`() throws {
    let graph = Graph()
    let images = graph.input("images", [2, 3, 64, 64]), kernels = graph.parameter("kernels", [64, 3, 11, 11])
    let bias = graph.parameter("bias", [64])
    let features = relu(convolution(images, kernels, stride: 4, padding: 2) + bias.reshaped([1, 64, 1, 1]))
    #expect(features.shape == [2, 64, 15, 15])

    let halving = ConvolutionWindow(stride: 2, padding: 1)  // 224 x 224 becomes 112 x 112 under a 3 x 3 kernel
    let depthwise = ConvolutionWindow(padding: 1, groups: 64)  // each of 64 channels by itself
    #expect(try halving.result(of: 224, under: 3) == 112)
    #expect(try depthwise.result(of: 224, under: 3) == 224)

    let (k, d) = (2, 3)
    let q = graph.input("q", [k, d]), l = graph.input("l", [k, d * (d - 1) / 2])
    let factors = lowerTriangular(diagonal: exp(q), below: l)  // [k, d] and [k, d(d − 1)/2] to [k, d, d]
    let covariances = factors.matmul(factors.transposed([0, 2, 1]))
    #expect(covariances.shape == [2, 3, 3])

    let logWeights = graph.input("logWeights", [k]), logLikelihoods = graph.input("logLikelihoods", [5, k])
    let evidence = (logWeights + logLikelihoods).logSumExp(axes: [-1])  // [n, k] to [n]
    #expect(evidence.shape == [5])
    #expect(throws: Never.self) { try Program([features, covariances, evidence]) }
  }

  @Test func `a dropout draws anew at each step`() throws {
    let graph = Graph()
    let images = graph.input("images", [4, 16]), weights = graph.parameter("weights", [16, 32], .ones)
    let step = graph.parameter("step", [], .zeros, .int32)
    let hidden = dropout(relu(images.matmul(weights)), rate: 0.5, step: step, seed: 1)
    let loss = square(hidden).mean()
    let program = try Program(
      loss, gradientsFor: [weights], updating: [ParameterUpdate(step, to: step.advanced(by: 1))])
    let session = program.makeSession()
    try session.write([Float](repeating: 1, count: 64), to: images)
    try session.step()
    let first = try session.gradient(of: weights, as: Float.self)
    try session.step()
    #expect(try session.gradient(of: weights, as: Float.self) != first)
    #expect(try session.read(step) == 2)
  }

  @Test func `normalisations of batches and of vectors`() throws {
    let graph = Graph()
    let (channels, x) = (3, graph.input("x", [2, 3]))
    let scale = graph.parameter("scale", [channels], .ones), shift = graph.parameter("shift", [channels])
    let seen = RunningStatistics(
      mean: graph.parameter("mean", [channels]), variance: graph.parameter("variance", [channels], .ones))
    let (y, updates) = batchNormalization(x, scale: scale, shift: shift, updating: seen)
    let training = try Program(square(y).mean(), gradientsFor: [scale, shift], updating: updates)
    let predicted = batchNormalization(x, scale: scale, shift: shift, using: seen)
    let session = training.makeSession()
    try session.write([0, 0, 0, 10, 10, 10] as [Float], to: x)
    try session.step()
    #expect(try session.read(seen.mean, as: Float.self) == [0.5, 0.5, 0.5])
    #expect(predicted.shape == [2, 3])
    try normalizeVectors()
  }

  private func normalizeVectors() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 2])
    let gain = graph.parameter("gain", [2], .ones), bias = graph.parameter("bias", [2], .ones)
    let y = layerNormalization(x) * gain + bias
    let session = try Program(y).makeSession()
    try session.write([1, 3, 5, 5] as [Float], to: x)
    try session.forward()
    let values = try session.read(y, as: Float.self)
    #expect(zip(values, [0, 2, 1, 1] as [Float]).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test func `soft labels are smoothed, or a teacher's`() throws {
    let graph = Graph()
    let logits = graph.input("logits", [1, 10]), teacher = graph.input("teacher", [1, 10])
    let labels = graph.input("labels", [1], .int32)
    let smoothed = oneHot(labels, classes: 10) * 0.9 + 0.01
    let loss = crossEntropy(logits: logits, probabilities: smoothed)
    let distilled = crossEntropy(logits: logits, probabilities: softmax(stopGradient(teacher) * 0.5))
    let session = try Program([loss, distilled]).makeSession()
    try session.write([Float](repeating: 0, count: 10), to: logits)
    try session.write((0..<10).map(Float.init), to: teacher)
    try session.write([3], to: labels)
    try session.forward()
    for value in [loss, distilled] { #expect(abs(try session.read(value) - 2.3025851) < 1e-6) }  // log 10
  }

  @Test func `a formula in terms is made at its caller's line`() throws {
    let graph = Graph()
    func swish(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
      let x = Term(x, fileID, line)
      return (x * x.applying(Sigmoid())).node
    }
    let x = graph.input("x"), y = swish(x)
    let session = try Program(y).makeSession()
    try session.write(0, to: x)
    try session.forward()
    #expect(try session.read(y) == 0)
  }
}

/// y = x^1.5.
private struct ThreeHalves: ElementwiseGate {
  static let name = "threeHalves"
  func value(_ x: ElementOperands) -> Double { x[0] * x[0].squareRoot() }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [downstream(upstream, 1.5 * sqrt(node.inputs[0]))]  // y = x^1.5, NaN below 0
  }
}

/// x / (1 + |y|).
private struct BoundedQuotient: ElementwiseGate {
  static let name = "boundedQuotient"
  func value(_ x: ElementOperands) -> Double { x[0] / (1 + x[1].magnitude) }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil, nil] }
  func estimatedNanoseconds(_ inputs: [Shape]) -> Double? { 50e6 }
}
