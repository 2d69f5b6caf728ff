import AdjointTesting
import Testing

@testable import Adjoint

/// Tangents as graphs: the textbook's examples in both modes, what moves nothing, and what is refused.
@Suite(.timeLimit(.minutes(20))) struct ForwardModeTests {
  /// The values of scalar `nodes` for scalar inputs.
  private func values(_ nodes: [Node], _ inputs: [Node: Double]) throws -> [Double] {
    let session = try Program(nodes).makeSession()
    for (node, value) in inputs { try session.write(value, to: node) }
    try session.forward()
    return try nodes.map { try session.read($0) }
  }

  /// How often each gate occurs in what `results` are computed from, `known` nodes and what they read apart.
  private func gateCounts(_ results: [Node], beyond known: [Node]) -> [String: Int] {
    var seen: Set<Node> = [], counts: [String: Int] = [:]
    func walk(from nodes: [Node], _ visit: (Node) -> Void) {
      var open = nodes
      while let node = open.popLast() {
        guard seen.insert(node).inserted else { continue }
        visit(node)
        open += node.inputs
      }
    }
    walk(from: known) { _ in }
    walk(from: results) { counts[$0.gateName, default: 0] += 1 }
    return counts
  }

  @Test func `both partial derivatives of x1⁴ x2 + sin x1 + log x2, in both modes`() throws {
    let graph = Graph()
    let x1 = graph.input("x1", [], .float64), x2 = graph.input("x2", [], .float64)
    let f = pow(x1, 4) * x2 + sin(x1) + log(x2)
    let one = graph.constant(1, [], .float64)
    let reverse = try graph.gradients(of: [f], withRespectTo: [x1, x2]).map { try #require($0) }
    let forward = try [x1, x2].map {
      try #require(try graph.jacobianVectorProduct(of: [f], along: [one], withRespectTo: [$0])[0])
    }
    let at = [x1: 1.5, x2: 2.0]
    let computed = try values(reverse + forward + [cos(x1)], at)
    let expected = [4 * 1.5 * 1.5 * 1.5 * 2 + computed[4], 1.5 * 1.5 * 1.5 * 1.5 + 1 / 2.0]
    for mode in [computed[0..<2], computed[2..<4]] {
      for (value, expected) in zip(mode, expected) { #expect(abs(value - expected) < 1e-14 * expected) }
    }
  }

  @Test func `each intermediate derivative of f3(f2(f1(x1, x2))) is computed once`() throws {
    let graph = Graph()
    let x1 = graph.input("x1", [], .float64), x2 = graph.input("x2", [], .float64)
    let f1 = x1 * x2, f2 = sin(f1), f3 = exp(f2)
    let gradients = try graph.gradients(of: [f3], withRespectTo: [x1, x2]).map { try #require($0) }
    // The upstream 1; by f3, whose derivative is f3 itself; by cos f1; by x2 and by x1.
    #expect(gateCounts(gradients, beyond: [f3]) == ["constant": 1, "downstream": 4, "cos": 1])

    let (u1, u2) = (graph.input("u1", [], .float64), graph.input("u2", [], .float64))
    let tangent = try #require(
      try graph.jacobianVectorProduct(of: [f3], along: [u1, u2], withRespectTo: [x1, x2])[0])
    // u1 x2 + x1 u2; times cos f1; times f3.
    #expect(gateCounts([tangent], beyond: [f3, u1, u2]) == ["mutual product": 4, "add": 1, "cos": 1])

    let at = [x1: 0.3, x2: -0.8, u1: 2, u2: 5]
    let computed = try values(gradients + [tangent], at)
    #expect(abs(2 * computed[0] + 5 * computed[1] - computed[2]) < 1e-15)
  }

  @Test func `a chain of many gates gets tangents in proportion`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    var y = x
    for _ in 0..<20_000 { y = x * y }
    let before = graph.nodeCount
    let one = graph.constant(1, [], .float64)
    let slope = try #require(try graph.jacobianVectorProduct(of: [y], along: [one], withRespectTo: [x])[0])
    #expect(graph.nodeCount - before == 1 + 3 * 20_000)  // ẋ y + x ẏ a gate
    #expect(try values([slope], [x: -1]) == [20_001])  // d x²⁰⁰⁰¹ = 20001 x²⁰⁰⁰⁰
  }

  @Test func `several outputs along several variables, each of its shape`() throws {
    let graph = Graph()
    let w = graph.input("w", [2, 3], .float64), b = graph.input("b", [3], .float64)
    let x = graph.constant([1.0, 2, 3, 4], [2, 2])
    let y = x.matmul(w) + b, rows = b + x.matmul(w).sum(axes: [0]), apart = exp(x)
    let products = try graph.jacobianVectorProduct(
      of: [y, rows, b * 2, apart], along: [w, graph.constant([1.0, 10, 100], [3])], withRespectTo: [w, b])
    #expect(products.map { $0?.shape } == [[2, 3], [3], [3], nil])
    let session = try Program(products.compactMap { $0 }).makeSession()
    try session.write([1.0, 0, 0, 0, 1, 0], to: w)
    try session.forward()
    #expect(try session.read(products[0]!, as: Double.self) == [2, 12, 100, 4, 14, 100])
    #expect(try session.read(products[1]!, as: Double.self) == [5, 16, 100])
    #expect(try session.read(products[2]!, as: Double.self) == [2, 20, 200])
  }

  @Test func `what does not move has no tangent, and nothing is made for it`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"), one = graph.constant(1)
    let outputs = [exp(y), stopGradient(x), greater(x, y), stopGradient(x) + y]
    let before = graph.nodeCount
    #expect(try graph.jacobianVectorProduct(of: outputs, along: [one], withRespectTo: [x]) == [nil, nil, nil, nil])
    #expect(graph.nodeCount == before)
    #expect(try graph.jacobianVectorProduct(of: [x], along: [one], withRespectTo: [x]) == [one])
  }

  @Test func `a variable computed from another moves with it and by its own tangent`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    let y = x * x, f = y * x
    let (one, ten) = (graph.constant(1, [], .float64), graph.constant(10, [], .float64))
    let product = try #require(try graph.jacobianVectorProduct(of: [f], along: [one, ten], withRespectTo: [x, y])[0])
    let gradients = try graph.gradients(of: [f], withRespectTo: [x, y]).map { try #require($0) }
    let computed = try values([product] + gradients, [x: 3])
    #expect(computed == [27 + 10 * 3, 27, 3])
  }

  @Test func `modes nest: forward over forward, and reverse over forward`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    let one = graph.constant(1, [], .float64)
    func slope(_ f: Node) throws -> Node {
      try #require(try graph.jacobianVectorProduct(of: [f], along: [one], withRespectTo: [x])[0])
    }
    let f = x * x * x * x
    let first = try slope(f), second = try slope(first), third = try slope(second)
    let mixed = try graph.gradient(of: second, withRespectTo: x)
    #expect(try values([first, second, third, mixed], [x: 1.5]) == [13.5, 27, 36, 36])
  }

  /// What differentiates, and whether it makes gradients, and tangents.
  private static let makers:
    [(name: String, isReverse: Bool, isForward: Bool, make: @Sendable (Node, Node) throws -> Node?)] = [
      ("gradients", true, false, { y, x in try x.graph.gradients(of: [y.sum()], withRespectTo: [x])[0] }),
      (
        "jacobianVectorProduct", false, true,
        { y, x in try x.graph.jacobianVectorProduct(of: [y], along: [x.graph.constant(1, [3])], withRespectTo: [x])[0] }
      ),
      (
        "hessianVectorProduct", true, true,
        { y, x in
          try x.graph.hessianVectorProduct(of: y.sum(), along: [x.graph.constant(1, [3])], withRespectTo: [x])[0]
        }
      ),
      ("jacobian by rows", true, false, { y, x in try x.graph.jacobian(of: y, withRespectTo: x, mode: .reverse) }),
      ("jacobian by columns", false, true, { y, x in try x.graph.jacobian(of: y, withRespectTo: x, mode: .forward) }),
      ("hessian", true, true, { y, x in try x.graph.hessian(of: y.sum(), withRespectTo: x) }),
    ]

  @Test(arguments: makers.indices)
  func `nodes of a derivative say which kind they are of and whose, and what is built after them says nothing`(
    number: Int
  ) throws {
    let maker = Self.makers[number]
    let graph = Graph()
    let x = graph.input("x", [3])
    let power = exp(x), y = power * x
    let before = graph.nodeCount
    _ = try #require(try maker.make(y, x))
    let after = graph.nodeCount
    let next = sin(x)
    let state = graph.snapshot()
    let made = (before..<after).map { NodeID($0) }
    #expect(made.contains { state.isGradient($0) } == maker.isReverse, "\(maker.name)")
    #expect(made.contains { state.isTangent($0) } == maker.isForward, "\(maker.name)")
    #expect(made.allSatisfy { !(state.isGradient($0) && state.isTangent($0)) })
    let owners = Set(made.compactMap { state.forwardNode(of: $0) })
    #expect(owners.isSuperset(of: [power.id, y.id]), "\(maker.name)")
    #expect(state.forwardNode(of: next.id) == nil && !state.isGradient(next.id) && !state.isTangent(next.id))
  }

  /// A gate that differentiates its own formula when it is asked for its rules.
  private struct Squaring: ElementwiseGate, SampledGate {
    static let name = "squaring"
    func value(_ x: ElementOperands) -> Double { x[0] * x[0] }

    func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
      let x = node.inputs[0], one = x.graph.constant(1, x.shape)
      let slope = try! x.graph.jacobianVectorProduct(of: [x * x], along: [one], withRespectTo: [x])[0]!
      return [upstream * slope]
    }

    func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
      let x = node.inputs[0], one = x.graph.constant(1, x.shape)
      let slope = try! x.graph.gradients(of: [x * x], upstream: [one], withRespectTo: [x])[0]!
      return tangents[0]! * slope
    }
    static let samples = [GateSample(Squaring(), .uniform([3]))]
  }

  @Test func `a rule that differentiates leaves the mode that it was asked in`() throws {
    let graph = Graph()
    let x = graph.input("x", [3]), seed = graph.input("seed", [3])
    let y = graph.apply(Squaring(), to: [x])
    let gradient = try #require(try graph.gradients(of: [y], upstream: [seed], withRespectTo: [x])[0])
    let tangent = try #require(try graph.jacobianVectorProduct(of: [y], along: [seed], withRespectTo: [x])[0])
    let state = graph.snapshot()
    #expect(state.isGradient(gradient.id) && state.forwardNode(of: gradient.id) == y.id)
    #expect(state.isTangent(tangent.id) && state.forwardNode(of: tangent.id) == y.id)
    // What they differentiated themselves is of the other mode.
    #expect(state.isTangent(gradient.inputs[1].id) && state.isGradient(tangent.inputs[1].id))
  }

  @Test func `a tangent's node says whose it is`() throws {
    let graph = Graph()
    let x = graph.input("x", [2])
    let y = exp(x).named("y"); let line = #line
    let tangent = try #require(
      try graph.jacobianVectorProduct(of: [y], along: [graph.constant(1, [2])], withRespectTo: [x])[0])
    let error = #expect(throws: GraphError.self) { try Program(tangent + graph.input("z", [3])) }
    #expect(error?.description.contains(", tangent of y, [2] float32, made at ") == true)
    #expect(error?.description.contains("ForwardModeTests.swift:\(line)") == true)
  }
}

/// Forward mode where something is wrong with the gate or with what was asked.
@Suite(.timeLimit(.minutes(20))) struct ForwardModeErrorTests {
  private func product(_ f: (Node) -> Node) throws -> Node? {
    let graph = Graph()
    let x = graph.input("x", [3])
    return try graph.jacobianVectorProduct(of: [f(x)], along: [graph.constant(1, [3])], withRespectTo: [x])[0]
  }

  @Test func `a gate without a pushforward is named, with its operands and the line that applied it`() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let walled = graph.apply(OneWay(), to: [x]).named("walled"); let line = #line
    let error = #expect(throws: GraphError.self) {
      try graph.jacobianVectorProduct(of: [exp(walled).sum()], along: [x], withRespectTo: [x])
    }
    #expect(error?.kind == .noPushforward)
    #expect(error?.nodeName == "walled")
    #expect(error?.description.contains("oneWay at AdjointTests/ForwardModeTests.swift:\(line)") == true)
    #expect(error?.description.contains("it states no pushforward, and none follows from its pullback") == true)
    #expect(error?.description.contains("the pullback uses stopGradient, through which no gradient passes") == true)
    #expect(error?.description.contains("operand x [3] float32, made at ") == true)
  }

  @Test func `a pullback that is not linear has no transpose`() throws {
    let error = #expect(throws: GraphError.self) { try product { $0.graph.apply(Clipped(), to: [$0]) } }
    #expect(error?.kind == .noPushforward)
    #expect(error?.description.contains("the pullback is not linear in the upstream gradient") == true)
  }

  @Test func `a pullback that reads a source of its own has no transpose, but a constant may be read`() throws {
    let error = #expect(throws: GraphError.self) {
      try product { $0.graph.apply(Scaled(byParameter: true), to: [$0]) }
    }
    #expect(error?.description.contains("the pullback reads secret, a source of its own") == true)
    let tangent = try #require(try product { $0.graph.apply(Scaled(byParameter: false), to: [$0]) })
    let session = try Program(tangent).makeSession()
    try session.forward()
    #expect(try session.read(tangent, as: Float.self) == [1, 2, 3])
  }

  @Test func `a gate without a pushforward off the way to the outputs is no matter`() throws {
    #expect(
      try product { x in
        _ = x.graph.apply(OneWay(), to: [x])
        return exp(x)
      } != nil)
  }

  @Test func `a pushforward of another shape is refused with the gate's name`() {
    let error = #expect(throws: GraphError.self) { try product { $0.graph.apply(TooLong(), to: [$0]) } }
    #expect(error?.kind == .wrongDerivative)
    #expect(error?.description.contains("the pushforward of tooLong#") == true)
    #expect(error?.description.contains("gives a tangent of [4] float32") == true)
  }

  @Test func `tangents that differ from their variables, integers and poisoned outputs are refused`() {
    let graph = Graph()
    let x = graph.input("x", [3]), rows = graph.input("rows", [2], .int32)
    let mismatch = #expect(throws: GraphError.self) {
      try graph.jacobianVectorProduct(of: [x], along: [graph.constant(1, [2])], withRespectTo: [x])
    }
    #expect(mismatch?.kind == .tangentMismatch)
    #expect(mismatch?.description.contains("differs from its variable x [3] float32") == true)
    let count = #expect(throws: GraphError.self) {
      try graph.jacobianVectorProduct(of: [x], along: [x, x], withRespectTo: [x])
    }
    #expect(count?.description.contains("1 variables need as many tangents, got 2") == true)
    let integers = #expect(throws: GraphError.self) {
      try graph.jacobianVectorProduct(of: [x.gatheringRows(rows)], along: [rows], withRespectTo: [rows])
    }
    #expect(integers?.kind == .notDifferentiable)
    let poisoned = #expect(throws: GraphError.self) {
      try graph.jacobianVectorProduct(of: [x + graph.constant(1, [2])], along: [x], withRespectTo: [x])
    }
    #expect(poisoned?.kind == .shapeMismatch)
  }
}

/// x, whose gradient is behind a wall: its pullback cannot be transposed.
private struct OneWay: Gate {
  static let name = "oneWay"
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel { .custom { try $0.copy() } }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [stopGradient(upstream)] }
}

/// x, whose gradient is squared.
private struct Clipped: Gate {
  static let name = "clipped"
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel { .custom { try $0.copy() } }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [square(upstream)] }
}

/// x, whose gradient is scaled by 1, 2 and 3, or by a parameter that only the pullback knows.
private struct Scaled: Gate {
  static let name = "scaled"
  let byParameter: Bool
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel { .custom { try $0.copy() } }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let graph = upstream.graph
    return [upstream * (byParameter ? graph.parameter("secret", [3]) : graph.constant([1, 2, 3] as [Float], [3]))]
  }
}

private struct TooLong: Gate {
  static let name = "tooLong"
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel { .custom { try $0.copy() } }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { concatenate([$0, $0.sliced(0..<1)]) }
  }
}

extension KernelArguments {
  fileprivate func copy() throws {
    let (x, y) = try (input(0, as: Float.self), output(as: Float.self))
    for i in x.indices { y[i] = x[i] }
  }
}
