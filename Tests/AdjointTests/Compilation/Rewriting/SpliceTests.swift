import DependencyScheduling
import Testing

@testable import Adjoint

/// Slices, pads and concatenations along the first axis that become splices: read in place, and the same bits.
@Suite(.timeLimit(.minutes(20))) struct SpliceTests {
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

  /// Some steps of a recurrence along a value, shifted up and down, and what it was in the end.
  private func recurrence(_ count: Int, steps: Int) -> (x: Node, y: Node) {
    let graph = Graph()
    let x = graph.input("x", [count], .float64)
    let one = graph.constant(1, [1], .float64)
    let y = (0..<steps).reduce(x) { y, step in
      let shifted =
        step % 3 == 2 ? concatenate([y.sliced(1..<count), one]) : concatenate([one, y.sliced(0..<count - 1)])
      return 0.25 * (y + x * shifted) + square(shifted) * 0.125
    }
    return (x, y)
  }

  private func results(
    _ count: Int, steps: Int, _ options: Program.Options = Program.Options(), width: Int = 1
  ) throws -> [[UInt64]] {
    let (x, y) = recurrence(count, steps: steps)
    let session = try Program(y.sum(), gradientsFor: [x], alsoComputing: [y], options: options)
      .makeSession(on: try GraphExecutor(width: width))
    try session.write((0..<count).map { Double($0 % 997) / 500 - 1 }, to: x)
    try session.step()
    return [
      try session.read(y, as: Double.self).map(\.bitPattern),
      try session.gradient(of: x, as: Double.self).map(\.bitPattern),
    ]
  }

  @Test(arguments: [4_099, 40_000, 100_003])
  func `a recurrence along a value gives the bits of single gates, at every width`(count: Int) throws {
    var single = Program.Options()
    single.fusesElementwise = false
    let expected = try results(count, steps: 24, single)
    for width in 1...3 { #expect(try results(count, steps: 24, width: width) == expected) }
  }

  @Test func `the steps of a recurrence along a value are not stored`() throws {
    let (_, y) = recurrence(8_192, steps: 12)
    let program = try Program(y)
    #expect(program.plan.slots.isEmpty)
    #expect(program.plan.calls.count == 1)
  }

  @Test func `of a long recurrence only some steps are kept for the backward pass`() throws {
    let (x, y) = recurrence(100_000, steps: 48)
    let session = try Program(y.sum(), gradientsFor: [x]).makeSession()
    // Without making steps again, each would keep its shifted value and its square.
    #expect(session.program.plan.slots.reduce(0) { $0 + $1.byteCount } < 40 * 800_000)
  }

  @Test func `a NaN in a step of a recurrence is the first gate's that made it`() throws {
    let graph = Graph()
    let x = graph.input("x", [8_192], .float64)
    let root = sqrt(x).named("root")
    let y = concatenate([root.sliced(2..<8_192), graph.constant(1, [2], .float64)]) * 2
    let session = try Program(y + x).makeSession()
    var values = [Double](repeating: 1, count: 8_192)
    values[2_048] = -1
    try session.write(values, to: x)
    #expect(try session.firstNonFinite()?.nodeName == "root")
  }

  @Test func `a NaN is looked for behind a concatenation and a slice's gradient that are in no chain`() throws {
    let graph = Graph()
    let a = graph.input("a", [64, 64]), b = graph.input("b", [64, 64]), w = graph.parameter("w", [64, 8], .ones)
    let loss = log(concatenate([a, b]).matmul(w)).named("logarithm").sum() + a.sliced(0..<32).matmul(w).sum()
    let session = try Program(loss, gradientsFor: [a, b]).makeSession()
    try session.write([Float](repeating: 1, count: 4_096), to: a)
    try session.write([Float](repeating: 1, count: 4_096), to: b)
    #expect(try session.firstNonFinite() == nil)
    try session.write([Float](repeating: -1, count: 4_096), to: b)
    #expect(try session.firstNonFinite()?.nodeName == "logarithm")
  }

  @Test func `a shifted value is not copied`() throws {
    let (graph, x, y) = shifting([8_192])
    let gradient = try graph.gradients(of: [y.sum()], withRespectTo: [x])[0]!
    let source = graph.snapshot()
    let storage = GraphPasses.apply(
      to: source.storage, roots: Roots(results: [y.id], gradients: [gradient.id]),
      for: CompiledPurpose(source: source, options: Program.Options(), outputs: [y.id]))
    let isUsed = DropUnused.usedNodes(of: storage.storage, roots: storage.roots.all)
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
