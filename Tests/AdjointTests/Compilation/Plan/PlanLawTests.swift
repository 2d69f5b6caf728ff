import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

/// Plans keep the rules by which units may run in any order that their edges allow, and runs of all kinds follow one
/// another.
@Suite(.timeLimit(.minutes(20))) struct PlanLawTests {
  @Test(arguments: PlannedProgram.allCases) func `no plan breaks a rule`(program: PlannedProgram) throws {
    for (name, options) in program.ways {
      let violated = try program.check(options).violated()
      #expect(violated.isEmpty, "\(name): \(violated.map(\.description).joined(separator: "\n"))")
    }
  }

  /// Values that very many read, sums of very many contributions, checkpoints in between.
  @Test(arguments: 1...3) func `plans of random graphs keep the rules`(seed: UInt64) throws {
    var graphs = RandomGraphs(nodeCount: 150, maximalFanOut: 60, tensorShape: [33], tensorShare: 0.5)
    graphs.scopeCount = Int(seed) % 3 * 4
    let sample = graphs.graph(seed: seed)
    var parts = try PlannedProgram.Parts(sample)
    parts.scopes = (0..<graphs.scopeCount).filter { $0 % 2 == 0 }.map { "scope\($0)" }
    for (name, options) in PlannedProgram.ways {
      let violated = try parts.check(options).violated()
      #expect(violated.isEmpty, "seed \(seed), \(name): \(violated.map(\.description).joined(separator: "\n"))")
    }
  }

  @Test func `a plan of very many units is checked as a small one is`() throws {
    let graph = Graph()
    let x = graph.input("x", [17]), w = graph.input("w", [17])
    let y = (0..<1_000).reduce(x) { value, number in number % 50 == 0 ? value * w + x : value * w }
    var options = Program.Options()
    (options.fusesElementwise, options.unitWork) = (false, 0)
    let check = try PlannedProgram.Parts(outputs: [y.sum()], variables: [w]).check(options)
    #expect(check.plan.unitCosts.count > 2_048)
    let violated = check.violated()
    #expect(violated.isEmpty, "\(violated.first?.description ?? "")")
  }
}
