import AdjointPictures
import DependencyScheduling
import StressScale
import Testing

@testable import Adjoint

/// A gate's code may ask the graph that it is applied in: none of it runs while the graph is locked.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 60)) struct GateCallbackTests {
  /// Everything that a user can ask of a graph, and of a node that it holds; then nodes are added.
  fileprivate static func ask(_ node: Node, _ callback: String, adding: Bool = true) {
    asked.withLock { _ = $0.insert(callback) }
    let graph = node.graph
    _ = (node.shape, node.elementType, node.name, node.location, node.inputs.map(\.shape), node.gateName)
    _ = (graph.nodeCount, graph.parameters.count, graph.node(named: "x"))
    _ = graph.dot(of: [node])
    guard adding else { return }
    graph.scope("asked") {
      let sum = node.sum(axes: [0]) + 1
      _ = tanh(sum * node).named("asked\(graph.nodeCount)")
      _ = graph.constant(2, [3]) * graph.input("in\(graph.nodeCount)", [3])
    }
  }
  fileprivate static let asked = Guarded<Set<String>>([])
  /// The node that what belongs to a type asks.
  fileprivate static let node = Graph().input("known", [3])

  private let graph = Graph()
  private let x: Node, held: Node
  init() {
    x = graph.input("x", [3])
    held = graph.input("held", [3])
  }

  private func run(_ program: Program) throws -> Session {
    let session = program.makeSession(on: try GraphExecutor(width: 2))
    for node in [x, held] where program.endpoints.sources[node.id] != nil {
      try session.write([1, 2, 3] as [Float], to: node)
    }
    try session.step()
    return session
  }

  @Test func `each part of a gate asks the graph, and nothing waits for itself`() throws {
    let y = graph.apply(Curious(node: held), to: [x])
    let z = graph.apply(Curious(node: held), to: [y])
    #expect(z.shape == [3])
    let (loss, ones) = (z.sum(), graph.constant(1, [3]))
    let folded = graph.apply(Curious(node: held), to: [ones])
    let slope = try #require(try graph.gradients(of: [loss], withRespectTo: [x])[0])
    let moved = try #require(try graph.jacobianVectorProduct(of: [z], along: [ones], withRespectTo: [x])[0])
    let curvature = try graph.hessianVectorProduct(of: (z * z).sum(), along: [ones], withRespectTo: [x])[0]
    let jacobian = try graph.jacobian(of: z, withRespectTo: x)
    let scanned = graph.scan(over: x, from: graph.constant(0, [3])) { state, element in
      let next = graph.apply(Curious(node: held), to: [state + element])
      return (next, next)
    }
    let last = scanned.state.sum()
    let program = try Program(
      [loss, last], gradientsFor: [x], alsoComputing: [folded, slope, moved, curvature, jacobian])
    let session = try run(program)
    #expect(try session.read(loss) == 24)
    #expect(try session.read(folded, as: Float.self) == [2, 2, 2])
    #expect(try session.read(slope, as: Float.self) == [4, 4, 4])
    #expect(try session.read(moved, as: Float.self) == [4, 4, 4])
    #expect(try session.read(curvature, as: Float.self) == [32, 32, 32])
    #expect(try session.read(jacobian, as: Float.self) == [4, 0, 0, 0, 4, 0, 0, 0, 4])
    #expect(try session.gradient(of: x, as: Float.self) == [28, 16, 10])
    _ = (try session.trace(), try session.firstNonFinite(), session.report())
    #expect(graph.dot(of: [z]).contains("?"))
    _ = graph.svg(of: [z])
    // All but the definition, which nothing asks that computes.
    let expected: Set = [
      "name", "symbol", "shape", "elementType", "kernel", "run", "pullback", "pushforward", "estimate",
      "==", "hash",
    ]
    #expect(Self.asked.withLock { expected.subtracting($0) } == [])
  }
}

/// 2x, which asks a node of its graph whenever it is asked for anything itself.
private struct Curious: Gate {
  let node: Node
  private func ask(_ callback: String, adding: Bool = true) { GateCallbackTests.ask(node, callback, adding: adding) }

  static var name: String {
    GateCallbackTests.ask(GateCallbackTests.node, "name")
    return "curious"
  }
  static var symbol: String {
    GateCallbackTests.ask(GateCallbackTests.node, "symbol", adding: false)
    return "?"
  }
  static func == (left: Curious, right: Curious) -> Bool {
    left.ask("==")
    return left.node == right.node
  }
  func hash(into hasher: inout Hasher) {
    ask("hash")
    hasher.combine(node)
  }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    ask("shape")
    return inputs[0]
  }
  func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    ask("elementType")
    return inputs[0]
  }
  var kernel: Kernel {
    ask("kernel")
    return .custom { arguments in
      ask("run")
      let (x, y) = try (arguments.input(0, as: Float.self), arguments.output(as: Float.self))
      for i in y.indices { y[i] = 2 * x[i] }
    }
  }
  func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    ask("definition")
    return ReferenceTensor(shape, inputs[0].elementType, inputs[0].values.map { 2 * $0 })
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    ask("pullback")
    GateCallbackTests.ask(node.output, "pullback")
    return [2 * upstream]
  }
  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    ask("pushforward")
    GateCallbackTests.ask(node.output, "pushforward")
    return tangents[0].map { 2 * $0 }
  }
  func estimatedNanoseconds(_ inputs: [Shape]) -> Double? {
    ask("estimate")
    return 10
  }
}
