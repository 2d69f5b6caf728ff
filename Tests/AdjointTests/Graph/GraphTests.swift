import Adjoint
import Dispatch
import Testing

/// Building a graph: what nodes are called, where they were made, what shapes they have, and how a bad one spreads.
@Suite(.timeLimit(.minutes(20))) struct GraphTests {
  @Test func `shapes broadcast by NumPy's rule`() throws {
    #expect(try Shape.broadcast([2, 3], [3]) == [2, 3])
    #expect(try Shape.broadcast([2, 1], [1, 3]) == [2, 3])
    #expect(try Shape.broadcast([], [4, 1]) == [4, 1])
    #expect(try Shape.broadcast([5, 1, 3], [4, 1]) == [5, 4, 3])
    let error = #expect(throws: ShapeError.self) { try Shape.broadcast([2, 3], [2]) }
    #expect(
      error?.description == "shapes [2, 3] and [2] do not broadcast: extents 3 and 2 differ and neither is 1")
  }

  @Test func `axes may be named in any order and from either end, each once`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3, 4])
    let folds: [(String, ([Int]) -> Node)] = [
      ("sum", { x.sum(axes: $0) }), ("mean", { x.mean(axes: $0) }), ("max", { x.max(axes: $0) }),
      ("norm", { x.l2Norm(axes: $0) }), ("log of a sum of powers", { x.logSumExp(axes: $0) }),
    ]
    let values = (0..<24).map { Float($0 * 7 % 11) / 4 - 1 }
    for (name, fold) in folds {
      let orders = [[0, 2], [2, 0], [-1, 0], [0, -1], [-3, 2], [2, -3], [-1, -3]].map(fold)
      let session = try Program(orders).makeSession()
      try session.write(values, to: x)
      try session.forward()
      let expected = try session.read(orders[0], as: Float.self)
      #expect(expected.count == 3, "\(name)")
      for node in orders { #expect(try session.read(node, as: Float.self) == expected && node.shape == [3], "\(name)") }
      for axes in [[3], [-4], [0, 3], [-4, 1]] {
        let error = #expect(throws: GraphError.self, "\(name) over \(axes)") { try Program(fold(axes)) }
        #expect(error?.description.contains("does not exist in a value of shape [2, 3, 4]") == true, "\(name)")
      }
      for axes in [[0, 0], [0, -3], [-1, 2], [-2, -2], [1, 2, -2]] {
        let error = #expect(throws: GraphError.self, "\(name) over \(axes)") { try Program(fold(axes)) }
        #expect(error?.description.contains("axis \(axes.last!) is named twice in \(axes)") == true, "\(name)")
      }
    }
  }

  @Test func `an extent beyond memory is refused, however many axes it is in`() {
    for shape: Shape in [
      [1 << 48, 2], [1 << 40, 1 << 40], [1 << 62, 4], [1 << 62, 1 << 62, 4], [1 << 48 + 1], [3, 1 << 62],
    ] {
      #expect(throws: GraphError.self, "\(shape)") { try Program(Graph().input("x", shape)) }
      #expect(shape.elementCount > 1 << 48)
    }
  }

  @Test func `a node knows its line and its scope among very many`() {
    let graph = Graph()
    let x = graph.input("x")
    let scopes = 200, lines = 12
    var made: [(node: Node, scope: Int, line: UInt)] = []
    // Every line in every scope, and each pair again: in the same scope, and from scope to scope on the same line.
    for turn in 0..<2 * scopes * lines {
      let number = turn % (scopes * lines), isByLine = turn >= scopes * lines
      let scope = isByLine ? number % scopes : number / lines
      let line = UInt(isByLine ? number / scopes : number % lines) + 1_000
      let node = graph.scope("s\(scope)") { exp(x, fileID: "Model/Layers.swift", line: line) }
      made.append((node, scope, line))
    }
    for (node, scope, line) in made {
      #expect(node.location.description == "Model/Layers.swift:\(line)")
      #expect(node.name.hasPrefix("s\(scope)/exp#"))
    }
  }

  @Test func `a node knows its shape, type and operands`() {
    let graph = Graph()
    let a = graph.input("a", [2, 1], .float64), b = graph.input("b", [3], .float64)
    let c = a * b
    #expect(c.shape == [2, 3])
    #expect(c.elementType == .float64)
    #expect(c.inputs == [a, b])
    #expect(c.sum().shape == [])
    #expect(c.sum(axes: [-1], keepsAxes: true).shape == [2, 1])
    #expect(c.transposed().shape == [3, 2])
    #expect(graph.input("i", [4], .int32).elementType == .int32)
  }

  @Test func `names carry their scopes`() {
    let graph = Graph()
    let (w, product) = graph.scope("dense") {
      graph.scope("first") {
        let w = graph.parameter("weights", [2])
        return (w, w * w)
      }
    }
    let after = graph.input("x")
    #expect(w.name == "dense/first/weights")
    #expect(product.name == "dense/first/multiply#1")
    #expect(after.name == "x")
    #expect(graph.node(named: "dense/first/weights") == w)
    #expect(graph.node(named: "weights") == nil)
    #expect(after.named("y").name == "y")
    #expect(graph.node(named: "x") == nil)
    #expect(graph.parameters == [w])
  }

  @Test func `a node knows the line that made it`() {
    let graph = Graph()
    let x = graph.input("x"); let inputLine = #line
    let y = exp(x); let functionLine = #line
    #expect(x.location.description == "AdjointTests/GraphTests.swift:\(inputLine)")
    #expect(y.location.description == "AdjointTests/GraphTests.swift:\(functionLine)")
  }

  #if DEBUG && os(Linux)
    @Test func `an operator knows its line from the debug information`() {
      let graph = Graph()
      let x = graph.input("x")
      let sum = x + x; let sumLine = #line
      let quotient = 1 / x; let quotientLine = #line
      let negative = -x; let negativeLine = #line
      #expect(sum.location.description.contains("GraphTests.swift:\(sumLine)"))
      #expect(quotient.location.description.contains("GraphTests.swift:\(quotientLine)"))
      #expect(negative.location.description.contains("GraphTests.swift:\(negativeLine)"))
    }
  #endif

  @Test func `a name taken twice is an error that names both lines`() {
    let graph = Graph()
    let first = graph.input("x"); let firstLine = #line
    let second = graph.input("x"); let secondLine = #line
    let error = #expect(throws: GraphError.self) { try Program(first + second) }
    #expect(error?.kind == .duplicateName)
    #expect(error?.description.contains("the name x is taken by the node made at") == true)
    #expect(error?.description.contains("GraphTests.swift:\(firstLine)") == true)
    #expect(error?.description.contains("GraphTests.swift:\(secondLine)") == true)
  }

  @Test func `poison spreads and the first poisoned node is reported`() {
    let graph = Graph()
    let a = graph.input("a", [2]), b = graph.input("b", [3]), c = graph.input("c", [4])
    let bad = maximum(a, b)
    let worse = minimum(bad, c)
    let error = #expect(throws: GraphError.self) { try Program(exp(worse).sum()) }
    #expect(error?.nodeName == bad.name)
    #expect(error?.location == bad.location)
    #expect(error?.kind == .shapeMismatch)
  }

  @Test func `poison that no output reads harms nobody`() throws {
    let graph = Graph()
    let a = graph.input("a", [2]), b = graph.input("b", [3])
    _ = a + b
    let session = try Program(a * 2).makeSession()
    try session.write([1, 2] as [Float], to: a)
    try session.forward()
  }

  @Test func `compiling changes nothing in the graph`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let f = 1 / (1 + exp(-x))
    let count = graph.nodeCount
    let first = try Program(f, gradientsFor: [x])
    let second = try Program(f, gradientsFor: [x])
    #expect(graph.nodeCount == count)
    #expect(first.unitCount == second.unitCount)
  }

  @Test func `a scope names what its own thread makes`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let steps = (0..<4).map { _ in DispatchSemaphore(value: 0) }
    let made = Guarded<[String: Node]>([:])
    @Sendable func make(_ name: String) { made.withLock { $0[name] = (x + x).named(name) } }
    DispatchQueue(label: "b").async {
      steps[0].wait()
      make("before b")
      graph.scope("b") {
        make("in b")
        steps[1].signal()
        steps[2].wait()
        make("still in b")
      }
      make("out of b")
      steps[3].signal()
    }
    graph.scope("a") {
      make("in a")
      steps[0].signal()
      steps[1].wait()
      make("still in a")
    }
    make("out of a")
    steps[2].signal()
    steps[3].wait()
    make("after")
    #expect(
      made.withLock { $0.mapValues(\.name) } == [
        "in a": "a/in a", "still in a": "a/still in a", "out of a": "out of a", "before b": "before b",
        "in b": "b/in b", "still in b": "b/still in b", "out of b": "out of b", "after": "after",
      ])
  }

  @Test func `nodes may be added from many threads`() async throws {
    let graph = Graph()
    let x = graph.input("x")
    let ends = await withTaskGroup(of: Node.self) { group in
      for _ in 0..<8 {
        group.addTask { (0..<500).reduce(x) { node, _ in node + x } }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(graph.nodeCount == 4_001)
    let session = try Program(ends).makeSession()
    try session.write(1, to: x)
    try await session.forward()
    for end in ends { #expect(try session.read(end) == 501) }
  }
}
