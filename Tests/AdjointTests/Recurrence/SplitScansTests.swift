import AdjointTesting
import Testing

@testable import Adjoint

/// A graph has the scans that were written, and a program what they are made of.
@Suite(.timeLimit(.minutes(20))) struct SplitScansTests {
  /// Two layers over `steps` steps of two rows.
  private struct Network {
    let graph = Graph()
    let frames: Node, weights: Node
    let run: Scanned

    init(steps: Int) {
      frames = graph.input("frames", [steps, 2, 3])
      weights = graph.parameter("weights", [3, 3], .glorotUniform(seed: 1))
      let zeros = graph.constant(0, [2, 3])
      let weights = weights
      run = graph.scan(over: [frames], from: [zeros, zeros]) { state, frame in
        let first = tanh(state[0].matmul(weights) + frame[0].matmul(weights))
        let second = tanh(state[1] * 0.5 + first)
        return (state: [first, second], outputs: [second])
      }
    }

    /// The scan itself, with all its results in one.
    var packed: Node { run.outputs[0].inputs[0] }
    var scan: Scan { get throws { try #require(graph.snapshot().storage.gate(of: packed.id) as? Scan) } }

    var values: [Node: ReferenceTensor] {
      [
        frames: ReferenceTensor(
          frames.shape, .float32, (0..<frames.shape.elementCount).map { Double($0 % 7) / 8 - 0.4 }),
        weights: ReferenceTensor([3, 3], .float32, (0..<9).map { Double($0 % 4) / 4 - 0.3 }),
      ]
    }

    /// What a program and the definition make of a node.
    func check(_ node: Node, within tolerance: Double) throws {
      let session = try Program(node).makeSession()
      for (source, value) in values { try session.write(value, to: source) }
      try session.forward()
      let computed = try session.referenceValue(of: node)
      let defined = try #require(try ReferenceEngine(graph).run(feeding: values)[node])
      #expect(computed.shape == defined.shape)
      for (value, right) in zip(computed.values, defined.values) {
        #expect((value - right).magnitude <= tolerance * max(1, right.magnitude), "\(value), not \(right)")
      }
    }
  }

  private func scanCount(_ graph: Graph) -> Int {
    let storage = graph.snapshot().storage
    return (0..<storage.count).count { storage.gate(of: NodeID($0)) is Scan }
  }

  @Test(arguments: [false, true])
  func `values of a step that come to one are written wherever they are read`(isReversed: Bool) throws {
    let graph = Graph()
    let x = graph.input("x", [5, 3]), first = graph.input("first", [3])
    let run = graph.scan(over: [x], from: [first], reversed: isReversed) { state, element in
      let next = state[0] * element[0] + 0.25
      return (state: [next], outputs: [square(next), square(next), next, next])
    }
    let elements = (0..<15).map { Float($0 % 4) / 2 - 0.5 }
    func values(of outputs: [Node]) throws -> [[Float]] {
      let session = try Program(outputs).makeSession()
      try session.write(elements, to: x)
      try session.write([1, -2, 3] as [Float], to: first)
      try session.forward()
      return try outputs.map { try session.read($0, as: Float.self) }
    }
    var state: [Float] = [1, -2, 3], states = [Float](repeating: 0, count: 15)
    for step in isReversed ? [4, 3, 2, 1, 0] : [0, 1, 2, 3, 4] {
      for column in 0..<3 {
        state[column] = state[column] * elements[3 * step + column] + 0.25
        states[3 * step + column] = state[column]
      }
    }
    let squares = states.map { $0 * $0 }
    #expect(try values(of: run.outputs) == [squares, squares, states, states])
    // A loop as it is, which stacks one value twice.
    let packed = run.outputs[0].inputs[0]
    let body = try #require(graph.withState { $0.storage.gate(of: packed.id) } as? Scan).body
    let loop = Scan(loop: body, stacked: [body.next[0], body.next[0]])
    let stacks = graph.apply(loop, to: packed.inputs)
    #expect(try values(of: loop.parts.dropFirst().map { graph.apply($0, to: [stacks]) }) == [states, states])
  }

  @Test(arguments: [3, 200]) func `a graph has the one scan that was written`(steps: Int) throws {
    let network = Network(steps: steps)
    #expect(scanCount(network.graph) == 1)
    let before = network.graph.nodeCount
    _ = try network.graph.gradients(of: [network.run.outputs[0].sum()], withRespectTo: [network.weights])
    // The scan once more, for what the reverse scan reads of its steps, and the reverse scan.
    #expect(scanCount(network.graph) == 3)
    #expect(network.graph.nodeCount - before < 20, "whatever the steps and the layers are")
  }

  @Test func `a compiled scan is a loop for each layer, and in chunks if it is long`() throws {
    func loopCount(steps: Int) throws -> Int {
      try Program(Network(steps: steps).run.outputs[0]).plan.calls.count { $0 is LoopPlan }
    }
    #expect(try loopCount(steps: 100) == 2)
    #expect(try loopCount(steps: 3 * ChunkedScan.fewestSteps) == 6)
  }

  @Test func `a scan is left whole where all steps of a value would be more elements than a shape can have`() throws {
    let steps = 1 << 46, graph = Graph()
    let x = graph.input("x", [steps]), weights = graph.input("weights", [8])
    let run = graph.scan(over: [x], from: [graph.constant(0)]) { state, x in
      (state: [state[0] * 0.5 + (x[0] * weights).sum()], outputs: [])
    }
    let plan = try Program(run.state[0], gradientsFor: [weights]).plan
    #expect(plan.calls.count { $0 is LoopPlan } == 2)
  }

  @Test(arguments: [3, 200]) func `all results in one are the definition's`(steps: Int) throws {
    let network = Network(steps: steps)
    try network.check(network.packed, within: 1e-5)
  }

  @Test(arguments: [3, 200], [false, true]) func `sums over all steps are the definition's`(
    steps: Int, hasOutputs: Bool
  ) throws {
    let network = Network(steps: steps)
    let scan = try network.scan
    // The state before each step and the values after it, summed.
    let summing = Scan(
      body: scan.body, stacked: hasOutputs ? scan.stacked : [], sums: [scan.body.state[1], scan.body.next[0]])
    let results = network.graph.apply(summing, to: Array(network.packed.inputs), at: .unknown)
    for sum in results.suffix(2) { try network.check(sum, within: 1e-4) }
    let all = network.run.outputs[0].sum(axes: [0])
    // What the second layer gave in the last step is no state before one.
    try network.check(results[results.count - 2] + network.run.state[1] - all, within: 1e-4)
  }
}
