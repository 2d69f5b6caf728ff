import Testing

@testable import Adjoint

/// Slices, pads and concatenations along the first axis that become splices: read in place, and the same bits.
@Suite struct SpliceTests {
  /// Rows that are shifted, joined and cut out again, large enough to be spliced.
  private func shifting(_ shape: Shape) -> (graph: Graph, x: Node, y: Node) {
    let graph = Graph()
    let x = graph.input("x", shape, .float64)
    let rows = shape[0]
    let one = graph.constant(1, Shape([1] + shape.dimensions.dropFirst()), .float64)
    let down = concatenate([one, x.sliced(0..<rows - 1)])
    let up = concatenate([x.sliced(3..<rows), one, one, one])
    return (graph, x, tanh(x * down) + square(up - 0.5 * down))
  }

  private func results(_ shape: Shape, fuses: Bool, width: Int = 1) throws -> [UInt64] {
    let (_, x, y) = shifting(shape)
    var options = Program.Options()
    options.fusesElementwise = fuses
    let session = try Program(y.sum(), gradientsFor: [x], alsoComputing: [y], options: options).makeSession()
    let count = shape.elementCount
    try session.write((0..<count).map { Double($0 % 997) / 500 - 1 }, to: x)
    try session.step()
    return try session.read(y, as: Double.self).map(\.bitPattern)
      + session.gradient(of: x, as: Double.self).map(\.bitPattern)
  }

  @Test(arguments: [Shape([4_099]), Shape([5_000]), Shape([1_024, 5]), Shape([4, 2_048])])
  func `spliced rows give the bits of copied ones`(shape: Shape) throws {
    #expect(try results(shape, fuses: true) == results(shape, fuses: false))
  }

  @Test func `a shifted value is not copied`() throws {
    let (graph, x, y) = shifting([8_192])
    let roots = [y.id, try graph.gradients(of: [y.sum()], withRespectTo: [x])[0]!.id]
    let storage = FoldIntoSplices.apply(to: Simplify.apply(to: graph.snapshot().storage, roots: roots))
    let isUsed = DropUnused.usedNodes(of: storage.storage, roots: storage.roots)
    let copies = (0..<storage.storage.count).filter { index in
      guard isUsed[index] else { return false }
      switch storage.storage.traits(of: NodeID(index)).kernel.form {
      case .slice, .pad, .concatenate: return true
      default: return false
      }
    }
    #expect(copies.isEmpty)
  }
}
