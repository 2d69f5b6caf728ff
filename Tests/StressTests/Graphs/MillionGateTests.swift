import Adjoint
import AdjointTesting
import DependencyScheduling
import StressScale
import Testing

/// A million gates, deep and wide.
@Suite(.serialized, .timeLimit(.minutes(20)), .watched(seconds: 300)) struct MillionGateTests {
  @Test func `a chain of a million gates lives and dies on a stack of 512 KiB`() throws {
    let gates = StressScale.size(1_000_000)
    try SmallStackThread.run {
      let graph = Graph()
      let x = graph.input("x", [], .float64)
      // x, -x, x, ... plus 1 every fourth gate: whole numbers, exact however far the chain goes.
      var y = x
      let one = graph.constant(1, [], .float64)
      for gate in 0..<gates { y = gate % 4 == 3 ? y + one : -y }
      let program = try Program(y, gradientsFor: [x])
      let session = program.makeSession()
      try session.write(5, to: x)
      try session.step()
      var value = 5.0, slope = 1.0
      for gate in 0..<gates {
        if gate % 4 == 3 { value += 1 } else { (value, slope) = (-value, -slope) }
      }
      try #require(try session.read(y) == value)
      try #require(try session.gradient(of: x) == slope)
    }
  }

  @Test func `the tangent of a long chain needs no deeper stack`() throws {
    let gates = StressScale.size(200_000)
    try SmallStackThread.run {
      let graph = Graph()
      let x = graph.input("x", [], .float64)
      let one = graph.constant(1, [], .float64)
      // Whole numbers again: each pair of gates adds x, so the end is (1 + gates / 2) x.
      var y = x
      for gate in 0..<gates { y = gate % 2 == 0 ? -y : x - y }
      let slope = try #require(try graph.jacobianVectorProduct(of: [y], along: [one], withRespectTo: [x])[0])
      let session = try Program([y, slope]).makeSession()
      try session.write(3, to: x)
      try session.forward()
      try #require(try session.read(slope) == Double(1 + gates / 2))
      try #require(try session.read(y) == 3 * Double(1 + gates / 2))
    }
  }

  @Test func `a million independent gates`() throws {
    let gates = StressScale.size(1_000_000)
    let graph = Graph()
    let inputs = (0..<100).map { graph.input("x\($0)", [], .float64) }
    // Every gate another: 100 inputs times 10,000 factors, all whole numbers, whose sum is exact in float64.
    let factors = (0..<gates / 100).map { graph.constant(Double($0), [], .float64) }
    var nodes: [Node] = []
    nodes.reserveCapacity(gates)
    for factor in factors { for input in inputs { nodes.append(input * factor) } }
    let sum = graph.apply(Accumulate(), to: nodes)
    let spots = stride(from: 0, to: gates, by: 9_901).map { $0 }
    let program = try Program(sum, alsoComputing: spots.map { nodes[$0] })
    let values = (0..<100).map { Double($0 % 9 - 3) }
    let expected = values.reduce(0, +) * Double(gates / 100) * Double(gates / 100 - 1) / 2
    for width in [1, 2] {
      let session = program.makeSession(on: GraphExecutor.eager(width: width))
      for (input, value) in zip(inputs, values) { try session.write(value, to: input) }
      try session.forward()
      #expect(try session.read(sum) == expected)
      for spot in spots { #expect(try session.read(nodes[spot]) == values[spot % 100] * Double(spot / 100)) }
    }
  }
}
