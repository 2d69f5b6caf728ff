import Adjoint
import AdjointTesting
import DependencyScheduling
import Foundation
import Testing

/// Gates from outside the package: their own kernel, pullback, second derivative, errors.
@Suite(.timeLimit(.minutes(20))) struct CustomGateTests {
  @Test(arguments: GateLaw.ofAnyGate) func `a custom gate obeys every law`(law: GateLaw) throws {
    #expect(try law.violations(of: Softplus.self) == [])
    #expect(try law.violations(of: Cube.self) == [])
  }

  @Test func `a custom gate's own kernel runs, and its gradients of every order`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    let y = graph.apply(Cube(), to: [x])
    let slope = try #require(try graph.gradients(of: [y], withRespectTo: [x])[0])
    let curvature = try #require(try graph.gradients(of: [slope], withRespectTo: [x])[0])
    let session = try Program([y, slope, curvature]).makeSession()
    try session.write(2, to: x)
    try session.forward()
    #expect(try session.read(y) == 8)
    #expect(try session.read(slope) == 12)
    #expect(try session.read(curvature) == 12)
  }

  @Test func `a gate of its own shape rule and parameter`() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let twice = graph.apply(RepeatRows(times: 2), to: [x]), thrice = graph.apply(RepeatRows(times: 3), to: [x])
    #expect(twice.shape == [2, 3])
    let session = try Program([twice, thrice].map { $0.sum() }, gradientsFor: [x]).makeSession()
    try session.write([1, 2, 3] as [Float], to: x)
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [5, 5, 5])
    #expect(try GateLaw.pullback.violations(of: RepeatRows.self) == [])
    #expect(try GateLaw.kernel.violations(of: RepeatRows.self) == [])
  }

  @Test func `equal gates on equal operands are computed once, different ones are not`() throws {
    let counter = Tally()
    let graph = Graph()
    let x = graph.input("x")
    let nodes = [1, 1, 2].map { graph.apply(Counted(number: $0, counter: counter), to: [x]) }
    let session = try Program(nodes).makeSession()
    try session.write(5, to: x)
    try session.forward()
    #expect(counter.value == 2)
    #expect(try nodes.map { try session.read($0) } == [6, 6, 7])
  }

  @Test func `a custom gate is asked for its derivatives at each of its applications, in the graph of the user`() throws
  {
    let (asked, elsewhere) = (Tally(), Tally())
    let graph = Graph()
    let x = graph.input("x", [3])
    let nodes = (1...3).map {
      graph.apply(Asked(asked: asked, elsewhere: elsewhere, graph: graph), to: [Double($0) * x])
    }
    let y = nodes[0] + nodes[1] + nodes[2]
    _ = try graph.gradients(of: [y.sum()], withRespectTo: [x])
    #expect(asked.value == 3 && elsewhere.value == 0)
    _ = try graph.jacobianVectorProduct(of: [y], along: [graph.constant(1, [3])], withRespectTo: [x])
    #expect(asked.value == 6 && elsewhere.value == 0)
  }

  @Test func `a gate without operands is computed`() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let ramp = graph.apply(Ramp(count: 3), to: [])
    let y = ramp * x
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.write([1, 1, 1] as [Float], to: x)
    try session.writeUpstream([1, 1, 1] as [Float], of: y)
    try session.step()
    #expect(try session.read(y, as: Float.self) == [0, 1, 2])
    #expect(try session.gradient(of: x, as: Float.self) == [0, 1, 2])
  }

  @Test(arguments: [1, 2, 4]) func `a gate that throws is named, and the session goes on`(width: Int) throws {
    let graph = Graph()
    let x = graph.input("x", [8])
    let guarded = graph.apply(RefusesNegatives(), to: [x]); let line = #line
    let y = exp(guarded).sum()
    let session = try Program(y, gradientsFor: [x]).makeSession(on: GraphExecutor(width: width))
    for _ in 0..<3 {
      try session.write([Float](repeating: -1, count: 8), to: x)
      let error = #expect(throws: SessionError.self) { try session.step() }
      guard case .gateFailed(let node, let gate, let cause) = error else {
        Issue.record("not gateFailed: \(String(describing: error))")
        return
      }
      #expect(gate == "refusesNegatives")
      #expect(node.contains("refusesNegatives#1 [8] float32"))
      #expect(node.contains("CustomGateTests.swift:\(line)"))
      #expect((cause as? Refusal)?.element == 0)
      #expect(throws: SessionError.self) { try session.read(y, as: Float.self) }
      try session.write([Float](repeating: 0, count: 8), to: x)
      try session.step()
      #expect(try session.read(y) == 8)
      #expect(try session.gradient(of: x, as: Float.self) == [Float](repeating: 1, count: 8))
    }
  }

  @Test func `no message about a node compiles the program again`() throws {
    let graph = Graph()
    let compilations = Tally()
    let x = graph.input("x", [8]), scale = graph.parameter("scale", [], .constant(2))
    let y = graph.apply(RefusesNegatives(compilations: compilations), to: [x * scale])
    let program = try Program(exp(y).sum(), gradientsFor: [x, scale])
    #expect(compilations.value == 1)
    let session = try program.makeSession(on: GraphExecutor(width: 1))
    try session.write([Float](repeating: -1, count: 8), to: x)
    #expect(throws: SessionError.self) { try session.step() }
    try session.write([Float](repeating: .nan, count: 8), to: x)
    #expect(try session.firstNonFinite()?.nodeName == "x")
    try session.write([Float](repeating: 100, count: 8), to: x)
    #expect(try session.firstNonFinite(includingInfinity: true)?.gate == "exp")
    try session.write([Float](repeating: 1, count: 8), to: x)
    #expect(try session.trace().units.flatMap(\.parts).contains { $0.name.contains(", backward of ") })
    _ = session.report()
    #expect(compilations.value == 1)
  }

  @Test func `an error of the definition while folding is left to the run`() throws {
    let graph = Graph()
    let bad = graph.apply(RefusesNegatives(), to: [graph.constant(-1, [2])])
    let session = try Program(bad).makeSession()
    let error = #expect(throws: SessionError.self) { try session.forward() }
    #expect(error?.description.contains("the gate refusesNegatives of refusesNegatives#1") == true)
  }

  @Test func `a pullback that gives another element type is refused when the program is compiled`() {
    let graph = Graph()
    let x = graph.input("x", [4], .float64)
    let error = #expect(throws: GraphError.self) {
      try Program(graph.apply(NarrowBack(), to: [x]).sum(), gradientsFor: [x])
    }
    #expect(error?.description.contains("gives a gradient of [4] float32 to its operand x [4] float64") == true)
  }
}

/// log(1 + eˣ), with a formula alone.
private struct Softplus: ElementwiseGate, SampledGate {
  static let name = "softplus"
  func value(_ x: ElementOperands) -> Double { x[0].isNaN ? .nan : max(x[0], 0) + log1p(exp(-x[0].magnitude)) }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream * sigmoid(node.inputs[0])] }
  static let samples = [GateSample(Softplus(), .uniform([2, 3])), GateSample(Softplus(), .uniform([]))]
}

/// x³ with a kernel of its own, in both float types.
/// Counts how often it is asked for its derivative.
private struct Asked: ElementwiseGate {
  static let name = "asked"
  let asked: Tally, elsewhere: Tally
  let graph: Graph

  func value(_ x: ElementOperands) -> Double { 2 * x[0] }

  private func note(_ node: GateApplication) {
    asked.add()
    if node.output.graph !== graph { elsewhere.add() }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    note(node)
    return [2 * upstream]
  }
  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    note(node)
    return tangents[0].map { 2 * $0 }
  }
  static func == (a: Asked, b: Asked) -> Bool { a.asked === b.asked }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(asked)) }
}

private struct Cube: ElementwiseGate, SampledGate {
  static let name = "cube"
  func value(_ x: ElementOperands) -> Double { x[0] * x[0] * x[0] }
  var kernel: Kernel {
    .custom { arguments in
      func fill<T: GraphScalar & FloatingPoint>(_: T.Type) throws {
        let (x, y) = try (arguments.input(0, as: T.self), arguments.output(as: T.self))
        for i in y.indices { y[i] = x[i] * x[i] * x[i] }
      }
      if arguments.outputType == .float64 { try fill(Double.self) } else { try fill(Float.self) }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream * (3 * square(node.inputs[0]))] }
  static let samples = [GateSample(Cube(), .uniform([2, 3]))]
}

/// A row repeated a number of times.
private struct RepeatRows: Gate, SampledGate {
  static let name = "repeatRows"
  let times: Int
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    guard inputs.count == 1, inputs[0].rank == 1 else { throw ShapeError("repeatRows reads one row") }
    return [times, inputs[0][0]]
  }
  var kernel: Kernel {
    .custom { arguments in
      func fill<T: GraphScalar>(_: T.Type) throws {
        let (x, y) = try (arguments.input(0, as: T.self), arguments.output(as: T.self))
        for i in y.indices { y[i] = x[i % x.count] }
      }
      if arguments.outputType == .float64 { try fill(Double.self) } else { try fill(Float.self) }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream.sum(axes: [0])] }
  static let samples = [GateSample(RepeatRows(times: 2), .uniform([3]))]
}

/// x + number; counts how often it is computed.
private struct Counted: Gate {
  static let name = "counted"
  let number: Int
  let counter: Tally
  static func == (left: Counted, right: Counted) -> Bool { left.number == right.number }
  func hash(into hasher: inout Hasher) { hasher.combine(number) }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { arguments in
      counter.add()
      try arguments.output(as: Float.self)[0] = arguments.input(0, as: Float.self)[0] + Float(number)
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
}

/// 0, 1, 2, … out of nothing.
private struct Ramp: Gate {
  static let name = "ramp"
  let count: Int
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { [count] }
  var kernel: Kernel {
    .custom { arguments in
      let y = try arguments.output(as: Float.self)
      for i in y.indices { y[i] = Float(i) }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [] }
}

private struct Refusal: Error, CustomStringConvertible {
  let element: Int
  var description: String { "element \(element) is negative" }
}

private struct RefusesNegatives: Gate {
  static let name = "refusesNegatives"
  /// Counts how often its gradient is asked for.
  var compilations: Tally?
  static func == (left: Self, right: Self) -> Bool { left.compilations === right.compilations }
  func hash(into hasher: inout Hasher) {}
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { arguments in
      let (x, y) = try (arguments.input(0, as: Float.self), arguments.output(as: Float.self))
      for i in x.indices {
        if x[i] < 0 { throw Refusal(element: i) }
        y[i] = x[i]
      }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    compilations?.add()
    return [2 * upstream - upstream]
  }
}

private struct NarrowBack: ElementwiseGate {
  static let name = "narrowBack"
  func value(_ x: ElementOperands) -> Double { x[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream.graph.constant(1, [4], .float32)] }
}
