import DependencyScheduling
import Testing

@testable import Adjoint

/// What a program takes, against what liveness analysis predicts.
@Suite(.timeLimit(.minutes(20))) struct LivenessTests {
  enum Network: CaseIterable, Sendable { case small, alexNet }

  private func program(_ network: Network) throws -> Program {
    let graph = Graph()
    func layer(_ x: Node, _ kernels: Shape, stride: Extents2D = 1, padding: Extents2D) -> Node {
      graph.scope("convolution\(graph.parameters.count / 2)") {
        let weights = graph.parameter("kernels", kernels, .uniform(-0.1...0.1, seed: 1))
        let bias = graph.parameter("bias", [kernels[0]]).reshaped([kernels[0], 1, 1])
        return relu(convolution(x, weights, stride: stride, padding: padding) + bias)
      }
    }
    func dense(_ x: Node, _ columns: Int) -> Node {
      graph.scope("dense\(graph.parameters.count / 2)") {
        x.matmul(graph.parameter("weights", [x.shape[1], columns], .uniform(-0.1...0.1, seed: 2)))
          + graph.parameter("bias", [columns])
      }
    }
    func pool(_ x: Node) -> Node { maxPool(x, window: network == .small ? 2 : 3, stride: 2) }
    let logits: Node
    switch network {
    case .small:
      let x = graph.parameter("x", [32, 1, 28, 28], .uniform(-1...1, seed: 3))
      let features = pool(layer(pool(layer(x, [16, 1, 5, 5], padding: 2)), [32, 16, 5, 5], padding: 2))
      logits = dense(features.reshaped([32, 1568]), 10)
    case .alexNet:
      let x = graph.parameter("x", [4, 3, 224, 224])
      let second = layer(pool(layer(x, [64, 3, 11, 11], stride: 4, padding: 2)), [192, 64, 5, 5], padding: 2)
      let fourth = layer(layer(pool(second), [384, 192, 3, 3], padding: 1), [256, 384, 3, 3], padding: 1)
      let features = pool(layer(fourth, [256, 256, 3, 3], padding: 1))
      logits = dense(relu(dense(relu(dense(features.reshaped([4, 9216]), 4096)), 4096)), 1000)
    }
    let labels = graph.constant((0..<logits.shape[0]).map { Int32($0 % 10) }, [logits.shape[0]])
    let loss = crossEntropy(logits: logits, labels: labels)
    var options = Program.Options()
    options.measuresCosts = false
    return try Program(loss, gradientsFor: graph.parameters.filter { $0.name != "x" }, options: options)
  }

  @Test(arguments: Network.allCases)
  func `a convolutional network takes at most a fifth more than what is alive at once`(network: Network) throws {
    let program = try program(network)
    #expect(program.sessionBytes <= program.livenessBytes * 6 / 5, "\(program.sessionBytes) \(program.livenessBytes)")
  }

  @Test(arguments: [1, 2]) func `what is predicted is what jemalloc measures`(width: Int) throws {
    let program = try program(.small)
    let session = program.makeSession(on: try GraphExecutor(width: width))
    for _ in 0..<2 { try session.step() }
    #expect(session.memory.peak == program.sessionBytes)
    #expect(session.memory.allocated == program.sessionBytes)
  }

  @Test func `what is alive at once is counted by hand`() throws {
    let graph = Graph()
    let x = graph.parameter("x", [64, 32]), w = graph.parameter("w", [32, 32])
    let first = x.matmul(w), second = first.matmul(w), third = second.matmul(first.transposed())
    var options = Program.Options()
    options.measuresCosts = false
    let program = try Program(third.matmul(second), options: options)
    // The result lasts, [64, 32]; when the third is computed, [64, 64], the first and the second are alive beside it.
    #expect(program.livenessBytes == 4 * (64 * 32 + 64 * 64 + 2 * 64 * 32))
    #expect(program.sessionBytes == program.livenessBytes)
  }

  @Test func `large values take the place of several small ones, and small ones share that of a large one`() throws {
    let graph = Graph()
    let x = graph.parameter("x", [64, 64]), w = graph.parameter("w", [64, 64]),
      wide = graph.parameter("wide", [64, 256])
    func chain(_ x: Node) -> Node { x.matmul(w).matmul(w).matmul(w) }
    let narrow = chain(x).matmul(w).matmul(w)
    let large = narrow.matmul(wide).matmul(wide.transposed())
    var options = Program.Options()
    options.measuresCosts = false
    let program = try Program(chain(chain(large)), options: options)
    // Two of [64, 64] at a time, or one beside one of [64, 256]: five of [64, 64], besides the result.
    #expect(program.plan.slots.map(\.byteCount).reduce(0, +) == 5 << 14)
    #expect(program.livenessBytes == 6 << 14)
  }
}
