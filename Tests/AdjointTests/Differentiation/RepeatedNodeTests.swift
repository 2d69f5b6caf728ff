import Adjoint
import Foundation
import DependencyScheduling
import Testing

/// The same node named twice where a list of nodes is asked for.
@Suite(.timeLimit(.minutes(20))) struct RepeatedNodeTests {
  private static let accumulations = [Accumulation.graphOrder, .arrivalOrder]

  @Test(arguments: accumulations)
  func `an output named twice is differentiated twice, as by the graph`(accumulation: Accumulation) throws {
    let graph = Graph()
    let x = graph.input("x")
    let y = x * x
    let slope = try #require(try graph.gradients(of: [y, y], withRespectTo: [x])[0])
    let options = Program.Options(accumulation: accumulation)
    let session = try Program([y, y], gradientsFor: [x], alsoComputing: [slope], options: options).makeSession()
    try session.write(3, to: x)
    try session.step()
    #expect(try session.gradient(of: x) == 12 && session.read(slope) == 12 && session.read(y) == 9)
    try session.forward()
    try session.backward()
    #expect(try session.gradient(of: x) == 12)
    let thrice = try Program([y, x, y, y], gradientsFor: [x, y], options: options).makeSession()
    try thrice.write(3, to: x)
    try thrice.step()
    #expect(try thrice.gradient(of: x) == 19 && thrice.gradient(of: y) == 3)
  }

  @Test(arguments: accumulations)
  func `what a chain hands on within itself is added to a sum as well`(accumulation: Accumulation) throws {
    let graph = Graph()
    let x = graph.input("x", [100], .float64), z = graph.input("z", [100], .float64)
    // The gradient of the sum within the sine is z's when it is multiplied further, and one of two that x has.
    let y = (sin(x + exp(z)) + cos(x)).sum()
    let program = try Program(y, gradientsFor: [x, z], options: Program.Options(accumulation: accumulation))
    let session = program.makeSession()
    let (xs, zs) = ((0..<100).map { Double($0) / 50 - 1 }, (0..<100).map { Double($0 % 7) / 9 })
    try session.write(xs, to: x)
    try session.write(zs, to: z)
    try session.step()
    let slopes = try session.gradient(of: x, as: Double.self)
    for (slope, (x, z)) in zip(slopes, zip(xs, zs)) {
      let right = Foundation.cos(x + Foundation.exp(z)) - Foundation.sin(x)
      #expect((slope - right).magnitude < 1e-12)
    }
  }

  @Test func `each time an output is named it has an upstream gradient of its own`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let y = x * x
    let session = try Program([y, y], gradientsFor: [x]).makeSession()
    try session.write(3, to: x)
    try session.writeUpstream([2] as [Float], ofOutputAt: 0)
    try session.step()
    #expect(try session.gradient(of: x) == 18)
    try session.writeUpstream([5] as [Float], ofOutputAt: 1)
    try session.step()
    #expect(try session.gradient(of: x) == 42)
    try session.writeUpstream([-1] as [Float], of: y)
    try session.step()
    #expect(try session.gradient(of: x) == -12)
    for position in [-1, 2] {
      let refusal = #expect(throws: SessionError.self) {
        try session.writeUpstream([1] as [Float], ofOutputAt: position)
      }
      #expect(refusal?.description == "the program has no differentiated output at position \(position)")
    }
  }

  @Test(arguments: accumulations)
  func `upstream gradients of an array named twice are all asked for and all kept`(accumulation: Accumulation) throws {
    let graph = Graph()
    let x = graph.input("x", [3]), v = graph.input("v", [3]), u = graph.input("u", [3])
    let y = x * x
    let byGraph = try #require(try graph.gradients(of: [y, y], upstream: [u, v], withRespectTo: [x])[0])
    let session = try Program(
      [y, y], gradientsFor: [x], alsoComputing: [byGraph], options: Program.Options(accumulation: accumulation)
    ).makeSession()
    try session.write([1, 2, 3] as [Float], to: x)
    for (node, values) in [(u, [1, 10, 100]), (v, [2, 3, 4])] as [(Node, [Float])] {
      try session.write(values, to: node)
    }
    #expect(throws: SessionError.self) { try session.step() }
    try session.writeUpstream([1, 10, 100] as [Float], ofOutputAt: 0)
    let missing = #expect(throws: SessionError.self) { try session.step() }
    #expect(missing?.description.hasSuffix("is not a scalar: its upstream gradient must be written first") == true)
    try session.writeUpstream([2, 3, 4] as [Float], ofOutputAt: 1)
    try session.reserveMemory()
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [6, 52, 624])
    #expect(try session.read(byGraph, as: Float.self) == [6, 52, 624])
    try session.writeUpstream([1, 1, 1] as [Float], of: y)
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [4, 8, 12])
  }

  @Test func `variables, further outputs and new values may be named twice`() throws {
    let graph = Graph()
    let x = graph.input("x"), p = graph.parameter("p", []), q = graph.parameter("q", [])
    let y = x * x
    let twice = try graph.gradients(of: [y], withRespectTo: [x, x])
    let program = try Program(
      y, gradientsFor: [x, x], alsoComputing: [y, y] + twice.compactMap { $0 },
      updating: [ParameterUpdate(p, to: y), ParameterUpdate(q, to: y)])
    let session = program.makeSession()
    try session.write(3, to: x)
    try session.step()
    #expect(try session.gradient(of: x) == 6 && session.read(y) == 9 && session.read(p) == 9 && session.read(q) == 9)
    #expect(try twice.count == 2 && session.read(twice[0]!) == 6 && session.read(twice[1]!) == 6)
  }

  @Test func `a variable named twice moves by both of its tangents`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let y = x * x
    let moved = try graph.jacobianVectorProduct(
      of: [y, y], along: [graph.constant(1), graph.constant(10)], withRespectTo: [x, x])
    let curved = try graph.hessianVectorProduct(
      of: y, along: [graph.constant(1), graph.constant(10)], withRespectTo: [x, x])
    let nodes = moved.compactMap { $0 } + curved
    let session = try Program(nodes, gradientsFor: []).makeSession()
    try session.write(3, to: x)
    try session.forward()
    #expect(try nodes.map { try session.read($0) } == [66, 66, 22, 22])
  }

  @Test(arguments: [false, true]) func `a scan may name states, outputs and sequences twice`(isScan: Bool) throws {
    let graph = Graph()
    let x = graph.input("x", [4, 2]), w = graph.parameter("w", [2], .values([0.5, 0.25] as [Float]))
    let zero = graph.constant(0, [2])
    func body(_ state: [Node], _ elements: [Node]) -> (state: [Node], outputs: [Node]) {
      let next = state[0] * w + elements[0] * state[1] + elements[1]
      return ([next, next], [next, elements[0], next, w, w, state[0], elements[0]])
    }
    var state = [zero, zero], stacks: [Node] = []
    if isScan {
      let run = graph.scan(over: [x, x], from: state, body)
      (state, stacks) = (run.state, run.outputs)
    } else {
      var outputs: [[Node]] = []
      for time in 0..<4 {
        let element = x.sliced(time..<time + 1).reshaped([2])
        let step = body(state, [element, element])
        state = step.state
        outputs.append(step.outputs.map { $0.reshaped([1, 2]) })
      }
      stacks = outputs[0].indices.map { number in concatenate(outputs.map { $0[number] }) }
    }
    let weighted = (state + stacks).enumerated().map { ($1 * Double($0 + 1)).sum() }
    let loss = weighted.dropFirst().reduce(weighted[0], +)
    let session = try Program([loss, loss], gradientsFor: [x, w], alsoComputing: state + stacks).makeSession()
    try session.write([1, 2, 3, 4, -1, -2, 0.5, 0.25] as [Float], to: x)
    try session.step()
    // By hand: h ← h/2 + x h + x for the first column, h/4 + x h + x for the second.
    #expect(try session.read(state[0], as: Float.self) == [-3.75, -11.6875])
    #expect(try session.read(state[1], as: Float.self) == [-3.75, -11.6875])
    #expect(try session.read(stacks[2], as: Float.self) == session.read(stacks[0], as: Float.self))
    #expect(try session.read(stacks[3], as: Float.self) == [0.5, 0.25, 0.5, 0.25, 0.5, 0.25, 0.5, 0.25])
    #expect(try session.read(stacks[4], as: Float.self) == session.read(stacks[3], as: Float.self))
    #expect(try session.read(stacks[6], as: Float.self) == session.read(stacks[1], as: Float.self))
    let expected = try Self.gradients(of: [1, 2, 3, 4, -1, -2, 0.5, 0.25], [0.5, 0.25])
    #expect(try session.gradient(of: x, as: Float.self) == expected.x)
    #expect(try session.gradient(of: w, as: Float.self) == expected.w)
  }

  /// The gradients of twice the weighted sum above, column by column, by the chain rule written out.
  private static func gradients(of x: [Float], _ w: [Float]) throws -> (x: [Float], w: [Float]) {
    var dx = [Float](repeating: 0, count: 8), dw: [Float] = [0, 0]
    for column in 0..<2 {
      var h: [Float] = [0]
      for time in 0..<4 { h.append(h[time] * w[column] + x[2 * time + column] * h[time] + x[2 * time + column]) }
      // The weights are 1 and 2 for the states, 3 to 9 for the stacks.
      var adjoint: Float = 1 + 2
      for time in (0..<4).reversed() {
        adjoint += 3 + 5
        let element = x[2 * time + column]
        dx[2 * time + column] = adjoint * (h[time] + 1) + 4 + 9
        dw[column] += adjoint * h[time] + 6 + 7
        adjoint = adjoint * (w[column] + element) + 8
      }
    }
    return (dx.map { 2 * $0 }, dw.map { 2 * $0 })
  }
}
