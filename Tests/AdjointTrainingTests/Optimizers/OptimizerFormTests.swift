import Adjoint
import DependencyScheduling
import Testing

@testable import AdjointTraining

/// What optimizers, layers and the loop do by default and with several parameters of several kinds, against numbers
/// that are worked out beside them.
@Suite(.timeLimit(.minutes(20))) struct OptimizerFormTests {
  // MARK: defaults

  /// A matrix, a bias and a scalar after each of three steps down slopes that are given.
  private func path(_ optimizer: some Optimizer, _ slopes: [[Double]]) throws -> [[Double]] {
    let graph = Graph()
    let slope = graph.input("slope", [7], .float64)
    let start = Array(Self.start)
    let matrix = graph.parameter("matrix", [2, 2], .values(Array(start[..<4])), .float64)
    let bias = graph.parameter("bias", [2], .values(Array(start[4..<6])), .float64)
    let scalar = graph.parameter("scalar", [], .constant(start[6]), .float64)
    let first = (matrix * slope.sliced(0..<4).reshaped([2, 2])).sum(), second = (bias * slope.sliced(4..<6)).sum()
    let loss = first + second + scalar * slope.sliced(6..<7).reshaped([])
    let trainer = try Trainer(
      loss, optimizer: optimizer, rate: .constant(0.1), batches: Batches(rowCount: 1, batchSize: 1, seed: 0))
    return try slopes.map { slopes in
      try trainer.takeStep { session, _ in try session.write(slopes, to: slope) }
      return try [matrix, bias, scalar].flatMap { try trainer.session.read($0, as: Double.self) }
    }
  }

  private static let start = [0.3, -1, 2.5, 8, 0.1, -2, 4]
  private static let slopes = [
    [1, -2, 3, 0.5, 1e-9, -4, 2], [0.5, 1, -1, 2, 1e-9, 3, 1], [-1, 1, 2, 2, 1e-9, 3, -5],
  ]

  /// The rule for one number, given its slope, how far its decay goes, and what it remembers.
  private func expect(
    _ optimizer: some Optimizer, decays: [Double] = [Double](repeating: 0, count: 7),
    _ rule: (_ w: Double, _ g: Double, _ decay: Double, _ memory: inout [Double], _ step: Int) -> Double,
    _ location: Testing.SourceLocation = #_sourceLocation
  ) throws {
    let actual = try path(optimizer, Self.slopes)
    for place in 0..<7 {
      var w = Self.start[place], memory = [0.0, 0, 0]
      for (step, slopes) in Self.slopes.enumerated() {
        w = rule(w, slopes[place], decays[place], &memory, step)
        // A few roundings of doubles a step.
        let isClose = abs(actual[step][place] - w) <= 1e-13 * max(1, abs(w))
        #expect(
          isClose, "element \(place), step \(step): \(actual[step][place]), wanted \(w)", sourceLocation: location)
      }
    }
  }

  private func adam(_ w: Double, _ g: Double, _ decay: Double, _ memory: inout [Double], _ step: Int) -> Double {
    memory[0] = 0.9 * memory[0] + 0.1 * g
    memory[1] = 0.999 * memory[1] + 0.001 * g * g
    memory[2] += 1
    var powers = (1.0, 1.0)
    for _ in 0..<Int(memory[2]) { powers = (powers.0 * 0.9, powers.1 * 0.999) }
    let distance = 0.1 * (memory[0] / (1 - powers.0)) / ((memory[1] / (1 - powers.1)).squareRoot() + 1e-8)
    return w - distance - 0.1 * decay * w
  }

  private static func decay(_ matrices: Double, others: Double) -> [Double] {
    [Double](repeating: matrices, count: 4) + [Double](repeating: others, count: 3)
  }

  @Test func `what is left out of an optimizer is what its paper says`() throws {
    try expect(GradientDescent()) { w, g, _, _, _ in w - 0.1 * g }
    try expect(Adam(), adam)
    // Matrices alone decay, by a hundredth.
    try expect(AdamW(), decays: Self.decay(0.01, others: 0), adam)
    try expect(RMSProp()) { w, g, _, memory, _ in
      memory[0] = 0.99 * memory[0] + 0.01 * g * g
      return w - 0.1 * g / (memory[0].squareRoot() + 1e-8)
    }
  }

  @Test func `a decay is that of all parameters, of matrices, or none`() throws {
    for (decay, factors) in [
      (WeightDecay.none, Self.decay(0, others: 0)), (.all(0.2), Self.decay(0.2, others: 0.2)),
      (.matrices(0.2), Self.decay(0.2, others: 0)), (.all(0), Self.decay(0, others: 0)),
    ] {
      try expect(AdamW(weightDecay: decay), decays: factors, adam)
      try expect(GradientDescent(weightDecay: decay), decays: factors) { w, g, decay, _, _ in w - 0.1 * (g + decay * w)
      }
      for isNesterov in [false, true] {
        let momentum = try GradientDescent(momentum: 0.5, isNesterov: isNesterov, weightDecay: decay)
        try expect(momentum, decays: factors) { w, g, decay, memory, _ in
          let slope = g + decay * w
          memory[0] = 0.5 * memory[0] + slope
          return w - 0.1 * (isNesterov ? slope + 0.5 * memory[0] : memory[0])
        }
      }
    }
  }

  @Test func `numbers that are no share, no decay and no ε are errors that say what is allowed`() {
    func expect(_ parameter: String, _ value: String, _ allowed: String, _ body: () throws -> Void) {
      #expect(throws: TrainingError.notAllowed(parameter: parameter, value: value, allowed: allowed)) { try body() }
    }
    let share = "at least 0 and below 1", positive = "above 0 and finite", notNegative = "at least 0 and finite"
    expect("momentum", "1.0", share) { _ = try GradientDescent(momentum: 1) }
    expect("momentum", "nan", share) { _ = try GradientDescent(momentum: .nan) }
    expect("momentum", "0.0", "above 0 where it is Nesterov's") { _ = try GradientDescent(isNesterov: true) }
    expect("weightDecay", "-0.5", notNegative) { _ = try GradientDescent(weightDecay: .matrices(-0.5)) }
    expect("beta1", "-0.1", share) { _ = try Adam(beta1: -0.1) }
    expect("beta2", "1.0", share) { _ = try Adam(beta2: 1) }
    expect("epsilon", "inf", positive) { _ = try Adam(epsilon: .infinity) }
    expect("beta2", "2.0", share) { _ = try AdamW(beta2: 2) }
    expect("weightDecay", "inf", notNegative) { _ = try AdamW(weightDecay: .all(.infinity)) }
    expect("epsilon", "0.0", positive) { _ = try RMSProp(epsilon: 0) }
    expect("decay", "nan", share) { _ = try RMSProp(decay: .nan) }
    expect("momentum", "-1.0", share) { _ = try RMSProp(momentum: -1) }
    expect("epsilon", "-1e-10", positive) { _ = try Adagrad(epsilon: -1e-10) }
    expect("beta1", "1.0", share) { _ = try Lion(beta1: 1) }
    expect("beta2", "nan", share) { _ = try Lion(beta2: .nan) }
    expect("weightDecay", "-1.0", notNegative) { _ = try Lion(weightDecay: .all(-1)) }
    expect("beta2", "-2.0", share) { _ = try LAMB(beta2: -2) }
    expect("epsilon", "nan", positive) { _ = try LAMB(epsilon: .nan) }
    expect("weightDecay", "inf", notNegative) { _ = try LAMB(weightDecay: .matrices(.infinity)) }
    for limit in [0, -1, .nan, .infinity] as [Double] {
      expect("toGlobalNorm", "\(limit)", positive) { _ = try clipped([], toGlobalNorm: limit) }
    }
    #expect(
      "\(TrainingError.notAllowed(parameter: "beta1", value: "2.0", allowed: share))"
        == "beta1 is at least 0 and below 1, got 2.0")
  }

  @Test func `numbers that are no rate and no number of steps are errors that say what is allowed`() throws {
    func expect(_ parameter: String, _ value: String, _ allowed: String, _ body: () throws -> LearningRate) {
      #expect(throws: TrainingError.notAllowed(parameter: parameter, value: value, allowed: allowed)) {
        _ = try body()
      }
    }
    let notNegative = "at least 0 and finite", steps = "at least 1 step"
    for rate in [-0.1, .nan, .infinity] {
      expect("rate", "\(rate)", notNegative) { try .constant(rate) }
      expect("first", "\(rate)", notNegative) { try .linear(from: rate, to: 0, over: 3) }
      expect("last", "\(rate)", notNegative) { try .linear(from: 1, to: rate, over: 3) }
      expect("first", "\(rate)", notNegative) { try .cosine(from: rate, over: 3) }
      expect("last", "\(rate)", notNegative) { try .cosine(from: 1, to: rate, over: 3) }
      expect("first", "\(rate)", notNegative) { try .decaying(from: rate, by: 0.5, every: 3) }
      expect("factor", "\(rate)", notNegative) { try .decaying(from: 1, by: rate, every: 3) }
    }
    let constant = try LearningRate.constant(1)
    for count in [0, -1, .min] {
      expect("steps", "\(count)", steps) { try .linear(from: 1, to: 0, over: count) }
      expect("steps", "\(count)", steps) { try .cosine(from: 1, over: count) }
      expect("steps", "\(count)", steps) { try .decaying(from: 1, by: 0.5, every: count) }
      expect("steps", "\(count)", steps) { try constant.warmedUp(over: count) }
    }
  }

  // MARK: clipping

  @Test(arguments: 1...5) func `a norm is that of all gradients, whichever of them is large`(count: Int) throws {
    for large in 0..<count {
      for size in [1.0, 1e200, 1e-200] {
        let graph = Graph()
        let nodes = (0..<count).map { graph.input("g\($0)", [$0 + 1], .float64) }
        let values = (0..<count).map { number in
          let factor: Double = (number == large ? 100 : 1) * (number % 2 == 0 ? size : -size)
          return (0...number).map { Double($0 + 1) * factor }
        }
        let norm = globalNorm(nodes)
        let squares: [Double] = values.joined().map { ($0 / size) * ($0 / size) }
        let half: Double = squares.reduce(0, +).squareRoot() / 2
        let parts = try clipped(nodes, toGlobalNorm: half * size),
          whole = try clipped(nodes, toGlobalNorm: 3 * half * size)
        let session = try Program(norm, alsoComputing: parts + whole).makeSession()
        for (node, values) in zip(nodes, values) { try session.write(values, to: node) }
        try session.forward()
        #expect(abs(try session.read(norm, as: Double.self)[0] / (2 * half * size) - 1) < 1e-14)
        for (number, wanted) in values.enumerated() {
          let short = try session.read(parts[number], as: Double.self)
          for (value, wanted) in zip(short, wanted) { #expect(abs(value / (wanted / 2) - 1) < 1e-14) }
          #expect(try session.read(whole[number], as: Double.self) == wanted, "within the limit")
        }
      }
    }
  }

  @Test(arguments: 0..<3) func `the gradient that is blamed is the one that is not finite`(bad: Int) throws {
    let graph = Graph()
    let names = ["first", "second", "third"]
    let nodes = names.map { graph.input($0, [3]) }
    let session = try Program(clipped(nodes, toGlobalNorm: 1)).makeSession()
    for place in 0..<3 {
      for (number, node) in nodes.enumerated() {
        try session.write((0..<3).map { $0 == place && number == bad ? Float.nan : 1 }, to: node)
      }
      let error = #expect(throws: SessionError.self) { try session.forward() }
      #expect(error?.description.contains("the gradient of \(names[bad]), made at ") == true, "\(error!)")
    }
  }

  // MARK: layers

  @Test func `the ε of a layer normalisation is the one given, or 10⁻⁵`() throws {
    for epsilon in [nil, 0.5] as [Double?] {
      let graph = Graph()
      let x = graph.input("x", [1, 2], .float64)
      let y = epsilon.map { layerNorm(x, "norm", epsilon: $0) } ?? layerNorm(x, "norm")
      let session = try Program(y, alsoComputing: graph.parameters).makeSession()
      #expect(try session.read(graph.parameters[0], as: Double.self) == [1, 1])
      #expect(try session.read(graph.parameters[1], as: Double.self) == [0, 0])
      try session.write([-1e-2, 1e-2], to: x)
      try session.forward()
      let wanted = 1e-2 / (1e-4 + (epsilon ?? 1e-5)).squareRoot()
      #expect(abs(try session.read(y, as: Double.self)[1] - wanted) < 1e-14)
    }
  }

  @Test func `first values stay within their bounds and reach for them, with the fans of their layer`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 300]), images = graph.input("images", [1, 4, 9, 9])
    _ = dense(x, "he", to: 200, .heUniform(seed: 1))
    _ = dense(x, "glorot", to: 200, .glorotUniform(seed: 2))
    _ = convolution(images, "kernels", to: 500, kernel: Extents2D(3, 5), groups: 2, .glorotUniform(seed: 3))
    let cell = LSTMCell(in: graph, "cell", inputs: 40, units: 60, seed: 4)
    _ = LSTMCell(in: graph, "square", inputs: 8, units: 8, seed: 4)
    let store = ParameterStore()
    try store.makeParameters(of: graph)
    func values(_ name: String) throws -> [Float] {
      try store.withBytes(of: name) { $0.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } }
    }
    // The four gates of a cell are columns of one matrix: its fan-out is all of their units.
    let fans: [(String, Double)] = [
      ("he/weights", 300), ("glorot/weights", 500), ("kernels/kernels", 30 + 7_500), ("cell/inputWeights", 40 + 240),
      ("cell/hiddenWeights", 60 + 240),
    ]
    for (name, fans) in fans {
      let bound = (6 / fans).squareRoot()
      let numbers = try values(name).map(Double.init)
      #expect(numbers.allSatisfy { abs($0) <= bound }, "\(name)")
      #expect(numbers.max()! > 0.99 * bound && numbers.min()! < -0.99 * bound, "\(name)")
      #expect(abs(numbers.reduce(0, +) / Double(numbers.count)) < 0.05 * bound, "\(name)")
    }
    #expect(try values("cell/bias") == (0..<240).map { 60 <= $0 && $0 < 120 ? 1 : 0 })
    #expect(try values("square/inputWeights") != values("square/hiddenWeights"), "matrices of one shape")
    for bias in ["he/bias", "glorot/bias", "kernels/bias"] { #expect(try values(bias).allSatisfy { $0 == 0 }) }
    #expect(cell.units == 60)
  }

  // MARK: batches

  @Test func `an order is its seed's and its epoch's, and no two of them share one`() throws {
    var seen: Set<[Int]> = []
    for seed in 0..<20 as Range<UInt64> {
      var batches = try Batches(rowCount: 30, batchSize: 30, seed: seed)
      for _ in 0..<20 {
        seen.insert(Array(batches.rows))
        batches.advance()
      }
    }
    #expect(seen.count == 400, "as would be if epoch 1 of a seed were epoch 0 of the next")
  }

  @Test func `every order of few rows comes about equally often`() throws {
    var counts: [[Int]: Int] = [:]
    var batches = try Batches(rowCount: 4, batchSize: 4, seed: 7)
    for _ in 0..<4_800 {
      counts[Array(batches.rows), default: 0] += 1
      batches.advance()
    }
    #expect(counts.count == 24)
    for count in counts.values { #expect(abs(count - 200) < 85) }  // six standard deviations of 14
  }

  // MARK: the loop

  @Test func `a report's loss is the mean since the report before`() {
    let shown = Guarded<[Double]>([])
    var meter = ProgressMeter(.every(.zero) { progress in shown.withLock { $0.append(progress.loss) } }, from: 0, to: 3)
    for (step, loss) in [4.0, 8, 2].enumerated() { meter.note(step + 1, loss: loss) }
    #expect(shown.withLock { $0 } == [4, 8, 2])
    shown.withLock { $0 = [] }
    var seldom = ProgressMeter(
      .every(.seconds(36_000)) { progress in shown.withLock { $0.append(progress.loss) } }, from: 7, to: 10)
    for (step, loss) in [4.0, 8, 3].enumerated() { seldom.note(8 + step, loss: loss) }
    #expect(shown.withLock { $0 } == [5])
  }

  @Test func `the speed is that of this run, though others came before it`() {
    let clock = ContinuousClock()
    let shown = Guarded<[Double]>([])
    let before = 1 << 40
    var meter = ProgressMeter(
      .every(.zero) { progress in shown.withLock { $0.append(progress.stepsPerSecond) } }, from: before, to: before + 2)
    let start = clock.now
    while clock.now - start < .microseconds(100) {}
    for step in 1...2 { meter.note(before + step, loss: 1) }
    // At least 100 µs have passed since the meter began.
    #expect(shown.withLock { $0 }.allSatisfy { $0 > 0 && $0 <= 20_000 })
  }

  @Test func `the time left is that of the steps that are left`() {
    let progress = TrainingProgress(step: 30, lastStep: 100, loss: 1, stepsPerSecond: 7)
    #expect(progress.timeLeft == .seconds(10))
    #expect(TrainingProgress(step: 100, lastStep: 100, loss: 1, stepsPerSecond: 7).timeLeft == .zero)
  }

  // MARK: the trainer

  @Test func `what a step updates beside is not trained, and other values can be computed`() throws {
    let graph = Graph()
    let x = graph.input("x", [2])
    let w = graph.parameter("w", [2], .ones), mean = graph.parameter("mean", [2])
    let prediction = x * w + mean
    let trainer = try Trainer(
      square(prediction).sum(), optimizer: GradientDescent(), rate: .constant(0.25),
      batches: Batches(rowCount: 1, batchSize: 1, seed: 0), alsoComputing: [prediction],
      alsoUpdating: [ParameterUpdate(mean, to: 0.5 * mean + x)])
    #expect(Set(trainer.gradients.keys) == [w])
    let loss = try trainer.takeStep { session, _ in try session.write([1, 2] as [Float], to: x) }
    #expect(loss == 5)
    #expect(try trainer.session.read(prediction, as: Float.self) == [1, 2])
    #expect(
      try trainer.session.read(w, as: Float.self) == [1 - 0.5, 1 - 2]
        && trainer.session.read(mean, as: Float.self) == [1, 2])
    #expect(try trainer.takeStep { _, _ in } == 1.5 * 1.5)
    #expect(try trainer.session.read(prediction, as: Float.self) == [1.5, 0])
  }

  @Test func `an asynchronous step that fails is not counted, and changes nothing`() async throws {
    let toy = Toy()
    let trainer = try toy.trainer()
    try await trainer.takeStep { try toy.feed($0, $1) }
    let before = try bits(of: trainer)
    let position = trainer.batches.position
    for _ in 0..<2 {
      await #expect(throws: SessionError.self) {
        try await trainer.takeStep { session, rows in
          try toy.feed(session, rows)
          try session.write([Int32](repeating: 77, count: 8), to: toy.y)
        }
      }
      #expect(trainer.step == 1 && trainer.batches.position == position)
      #expect(try bits(of: trainer) == before)
    }
    try await trainer.takeStep { try toy.feed($0, $1) }
    #expect(trainer.step == 2)
  }
}
