import Adjoint
import AdjointTesting
import Testing

/// The slow engine, which judges all others, against numbers worked out by hand.
@Suite(.timeLimit(.minutes(20))) struct ReferenceEngineTests {
  private func tensor(_ shape: Shape, _ values: [Double], _ type: ElementType = .float32) -> ReferenceTensor {
    ReferenceTensor(shape, type, values)
  }

  @Test func `each node has its value, from inputs, constants and parameters' first values`() throws {
    let graph = Graph()
    let x = graph.input("x", [2]), w = graph.parameter("w", [2, 2], .values([1.0, 2, 3, 4]))
    let two = graph.constant([10, 20] as [Float], [2, 1])
    let product = x * w
    let sum = product + two
    let f = sum.sum()
    let values = try ReferenceEngine(graph).run(feeding: [x: tensor([2], [2, -1])])
    #expect(values[x] == tensor([2], [2, -1]) && values[w] == tensor([2, 2], [1, 2, 3, 4]))
    #expect(values[product] == tensor([2, 2], [2, -2, 6, -4]))
    #expect(values[sum] == tensor([2, 2], [12, 8, 26, 16]))
    #expect(values[f] == tensor([], [62]))
  }

  @Test func `what is fed comes before what would be computed, of parameters and of gates`() throws {
    let graph = Graph()
    let x = graph.input("x"), w = graph.parameter("w", [], .constant(3))
    let product = x * w
    let f = product + 1
    let engine = ReferenceEngine(graph)
    let values = try engine.run(feeding: [x: tensor([], [2]), w: tensor([], [5]), product: tensor([], [100])])
    #expect(values[w]?.values == [5] && values[product]?.values == [100] && values[f]?.values == [101])
    #expect(try engine.run(feeding: [x: tensor([], [2])])[f]?.values == [7])
  }

  @Test func `what is not fed, and what is poisoned, has no value, nor has what reads it`() throws {
    let graph = Graph()
    let x = graph.input("x", [2]), y = graph.input("y", [3])
    let bad = x + y
    let nodes = [x, bad, exp(bad), exp(x)]
    let none = try ReferenceEngine(graph).run(feeding: [y: tensor([3], [1, 2, 3])])
    #expect(nodes.allSatisfy { none[$0] == nil })
    let some = try ReferenceEngine(graph).run(feeding: [x: tensor([2], [0, 0]), y: tensor([3], [1, 2, 3])])
    #expect(nodes.map { some[$0] != nil } == [true, false, false, true])
  }

  @Test func `each result is rounded to its element type`() throws {
    for type in [ElementType.float32, .float64] {
      let graph = Graph()
      let x = graph.input("x", [], type)
      let third = x / 3
      let values = try ReferenceEngine(graph).run(feeding: [x: tensor([], [1], type)])
      let wanted = type == .float64 ? 1.0 / 3 : Double(Float(1) / 3)
      #expect(values[third]?.values == [wanted])
      let sum = third + third
      #expect(try ReferenceEngine(graph).run(feeding: [x: tensor([], [1], type)])[sum]?.values == [2 * wanted])
    }
  }

  @Test func `a value of another shape or type is refused`() throws {
    let graph = Graph()
    let x = graph.input("x", [2])
    let engine = ReferenceEngine(graph)
    let others = [
      tensor([3], [1, 2, 3]), tensor([2, 1], [1, 2]), tensor([2], [1, 2], .float64), tensor([2], [1, 2], .int32),
    ]
    for bad in others {
      let error = #expect(throws: ReferenceError.self) { try engine.run(feeding: [x: bad]) }
      #expect(error?.description == "x is [2] float32, and was fed \(bad.shape) \(bad.elementType)")
    }
  }

  @Test func `gradients are those of the outputs' sum, weighted by their upstream gradients`() throws {
    let graph = Graph()
    let x = graph.input("x", [2]), y = graph.input("y", [2]), idle = graph.input("idle", [2])
    let first = x * y, second = square(x)
    let engine = ReferenceEngine(graph)
    let values = [x: tensor([2], [3, -2]), y: tensor([2], [5, 7]), idle: tensor([2], [0, 0])]
    let ones = try engine.gradients(of: [first, second], withRespectTo: [x, y, idle], feeding: values)
    #expect(ones == [tensor([2], [5 + 6, 7 - 4]), tensor([2], [3, -2]), nil])
    let weighted = try engine.gradients(
      of: [first, second], withRespectTo: [y, x], upstream: [tensor([2], [10, 100]), tensor([2], [-1, 2])],
      feeding: values)
    #expect(weighted == [tensor([2], [30, -200]), tensor([2], [50 - 6, 700 - 8])])
    #expect(graph.nodeCount == 5, "the graph is as it was")
  }

  // MARK: the checker

  /// The checker's verdict on Σ aᵢ xᵢ² where the rule says Σ bᵢ xᵢ · 2.
  private func verdict(_ rule: [Double], at x: [Double], _ checker: GradientChecker = GradientChecker()) throws
    -> GradientVerdict
  {
    let graph = Graph()
    let node = graph.input("x", [x.count], .float64)
    let f = graph.apply(Weighted(rule: rule), to: [node])
    return try checker.check(f.sum(), withRespectTo: [node], at: [node: ReferenceTensor([x.count], .float64, x)])[0]
  }

  @Test(arguments: 0..<5) func `a wrong element is found wherever it stands`(place: Int) throws {
    let x = [0.5, -1, 2, 3, -4]
    #expect(try verdict([1, 1, 1, 1, 1], at: x).isCorrect)
    for wrong in [1 + 1e-5, 0, -1, .nan, .infinity] {
      let found = try verdict((0..<5).map { $0 == place ? wrong : 1 }, at: x)
      #expect(!found.isCorrect && found.index == [place], "\(wrong): \(found)")
    }
  }

  @Test func `large elements are moved far enough, and small gradients are not waved through`() throws {
    // f at some 10⁸ is 10¹⁶ and 2 apart from the next number: of a step of 10⁻⁵ alone the differences would be off.
    for x in [123_456_789.123, -987_654_321.7] {
      #expect(try verdict([1], at: [x]).isCorrect && !verdict([1.0001], at: [x]).isCorrect)
    }
    // A gradient of 0.02, wrong by a thousandth of it.
    #expect(try verdict([1], at: [0.01]).isCorrect && !verdict([1.001], at: [0.01]).isCorrect)
  }

  @Test func `each variable is judged at the point given, and is there again afterwards`() throws {
    let graph = Graph()
    let nodes = (0..<3).map { graph.input("x\($0)", [2], .float64) }
    // The slope of each by the others is large: one left moved would show in the next one's.
    let f = (square(nodes[0] * nodes[1] * nodes[2]) * 1e3).sum()
    let values = Dictionary(
      uniqueKeysWithValues: nodes.map { ($0, ReferenceTensor([2], .float64, [1.5, 2.5])) })
    let verdicts = try GradientChecker(tolerance: 1e-8).check(f, withRespectTo: nodes, at: values)
    #expect(verdicts.allSatisfy { $0.isCorrect }, "\(verdicts)")
  }

  @Test func `constancy is denied where the output moves, in whatever element`() throws {
    for place in 0..<3 {
      let graph = Graph()
      let x = graph.input("x", [3], .float64)
      let mask = graph.constant((0..<3).map { $0 == place ? 1.0 : 0 }, [3])
      let values = [x: ReferenceTensor([3], .float64, [1, 2, 3])]
      let moved = try GradientChecker().checkConstancy(of: (x * mask).sum(), in: x, at: values)
      #expect(!moved.isCorrect && moved.index == [place])
      #expect(try GradientChecker().checkConstancy(of: (x * (mask - mask)).sum(), in: x, at: values).isCorrect)
    }
  }

  // MARK: graphs

  @Test(arguments: 1...5) func `all directed acyclic graphs are enumerated, each once`(nodeCount: Int) {
    let graphs = DAGEnumeration(nodeCount: nodeCount)
    var seen: Set<[Int]> = []
    for dag in graphs {
      #expect(dag.edges.allSatisfy { $0.from < $0.to && $0.to < nodeCount })
      seen.insert(dag.edges.map { $0.to * nodeCount + $0.from })
      let left = Set(dag.edges.map(\.from))
      #expect(dag.sinks == (0..<nodeCount).filter { !left.contains($0) })
    }
    let possible = nodeCount * (nodeCount - 1) / 2
    #expect(seen.count == 1 << possible && graphs.count == 1 << possible)
  }

  @Test func `a random graph is its seed's, read throughout, and has nodes of very many readers`() throws {
    let plan = RandomGraphs(nodeCount: 4_000, maximalFanOut: 300)
    var picture: [String] = []
    for seed in [1, 1, 2] as [UInt64] {
      let sample = plan.graph(seed: seed)
      #expect(sample.graph.nodeCount >= 4_000 && (200...301).contains(sample.largestFanOut), "\(sample.largestFanOut)")
      #expect(sample.values.values.allSatisfy { $0.values.allSatisfy { abs($0) <= 2 } })
      var isRead = Set(sample.inputs)
      isRead.insert(sample.output)
      var nodes: [Node] = [], text = ""
      sample.graph.forEachNode { record in
        nodes.append(record.node)
        isRead.formUnion(record.inputs)
        text += "\(record.gate) \(record.inputs.map(\.name)) "
      }
      // A negation is drawn with a second operand that it does not read.
      #expect(nodes.filter { !isRead.contains($0) }.count <= 80)
      picture.append(text)
    }
    #expect(picture[0] == picture[1] && picture[0] != picture[2])
  }

  @Test func `scopes follow one another among the nodes of a random graph`() throws {
    var plan = RandomGraphs(nodeCount: 500)
    plan.scopeCount = 5
    let sample = plan.graph(seed: 3)
    var scopes: [String] = []
    sample.graph.forEachNode { record in
      guard let scope = record.node.name.split(separator: "/").first, scope.hasPrefix("scope") else { return }
      if scopes.last != String(scope) { scopes.append(String(scope)) }
    }
    #expect(scopes == (0..<5).map { "scope\($0)" })
  }
}

/// xᵢ² with the slope 2 bᵢ xᵢ.
private struct Weighted: ElementwiseGate {
  static let name = "weighted"
  let rule: [Double]
  func value(_ x: ElementOperands) -> Double { x[0] * x[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream * (2 * node.inputs[0] * upstream.graph.constant(rule, [rule.count]))]
  }
}
