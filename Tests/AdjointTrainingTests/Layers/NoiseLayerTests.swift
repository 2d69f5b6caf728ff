import Adjoint
import AdjointTraining
import DependencyScheduling
import Testing

/// Noise that each step draws anew.
@Suite(.timeLimit(.minutes(20))) struct NoiseLayerTests {
  private func drawn(
    steps: Int, seed: UInt64 = 3, count: Int = 4_000, _ type: ElementType = .float32, width: Int = 1
  ) throws -> [[Double]] {
    let graph = Graph()
    let noise = NoiseLayer(in: graph, "noise", seed: seed)
    let nodes = [noise([count], type), noise([count], type)]
    let session = try Program(nodes, updating: noise.updates).makeSession(on: try GraphExecutor(width: width))
    var result: [[Double]] = []
    for _ in 0..<steps {
      try session.step()
      for node in nodes {
        let isDouble = type == .float64
        result.append(
          try isDouble ? session.read(node, as: Double.self) : session.read(node, as: Float.self).map(Double.init))
      }
    }
    return result
  }

  @Test(arguments: [ElementType.float32, .float64])
  func `numbers have the moments of a normal distribution, and its tails`(type: ElementType) throws {
    let numbers = try drawn(steps: 3, type).flatMap { $0 }
    let count = Double(numbers.count)  // 24,000
    func mean(_ value: (Double) -> Double) -> Double { numbers.reduce(0) { $0 + value($1) } / count }
    // Five standard deviations of each mean: those of x, x², x³ and x⁴ are 1, √2, √15 and √96.
    let error = 5 / count.squareRoot()
    #expect(abs(mean { $0 }) < error)
    #expect(abs(mean { $0 * $0 } - 1) < error * 2.0.squareRoot())
    #expect(abs(mean { $0 * $0 * $0 }) < error * 15.0.squareRoot())
    #expect(abs(mean { $0 * $0 * $0 * $0 } - 3) < error * 96.0.squareRoot())
    // P(|x| < 1) = 0.682689 and P(|x| < 2) = 0.954500.
    #expect(abs(mean { abs($0) < 1 ? 1 : 0 } - 0.682689) < error * 0.4655)
    #expect(abs(mean { abs($0) < 2 ? 1 : 0 } - 0.954500) < error * 0.2084)
    #expect(numbers.allSatisfy { abs($0) < 5.78 })
  }

  @Test func `each call, step and seed draws others, and each width the same`() throws {
    let first = try drawn(steps: 2), other = try drawn(steps: 2, seed: 4)
    #expect(Set(first + other).count == 8)
    let seen = Set(first.flatMap { $0 })
    #expect(seen.count > 15_000, "numbers repeat: \(seen.count) of 16,000 differ")
    // Neighbours know nothing of one another: the mean of 3,999 products has a deviation of 1 / √3999.
    for numbers in first {
      let sum = zip(numbers, numbers.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(sum / 3_999) < 5 / 3_999.0.squareRoot())
    }
    #expect(try drawn(steps: 2, width: 2) == first)
  }

  @Test func `evaluation has no noise and no state`() throws {
    let graph = Graph()
    let noise = NoiseLayer(in: graph, "noise", isTraining: false)
    let x = noise([2, 3])
    let session = try Program(x).makeSession()
    try session.forward()
    #expect(try session.read(x, as: Float.self) == [Float](repeating: 0, count: 6))
    #expect(graph.states.isEmpty && noise.updates.isEmpty && noise.step == nil)
    let training = NoiseLayer(in: Graph(), "noise", seed: 9)
    #expect(training.step?.name == "noise/step" && training.updates.count == 1 && training.seed == 9)
  }

  @Test func `a shape that there is not is refused at the caller's line`() {
    let noise = NoiseLayer(in: Graph(), "noise")
    expectRefusal(noise([-1]), "shape [-1, 2, 24]")
  }
}
