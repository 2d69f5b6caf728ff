import Adjoint
import AdjointTesting
import DependencyScheduling
import StressScale
import Testing
import VirtualExecution

/// Every graph of a few nodes, as a program of gates: nothing is left to chance.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 300)) struct SmallGraphTests {
  /// The graph as gates on small whole numbers, with which every sum is exact in any order. A node without
  /// predecessors is an input, one with a single predecessor a negation or a rectifier, others fold by turns.
  private func program(_ dag: LabelledDAG, _ shape: Shape) throws -> StressedProgram {
    let graph = Graph()
    var nodes: [Node] = []
    var values: [Node: ReferenceTensor] = [:]
    var inputs: [Node] = []
    for label in 0..<dag.nodeCount {
      let operands = dag.predecessors(of: label).map { nodes[$0] }
      guard let first = operands.first else {
        let input = graph.input("x\(label)", shape)
        let elements = (0..<shape.elementCount).map { Double(($0 + label) % 3 - 1) }
        values[input] = ReferenceTensor(shape, .float32, elements)
        inputs.append(input)
        nodes.append(input)
        continue
      }
      if operands.count == 1 { nodes.append(label % 2 == 0 ? -first : relu(first)) }
      if operands.count > 1 {
        nodes.append(
          operands.dropFirst().enumerated().reduce(first) { $1.offset % 2 == 0 ? $0 * $1.element : $0 + $1.element })
      }
    }
    return try StressedProgram(dag.sinks.map { nodes[$0] }, inputs, values)
  }

  /// All widths; of the thousand graphs of five nodes each meets four, two as scalars and two as tensors, and each pair of
  /// widths every fourth graph.
  private func widths(for dag: LabelledDAG, _ shape: Shape) -> [Int] {
    if dag.nodeCount < 5 || StressScale.isSoak { return Array(StressMatrix.widths) }
    return StressMatrix.widths.filter { ($0 + 2 * shape.rank) % 4 == (dag.edgeSet + dag.edgeSet / 16) % 4 }
  }

  @Test(arguments: [[], [3]] as [Shape], 1...5)
  func `every graph equals the reference at every width, in both accumulations, with buffers reused and not`(
    shape: Shape, nodeCount: Int
  ) throws {
    for dag in DAGEnumeration(nodeCount: nodeCount) {
      // Under a sanitizer every 16th of the largest.
      if StressScale.isSanitized, nodeCount == 5, dag.edgeSet % 16 != 5 { continue }
      let stressed = try program(dag, shape)
      try StressMatrix.requireReference(
        stressed, "\(dag) \(shape)", widths: widths(for: dag, shape), twoPasses: true)
      for accumulation in [Accumulation.graphOrder, .arrivalOrder] {
        let program = try stressed.program(.fine(accumulation))
        let replayed = try stressed.session(program, on: SeededExecutor(seed: UInt64(dag.edgeSet)))
        try replayed.step()
        let difference = try stressed.difference(of: replayed, exactly: accumulation == .graphOrder)
        try #require(difference == nil, "\(dag) \(shape), \(accumulation), seed \(dag.edgeSet)")
      }
    }
  }

  @Test(arguments: [false, true]) func `every interleaving that a seed replays equals the reference`(reuses: Bool)
    throws
  {
    let sample = RandomGraphs(nodeCount: 150, maximalFanOut: 30).graph(seed: 3)
    let stressed = try StressedProgram(sample)
    let program = try stressed.program(.fine(reusesBuffers: reuses))
    for seed in 0..<UInt64(StressScale.repetitions(200)) {
      let session = try stressed.session(program, on: SeededExecutor(seed: seed))
      try session.step()
      let difference = try stressed.difference(of: session)
      try #require(difference == nil, "executor seed \(seed)")
    }
  }
}
