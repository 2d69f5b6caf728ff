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

  /// A schedule of two units, the second of which waits for the first if they are a chain.
  private func schedule(_ costs: [Float], isChain: Bool) throws -> Schedule {
    try Schedule(unitCount: 2, dependencies: isChain ? [(0, 1)] : [], costs: costs)
  }

  @Test func `finer parts are tried where fewer than four workers are busy, and kept where they save a fifth`() throws {
    // One unit beside smaller ones: the work is that of all, the span that of the one.
    for (other, isTooCoarse) in [(0, true), (299, true), (301, false)] as [(Float, Bool)] {
      let units = try Schedule(
        unitCount: 7, dependencies: [] as [(UInt32, UInt32)], costs: [100] + [Float](repeating: other / 6, count: 6))
      #expect(Division.isTooCoarse(for: units) == isTooCoarse)
    }
    let coarse = try schedule([60, 40], isChain: true)
    for (span, isWorthIt) in [(1, true), (79, true), (81, false), (100, false), (120, false)] as [(Float, Bool)] {
      let fine = try schedule([span - 0.5, 0.5], isChain: true)
      #expect(Division.isWorthIt(fine, over: coarse) == isWorthIt, "\(span)")
    }
  }

  @Test func `workers share the table that gathered rows send their gradients to`() throws {
    let graph = Graph()
    let table = graph.parameter("table", [500, 64], .uniform(-1...1, seed: 1))
    let rows = graph.constant((0..<6_000).map { $0 % 5 == 0 ? 7 : Int32($0 * 31 % 500) }, [6_000])
    let upstream = graph.constant((0..<6_000 * 64).map { Float($0 % 13) * 0.37 - 2 }, [6_000, 64])
    let program = try program((table.gatheringRows(rows) * upstream).sum(), [table])
    let parts = program.plan.steps.compactMap { step -> Range<Int>? in
      guard case .kernel(let number, let range) = step.work else { return nil }
      return program.plan.calls[number] is ScatterAddRowsCall ? range : nil
    }
    #expect(parts.count >= 4 && parts.first?.lowerBound == 0 && parts.last?.upperBound == 500)
    let session = try [1, 3].map { width in
      let session = program.makeSession(on: try GraphExecutor(width: width))
      try session.step()
      return try session.gradient(of: table, as: Float.self)
    }
    #expect(session[0] == session[1])
    var sums = [Double](repeating: 0, count: 500 * 64)
    for position in 0..<6_000 {
      let row = position % 5 == 0 ? 7 : position * 31 % 500
      for column in 0..<64 { sums[row * 64 + column] += Double(Float((position * 64 + column) % 13) * 0.37 - 2) }
    }
    #expect(zip(session[0], sums).allSatisfy { (Double($0) - $1).magnitude <= 1e-4 * max(1, $1.magnitude) })
    // Where rows are short, all parts reading all indices would cost more than is shared.
    let narrow = graph.parameter("narrow", [500, 4], .zeros)
    let few = try self.program(narrow.gatheringRows(rows).sum(), [narrow], .finest).plan
    let narrowParts = few.steps.count { step in
      guard case .kernel(let number, _) = step.work else { return false }
      return few.calls[number] is ScatterAddRowsCall
    }
    #expect(narrowParts == 1)
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
