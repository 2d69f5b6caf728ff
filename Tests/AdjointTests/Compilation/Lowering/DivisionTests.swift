import DependencyScheduling
import Testing

@testable import Adjoint

/// How finely a program's calls are divided: as the graph needs it.
@Suite(.timeLimit(.minutes(20))) struct DivisionTests {
  /// Steps of a recurrence with 16 rows and a product each: nothing else to do meanwhile.
  private func recurrence(steps: Int) -> (loss: Node, inputs: [Node], variables: [Node]) {
    let graph = Graph()
    let x = graph.input("x", [16, 128]), w = graph.input("w", [128, 512]), v = graph.input("v", [512, 128])
    let last = (0..<steps).reduce(x) { hidden, _ in tanh(tanh(hidden.matmul(w)).matmul(v)) }
    return (square(last).mean(), [x, w, v], [w, v])
  }

  private func program(_ loss: Node, _ variables: [Node], _ division: Division? = nil) throws -> Program {
    var options = Program.Options()
    options.measuresCosts = false
    options.division = division
    return try Program(loss, gradientsFor: variables, options: options)
  }

  private func span(_ program: Program) throws -> Double { try #require(program.plan.step.estimatedSpan) }

  @Test func `the rows of a recurrence go through it side by side`() throws {
    let (loss, _, variables) = recurrence(steps: 12)
    let coarse = try program(loss, variables, .coarse), chosen = try program(loss, variables)
    #expect(try span(chosen) < 0.7 * span(coarse))
    let forward = try #require(chosen.plan.forward.estimatedSpan)
    #expect(try forward < 0.55 * #require(coarse.plan.forward.estimatedSpan), "no half waits for the other")
  }

  @Test func `a graph with enough to share is not divided further`() throws {
    let graph = Graph()
    let x = graph.input("x", [16, 128])
    let weights = (0..<12).map { graph.input("w\($0)", [128, 512]) }
    let loss = weights.map { tanh(x.matmul($0)).sum() }.reduce(graph.constant(0)) { $0 + $1 }
    let coarse = try program(loss, weights, .coarse), chosen = try program(loss, weights)
    #expect(chosen.unitCount == coarse.unitCount)
  }

  @Test func `no bit depends on the division, and on the width`() throws {
    let (loss, inputs, variables) = recurrence(steps: 4)
    var all: [[UInt32]] = []
    for division in [Division.coarse, .fine, .finest] {
      let program = try program(loss, variables, division)
      for width in 1...3 {
        let session = program.makeSession(on: try GraphExecutor(width: width))
        for node in inputs {
          try session.write((0..<node.shape.elementCount).map { Float($0 * 7919 % 1_000) / 5_000 - 0.1 }, to: node)
        }
        try session.step()
        all.append(try variables.flatMap { try session.gradient(of: $0, as: Float.self).map(\.bitPattern) })
      }
    }
    #expect(all.allSatisfy { $0 == all[0] })
  }
}
