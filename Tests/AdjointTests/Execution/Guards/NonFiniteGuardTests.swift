import DependencyScheduling
import Testing

@testable import Adjoint

/// A step whose guarded values are NaN or infinite updates nothing, and names who produced that first.
@Suite(.timeLimit(.minutes(20))) struct NonFiniteGuardTests {
  /// Where a NaN or an infinity begins.
  enum Origin: String, CaseIterable, Sendable {
    case logarithm, infinity, fedNaN, squareRoot, gradientOverflow
    // A zero upstream has a zero downstream, so what `select` does not take stays out of the gradients.
    case squareRootBehindSelect, logarithmBehindSelect

    var goesWrong: Bool { self != .squareRootBehindSelect && self != .logarithmBehindSelect }
  }

  /// w ← w − 0.1 · ∂loss/∂w, and a velocity beside it.
  private struct Model {
    let graph = Graph()
    let x: Node, w: Node, velocity: Node, loss: Node, slope: Node
    let origin: Origin

    init(_ origin: Origin) throws {
      self.origin = origin
      x = graph.input("x", [300])
      w = graph.parameter("w", [300], .uniform(0.5...1.5, seed: 3))
      velocity = graph.parameter("velocity", [300])
      let product = x * w, zero = graph.constant(0)
      let value: Node
      switch origin {
      case .logarithm, .fedNaN, .gradientOverflow: value = log(product)
      case .infinity: value = exp(product)
      case .squareRoot: value = sqrt(product)
      case .squareRootBehindSelect: value = select(greater(product, zero), sqrt(abs(product)), product)
      case .logarithmBehindSelect: value = select(greater(product, zero), log(abs(product)), product)
      }
      loss = value.mean().named("loss")
      slope = try graph.gradients(of: [loss], withRespectTo: [w])[0]!
    }

    func program(guarded: Bool, options: Program.Options = Program.Options()) throws -> Program {
      let next = 0.9 * velocity + slope
      return try Program(
        loss, alsoComputing: [slope],
        updating: [ParameterUpdate(velocity, to: next), ParameterUpdate(w, to: w - 0.1 * next)],
        requiringFinite: guarded ? [loss, slope] : [], options: options)
    }

    /// What is fed: good values, or some that go wrong.
    func values(good: Bool) -> [Float] {
      var values = (0..<300).map { 0.5 + Float($0 % 7) / 8 }
      if good { return values }
      switch origin {
      case .logarithm: values[17] = -1
      case .infinity: values[17] = 1e4
      case .fedNaN: values[17] = .nan
      case .squareRoot, .squareRootBehindSelect, .logarithmBehindSelect: values[17] = 0
      case .gradientOverflow: values[17] = 1e-42
      }
      return values
    }
  }

  private func bits(of store: ParameterStore) throws -> [[UInt8]] {
    try ["w", "velocity"].map { name in
      try store.withBytes(of: name) { bytes in bytes.withUnsafeBytes { Array($0) } }
    }
  }

  /// Which ways of running a step there are.
  private enum Way: CaseIterable { case step, passes, asynchronous, ready, traced }

  private func run(_ session: Session, _ way: Way) async throws {
    switch way {
    case .step: try { try session.step() }()
    case .passes:
      try { try session.forward() }()
      try { try session.backward() }()
    case .asynchronous: try await session.step()
    case .ready: try { try session.step { _ in } }()
    case .traced: _ = try { try session.trace() }()
    }
  }

  @Test(arguments: Origin.allCases, [1, 2])
  func `a step that went wrong is refused by name, and the next goes on with the bits that there were`(
    origin: Origin, width: Int
  ) async throws {
    let model = try Model(origin)
    for way in Way.allCases {
      let session = try model.program(guarded: true).makeSession(on: GraphExecutor(width: width))
      let spared = try model.program(guarded: false).makeSession(on: GraphExecutor(width: width))
      try session.parameters.makeParameters(of: model.graph)
      for good in [true, false, true, true] {
        try session.write(model.values(good: good), to: model.x)
        let before = try bits(of: session.parameters)
        if good || !origin.goesWrong {
          try await run(session, way)
          #expect(try bits(of: session.parameters) != before, "\(origin) \(way)")
          try spared.write(model.values(good: good), to: model.x)
          try await run(spared, way)
          continue
        }
        var refusal: SessionError?
        do { try await run(session, way) } catch { refusal = error as? SessionError }
        guard case .notFinite(let guarded, let producer) = refusal else {
          Issue.record("\(origin) \(way): \(String(describing: refusal))")
          continue
        }
        #expect(guarded.hasPrefix("loss [] float32, made at") || guarded.contains("backward of"), "\(guarded)")
        #expect(try bits(of: session.parameters) == before, "\(origin) \(way)")
        if way != .passes { #expect(throws: SessionError.self) { try session.read(model.slope, as: Float.self) } }
        let found = try { try [false, true].map { try session.firstNonFinite(includingInfinity: $0) } }()
        // Descriptions are compared: no NaN equals another.
        #expect(
          producer != nil && found.map { $0?.description }.contains(producer?.description),
          "\(origin) \(way): \(String(describing: producer))")
        #expect(producer?.element == 17, "\(origin) \(way): \(String(describing: producer))")
        switch origin {
        case .logarithm: #expect(producer?.gate == "log")
        case .infinity: #expect(producer?.gate == "exp" && producer?.value == .infinity)
        case .fedNaN: #expect(producer?.nodeName == "x")
        case .squareRoot, .gradientOverflow: #expect(producer?.backwardOf != nil)
        case .squareRootBehindSelect, .logarithmBehindSelect: break
        }
      }
      // As if the bad values had never been fed.
      #expect(try bits(of: session.parameters) == bits(of: spared.parameters), "\(origin) \(way)")
    }
  }

  /// A gate of a user's own need not keep a zero upstream a zero.
  @Test(arguments: [1, 2]) func `what arises in the backward pass alone is named as such`(width: Int) throws {
    let graph = Graph()
    let x = graph.input("x", [40]), w = graph.parameter("w", [40], .ones)
    let root = graph.apply(PlainRoot(), to: [abs(x * w)]).named("root"); let line = #line
    let loss = select(greater(x, graph.constant(0)), root, x * w).sum()
    let slope = try #require(try graph.gradients(of: [loss], withRespectTo: [w])[0])
    let program = try Program(
      loss, updating: [ParameterUpdate(w, to: w - 0.1 * slope)], requiringFinite: [loss, slope])
    let session = program.makeSession(on: try GraphExecutor(width: width))
    var values = [Float](repeating: 2, count: 40)
    values[5] = 0
    try session.write(values, to: x)
    let error = #expect(throws: SessionError.self) { try session.step() }
    guard case .notFinite(let guarded, let producer?) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(guarded.contains("backward of"), "\(guarded)")
    #expect(producer.backwardOf == "root" && producer.element == 5, "\(producer)")
    #expect("\(producer.location)".contains("NonFiniteGuardTests.swift:\(line)"), "\(producer)")
    #expect(error?.description.hasPrefix("nothing was updated, since ") == true)
    #expect(error?.description.contains("is the first to hold") == true)
    #expect(try session.read(w, as: Float.self) == [Float](repeating: 1, count: 40))
  }

  @Test(arguments: [ElementType.float32, .float64], [Accumulation.graphOrder, .arrivalOrder])
  func `every element is looked at, in either type`(type: ElementType, accumulation: Accumulation) throws {
    let graph = Graph()
    let x = graph.input("x", [1000], type), w = graph.parameter("w", [1000], .ones, type)
    let loss = (x * w).sum()
    let slope = try #require(try graph.gradients(of: [loss], withRespectTo: [w])[0])
    let session = try Program(
      loss, updating: [ParameterUpdate(w, to: w - slope)], requiringFinite: [slope],
      options: Program.Options(accumulation: accumulation)
    ).makeSession()
    for (element, bad) in [(0, Double.nan), (999, -Double.infinity), (500, .infinity)] {
      var values = [Double](repeating: 0, count: 1000)
      values[element] = bad
      try session.write(values, to: x)
      let error = #expect(throws: SessionError.self) { try session.step() }
      guard case .notFinite(_, let producer?) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(producer.nodeName == "x" && producer.element == element, "\(producer)")
    }
    try session.write([Double](repeating: 1, count: 1000), to: x)
    try session.step()
    #expect(try session.doubles(of: w) == [Double](repeating: 0, count: 1000))
  }

  @Test func `halves are guarded, integers are always finite, and nothing guarded costs nothing`() throws {
    let graph = Graph()
    let x = graph.input("x", [8]), w = graph.parameter("w", [8], .ones), count = graph.input("count", [2], .int32)
    let loss = (x * w).sum()
    let half = (x * 1e4).cast(to: .float16)
    func program(_ guarded: [Node]) throws -> Program {
      try Program(
        loss, gradientsFor: [w], alsoComputing: [half.cast(to: .float32), count.sliced(0..<1)],
        updating: [ParameterUpdate(w, to: w + 1)], requiringFinite: guarded)
    }
    let session = try program([half, count]).makeSession()
    try session.write([1, 2] as [Int32], to: count)
    try session.write([Float](repeating: 10, count: 8), to: x)
    let error = #expect(throws: SessionError.self) { try session.step() }
    guard case .notFinite(let guarded, let producer) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(guarded.contains("[8] float16, made at") && producer?.gate == "cast")
    try session.write([Float](repeating: 1, count: 8), to: x)
    try session.step()
    #expect(try session.read(w, as: Float.self) == [Float](repeating: 2, count: 8))
    #expect(try program([]).endpoints.guards.isEmpty)
    #expect(try program([loss, count]).endpoints.guards.count == 1)
  }

  @Test func `the guard is a few passes over what it guards`() throws {
    let graph = Graph()
    var layer = graph.input("pixels", [64, 784])
    for (number, width) in [512, 512, 10].enumerated() {
      let weights = graph.parameter("weights\(number)", [layer.shape[1], width], .heNormal(seed: UInt64(number)))
      layer = layer.matmul(weights) + graph.parameter("bias\(number)", [width])
      if number < 2 { layer = relu(layer) }
    }
    let loss = crossEntropy(logits: layer, labels: graph.input("labels", [64], .int32))
    let slopes = try graph.gradients(of: [loss], withRespectTo: graph.parameters).map { try #require($0) }
    let updates = zip(graph.parameters, slopes).map { ParameterUpdate($0, to: $0 - 0.01 * $1) }
    var options = Program.Options()
    options.measuresCosts = false
    func cost(_ guarded: [Node]) throws -> Float {
      try Program(loss, updating: updates, requiringFinite: guarded, options: options).plan.unitCosts.reduce(0, +)
    }
    let (without, with) = (try cost([]), try cost([loss] + slopes))
    let bytes = slopes.reduce(0) { $0 + 4 * $1.shape.elementCount }
    let pass = CostModel.nominal.cost(ofTraffic: Float(bytes))
    // Gradients that a product would have added to the parameters at once are written and read besides.
    #expect(with - without <= 4 * pass + 2_000 * Float(slopes.count), "\(with - without) ns more, a pass is \(pass)")
    #expect(with <= without * 1.25, "\(with) ns and \(without) without")
  }

  @Test func `a guarded value that is wrong in itself is the compiler's error`() {
    let graph = Graph()
    let x = graph.input("x", [4])
    let error = #expect(throws: GraphError.self) {
      try Program(x.sum(), gradientsFor: [x], requiringFinite: [x + graph.input("y", [3])])
    }
    #expect(error?.kind == .shapeMismatch)
  }

  @Test func `a forward pass is not looked at`() throws {
    let graph = Graph()
    let x = graph.input("x", [4])
    let loss = log(x).sum()
    let session = try Program(loss, gradientsFor: [x], requiringFinite: [loss]).makeSession()
    try session.write([-1, 1, 1, 1] as [Float], to: x)
    try session.forward()
    #expect(try session.read(loss, as: Float.self)[0].isNaN)
    #expect(throws: SessionError.self) { try session.step() }
  }
}

/// √x with the pullback ȳ / (2 √x) as it stands: 0 / 0 where nothing comes from above.
private struct PlainRoot: ElementwiseGate {
  static let name = "plainRoot"
  func value(_ x: ElementOperands) -> Double { x[0].squareRoot() }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream / (2 * node.output)] }
}
