import AdjointTesting
import Testing

@testable import Adjoint

/// Gradients as graphs: of any order, of several outputs, where they end and how ties share.
@Suite(.timeLimit(.minutes(20))) struct DifferentiationTests {
  /// The values of `nodes` with x at `value`, in float64.
  private func values(_ nodes: [Node], _ x: Node, _ value: [Double]) throws -> [[Double]] {
    let session = try Program(nodes).makeSession()
    try session.write(value, to: x)
    try session.forward()
    return try nodes.map { try session.read($0, as: Double.self) }
  }

  /// f and its first `order` derivatives at the scalar x.
  private func derivatives(_ order: Int, at value: Double, of f: (Node) -> Node) throws -> [Double] {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    var nodes = [f(x)]
    for _ in 0..<order {
      let last = nodes[nodes.count - 1]
      nodes.append(try graph.gradients(of: [last], withRespectTo: [x])[0] ?? graph.constant(0, [], .float64))
    }
    return try values(nodes, x, [value]).map { $0[0] }
  }

  /// What a gate's rule adds is noted for operands of some shapes, some of which move: not for any others.
  @Test func `one gate of many shapes of operands in one graph has each one's gradients`() throws {
    let graph = Graph()
    let shapes: [Shape] = [[2, 3], [3], [2, 1], []]
    let moving = shapes.enumerated().map { graph.input("x\($0)", $1, .float64) }
    let fixed = shapes.enumerated().map { graph.input("c\($0)", $1, .float64) }
    var terms: [Node] = []
    for (a, one) in (moving + fixed).enumerated() {
      for (b, other) in (moving + fixed).enumerated() where a < moving.count || b < moving.count {
        terms.append((0.1 * Double(a + 1) + 0.01 * Double(b)) * (one * other).sum())
        terms.append((one / (2 + square(other))).sum())
      }
    }
    let loss = terms.dropFirst().reduce(terms[0], +)
    let values = Dictionary(
      uniqueKeysWithValues: (moving + fixed).enumerated().map { number, node in
        let count = node.shape.elementCount
        return (node, ReferenceTensor(node.shape, .float64, (0..<count).map { 0.3 + 0.1 * Double($0 + number) }))
      })
    for verdict in try GradientChecker().check(loss, withRespectTo: moving, at: values) {
      #expect(verdict.isCorrect, "\(verdict)")
    }
  }

  /// Sums of two contributions and of three, of which one does not move: the others do, and all are of one shape.
  @Test(arguments: 0..<3, [false, true])
  func `sums of as many moving contributions among others differ`(place: Int, isReversed: Bool) throws {
    let graph = Graph()
    let x = graph.input("x", [2], .float64), y = graph.input("y", [2], .float64)
    var uses = [square(x), sin(x)]
    uses.insert(3 * x, at: place)
    let two = square(y) * 2 + exp(y)
    let three = uses[1...].reduce(uses[0], +)
    let loss = (isReversed ? two * 1 + three : three * 1 + two).sum()
    let slopes = try graph.gradients(of: [loss], withRespectTo: [x, y])
    let sum = (slopes[0]! * 2 + slopes[1]!).sum()
    let values = [x, y].map { ($0, ReferenceTensor([2], .float64, [0.4, -0.7])) }
    for verdict in try GradientChecker().check(
      sum, withRespectTo: [x, y], at: Dictionary(uniqueKeysWithValues: values))
    {
      #expect(verdict.isCorrect, "\(verdict)")
    }
  }

  @Test func `derivatives of a polynomial up to the fourth`() throws {
    // x⁴ - 2x³ + 3x at 1.5: 4x³ - 6x² + 3, 12x² - 12x, 24x - 12, 24
    let result = try derivatives(4, at: 1.5) { x in x * x * x * x - 2 * (x * square(x)) + 3 * x }
    #expect(result == [2.8125, 3, 9, 24, 24])
  }

  @Test func `derivatives of sine walk the circle`() throws {
    let result = try derivatives(4, at: 0.7) { sin($0) }
    for (order, value) in result.enumerated() {
      #expect(abs(value - result[order % 2] * [1, 1, -1, -1, 1][order]) < 1e-15)
    }
    #expect(abs(result[0] * result[0] + result[1] * result[1] - 1) < 1e-15)
    #expect(result[2] == -result[0] && result[3] == -result[1])
  }

  @Test func `derivatives of a power at 0 are those of the polynomial`() throws {
    for x in [0, 1e-200] {
      #expect(try derivatives(6, at: x) { pow($0, 2) } == [x * x, 2 * x, 2, 0, 0, 0, 0])
      #expect(try derivatives(4, at: x) { pow($0, 0) } == [1, 0, 0, 0, 0])
      let cubic = try derivatives(5, at: x) { x in
        pow(x, x.graph.constant([0, 1, 2, 3] as [Double], [4])).sum()
      }
      #expect(cubic == [1 + x, 1, 2, 6, 0, 0])
    }
  }

  @Test func `derivatives of a power in its exponent are finite where they are left out, and named by none`() throws {
    let graph = Graph()
    let base = graph.input("base", [4], .float64), exponent = graph.input("exponent", [4], .float64)
    let slopes = try graph.gradients(of: [pow(base, exponent).sum()], withRespectTo: [base, exponent]).map { $0! }
    let curvatures = try slopes.flatMap {
      try graph.gradients(of: [$0.sum()], withRespectTo: [base, exponent]).map { $0! }
    }
    let session = try Program(slopes + curvatures).makeSession()
    try session.write([-1.5, 0, 0, 2], to: base)
    try session.write([2, 1.5, 0, 0], to: exponent)
    #expect(try session.firstNonFinite() == nil)
    let found = try (slopes + curvatures).map { try session.read($0, as: Double.self) }
    let log2 = 0.6931471805599453
    // 2a, 1.5 √a, and at an exponent of 0: 0 in the base, log a in the exponent.
    #expect(found[0] == [-3, 0, 0, 0] && found[1] == [0, 0, 0, log2])
    // At 2⁰ both mixed derivatives are 1 / 2, whichever variable came first.
    #expect(found[2][3] == 0 && found[3][3] == 0.5 && found[4][3] == 0.5)
    #expect(abs(found[5][3] - log2 * log2) < 1e-15)
    #expect(Array(found[4][..<3]) == [0, 0, 0] && Array(found[5][..<3]) == [0, 0, 0])
  }

  @Test func `a pullback repeated for other operands reads those`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64), y = graph.input("y", [], .float64)
    // Products of equal operands, of the upstream gradient itself, of one active operand and of two.
    let terms = [x * x, x * y, y * 3, (x * x) * y, x / y, y / x, pow(x, y), pow(y, x)]
    let slopes = try terms.map { try graph.gradients(of: [$0], upstream: [x], withRespectTo: [x, y]) }
    let session = try Program(slopes.flatMap { $0.compactMap { $0 } }).makeSession()
    try session.write(2, to: x)
    try session.write(3, to: y)
    try session.forward()
    let expected: [[Double?]] = [
      [4, nil], [3, 2], [nil, 3], [12, 4], [1.0 / 3, -2.0 / 9], [-0.75, 0.5], [12, 8 * 0.6931471805599453],
      [9 * 1.0986122886681098, 6],
    ]
    for (found, expected) in zip(slopes, expected) {
      for (found, expected) in zip(found, expected) {
        #expect((found == nil) == (expected == nil))
        if let found, let expected { #expect(try abs(session.read(found) - 2 * expected) < 1e-12) }
      }
    }
  }

  @Test func `second and third derivatives of a small network agree with finite differences`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 3], .float64)
    let w = graph.parameter("w", [3, 5], .normal(seed: 1), .float64)
    let v = graph.parameter("v", [5, 1], .normal(seed: 2), .float64)
    let loss = square(tanh(x.matmul(w)).matmul(v)).mean()
    let batch = ReferenceTensor([4, 3], .float64, (0..<12).map { Double($0 * 5 % 7) / 7 - 0.4 })
    let slope = try #require(try graph.gradients(of: [loss], withRespectTo: [w])[0])
    let curvature = try #require(try graph.gradients(of: [square(slope).sum()], withRespectTo: [w])[0])
    for output in [loss, slope, curvature] {
      for verdict in try GradientChecker().check(output, withRespectTo: [w, v, x], at: [x: batch]) {
        #expect(verdict.isCorrect, "\(verdict)")
      }
    }
  }

  @Test func `a Hessian times a vector is two differentiations`() throws {
    // f = x₀² x₁ + x₁³ at (2, 3): H = [[2 x₁, 2 x₀], [2 x₀, 6 x₁]] = [[6, 4], [4, 18]]
    let graph = Graph()
    let x = graph.input("x", [2], .float64)
    let (a, b) = (x.sliced(0..<1), x.sliced(1..<2))
    let f = (square(a) * b + b * square(b)).sum()
    let slope = try #require(try graph.gradients(of: [f], withRespectTo: [x])[0])
    let vector = graph.constant([1.0, -1], [2])
    let product = try #require(try graph.gradients(of: [slope], upstream: [vector], withRespectTo: [x])[0])
    #expect(try values([slope, product], x, [2, 3]) == [[12, 31], [2, -14]])
  }

  @Test func `no path gives nil, and what no gradient needs is not made`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y")
    let f = exp(x)
    let gradients = try graph.gradients(of: [f], withRespectTo: [x, y])
    #expect(gradients[0] != nil)
    #expect(gradients[1] == nil)
    #expect(try graph.gradients(of: [stopGradient(x) * y], withRespectTo: [x])[0] == nil)
    #expect(try graph.gradients(of: [greater(x, y)], withRespectTo: [x])[0] == nil)
    #expect(try graph.gradients(of: [x], withRespectTo: [x])[0] != nil)
  }

  @Test func `a required gradient without a path names the parameter and the gate where it stops`() {
    let graph = Graph()
    let w = graph.parameter("w", [2]); let line = #line
    let other = graph.parameter("other", [2])
    let stopped = #expect(throws: GraphError.self) {
      try Program((stopGradient(w * 2) * other).sum(), gradientsFor: [w])
    }
    #expect(stopped?.kind == .noGradientPath)
    #expect(stopped?.nodeName == "w")
    #expect(
      stopped?.description.contains(
        "no gradient reaches w [2] float32, made at AdjointTests/DifferentiationTests.swift:\(line)") == true)
    #expect(stopped?.description.contains("the gradient stops at stopGradient#") == true)
    #expect(stopped?.description.contains("the gate stopGradient passes none on") == true)

    let compared = #expect(throws: GraphError.self) {
      try Program((select(greater(w, other), other, other)).sum(), gradientsFor: [w])
    }
    #expect(compared?.description.contains("passes none on") == true)

    let apart = #expect(throws: GraphError.self) {
      try Program(exp(other).sum().named("loss"), gradientsFor: [w])
    }
    #expect(apart?.description.contains("none of the outputs loss depends on it") == true)
  }

  @Test func `several outputs with given upstream gradients add up`() throws {
    let graph = Graph()
    let x = graph.input("x", [2])
    let f = square(x), g = 3 * x.sum()
    let session = try Program([f, g], gradientsFor: [x]).makeSession()
    try session.write([1, -2] as [Float], to: x)
    try session.writeUpstream([10, 100] as [Float], of: f)
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [10 * 2 + 3, 100 * -4 + 3])
    try session.writeUpstream([-1] as [Float], of: g)
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [10 * 2 - 3, 100 * -4 - 3])
  }

  @Test func `an output that reads another output is differentiated through both`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let f = square(x), g = f * x
    let session = try Program([f, g, x], gradientsFor: [x, f]).makeSession()
    try session.write(3, to: x)
    try session.step()
    #expect(try session.gradient(of: x) == 6 + 27 + 1)  // d(x² + x³ + x)
    #expect(try session.gradient(of: f) == 1 + 3)
  }

  @Test func `ties share the gradient evenly`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    let zero = graph.constant(0, [], .float64)
    let functions = [
      maximum(x, zero), maximum(zero, x), minimum(x, zero), relu(x), abs(x), maximum(x, x), minimum(x, x),
    ]
    let gradients = try functions.map { try #require(try graph.gradients(of: [$0], withRespectTo: [x])[0]) }
    #expect(try values(gradients, x, [0]).map { $0[0] } == [0.5, 0.5, 0.5, 0.5, 0, 1, 1])
  }

  @Test func `equal largest elements share the gradient of a maximum over axes`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3])
    let session = try Program(x.max(axes: [1]).sum(), gradientsFor: [x]).makeSession()
    try session.write([5, 1, 5, 2, 2, 2] as [Float], to: x)
    try session.step()
    let third = Float(1) / 3
    #expect(try session.gradient(of: x, as: Float.self) == [0.5, 0, 0.5, third, third, third])
  }

  @Test func `a NaN of the branch that select did not take reaches no gradient`() throws {
    let graph = Graph()
    let x = graph.input("x", [3], .float64)
    let zero = graph.constant(0, [], .float64)
    // √x where x > 0, else 0; the square root's slope is infinite at 0 and NaN below.
    let f = select(greater(x, zero), sqrt(x), zero * x).sum()
    let session = try Program(f, gradientsFor: [x]).makeSession()
    try session.write([4.0, -1, 9], to: x)
    try session.step()
    #expect(try session.read(f) == 5)
    let gradient = try session.gradient(of: x, as: Double.self)
    #expect(gradient[0] == 0.25 && gradient[2] == 1.0 / 6)
    // The untaken branch is masked before it is multiplied by the square root's slope: 0 / (2 NaN) is what remains.
    let guarded = select(greater(x, zero), sqrt(select(greater(x, zero), x, zero + 1)), zero * x).sum()
    let second = try Program(guarded, gradientsFor: [x]).makeSession()
    try second.write([4.0, -1, 9], to: x)
    try second.step()
    #expect(try second.gradient(of: x, as: Double.self) == [0.25, 0, 1.0 / 6])
  }

  @Test func `an infinite upstream does not become NaN on the side that gets nothing`() throws {
    let graph = Graph()
    let a = graph.input("a"), b = graph.input("b")
    let f = maximum(a, b)
    let session = try Program(f, gradientsFor: [a, b]).makeSession()
    try session.write(1, to: a)
    try session.write(2, to: b)
    try session.writeUpstream([Float.infinity], of: f)
    try session.step()
    #expect(try session.gradient(of: a) == 0)
    #expect(try session.gradient(of: b) == .infinity)
  }

  @Test func `log, divide and sqrt have the IEEE value at their edges`() throws {
    let graph = Graph()
    let x = graph.input("x", [3], .float64)
    let session = try Program([log(x), 1 / x, sqrt(x)].map { $0.sum() }, gradientsFor: [x]).makeSession()
    try session.write([0.0, -0.0, -1], to: x)
    try session.step()
    let nodes = [log(x), 1 / x, sqrt(x)]
    let slopes = try nodes.map {
      try #require(try graph.gradients(of: [$0.sum()], withRespectTo: [x])[0])
    }
    let result = try values(nodes + slopes, x, [0, -0.0, -1])
    #expect(result[0][0] == -.infinity && result[0][1] == -.infinity && result[0][2].isNaN)
    #expect(result[1] == [.infinity, -.infinity, -1])
    #expect(result[2][0] == 0 && result[2][1].sign == .minus && result[2][2].isNaN)
    #expect(result[3] == [.infinity, -.infinity, -1])
    #expect(result[4][0] == -.infinity && result[4][1] == -.infinity && result[4][2] == -1)
    #expect(result[5][0] == .infinity && result[5][1] == -.infinity && result[5][2].isNaN)
  }

  @Test func `a broadcast operand's gradient is summed to its shape`() throws {
    let graph = Graph()
    let a = graph.input("a", [2, 3]), b = graph.input("b", [3]), c = graph.input("c", [2, 1]), d = graph.input("d")
    let session = try Program((a + b + c + d).sum(), gradientsFor: [a, b, c, d]).makeSession()
    try session.write([Float](repeating: 0, count: 6), to: a)
    try session.write([0, 0, 0] as [Float], to: b)
    try session.write([0, 0] as [Float], to: c)
    try session.write(0, to: d)
    try session.step()
    #expect(try session.gradient(of: b, as: Float.self) == [2, 2, 2])
    #expect(try session.gradient(of: c, as: Float.self) == [3, 3])
    #expect(try session.gradient(of: d) == 6)
  }

  /// How many nodes differentiating takes a look at.
  private func visitedCount(of output: Node, _ variable: Node) throws -> (slope: Node, visited: Int) {
    let (slopes, walks) = try variable.graph.differentiate(
      [output], nil, [variable], fileID: #fileID, line: #line)
    return (try #require(slopes[0]), walks.visitedCount)
  }

  @Test func `unrolled optimisation visits as many nodes in each step, however large the graph has grown`() throws {
    let graph = Graph()
    let first = graph.input("x", [2], .float64), rate = graph.constant(0.1, [], .float64)
    var (x, visited) = (first, [Int]())
    for _ in 0..<300 {
      let loss = (square(x) + 1 / (1 + exp(-x))).sum()
      let (slope, count) = try visitedCount(of: loss, x)
      visited.append(count)
      x = x - rate * slope
    }
    #expect(graph.nodeCount > 3000)
    #expect(visited.max()! <= 2 * visited[0])
    // Through all steps, each node a few times: by one walk, and by the search for what lies between.
    let count = graph.nodeCount
    let (_, whole) = try visitedCount(of: square(x).sum(), first)
    #expect(whole <= 3 * count)
  }

  @Test func `a variable made early is reached past all that has nothing to do with it`() throws {
    let graph = Graph()
    let w = graph.input("w", [2], .float64)
    var (history, visited) = (graph.input("x", [2], .float64), [Int]())
    for step in 0..<300 {
      let loss = square(tanh(w) - Double(step)).sum()
      visited.append(try visitedCount(of: loss, w).visited)
      for _ in 0..<10 { history = sin(history) }
    }
    #expect(graph.nodeCount > 5000)
    // A range of up to so many nodes is walked along from end to end.
    #expect(visited.max()! <= 300)
    #expect(visited.suffix(100).max()! <= 60)
  }

  /// Every derivative there is of a formula in gates, a sigmoid spelled out, and a variable within it, with so many
  /// other nodes between the variables and what is made of them.
  private func derivatives(behind others: Int) throws -> [[UInt64]] {
    let graph = Graph()
    let x = graph.input("x", [3], .float64), y = graph.input("y", [3], .float64)
    var unrelated = graph.input("unrelated", [3], .float64)
    for _ in 0..<others { unrelated = sin(unrelated) }
    let power = exp(-x * y)
    let sigmoid = 1 / (1 + power)
    let f = (sigmoid * y + x.cumulativeSum(axis: 0) / y).sum() + square(y - x).sum()
    let ones = graph.constant(1, [3], .float64)
    var nodes = try graph.gradients(of: [f], withRespectTo: [x, y, power]).map { $0! }
    nodes += try graph.jacobianVectorProduct(of: [f], along: [ones, ones], withRespectTo: [x, y]).map { $0! }
    nodes += try graph.hessianVectorProduct(of: f, along: [ones], withRespectTo: [x])
    #expect(try graph.gradients(of: [f], withRespectTo: [unrelated])[0] == nil)
    let session = try Program(nodes).makeSession()
    try session.write([0.5, -1, 2], to: x)
    try session.write([1, 0.25, 3], to: y)
    try session.forward()
    return try nodes.map { try session.read($0, as: Double.self).map(\.bitPattern) }
  }

  @Test func `what lies between the variables and the outputs changes no bit`() throws {
    let near = try derivatives(behind: 0)
    #expect(try derivatives(behind: 300) == near)
    #expect(try derivatives(behind: 20_000) == near)
  }
}
