import AdjointTesting
import DependencyScheduling
import Kernels
import Testing

@testable import Adjoint

/// Chains of elementwise gates that grow too long: where they are cut, and that no bit depends on it.
@Suite(.timeLimit(.minutes(20))) struct LongChainTests {
  /// What makes a chain too long.
  enum Kind: CaseIterable, Sendable {
    /// Splices that reach too far, of four shifts a step.
    case shifting
    /// Too many operations, seven a step.
    case computing
  }

  private func recurrence(_ kind: Kind, _ count: Int, steps: Int) -> (x: Node, y: Node) {
    let graph = Graph()
    let x = graph.input("x", [count], .float64)
    let one = graph.constant(1, [1], .float64)
    func rate(_ y: Node) -> Node { x * concatenate([one, y.sliced(0..<count - 1)]) }
    let y = (0..<steps).reduce(x) { y, _ in
      switch kind {
      case .shifting:
        let k1 = rate(y), k2 = rate(y + 0.05 * k1), k3 = rate(y + 0.05 * k2), k4 = rate(y + 0.1 * k3)
        return y + 0.02 * (k1 + 2 * k2 + 2 * k3 + k4)
      case .computing:
        let k1 = x - y * y, k2 = x - y * k1
        return y + 0.02 * (k1 + k2)
      }
    }
    return (x, y)
  }

  private func results(
    _ kind: Kind, _ count: Int, _ options: Program.Options = Program.Options(), width: Int = 1
  ) throws -> [[UInt64]] {
    let (x, y) = recurrence(kind, count, steps: 44)
    let session = try Program(y.sum(), gradientsFor: [x], alsoComputing: [y], options: options)
      .makeSession(on: try GraphExecutor(width: width))
    try session.write((0..<count).map { Double($0 % 97) / 50 - 1 }, to: x)
    try session.step()
    return [
      try session.read(y, as: Double.self).map(\.bitPattern),
      try session.gradient(of: x, as: Double.self).map(\.bitPattern),
    ]
  }

  @Test(arguments: Kind.allCases) func `a recurrence is cut between its steps, where only its state is stored`(
    kind: Kind
  ) throws {
    let (_, y) = recurrence(kind, 8_192, steps: 44)
    let program = try Program(y)
    let resultCounts = program.plan.steps.map(\.results.count)
    #expect(resultCounts.count > 1)
    #expect(resultCounts.allSatisfy { $0 == 1 })
  }

  @Test(arguments: Kind.allCases) func `where a chain is cut changes no bit, at any width and with memory of its own`(
    kind: Kind
  ) throws {
    var single = Program.Options()
    single.fusesElementwise = false
    let expected = try results(kind, 20_001, single)
    for width in [1, 3] { #expect(try results(kind, 20_001, width: width) == expected) }
    #expect(try results(kind, 20_001, Program.Options(reusesBuffers: false), width: 2) == expected)
  }

  @Test(arguments: Kind.allCases) func `a recurrence that is cut is that of the definitions`(kind: Kind) throws {
    let (x, y) = recurrence(kind, 1_030, steps: 44)
    let fed = [x: ReferenceTensor([1_030], .float64, (0..<1_030).map { Double($0 % 97) / 50 - 1 })]
    let engine = ReferenceEngine(x.graph)
    let value = try #require(try engine.run(feeding: fed)[y])
    let session = try Program(y).makeSession()
    try session.write(fed[x]!, to: x)
    try session.forward()
    // Each operation is rounded once, here and there.
    #expect(try session.read(y, as: Double.self) == value.values)
  }

  /// The sum of so many values.
  private func terms(_ count: Int) -> (inputs: [Node], y: Node) {
    let graph = Graph()
    let terms = (0..<count).map { graph.input("x\($0)", [100]) }
    return (terms, terms.dropFirst().reduce(terms[0]) { $0 + $1 })
  }

  /// A value to which another has been added so often.
  private func additions(_ count: Int) -> (inputs: [Node], y: Node) {
    let graph = Graph()
    let x = graph.input("x", [100]), y = graph.input("y", [100])
    return ([x, y], (0..<count).reduce(x) { sum, _ in sum + y })
  }

  /// A value that splices have shifted by so many elements in all, one at a time.
  private func shifts(_ count: Int) -> (inputs: [Node], y: Node) {
    let graph = Graph()
    let x = graph.input("x", [5_000]), one = graph.constant(1, [1])
    return ([x], (0..<count).reduce(exp(x)) { y, _ in y * concatenate([one, y.sliced(0..<4_999)]) })
  }

  /// The calls that a program does, the results being those of the gates one by one.
  private func callCount(_ made: (inputs: [Node], y: Node)) throws -> Int {
    let (inputs, y) = made
    var single = Program.Options()
    single.fusesElementwise = false
    let programs = [try Program(y), try Program(y, options: single)]
    let values = try programs.map { program in
      let session = program.makeSession()
      for (number, node) in inputs.enumerated() {
        try session.write((0..<node.shape.elementCount).map { Float(($0 + number) % 7) * 0.25 - 1 }, to: node)
      }
      try session.forward()
      return try session.read(y, as: Float.self).map(\.bitPattern)
    }
    #expect(values[0] == values[1])
    return programs[0].plan.calls.count
  }

  @Test func `a chain takes as much as its kernel has room for, and what is more begins another`() throws {
    let most = ElementwiseChain.Demand.most
    #expect(try callCount(terms(most.operands)) == 1)
    #expect(try callCount(terms(most.operands + 1)) == 2)
    #expect(try callCount(additions(most.operations)) == 1)
    #expect(try callCount(additions(most.operations + 1)) == 2)
    #expect(try callCount(shifts(most.reach)) == 1)
    #expect(try callCount(shifts(most.reach + 1)) == 2)
  }

  @Test func `what a chain takes is counted in each of its kinds`() {
    let most = ElementwiseChain.Demand.most
    #expect(most.isAllowed)
    for kind in [\ElementwiseChain.Demand.operands, \.operations, \.reach] {
      var more = most
      more[keyPath: kind] += 1
      #expect(!more.isAllowed && most.isWithin(more) && !more.isWithin(most))
    }
  }

  @Test func `a sum that several gates of a chain ask for is made once, as a product is`() throws {
    func operationCount(_ shifted: (Node) -> Node) throws -> Int {
      let x = Graph().input("x", [8_192])
      let s = shifted(x)
      // The backward pass makes s again, for each gate that reads it.
      let y = (square(s) * s * exp(s)).sum()
      return try Program(y, gradientsFor: [x]).plan.calls.reduce(0) { count, call in
        count + ((call as? any ChainedCall)?.chain(0..<call.extent).0.operationCount ?? 0)
      }
    }
    // The gradient in x of 2.5 x is one product more.
    #expect(try operationCount { $0 + 2.5 } + 1 == operationCount { $0 * 2.5 })
  }

  @Test func `the narrowest place is the last that the fewest values are read behind`() throws {
    let graph = Graph()
    let a = graph.input("a", [2])
    let b = exp(a), c = sin(a), d = b * c, e = cos(d), f = d * e, g = f * b
    let storage = graph.snapshot().storage
    let whole = IntermediateGraph(storage, origins: Origins(count: storage.count), roots: Roots(results: [g.id]))
    let order = RunOrder(whole)
    let readers = LastReaders(storage, order: order)
    // From g on b and f are read, and nowhere behind b c fewer than two.
    #expect(readers.narrowestPlace(in: [b, c, d, e, f].map(\.id), before: g.id) == nil)
    // From f on d and e are read; behind c only c, behind c d only d.
    #expect(readers.narrowestPlace(in: [c, d, e].map(\.id), before: f.id) == 2)
  }
}
