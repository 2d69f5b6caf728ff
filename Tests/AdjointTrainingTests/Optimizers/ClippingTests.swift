import Adjoint
import AdjointTraining
import DependencyScheduling
import Testing

/// Clipping over the whole range of a float, and what it makes of gradients that are none.
@Suite(.timeLimit(.minutes(20))) struct ClippingTests {
  /// What becomes of gradients, those of two parameters.
  private func clip(_ gradients: [[Float]], to limit: Double) throws -> [[Float]] {
    let graph = Graph()
    let nodes = gradients.enumerated().map { graph.input("g\($0.offset)", [$0.element.count]) }
    let results = try clipped(nodes, toGlobalNorm: limit)
    let session = try Program(results).makeSession()
    for (node, values) in zip(nodes, gradients) { try session.write(values, to: node) }
    try session.forward()
    return try results.map { try session.read($0, as: Float.self) }
  }

  private func norm(_ gradients: [[Float]]) throws -> Float {
    let graph = Graph()
    let nodes = gradients.enumerated().map { graph.input("g\($0.offset)", [$0.element.count]) }
    let norm = globalNorm(nodes)
    let session = try Program(norm).makeSession()
    for (node, values) in zip(nodes, gradients) { try session.write(values, to: node) }
    try session.forward()
    return try session.read(norm, as: Float.self)[0]
  }

  private func expect(
    _ actual: [[Float]], _ expected: [[Float]], _ location: Testing.SourceLocation = #_sourceLocation
  ) {
    for (value, wanted) in zip(actual.joined(), expected.joined()) {
      #expect(abs(value - wanted) <= 8 * wanted.ulp, "\(value), wanted \(wanted)", sourceLocation: location)
    }
  }

  @Test func `finite gradients keep their direction, whatever their size`() throws {
    for scale in [1e-30, 1e-23, 1e-10, 1, 1e10, 1e19, 1e37] as [Float] {
      let limit = Double(scale) * 1e-3
      expect(try clip([[3 * scale], [4 * scale]], to: limit), [[Float(0.6 * limit)], [Float(0.8 * limit)]])
      if scale >= 1 { expect(try clip([[3 * scale, 0], [4 * scale]], to: 1), [[0.6, 0], [0.8]]) }
    }
    expect(try clip([[3e38, 3e38], [-3e38, 3e38]], to: 2), [[1, 1], [-1, 1]])  // the norm itself is no float32
    expect(try clip([[3e38, 3e38], [-3e38, 3e38]], to: 3e38), [[1.5e38, 1.5e38], [-1.5e38, 1.5e38]])
    expect(try clip([[.greatestFiniteMagnitude], [1]], to: 1), [[1], [1 / .greatestFiniteMagnitude]])
    expect(try clip([[3e-23, 4e-23]], to: 5e-24), [[3e-24, 4e-24]])
  }

  @Test func `gradients within the limit keep their bits, subnormal ones too`() throws {
    let small: [[Float]] = [[.leastNonzeroMagnitude, -70_000 * .leastNonzeroMagnitude], [0, -0.0], [0.3]]
    #expect(try clip(small, to: 1) == small)
    #expect(try clip([[0], [0, 0]], to: 1e-30) == [[0], [0, 0]])
    #expect(try clip([[3e38]], to: 3.4e38) == [[3e38]])
  }

  @Test func `a global norm is right over the whole range`() throws {
    let tiny = Float.leastNonzeroMagnitude
    for (values, wanted) in [
      ([[3e-23], [4e-23]], 5e-23), ([[3e19, 4e19]], 5e19), ([[1e20, 1], [1]], 1e20), ([[0], [0, 0]], 0),
      ([[1e38], [1e38, 1e38, 1e38]], 2e38), ([[3 * tiny, 4 * tiny]], 5 * tiny), ([[-7]], 7),
    ] as [([[Float]], Float)] {
      #expect(try abs(norm(values) - wanted) <= 4 * wanted.ulp)
    }
    #expect(try norm([[1], [.infinity, 3]]) == .infinity)
    #expect(try norm([[1], [.nan, .infinity]]).isNaN)
    #expect(try norm([[3e38, 3e38]]) == .infinity)
  }

  @Test func `a derivative through clipping is that of the formula`() throws {
    // Σ aᵢ gᵢ / |g| at g = (3, 4), a = (1, 2): the derivative is (a − (a·u) u) / |g| with u = g / |g|.
    let graph = Graph()
    let g = graph.input("g", [2], .float64), a = graph.constant([1.0, 2], [2])
    let f = try (clipped([g], toGlobalNorm: 1)[0] * a).sum()
    let session = try Program(f, gradientsFor: [g]).makeSession()
    try session.write([3.0, 4], to: g)
    try session.step()
    for (index, wanted) in [(1 - 2.2 * 0.6) / 5, (2 - 2.2 * 0.8) / 5].enumerated() {
      let value = try session.withGradient(of: g, as: Double.self) { $0[index] }
      #expect(abs(value - wanted) < 1e-15)
    }
  }

  // MARK: gradients that are none

  private struct Clipped {
    let x: Node
    let trainer: Trainer

    init() throws {
      let graph = Graph()
      x = graph.input("x", [2])
      let first = graph.parameter("first", [2], .ones)
      let second = graph.scope("block") { graph.parameter("w", [2], .ones) }
      trainer = try Trainer(
        (first + x * second).sum(), optimizer: Adam(), rate: .constant(0.1),
        batches: Batches(rowCount: 1, batchSize: 1, seed: 0), clippingNorm: 1)
    }

    func takeStep(_ values: [Float]) throws {
      try trainer.takeStep { session, _ in try session.write(values, to: x) }
    }

    func takeStepAside(_ values: [Float]) async throws {
      let x = x
      try await trainer.takeStep { session, _ in try session.write(values, to: x) }
    }
  }

  @Test(arguments: [Float.infinity, -.infinity, .nan])
  func `a gradient that is not finite is an error that names its parameter, and changes nothing`(bad: Float) throws {
    let clipped = try Clipped()
    try clipped.takeStep([1, 2])
    let before = try bits(of: clipped.trainer)
    let error = #expect(throws: TrainingError.self) { try clipped.takeStep([1, bad]) }
    #expect(error?.description.hasPrefix("the gradient of block/w, made at AdjointTrainingTests/ClippingTests") == true)
    #expect(try bits(of: clipped.trainer) == before)
    #expect(clipped.trainer.step == 1)
    try clipped.takeStep([1, 2])
    #expect(clipped.trainer.step == 2)
    #expect(try bits(of: clipped.trainer) != before)
  }

  @Test func `so it is in an asynchronous step`() async throws {
    let clipped = try Clipped()
    try await clipped.takeStepAside([1, 2])
    let before = try bits(of: clipped.trainer)
    var failure: TrainingError?
    do { try await clipped.takeStepAside([.nan, 2]) } catch { failure = error as? TrainingError }
    #expect(failure?.description.hasPrefix("the gradient of block/w, made at") == true)
    #expect(try bits(of: clipped.trainer) == before)
    try await clipped.takeStepAside([1, 2])
    #expect(clipped.trainer.step == 2)
  }

  @Test func `clipping by itself names gradients, or the parameters that are given`() throws {
    for isNamed in [true, false] {
      let graph = Graph()
      let w = graph.parameter("w", [1]), g = graph.input("slope", [1])
      let results = try clipped([g], of: isNamed ? [w] : nil, toGlobalNorm: 1)
      let session = try Program(results).makeSession()
      try session.write([Float.nan], to: g)
      let error = #expect(throws: SessionError.self) { try session.forward() }
      guard case .gateFailed(_, _, TrainingError.gradientNotFinite(let name)) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(name.hasPrefix(isNamed ? "w, made at " : "slope, made at "))
    }
  }
}
