import Adjoint
import AdjointTraining
import Testing

/// Each optimizer's gates do what its formula says: the same numbers as loops on doubles, up to how they are rounded.
@Suite(.timeLimit(.minutes(20))) struct OptimizerTests {
  /// Σ cᵢ (wᵢ − i)² / 2 over a matrix and a bias: the gradient is cᵢ (wᵢ − i).
  private static let curvature = [0.5, 1, 2, 4, 0.25, 3]
  private static let start = [0.3, -1, 2.5, 8, 0.1, -2]

  private static func gradient(_ w: [Double]) -> [Double] {
    w.indices.map { curvature[$0] * (w[$0] - Double($0)) }
  }

  /// The parameters after each of `steps` steps, four in a matrix and two in a bias.
  private func path(
    _ optimizer: some Optimizer, steps: Int = 7, rate: LearningRate, clippingNorm: Double? = nil
  ) throws -> [[Double]] {
    let graph = Graph()
    let matrix = graph.parameter("m", [2, 2], .values(Array(Self.start[..<4])), .float64)
    let bias = graph.parameter("b", [2], .values(Array(Self.start[4...])), .float64)
    func bowl(_ w: Node, _ range: Range<Int>) -> Node {
      let centre = graph.constant(range.map(Double.init), w.shape)
      let curvature = graph.constant(range.map { Self.curvature[$0] }, w.shape)
      return (curvature * square(w - centre)).sum() * 0.5
    }
    let trainer = try Trainer(
      bowl(matrix, 0..<4) + bowl(bias, 4..<6), optimizer: optimizer, rate: rate,
      batches: Batches(rowCount: 1, batchSize: 1, seed: 0), clippingNorm: clippingNorm)
    return try (0..<steps).map { _ in
      try trainer.takeStep { _, _ in }
      return try trainer.session.read(matrix, as: Double.self) + trainer.session.read(bias, as: Double.self)
    }
  }

  /// The path of a rule on plain doubles; the rule changes one number, given its gradient and the number of the step.
  private func expect(
    _ actual: [[Double]], _ rule: (_ w: inout [Double], _ g: [Double], _ step: Int) -> Void,
    _ location: Testing.SourceLocation = #_sourceLocation
  ) {
    var w = Self.start
    for (step, values) in actual.enumerated() {
      rule(&w, Self.gradient(w), step)
      for (value, expected) in zip(values, w) {
        // A few roundings of doubles for each of at most 7 steps.
        #expect(abs(value - expected) <= 1e-12 * max(1, abs(expected)), "step \(step)", sourceLocation: location)
      }
    }
  }

  @Test func `gradient descent`() throws {
    expect(try path(GradientDescent(), rate: .constant(0.1))) { w, g, _ in for i in w.indices { w[i] -= 0.1 * g[i] } }
  }

  @Test func `gradient descent with decay of matrices and a falling rate`() throws {
    let rate = try LearningRate.linear(from: 0.2, to: 0.1, over: 5)
    expect(try path(GradientDescent(weightDecay: .matrices(0.3)), rate: rate)) { w, g, step in
      let eta = 0.2 - 0.1 * min(1, Double(step) / 5)
      for i in w.indices { w[i] -= eta * (g[i] + (i < 4 ? 0.3 * w[i] : 0)) }
    }
  }

  @Test(arguments: [false, true])
  func `momentum, plain and Nesterov's`(isNesterov: Bool) throws {
    var v = [Double](repeating: 0, count: 6)
    let optimizer = try GradientDescent(momentum: 0.9, isNesterov: isNesterov, weightDecay: .all(0.1))
    expect(try path(optimizer, rate: .constant(0.05))) { w, g, _ in
      for i in w.indices {
        let slope = g[i] + 0.1 * w[i]
        v[i] = 0.9 * v[i] + slope
        w[i] -= 0.05 * (isNesterov ? slope + 0.9 * v[i] : v[i])
      }
    }
  }

  @Test(arguments: [0, 0.8])
  func `RMSProp, with and without momentum`(momentum: Double) throws {
    var s = [Double](repeating: 0, count: 6), v = s
    let optimizer = try RMSProp(decay: 0.9, epsilon: 1e-6, momentum: momentum)
    expect(try path(optimizer, rate: .constant(0.05))) { w, g, _ in
      for i in w.indices {
        s[i] = 0.9 * s[i] + (1 - 0.9) * g[i] * g[i]
        v[i] = momentum * v[i] + g[i] / (s[i].squareRoot() + 1e-6)
        w[i] -= 0.05 * v[i]
      }
    }
  }

  @Test(arguments: [0, 0.2])
  func `Adam and AdamW`(decay: Double) throws {
    var m = [Double](repeating: 0, count: 6), v = m
    func rule(_ w: inout [Double], _ g: [Double], _ step: Int) {
      let c1 = 1 - (0...step).reduce(1.0) { power, _ in power * 0.9 }
      let c2 = 1 - (0...step).reduce(1.0) { power, _ in power * 0.99 }
      for i in w.indices {
        m[i] = 0.9 * m[i] + 0.1 * g[i]
        v[i] = 0.99 * v[i] + 0.01 * g[i] * g[i]
        let distance = 0.1 * (m[i] / c1) / ((v[i] / c2).squareRoot() + 1e-8)
        w[i] -= distance + 0.1 * decay * w[i]
      }
    }
    let rate = try LearningRate.constant(0.1)
    if decay == 0 {
      expect(try path(Adam(beta2: 0.99), rate: rate), rule)
    } else {
      expect(try path(AdamW(beta2: 0.99, weightDecay: .all(decay)), rate: rate), rule)
    }
  }

  @Test func `the first step of Adam in float32 goes as far as the rate says, for any gradient`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [3], .values([1, 10, 100] as [Float]))
    let trainer = try Trainer(
      (w * graph.constant([1e-3, 1, 1e3] as [Float], [3])).sum(), optimizer: Adam(), rate: .constant(0.5),
      batches: Batches(rowCount: 1, batchSize: 1, seed: 0))
    try trainer.takeStep { _, _ in }
    for (moved, from) in zip(try trainer.session.read(w, as: Float.self), [1, 10, 100] as [Float]) {
      #expect(abs(from - 0.5 - moved) < 1e-5 * from)  // ε against the smallest gradient, and the rounding of float32
    }
  }

  @Test func `clipping scales all gradients by one factor, and keeps short ones`() throws {
    expect(try path(GradientDescent(), rate: .constant(0.1), clippingNorm: 2)) { w, g, _ in
      let norm = g.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for i in w.indices { w[i] -= 0.1 * g[i] * min(1, 2 / norm) }
    }
    let free = try path(GradientDescent(), rate: .constant(0.1))
    #expect(try path(GradientDescent(), rate: .constant(0.1), clippingNorm: 1e6) == free)
  }

  @Test func `a gradient of zero survives clipping`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [2], .values([0, 0] as [Float]))
    let trainer = try Trainer(
      square(w).sum(), optimizer: GradientDescent(), rate: .constant(0.1),
      batches: Batches(rowCount: 1, batchSize: 1, seed: 0), clippingNorm: 1)
    try trainer.takeStep { _, _ in }
    #expect(try trainer.session.read(w, as: Float.self) == [0, 0])
  }

  @Test func `learning rates follow their formulas`() throws {
    let linear = try LearningRate.linear(from: 1, to: 0.5, over: 10)
    #expect([0, 5, 10, 99].map(linear.value) == [1, 0.75, 0.5, 0.5])
    let cosine = try LearningRate.cosine(from: 1, to: 0.2, over: 10)
    #expect(cosine.value(at: 0) == 1 && abs(cosine.value(at: 5) - 0.6) < 1e-15 && cosine.value(at: 10) == 0.2)
    #expect(cosine.value(at: 1_000) == 0.2)
    let decaying = try LearningRate.decaying(from: 8, by: 0.5, every: 3)
    #expect([0, 2, 3, 6].map(decaying.value) == [8, 8, 4, 2])
    let warm = try LearningRate.constant(4).warmedUp(over: 4)
    #expect([0, 1, 2, 3, 4].map(warm.value) == [1, 2, 3, 4, 4])
    #expect(LearningRate { Double($0) }.value(at: 7) == 7)
  }

  @Test(arguments: [1, 2, 1_000, 1 << 53, .max])
  func `every number of a step has a learning rate, over any number of steps`(steps: Int) throws {
    let constant = try LearningRate.constant(2)
    let schedules: [(rate: LearningRate, first: Double, last: Double?)] = try [
      (constant, 2, 2), (constant.warmedUp(over: steps), 2 / Double(steps), 2),
      (.linear(from: 0.1, to: 0.3, over: steps), 0.1, 0.3), (.cosine(from: 0.5, to: 0.3, over: steps), 0.5, 0.3),
      (.cosine(from: 4, over: steps).warmedUp(over: steps), 4 / Double(steps), 0),
      (.decaying(from: 0.5, by: 0.5, every: steps), 0.5, steps == .max ? 0.25 : nil),
    ]
    for (rate, first, last) in schedules {
      for step in [Int.min, -1, 0] { #expect(rate.value(at: step) == first) }
      if let last { #expect(rate.value(at: .max) == last) }
      var largest = 0.0
      for step in [1, 2, steps / 2, steps, .max / 2, .max - 1] { largest = max(largest, rate.value(at: step)) }
      #expect(largest <= 4 && largest >= 0)
    }
  }
}
