import AdjointTesting
import Testing

@testable import Adjoint

@Suite(.timeLimit(.minutes(20))) struct BatchNormalizationTests {
  /// Images of 2 × 3 channels × 2 × 2, or the same with the channels last.
  private struct Case {
    let graph = Graph()
    let x: Node, scale: Node, shift: Node, mean: Node, variance: Node
    let axis: Int
    let values: [Node: ReferenceTensor]

    init(axis: Int = 1, _ type: ElementType = .float64) {
      self.axis = axis
      x = graph.input("x", axis == 1 ? [2, 3, 2, 2] : [2, 2, 2, 3], type)
      (scale, shift) = (graph.input("scale", [3], type), graph.input("shift", [3], type))
      (mean, variance) = (graph.input("mean", [3], type), graph.input("variance", [3], type))
      let elements = (0..<24).map { Double(($0 * 17 + 5) % 23) / 5 - 2 }
      values = [
        x: ReferenceTensor(x.shape, type, elements), scale: ReferenceTensor([3], type, [1.5, -0.7, 0.2]),
        shift: ReferenceTensor([3], type, [0.1, 0.9, -2]), mean: ReferenceTensor([3], type, [0.5, -1, 2]),
        variance: ReferenceTensor([3], type, [2, 0.3, 1]),
      ]
    }
    var running: RunningStatistics { RunningStatistics(mean: mean, variance: variance) }

    func channel(of element: Int) -> Int { axis == 1 ? element / 4 % 3 : element % 3 }
    /// The mean and the variance, divided by n, of each channel.
    var statistics: [(mean: Double, variance: Double)] {
      (0..<3).map { channel in
        let own = values[x]!.values.enumerated().filter { self.channel(of: $0.offset) == channel }.map(\.element)
        let mean = own.reduce(0, +) / 8
        return (mean, own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 8)
      }
    }
    func normalized(_ statistics: [(mean: Double, variance: Double)], epsilon: Double) -> [Double] {
      values[x]!.values.enumerated().map { element, x in
        let c = channel(of: element)
        let centred = (x - statistics[c].mean) / (statistics[c].variance + epsilon).squareRoot()
        return values[scale]!.values[c] * centred + values[shift]!.values[c]
      }
    }
    func session(_ outputs: [Node]) throws -> Session {
      let session = try Program(outputs).makeSession()
      for (node, value) in values { do { try session.write(value, to: node) } catch SessionError.notInProgram {} }
      try session.forward()
      return session
    }
  }

  private func close(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-13 }
  }

  @Test(arguments: [1, 3]) func `training normalises by the batch and moves the running statistics`(axis: Int) throws {
    let c = Case(axis: axis)
    let (y, updates) = batchNormalization(
      c.x, scale: c.scale, shift: c.shift, updating: c.running, momentum: 0.25, axis: axis == 1 ? 1 : -1,
      epsilon: 1e-3)
    let session = try c.session([y] + updates.map(\.value))
    let batch = c.statistics
    #expect(close(try session.read(y, as: Double.self), c.normalized(batch, epsilon: 1e-3)))
    let (means, variances) = (c.values[c.mean]!.values, c.values[c.variance]!.values)
    #expect(
      close(
        try session.read(updates[0].value, as: Double.self), (0..<3).map { 0.75 * means[$0] + 0.25 * batch[$0].mean }))
    #expect(
      close(
        try session.read(updates[1].value, as: Double.self),
        (0..<3).map { 0.75 * variances[$0] + 0.25 * batch[$0].variance * 8 / 7 }))
  }

  @Test func `inference normalises by the running statistics`() throws {
    let c = Case()
    let y = batchNormalization(c.x, scale: c.scale, shift: c.shift, using: c.running)
    let running = zip(c.values[c.mean]!.values, c.values[c.variance]!.values).map { ($0, $1) }
    #expect(close(try c.session([y]).read(y, as: Double.self), c.normalized(running, epsilon: 1e-5)))
  }

  @Test func `gradients go through the batch's statistics, in both orders`() throws {
    let c = Case()
    let y = batchNormalization(c.x, scale: c.scale, shift: c.shift, updating: c.running).output
    let variables = [c.x, c.scale, c.shift]
    for verdict in try GradientChecker().check(y, withRespectTo: variables, at: c.values) {
      #expect(verdict.isCorrect, "\(verdict)")
    }
    let slope = try #require(try c.graph.gradients(of: [(y * square(y)).sum()], withRespectTo: [c.x])[0])
    for verdict in try GradientChecker().check(slope, withRespectTo: [c.x, c.scale], at: c.values) {
      #expect(verdict.isCorrect, "\(verdict)")
    }
    let inference = batchNormalization(c.x, scale: c.scale, shift: c.shift, using: c.running)
    for verdict in try GradientChecker().check(inference, withRespectTo: variables, at: c.values) {
      #expect(verdict.isCorrect, "\(verdict)")
    }
  }

  @Test func `squares are not stored: four passes over the images, and ten gates over the channels`() throws {
    let graph = Graph()
    let x = graph.input("x", [8, 16, 10, 10]), one = graph.input("one", [16])
    let seen = RunningStatistics(mean: one, variance: one)
    let y = batchNormalization(x, scale: one, shift: one, updating: seen).output
    var options = Program.Options()
    options.measuresCosts = false
    let calls = try Program(y, options: options).plan.calls.count
    #expect(calls == 14)
  }

  @Test func `running statistics lead no gradient back to the batch`() throws {
    let c = Case()
    let next = batchNormalization(c.x, scale: c.scale, shift: c.shift, updating: c.running).updates.map(\.value)
    #expect(try c.graph.gradients(of: next.map { $0.sum() }, withRespectTo: [c.x]) == [nil])
  }

  @Test func `steps move the running statistics on, and inference reads them from the same store`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 1]), one = graph.input("one", [1])
    let seen = RunningStatistics(mean: graph.parameter("mean", [1]), variance: graph.parameter("variance", [1], .ones))
    let (y, updates) = batchNormalization(x, scale: one, shift: one, updating: seen, momentum: 0.5)
    let predicted = batchNormalization(x, scale: one, shift: one, using: seen, epsilon: 1e-12)
    let training = try Program(square(y).sum(), gradientsFor: [one], updating: updates).makeSession()
    let serving = try Program(predicted).makeSession(parameters: training.parameters)
    try training.write([2, 4, 4, 6] as [Float], to: x)  // mean 4, variance 8 / 3
    for session in [training, serving] { try session.write([1] as [Float], to: one) }
    try training.step()
    #expect(try training.read(seen.mean, as: Float.self) == [2])
    try training.step()
    #expect(try training.read(seen.mean, as: Float.self) == [3])
    let variance = try training.read(seen.variance, as: Float.self)[0]
    #expect(abs(variance - (0.25 + 0.75 * 8 / 3)) < 1e-6)
    try serving.write([3, 5, 1, 3] as [Float], to: x)
    try serving.forward()
    let expected = [0, 2, -2, 0].map { 1 + $0 / variance.squareRoot() }
    #expect(zip(try serving.read(predicted, as: Float.self), expected).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func `a channel of one value becomes the shift`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 1]), one = graph.input("one", [1])
    let seen = RunningStatistics(mean: one, variance: one)
    let (y, _) = batchNormalization(x, scale: one, shift: one, updating: seen)
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.write([7, 7, 7, 7] as [Float], to: x)
    try session.write([1] as [Float], to: one)
    try session.writeUpstream([1, 2, 3, 4] as [Float], of: y)
    try session.step()
    #expect(try session.read(y, as: Float.self) == [1, 1, 1, 1])
    #expect(try session.gradient(of: x, as: Float.self).allSatisfy(\.isFinite))
  }

  @Test func `what does not fit is refused with its name and the caller's line`() {
    let c = Case()
    let wide = c.graph.input("wide scale", [5], .float64)
    let bad = batchNormalization(c.x, scale: wide, shift: c.shift, using: c.running); let line = #line
    let error = #expect(throws: GraphError.self) { try Program(bad) }
    #expect(error?.description.contains("BatchNormalizationTests.swift:\(line)") == true)
    #expect(error?.description.contains("wide scale [5] float64") == true)
    let absent = batchNormalization(c.x, scale: c.scale, shift: c.shift, updating: c.running, axis: 4).output
    let axisError = #expect(throws: GraphError.self) { try Program(absent) }
    #expect(axisError?.description.contains("axis 4 does not exist in a value of shape [2, 3, 2, 2]") == true)
    let narrow = RunningStatistics(mean: wide, variance: c.variance)
    let updates = batchNormalization(c.x, scale: c.scale, shift: c.shift, updating: narrow).updates
    let statisticsError = #expect(throws: GraphError.self) { try Program(updates[0].value) }
    #expect(statisticsError?.description.contains("3 elements of shape [1, 3, 1, 1] cannot be viewed as") == true)
  }
}
