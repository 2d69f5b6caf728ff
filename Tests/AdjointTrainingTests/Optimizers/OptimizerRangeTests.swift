import Adjoint
import AdjointTraining
import Testing

/// Optimizers over the whole range of a float: no finite gradient ends a training, and trajectories in float32 are
/// those of doubles.
@Suite(.timeLimit(.minutes(20))) struct OptimizerRangeTests {
  /// Every optimizer that remembers something of gradients, on doubles, with squares formed as they are.
  enum Rule: String, CaseIterable, CustomTestStringConvertible {
    case adam, adamSmallEpsilon, adamW, rmsProp, rmsPropWithMomentum, adagrad, adagradSmallEpsilon, lion, lamb
    var testDescription: String { rawValue }

    var epsilon: Double {
      switch self {
      case .adamSmallEpsilon, .adagradSmallEpsilon: 1e-36
      case .lamb: 1e-6
      case .adagrad: 1e-10
      default: 1e-8
      }
    }

    func path(of gradients: [Double], type: ElementType, from start: Double = 0) throws -> [Double] {
      switch self {
      case .adam: try OptimizerRangeTests.path(Adam(), gradients, type, start)
      case .adamSmallEpsilon: try OptimizerRangeTests.path(Adam(epsilon: epsilon), gradients, type, start)
      case .adamW: try OptimizerRangeTests.path(AdamW(weightDecay: .all(0.01)), gradients, type, start)
      case .rmsProp: try OptimizerRangeTests.path(RMSProp(), gradients, type, start)
      case .rmsPropWithMomentum: try OptimizerRangeTests.path(RMSProp(momentum: 0.9), gradients, type, start)
      case .adagrad: try OptimizerRangeTests.path(Adagrad(), gradients, type, start)
      case .adagradSmallEpsilon: try OptimizerRangeTests.path(Adagrad(epsilon: epsilon), gradients, type, start)
      case .lion: try OptimizerRangeTests.path(Lion(weightDecay: .all(0.01)), gradients, type, start)
      case .lamb: try OptimizerRangeTests.path(LAMB(), gradients, type, start)
      }
    }

    /// The formulas, on doubles.
    func expected(_ gradients: [Double], from start: Double = 0) -> [Double] {
      var (w, m, v, velocity) = (start, 0.0, 0.0, 0.0)
      var (power1, power2) = (1.0, 1.0)
      return gradients.map { g in
        switch self {
        case .adam, .adamSmallEpsilon, .adamW, .lamb:
          (m, v) = (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g)
          (power1, power2) = (power1 * 0.9, power2 * 0.999)
          var distance = 0.1 * (m / (1 - power1)) / ((v / (1 - power2)).squareRoot() + epsilon)
          if self == .lamb, w != 0, distance != 0 { distance = 0.1 * abs(w) * (distance > 0 ? 1 : -1) }
          w -= distance + (self == .adamW ? 0.1 * 0.01 * w : 0)
        case .rmsProp, .rmsPropWithMomentum:
          v = 0.99 * v + 0.01 * g * g
          let scaled = g / (v.squareRoot() + epsilon)
          velocity = self == .rmsProp ? scaled : 0.9 * velocity + scaled
          w -= 0.1 * velocity
        case .adagrad, .adagradSmallEpsilon:
          v += g * g
          w -= 0.1 * g / (v.squareRoot() + epsilon)
        case .lion:
          let mean = 0.9 * m + 0.1 * g
          w -= 0.1 * (mean == 0 ? 0 : mean > 0 ? 1 : -1) + 0.1 * 0.01 * w
          m = 0.99 * m + 0.01 * g
        }
        return w
      }
    }
  }

  /// One parameter after each step, with the gradients given, at the rate 0.1.
  private static func path(
    _ optimizer: some Optimizer, _ gradients: [Double], _ type: ElementType, _ start: Double
  ) throws -> [Double] {
    let graph = Graph()
    let w = graph.parameter("w", [1], .constant(start), type), g = graph.input("g", [1], type)
    let batches = try Batches(rowCount: 1, batchSize: 1, seed: 0)
    let trainer = try Trainer((w * g).sum(), optimizer: optimizer, rate: .constant(0.1), batches: batches)
    return try gradients.map { gradient in
      try trainer.takeStep { session, _ in
        if type == .float64 {
          try session.write([gradient], to: g)
        } else {
          try session.write([Float(gradient)], to: g)
        }
      }
      return try type == .float64
        ? trainer.session.read(w, as: Double.self)[0] : Double(trainer.session.read(w, as: Float.self)[0])
    }
  }

  /// Equal up to `tolerance` times how far the path has gone.
  private func expect(
    _ actual: [Double], _ expected: [Double], within tolerance: Double,
    _ location: Testing.SourceLocation = #_sourceLocation
  ) {
    var farthest = 0.0
    for (step, (value, wanted)) in zip(actual, expected).enumerated() {
      farthest = max(farthest, abs(wanted), step == 0 ? 0 : abs(wanted - expected[step - 1]))
      #expect(abs(value - wanted) <= tolerance * farthest, "step \(step)", sourceLocation: location)
    }
  }

  @Test func `Adam goes on after a gradient whose square no float32 is`() throws {
    let path = try Rule.adam.path(of: [1e20, 1, 1], type: .float32)
    expect(path, [-0.1, -0.1670057, -0.2188015], within: 2e-6)
  }

  @Test(arguments: Rule.allCases)
  func `a large gradient, and small ones after it, move a float32 as they move a double`(rule: Rule) throws {
    for spike in [1e20, -1e30, 3.4e38] {
      let gradients = [0.5, spike] + (0..<60).map { 1 + Double($0 % 3) }
      // 60 steps, each a few roundings of a float32.
      expect(try rule.path(of: gradients, type: .float32), rule.expected(gradients), within: 2e-5)
    }
  }

  @Test(arguments: Rule.allCases)
  func `gradients without a square move a float32 as they move a double`(rule: Rule) throws {
    // Beside an ε of 10⁻⁸ the root of the squares does not count; beside one of 10⁻³⁶ it is all there is.
    for gradient in [1e-22, 1e-30] {
      let gradients = (0..<40).map { gradient * (1 + Double($0 % 3)) }
      expect(try rule.path(of: gradients, type: .float32), rule.expected(gradients), within: 2e-5)
    }
  }

  @Test(arguments: Rule.allCases)
  func `ordinary gradients move a float32 as they move a double`(rule: Rule) throws {
    let gradients = (0..<300).map { 2 + Double($0 * 37 % 11) }
    expect(try rule.path(of: gradients, type: .float32, from: 3), rule.expected(gradients, from: 3), within: 5e-5)
  }

  @Test(arguments: Rule.allCases)
  func `doubles without a square do not end a training either`(rule: Rule) throws {
    func scaled(_ factor: Double) -> [Double] { [factor] + [Double](repeating: factor / 2, count: 9) }
    let wanted = rule.expected(scaled(1e20))  // as far as with any other factor far above ε
    expect(try rule.path(of: scaled(1e200), type: .float64), wanted, within: 1e-9)
    expect(try rule.path(of: scaled(.greatestFiniteMagnitude), type: .float64), wanted, within: 1e-9)
  }

  @Test(arguments: Rule.allCases)
  func `the largest float, again and again, leaves a training that moves`(rule: Rule) throws {
    let largest = Double(Float.greatestFiniteMagnitude)
    let many = [Double](repeating: largest, count: 300)
    // A constant gradient: as far as with one of 1, up to ε.
    expect(try rule.path(of: many, type: .float32), rule.expected(many.map { _ in 1e20 }), within: 1e-4)
    expect(try rule.path(of: many.map { -$0 }, type: .float32), rule.expected(many.map { _ in -1e20 }), within: 1e-4)
  }

  @Test(arguments: Rule.allCases, [ElementType.float32, .float64])
  func `gradients of zero and of subnormal size give numbers`(rule: Rule, type: ElementType) throws {
    #expect(try rule.path(of: [0, 0, 0], type: type) == [0, 0, 0])
    let smallest = type == .float64 ? Double.leastNonzeroMagnitude : Double(Float.leastNonzeroMagnitude)
    for gradient in [smallest, smallest * 1000] {
      let path = try rule.path(of: [gradient, 0, -gradient, 1, 1], type: type, from: 1)
      #expect(path.allSatisfy { $0.isFinite })
      #expect(path[4] < path[2] && path[4] > -100)
    }
  }

  @Test func `an ε below the smallest float32 divides nothing by zero`() throws {
    #expect(try Self.path(Adam(epsilon: 1e-60), [0, 0, 1], .float32, 0)[1] == 0)
    #expect(try Self.path(RMSProp(epsilon: 1e-60), [0, 0, 1], .float32, 0)[1] == 0)
    #expect(try Self.path(Adagrad(epsilon: 1e-60), [0, 0, 1], .float32, 0)[1] == 0)
    #expect(try Self.path(LAMB(epsilon: 1e-60), [0, 0, 1], .float32, 0)[1] == 0)
  }
}
