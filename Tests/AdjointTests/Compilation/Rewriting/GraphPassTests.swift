@testable import Adjoint
import Foundation
import Testing

/// The list of passes.
@Suite(.timeLimit(.minutes(20))) struct GraphPassTests {
  @Test func `every pass that can be left out is in the list, or says where else it is`() {
    let names = GraphPasses.all.map { $0.name }
    #expect(Set(names).count == names.count)
    // Two of the walk before the list, those of calls behind it, and the ways of one pass for sums.
    let elsewhere: Set<CompilerPass> = [
      .foldConstants, .shareCommon, .fuseElementwise, .fuseProducts, .packOperands, .joinPads, .addProducts,
      .runningSums,
    ]
    for pass in CompilerPass.allCases { #expect(names.contains(pass.rawValue) != elsewhere.contains(pass), "\(pass)") }
  }

  @Test func `the roots keep their purpose through every pass`() throws {
    let graph = Graph()
    let x = graph.input("x", [64, 64]), w = graph.parameter("w", [64, 64], .uniform(-1...1, seed: 1))
    let product = x.matmul(w)
    let gradient = try graph.gradients(of: [square(product).sum()], withRespectTo: [w])[0]!
    let next = w - gradient * 0.1
    let source = graph.snapshot()
    let roots = Roots(results: [product.id], gradients: [gradient.id], nextValues: [next.id], updatedParameters: [w.id])
    let purpose = CompiledPurpose(source: source, options: Program.Options(), outputs: [product.id])
    let compiled = GraphPasses.apply(to: source.storage, roots: roots, for: purpose)
    func origins(_ nodes: [NodeID]) -> [NodeID] { nodes.map { compiled.origins[$0.int] } }
    #expect(origins(compiled.roots.results) == roots.results)
    #expect(origins(compiled.roots.gradients) == roots.gradients)
    #expect(origins(compiled.roots.nextValues) == roots.nextValues)
    #expect(compiled.roots.updatedParameters.map { compiled.storage.traits(of: $0).source } == [.parameter])
  }

  @Test func `what passes did is printed if the environment asks for it`() async throws {
    let ended = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      setenv("ADJOINT_PASSES", "graph", 1)
      let graph = Graph()
      let x = graph.input("x", [5, 3]), start = graph.input("start", [3])
      let run = graph.scan(over: [x], from: [start]) { state, element in
        (state: [tanh(state[0] + element[0])], outputs: [])
      }
      _ = try Program(square(run.state[0]).sum(), gradientsFor: [start])
    }
    let printed = String(decoding: try #require(ended).standardErrorContent, as: UTF8.self)
    #expect(printed.contains("passes of a program"))
    #expect(printed.contains("passes of the body of a loop"))
    for pass in ["simplify", "mergeScans", "copyShownSources"] {
      #expect(printed.contains("  \(pass): "), "\(printed)")
    }
    #expect(printed.contains(" = tanh(%"), "\(printed)")
    #expect(printed.contains(") float32[3]"), "\(printed)")
    #expect(printed.contains("    gradients: %"), "\(printed)")
  }
}
