import Adjoint
import Testing

/// Nodes of two graphs where those of one are needed: a GraphError with both names, wherever they meet.
@Suite(.timeLimit(.minutes(20))) struct OtherGraphTests {
  private enum Place: CaseIterable {
    case operatorRight, function, threeOperands, formula, scanSequence, scanState, scanBody, output, other, variable
    case update, guarded, gradient, upstream, tangent
  }

  private func combine(_ place: Place) throws {
    let graph = Graph()
    let x = graph.input("x", [4]), w = graph.parameter("w", [4])
    let stranger = Graph().input("stranger", [4])
    switch place {
    case .operatorRight: _ = try Program(exp(x * stranger))
    case .function: _ = try Program(maximum(x, stranger).sum(), gradientsFor: [x])
    case .threeOperands: _ = try Program(select(x, stranger, x))
    case .formula: _ = try Program(meanSquaredError(x, stranger))
    case .scanSequence: _ = try Program(graph.scan(over: stranger, from: graph.constant(0)) { ($0 + $1, $0) }.state)
    case .scanState:
      _ = try Program(
        graph.scan(over: [], from: [stranger], steps: 2) { state, _ in (state: state, outputs: []) }.state)
    case .scanBody:
      _ = try Program(graph.scan(over: [], from: [x], steps: 2) { _, _ in (state: [stranger], outputs: []) }.state)
    case .output: _ = try Program([x * 2, stranger])
    case .other: _ = try Program(x * 2, alsoComputing: [stranger])
    case .variable: _ = try Program(x.sum(), gradientsFor: [stranger])
    case .update: _ = try Program(x.sum(), updating: [ParameterUpdate(w, to: stranger)])
    case .guarded: _ = try Program(x.sum(), gradientsFor: [x], requiringFinite: [stranger])
    case .gradient: _ = try graph.gradients(of: [x.sum()], withRespectTo: [stranger])
    case .upstream: _ = try graph.gradients(of: [x * 2], upstream: [stranger], withRespectTo: [x])
    case .tangent: _ = try graph.jacobianVectorProduct(of: [x * 2], along: [stranger], withRespectTo: [x])
    }
  }

  @Test(arguments: Place.allCases.indices) func `a node of another graph is refused by name`(number: Int) {
    let place = Place.allCases[number]
    let error = #expect(throws: GraphError.self, "\(place)") { try combine(place) }
    #expect(error?.kind == .otherGraph, "\(place): \(error?.description ?? "")")
    let text = error?.description ?? ""
    #expect(
      text.contains("reads stranger [4] float32, made at AdjointTests/OtherGraphTests.swift:"), "\(place): \(text)")
    #expect(text.contains("which belongs to another graph"), "\(place): \(text)")
  }

  @Test func `what is wrong with an operand before is said first, and the graph goes on`() throws {
    let graph = Graph()
    let x = graph.input("x", [4])
    let bad = x + graph.input("y", [3])
    let error = #expect(throws: GraphError.self) { try Program(bad * Graph().input("stranger", [4])) }
    #expect(error?.kind == .shapeMismatch)
    let session = try Program(x * 2).makeSession()
    try session.write([1, 2, 3, 4] as [Float], to: x)
    try session.forward()
  }

  /// A program is differentiated in a copy of its graph, so such a gate is differentiated beforehand.
  @Test func `a call's rules may hold nodes of the graph that they are asked in`() throws {
    let graph = Graph()
    let x = graph.input("x", [4]), weight = graph.parameter("weight", [4], .values([1, 2, 3, 4] as [Float]))
    let y = graph.apply(Scaled(weight: weight), to: [x])
    let slope = try #require(try graph.gradients(of: [y.sum()], withRespectTo: [x])[0])
    let session = try Program(slope).makeSession()
    try session.write([1, 1, 1, 1] as [Float], to: x)
    try session.forward()
    #expect(try session.read(slope, as: Float.self) == [1, 2, 3, 4])
    let error = #expect(throws: GraphError.self) { try Program(y.sum(), gradientsFor: [x]) }
    #expect(error?.description.contains("belongs to another graph") == true)
  }
}

/// y = x, with the gradient weight · ȳ: asked in a small graph first, where the weight is a stranger.
private struct Scaled: Gate {
  static let name = "scaled"
  let weight: Node
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel { .calls { WrongCall(.none, $0.result.shape.elementCount) } }
  func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor { inputs[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [weight * upstream] }
}
