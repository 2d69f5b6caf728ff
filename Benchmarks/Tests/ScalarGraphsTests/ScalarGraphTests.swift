import Adjoint
import ScalarGraphs
import Testing

@Suite struct ScalarGraphTests {
  @Test(arguments: ScalarGraph.Kind.allCases, [1, 2, 3, 10, 999, 1_000, 1_001, 5_000])
  func `a graph has as many gates as asked for, or one more, and the output reads them all`(
    kind: ScalarGraph.Kind, gates: Int
  ) {
    let graph = ScalarGraph(kind, gates: gates)
    #expect((gates...gates + 1).contains(graph.gateCount))
    var reached: Set<Node> = [graph.output]
    var waiting = [graph.output]
    while let node = waiting.popLast() {
      for input in node.inputs where reached.insert(input).inserted { waiting.append(input) }
    }
    #expect(reached.count { !$0.inputs.isEmpty } == graph.gateCount)
    #expect(reached.count == graph.output.graph.nodeCount)
  }

  @Test(arguments: ScalarGraph.Kind.allCases) func `value and gradient stay finite`(kind: ScalarGraph.Kind) throws {
    let graph = ScalarGraph(kind, gates: 50_000)
    let session = try Program(graph.output, gradientsFor: [graph.input]).makeSession()
    for value in [-1.0, 0, 0.3, 1] {
      try session.write(value, to: graph.input)
      try session.step()
      #expect(try session.read(graph.output).isFinite)
      #expect(try session.gradient(of: graph.input).isFinite)
      #expect(try session.gradient(of: graph.input) != 0)
    }
  }
}
