import Adjoint
import Foundation
import Testing

/// A bug of the caller ends the process with a sentence.
@Suite(.timeLimit(.minutes(20))) struct CallerErrorTests {
  /// Whether the process that ended said `sentence`. A release build prints no message.
  private func said(_ sentence: String, _ result: ExitTest.Result?) -> Bool {
    #if DEBUG
      guard let result else { return false }
      return String(decoding: result.standardErrorContent, as: UTF8.self).contains(sentence)
    #else
      return result != nil
    #endif
  }

  @Test func `a node of another graph traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let stranger = Graph().input("stranger")
      _ = Graph().input("x") + stranger
    }
    #expect(said("The node stranger belongs to another graph", result))
  }

  @Test func `a program of no output traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try Program([])
    }
    #expect(said("A program computes at least one output", result))
  }

  @Test func `a picture with the numbers of another graph traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let session = try Program(exp(Graph().input("x"))).makeSession()
      _ = Graph().svg(values: session)
    }
    #expect(said("The session's program was compiled from another graph", result))
  }

  @Test func `concatenating nothing traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = concatenate([])
    }
    #expect(said("Concatenating needs at least one node", result))
  }

  @Test func `an epsilon that is 0 in the element type traps`() async {
    let norm = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Graph().input("x", [2]).l2Normalized(epsilon: 1e-50)
    }
    #expect(said("above 0 and finite in float32, got 1e-50", norm))
    let cosine = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Graph().input("x", [2])
      _ = cosineSimilarity(x, x, epsilon: .infinity)
    }
    #expect(said("above 0 and finite in float32, got inf", cosine))
    let training = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let graph = Graph()
      let one = graph.constant(1, [2])
      let seen = RunningStatistics(mean: graph.parameter("mean", [2]), variance: graph.parameter("variance", [2]))
      _ = batchNormalization(graph.input("x", [3, 2]), scale: one, shift: one, updating: seen, epsilon: 0)
    }
    #expect(said("The ε of a batch normalisation is above 0 and finite in float32, got 0.0", training))
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let graph = Graph()
      let one = graph.constant(1, [2])
      let seen = RunningStatistics(mean: graph.parameter("mean", [2]), variance: graph.parameter("variance", [2]))
      _ = batchNormalization(graph.input("x", [3, 2]), scale: one, shift: one, using: seen, epsilon: 1e-50)
    }
    #expect(said("The ε of a batch normalisation is above 0 and finite in float32, got 1e-50", inference))
    let layer = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = layerNormalization(Graph().input("x", [3, 2]), epsilon: .nan)
    }
    #expect(said("The ε of a layer normalisation is above 0 and finite in float32, got nan", layer))
  }

  @Test func `a type that calls itself float32 does not get at memory`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let graph = Graph()
      let x = graph.input("x", [2])
      try Program(x * 2).makeSession().write([Pretender(rounding: 1), Pretender(rounding: 2)], to: x)
    }
    #expect(said("No such format", result))
  }

  @Test func `a pullback with too few gradients traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let graph = Graph()
      let x = graph.input("x")
      _ = try Program(graph.apply(Forgetful(), to: [x, x]), gradientsFor: [x])
    }
    #expect(said("The pullback of forgetful returned 1 gradients for 2 inputs", result))
  }

  @Test func `a custom kernel that asks for another type traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let graph = Graph()
      let x = graph.input("x")
      let session = try Program(graph.apply(ReadsDoubles(), to: [x])).makeSession()
      try session.write(1, to: x)
      try session.forward()
    }
    #expect(said("Operand 0 holds float32, not float64", result))
  }
}

/// Of 16 bytes: written as float32, its values would overflow their memory.
private struct Pretender: GraphScalar {
  static var elementType: ElementType { .float32 }
  static var _format: _GraphScalarFormat<Pretender> { preconditionFailure("No such format") }
  let value: SIMD2<Double>
  init(rounding value: Double) { self.value = [value, value] }
  var asDouble: Double { value[0] }
}

private struct Forgetful: ElementwiseGate {
  static let name = "forgetful"
  func value(_ x: [Double]) -> Double { x[0] + x[1] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
  static let samples: [GateSample] = []
}

private struct ReadsDoubles: ElementwiseGate {
  static let name = "readsDoubles"
  func value(_ x: [Double]) -> Double { x[0] }
  var kernel: Kernel { .custom { $0.output(as: Float.self)[0] = Float($0.input(0, as: Double.self)[0]) } }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
  static let samples: [GateSample] = []
}
