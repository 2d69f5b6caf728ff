import Adjoint
import CSwiftHeap
import DependencyScheduling
import Foundation
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
      try countSteps(of: session)
    }
    expectSteady(ended)
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
      try countSteps {
        var target = gradient.mutableSpan
        try session.lending(values.span, asInput: x) {
          try session.lending(&target, asGradientOf: x) { try session.step() }
        }
      }
    }
    expectSteady(ended)
  }
}

extension SteadyStepTests {
  @Test(arguments: [1, 2]) func `a step that updates parameters makes no object and faults in no page`(
    width: Int
  ) async {
    let ended = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) { [width] in
      let graph = Graph()
      let x = graph.input("x", [16, 64])
      var hidden = x
      for layer in 0..<3 {
        hidden = tanh(hidden.matmul(graph.parameter("w\(layer)", [64, 64], .uniform(-0.1...0.1, seed: UInt64(layer)))))
      }
      let loss = square(hidden).mean(), weights = graph.parameters
      let updates = try zip(weights, graph.gradients(of: [loss], withRespectTo: weights)).map { w, gradient in
        ParameterUpdate(w, to: w - 0.01 * (gradient ?? w))
      }
      var options = Program.Options()
      options.measuresCosts = false
      let session = try Program(loss, updating: updates, options: options).makeSession(on: GraphExecutor(width: width))
      try session.write((0..<16 * 64).map { Float($0 % 7) }, to: x)
      try countSteps(of: session)
    }
    expectSteady(ended)
  }
}

/// Steps until nothing is new, then prints how many objects of Swift's heap a hundred steps made, and how many pages
/// they faulted in. For a process in which nothing else runs.
///
/// A seat that is first asked for then has its work item made and its thread's stack faulted in, and a busy system
/// takes pages away: what steps do of themselves is the least that a hundred of them did.
func countSteps(of session: Session) throws { try countSteps { try session.step() } }

private func countSteps(_ step: () throws -> Void) throws {
  for _ in 0..<200 { try step() }
  var objects = UInt64.max, faults = UInt64.max
  for _ in 0..<5 where objects > 0 || faults > 0 {
    adj_count_swift_objects()
    let before = adj_page_faults()
    for _ in 0..<100 { try step() }
    objects = min(objects, adj_stop_counting_swift_objects())
    faults = min(faults, adj_page_faults() - before)
  }
  print(objects, faults)
  fflush(nil)
  adj_show_first_swift_object(1)
}

/// Expects that the steps which a process counted made no object, and faulted in next to no page. A sanitizer pages its
/// own memory, so that only objects count there.
func expectSteady(_ ended: ExitTest.Result?, sourceLocation: Testing.SourceLocation = #_sourceLocation) {
  guard let ended else { return }
  let printed = String(decoding: ended.standardOutputContent, as: UTF8.self)
  let counts = printed.prefix { $0 != "\n" }.split(separator: " ").compactMap { Int($0) }
  #expect(counts.count == 2, "\(printed)", sourceLocation: sourceLocation)
  guard counts.count == 2 else { return }
  #expect(counts[0] == 0, "in 100 steps, the last first one by:\n\(printed)", sourceLocation: sourceLocation)
  #expect(StressScale.isSanitized || counts[1] <= 4, "pages faulted in by 100 steps", sourceLocation: sourceLocation)
}
