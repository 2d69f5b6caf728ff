import Adjoint
import AdjointTraining
import Foundation
import Testing

/// Adagrad, Lion and LAMB are their formulas, on loops over doubles, in both float types.
@Suite(.timeLimit(.minutes(20))) struct AdaptiveOptimizerTests {
  private static let start = [0.3, -1, 2.5, 8, 0.1, -2, 4]
  private static let matrix = 0..<4, bias = 4..<6, scalar = 6..<7
  /// What the seven numbers are parts of.
  private static let parameters = [matrix, bias, scalar]

  /// Slopes of nine steps, of sizes from 10⁻³ to 10³.
  private static let slopes: [[Double]] = (0..<9).map { step in
    (0..<7).map { place in
      sin(Double(step * 7 + place) * 1.3 + 0.4) * [1e-3, 1, 30, 1e3, 0.2, 5, 1][place]
    }
  }

  /// A matrix, a bias and a scalar after each step.
  private func path(_ optimizer: some Optimizer, _ type: ElementType) throws -> [[Double]] {
    let graph = Graph()
    let slope = graph.input("slope", [7], type)
    func parameter(_ name: String, _ shape: Shape, _ range: Range<Int>) -> Node {
      graph.parameter(name, shape, .values(Array(Self.start[range])), type)
    }
    let parameters = [
      parameter("matrix", [2, 2], Self.matrix), parameter("bias", [2], Self.bias),
      parameter("scalar", [], Self.scalar),
    ]
    let losses = zip(parameters, Self.parameters).map { ($0 * slope.sliced($1).reshaped($0.shape)).sum() }
    let trainer = try Trainer(
      losses[0] + losses[1] + losses[2], optimizer: optimizer, rate: .constant(0.1),
      batches: Batches(rowCount: 1, batchSize: 1, seed: 0))
    return try Self.slopes.map { slopes in
      try trainer.takeStep { session, _ in
        if type == .float64 {
          try session.write(slopes, to: slope)
        } else {
          try session.write(slopes.map { Float($0) }, to: slope)
        }
      }
      return try parameters.flatMap { parameter in
        try type == .float64
          ? trainer.session.read(parameter, as: Double.self)
          : trainer.session.read(parameter, as: Float.self).map(Double.init)
      }
    }
  }

  /// Compares a path with a rule that moves all seven numbers, given their slopes and how many steps came before.
  private func expect(
    _ optimizer: some Optimizer, _ type: ElementType, _ rule: (_ w: inout [Double], _ g: [Double], _ step: Int) -> Void,
    _ location: Testing.SourceLocation = #_sourceLocation
  ) throws {
    let actual = try path(optimizer, type)
    var w = Self.start
    for (step, slopes) in Self.slopes.enumerated() {
      rule(&w, slopes, step)
      for place in w.indices {
        // A few roundings in each of nine steps, of numbers up to 8.
        let tolerance = (type == .float64 ? 1e-13 : 1e-5) * max(1, abs(w[place]))
        #expect(
          abs(actual[step][place] - w[place]) <= tolerance, "step \(step), element \(place)", sourceLocation: location)
      }
    }
  }

  @Test(arguments: [ElementType.float32, .float64], [nil, 0.5])
  func `Adagrad divides by the root of all squares so far`(type: ElementType, epsilon: Double?) throws {
    var s = [Double](repeating: 0, count: 7)
    try expect(epsilon.map { try Adagrad(epsilon: $0) } ?? Adagrad(), type) { w, g, _ in
      for i in w.indices {
        s[i] += g[i] * g[i]
        w[i] -= 0.1 * g[i] / (s[i].squareRoot() + (epsilon ?? 1e-10))
      }
    }
  }

  @Test(arguments: [ElementType.float32, .float64])
  func `Lion moves each number by the rate, to the side of a mean`(type: ElementType) throws {
    for (optimizer, beta1, beta2, decays) in try [
      (Lion(), 0.9, 0.99, [0.0, 0]),
      (Lion(beta1: 0.6, beta2: 0.8, weightDecay: .matrices(0.3)), 0.6, 0.8, [0.3, 0]),
      (Lion(beta1: 0, beta2: 0, weightDecay: .all(2)), 0, 0, [2, 2]),
    ] {
      var m = [Double](repeating: 0, count: 7)
      try expect(optimizer, type) { w, g, _ in
        for i in w.indices {
          let mean = beta1 * m[i] + (1 - beta1) * g[i]
          #expect(abs(mean) > 1e-5 * abs(m[i]), "a mean whose sign roundings do not change")
          let decay = Self.matrix.contains(i) ? decays[0] : decays[1]
          w[i] -= 0.1 * ((mean > 0 ? 1 : -1) + decay * w[i])
          m[i] = beta2 * m[i] + (1 - beta2) * g[i]
        }
      }
    }
  }

  @Test(arguments: [ElementType.float32, .float64])
  func `LAMB moves each parameter by a share of its length`(type: ElementType) throws {
    for (optimizer, epsilon, decays) in try [
      (LAMB(), 1e-6, [0.01, 0]),
      (LAMB(beta2: 0.9, epsilon: 0.01, weightDecay: .all(0.2)), 0.01, [0.2, 0.2]),
      (LAMB(weightDecay: .none), 1e-6, [0, 0]),
    ] {
      let beta2 = epsilon == 0.01 ? 0.9 : 0.999
      var m = [Double](repeating: 0, count: 7), v = m
      try expect(optimizer, type) { w, g, step in
        let (c1, c2) = (1 - pow(0.9, Double(step + 1)), 1 - pow(beta2, Double(step + 1)))
        for range in Self.parameters {
          let u = range.map { i in
            m[i] = 0.9 * m[i] + 0.1 * g[i]
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
            let decay = range == Self.matrix ? decays[0] : decays[1]
            return (m[i] / c1) / ((v[i] / c2).squareRoot() + epsilon) + decay * w[i]
          }
          let lengths = (w[range].reduce(0) { $0 + $1 * $1 }.squareRoot(), u.reduce(0) { $0 + $1 * $1 }.squareRoot())
          for (i, u) in zip(range, u) { w[i] -= 0.1 * lengths.0 / lengths.1 * u }
        }
      }
    }
  }

  @Test func `LAMB moves a parameter of zeros as Adam does, and one without a gradient not at all`() throws {
    func path(_ optimizer: some Optimizer) throws -> [Float] {
      let graph = Graph()
      let w = graph.parameter("w", [2]), still = graph.parameter("still", [2], .ones)
      let trainer = try Trainer(
        (w * graph.constant([3, -4] as [Float], [2]) + still * 0).sum(), optimizer: optimizer, rate: .constant(0.1),
        batches: Batches(rowCount: 1, batchSize: 1, seed: 0))
      try trainer.takeStep { _, _ in }
      return try trainer.session.read(w, as: Float.self) + trainer.session.read(still, as: Float.self)
    }
    for (moved, wanted) in zip(try path(LAMB()), try path(Adam(epsilon: 1e-6))[..<2] + [1, 1]) {
      #expect(abs(moved - wanted) <= 2 * wanted.ulp)  // products of three numbers in another order
    }
  }

  @Test func `LAMB's step is a number though a length, or a quotient of lengths, is none`() throws {
    for (start, slope) in [(3e38, 1e-20), (1e30, 1e-30), (-1e38, 3e38), (1e-30, 1e30), (1e-44, 1)] as [(Float, Float)] {
      let graph = Graph()
      let w = graph.parameter("w", [4], .constant(Double(start)))
      let trainer = try Trainer(
        (w * graph.constant(Double(slope), [4])).sum(), optimizer: LAMB(), rate: .constant(0.125),
        batches: Batches(rowCount: 1, batchSize: 1, seed: 0))
      for _ in 0..<3 { try trainer.takeStep { _, _ in } }
      for value in try trainer.session.read(w, as: Float.self) {
        #expect(value.isFinite && value < start, "from \(start) down \(slope): \(value)")
      }
    }
  }

  @Test func `moments of the largest numbers stay numbers, whatever the shares`() throws {
    for beta2 in stride(from: 0.05, to: 1, by: 0.05) {
      let graph = Graph()
      let w = graph.parameter("w", [1])
      let trainer = try Trainer(
        (w * Double(Float.greatestFiniteMagnitude)).sum(), optimizer: Lion(beta2: beta2), rate: .constant(1),
        batches: Batches(rowCount: 1, batchSize: 1, seed: 0))
      for _ in 0..<40 { try trainer.takeStep { _, _ in } }
      let moment = try #require(graph.node(named: "optimizer/moment1/w"))
      #expect(try trainer.session.read(moment, as: Float.self)[0].isFinite)
    }
  }
}
