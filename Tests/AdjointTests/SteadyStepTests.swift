import Adjoint
import CSwiftHeap
import DependencyScheduling
import Testing

/// A step of a session that has made some takes memory from nobody.
@Suite struct SteadyStepTests {
  @Test(arguments: [1, 2, 4]) func `a step makes no object of Swift's heap and faults in no page`(width: Int) async {
    let ended = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) { [width] in
      let graph = Graph()
      let x = graph.input("x", [64, 96]), y = graph.input("y", [64])
      var hidden = x
      var weights: [Node] = []
      for layer in 0..<4 {
        weights.append(graph.parameter("w\(layer)", [96, 96], .uniform(-0.1...0.1, seed: UInt64(layer))))
        hidden = tanh(hidden.matmul(weights[layer]))
      }
      let loss = square(hidden.mean(axes: [1]) - y).mean()
      var options = Program.Options()
      options.measuresCosts = false
      let program = try Program(loss, gradientsFor: weights, options: options)
      let session = program.makeSession(on: GraphExecutor(width: width))
      try session.write((0..<64 * 96).map { Float($0 % 7) }, to: x)
      try session.write((0..<64).map { Float($0 % 3) }, to: y)
      try requireSteadySteps(of: session, width: width)
    }
    let printed = String(decoding: ended?.standardOutputContent ?? [], as: UTF8.self)
    #expect(ended != nil, "\(printed)")
    print(printed)
  }
}

/// Steps until nothing is new, then asks of a hundred steps that they make no object of Swift's heap and fault in next to
/// no page. For a process in which nothing else runs.
func requireSteadySteps(of session: Session, width: Int) throws {
  for _ in 0..<200 { try session.step() }
  adj_count_swift_objects()
  let before = adj_page_faults()
  for _ in 0..<100 { try session.step() }
  let (objects, faults) = (adj_swift_objects(), adj_page_faults() - before)
  print("In 100 steps: \(objects) objects, \(faults) page faults")
  // A helper that Dispatch starts only now faults its stack in, and a busy system takes a page away now and then.
  precondition(objects == 0 && faults <= 32 * width)
}
