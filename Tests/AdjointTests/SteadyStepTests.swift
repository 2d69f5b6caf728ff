import Adjoint
import CSwiftHeap
import DependencyScheduling
import StressScale
import Testing

/// A step of a session that has made some takes memory from nobody.
@Suite(.timeLimit(.minutes(20))) struct SteadyStepTests {
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
      let session = program.makeSession(on: try GraphExecutor(width: width))
      try session.write((0..<64 * 96).map { Float($0 % 7) }, to: x)
      try session.write((0..<64).map { Float($0 % 3) }, to: y)
      try requireSteadySteps(of: session, width: width)
    }
    let printed = String(decoding: ended?.standardOutputContent ?? [], as: UTF8.self)
    #expect(ended != nil, "\(printed)")
    print(printed)
  }
}

extension SteadyStepTests {
  @Test(arguments: [1, 2]) func `a step on lent memory makes no object and faults in no page`(width: Int) async {
    let ended = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) { [width] in
      let graph = Graph()
      let count = 50_000
      let x = graph.input("x", [count])
      var options = Program.Options()
      options.measuresCosts = false
      let program = try Program(log(exp(x - x.max()).sum()), gradientsFor: [x], options: options)
      let session = program.makeSession(on: try GraphExecutor(width: width))
      let values = (0..<count).map { Float($0 % 7) }
      var gradient = values
      try requireSteady(width: width) {
        var target = gradient.mutableSpan
        try session.reading(x, from: values.span) {
          try session.writing(gradientOf: x, to: &target) { try session.step() }
        }
      }
    }
    let printed = String(decoding: ended?.standardOutputContent ?? [], as: UTF8.self)
    #expect(ended != nil, "\(printed)")
    print(printed)
  }
}

/// Steps until nothing is new, then asks of a hundred steps that they make no object of Swift's heap and fault in next to
/// no page. For a process in which nothing else runs.
///
/// A helper that Dispatch starts only then faults its stack in, and a busy system takes pages away: what steps do of
/// themselves is the least that a hundred of them did. A sanitizer pages its own memory, so that only objects count there.
func requireSteadySteps(of session: Session, width: Int) throws {
  try requireSteady(width: width) { try session.step() }
}

private func requireSteady(width: Int, _ step: () throws -> Void) throws {
  for _ in 0..<200 { try step() }
  adj_count_swift_objects()
  var faults = UInt64.max
  for _ in 0..<5 {
    let before = adj_page_faults()
    for _ in 0..<100 { try step() }
    faults = min(faults, adj_page_faults() - before)
  }
  let objects = adj_stop_counting_swift_objects()
  print("In 500 steps: \(objects) objects; in 100 of them \(faults) page faults")
  precondition(objects == 0, "\(objects) objects in 500 steps")
  precondition(StressScale.isSanitized || faults <= 4, "\(faults) page faults in 100 steps")
}
