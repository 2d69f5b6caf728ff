import Adjoint
import AdjointTesting
import DependencyScheduling
import Testing

/// A million gates, deep and wide.
@Suite(.serialized) struct MillionGateTests {
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
      session[x] = 5
      try session.step()
      var value = 5.0, slope = 1.0
      for gate in 0..<gates {
        if gate % 4 == 3 { value += 1 } else { (value, slope) = (-value, -slope) }
      }
      try #require(session[y] == value)
      try #require(session.gradient(of: x) == slope)
    }
  }

  @Test func `a million independent gates`() throws {
    let gates = StressScale.size(1_000_000)
    let graph = Graph()
    let inputs = (0..<100).map { graph.input("x\($0)") }
    // Every gate another: 100 inputs, 10,000 factors.
    let factors = (0..<gates / 100).map { graph.constant(Double($0), []) }
    var nodes: [Node] = []
    nodes.reserveCapacity(gates)
    for factor in factors { for input in inputs { nodes.append(input * factor) } }
    let program = try Program(nodes)
    let sessions = [1, 2].map { program.makeSession(on: GraphExecutor(width: $0)) }
    for session in sessions {
      for (position, input) in inputs.enumerated() { session[input] = Double(position - 50) }
      try session.forward()
    }
    for position in stride(from: 0, to: gates, by: 101) {
      let expected = Double(position % 100 - 50) * Double(position / 100)
      try #require(sessions.allSatisfy { $0[nodes[position]] == expected }, "gate \(position)")
    }
  }
}
