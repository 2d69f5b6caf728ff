import Adjoint
import AdjointTesting
import DependencyScheduling
import StressScale
import Testing

/// A node with ten thousand readers, whose gradient is the sum of as many contributions.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 300)) struct CopyGateTests {
  /// Σ kᵢ x with whole kᵢ of both signs, whose sums are exact in any order: a lost contribution shows with `==`.
  @Test(arguments: [[], [64], [20_000]] as [Shape], [Accumulation.graphOrder, .arrivalOrder])
  func `ten thousand contributions arrive at every width`(shape: Shape, accumulation: Accumulation) throws {
    let consumers = StressScale.size(shape.elementCount > 64 ? 300 : 10_000)
    let graph = Graph()
    let x = graph.input("x", shape)
    let factors = (0..<consumers).map { Double($0 % 7 - 2) }
    let parts = factors.map { $0 * x }
    let total = graph.apply(Accumulate(), to: parts)
    let program = try Program(total, gradientsFor: [x], options: .fine(accumulation))
    let expected = factors.reduce(0, +)
    for width in [1, 2, 4, 8] {
      let session = program.makeSession(on: GraphExecutor.eager(width: width))
      try session.write([Float](repeating: 3, count: shape.elementCount), to: x)
      try session.writeUpstream([Float](repeating: 1, count: shape.elementCount), of: total)
      for _ in 0..<StressScale.repetitions(3) {
        try session.step()
        let values = try session.read(total, as: Float.self), gradients = try session.gradient(of: x, as: Float.self)
        #expect(values.allSatisfy { $0 == Float(3 * expected) }, "width \(width)")
        #expect(gradients.allSatisfy { $0 == Float(expected) }, "width \(width)")
      }
    }
  }

  /// Contributions whose sum depends on the order: the graph's is the one, at every width.
  @Test(arguments: [[], [64]] as [Shape]) func `ten thousand contributions add up in graph order`(shape: Shape) throws {
    let graph = Graph()
    let x = graph.input("x", shape)
    let count = shape.elementCount
    let consumers = StressScale.size(10_000)
    let values = ReferenceTensor(shape, .float32, (0..<count).map { 0.1 * Double($0 + 1) })
    let parts = (0..<consumers).map { (1 / Double($0 + 3)) * x }
    let stressed = try StressedProgram([graph.apply(Accumulate(), to: parts)], [x], [x: values])
    let program = try stressed.program(.fine())
    for width in [1, 2, 4, 8] {
      let session = try stressed.session(program, on: GraphExecutor.eager(width: width))
      try session.step()
      #expect(try stressed.difference(of: session) == nil, "width \(width)")
    }
  }
}
