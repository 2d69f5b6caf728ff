import Testing

@testable import Adjoint

@Suite(.timeLimit(.minutes(20))) struct GraphRewriterTests {
  /// `w · x + 2`, `… + 3`, … : constants and a parameter among the nodes.
  private static func graph() throws -> IntermediateGraph {
    let graph = Graph()
    let x = graph.input("x", [2]), w = graph.parameter("w", [2], .constant(0.5))
    let y = (0..<6).reduce(w * x) { sum, k in sum + graph.constant(Double(k) + 2) }
    let storage = graph.snapshot().storage
    var whole = IntermediateGraph(storage, origins: Origins(count: storage.count), roots: Roots(results: [y.id]))
    whole.fences = [NodeID(4), NodeID(9)]
    return whole
  }

  @Test func `however many nodes stay where they are, the rest is made anew behind them`() throws {
    let whole = try Self.graph()
    let count = whole.storage.count
    for kept in 0...count {
      var rewriter = GraphRewriter(whole, keepingFirst: kept)
      for index in kept..<count {
        // One node more in front of each, so that all numbers change.
        if index > 0 { _ = rewriter.add(Negate(), like: NodeID(index), inputs: [rewriter.renamed[index - 1]]) }
        rewriter.keep(NodeID(index))
      }
      let renamed = (0..<count).map { rewriter.renamed[$0] }
      let made = rewriter.finish(roots: whole.roots)
      made._checkInvariants()
      #expect(made.storage.count == kept + 2 * (count - kept) - (kept == 0 ? 1 : 0))
      #expect(made.origins.count == made.storage.count)
      #expect(made.storage.constants.count == whole.storage.constants.count)
      #expect(made.storage.initializers.count == whole.storage.initializers.count)
      #expect(made.roots.results == [renamed[whole.roots.results[0].int]])
      for index in 0..<count {
        let (old, new) = (NodeID(index), renamed[index])
        #expect(made.origins[new.int] == old)
        #expect(made.storage.signature(of: new) == whole.storage.signature(of: old))
        #expect(made.storage.traits(of: new).name == whole.storage.traits(of: old).name)
        #expect((made.storage.constants[new] == nil) == (whole.storage.constants[old] == nil))
        #expect((made.storage.initializers[new] == nil) == (whole.storage.initializers[old] == nil))
        #expect(Array(made.storage.inputs(of: new)) == whole.storage.inputs(of: old).map { renamed[$0.int] })
      }
      // A fence stands before whatever was made for its node first.
      let firsts = whole.fences.map { fence in (0..<made.storage.count).first { made.origins[$0] == fence }! }
      #expect(Set(made.fences.map(\.int)) == Set(firsts))
    }
  }
}
