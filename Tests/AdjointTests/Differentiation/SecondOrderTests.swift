import Adjoint
import AdjointTesting
import Testing

/// Jacobians, Hessians and Hessian-vector products.
@Suite(.timeLimit(.minutes(20))) struct SecondOrderTests {
  private func values(_ node: Node, _ inputs: [Node: [Double]]) throws -> [Double] {
    let session = try Program(node).makeSession()
    for (node, values) in inputs {
      do { try session.write(values, to: node) } catch SessionError.notInProgram {}
    }
    try session.forward()
    return try session.read(node, as: Double.self)
  }

  @Test(arguments: [nil, .forward, .reverse] as [DifferentiationMode?])
  func `a Jacobian by either mode is the matrix of partial derivatives`(mode: DifferentiationMode?) throws {
    let graph = Graph()
    let x = graph.input("x", [3], .float64)
    let (a, b, c) = (x.sliced(0..<1), x.sliced(1..<2), x.sliced(2..<3))
    let y = concatenate([a * b, b * c * c])
    let jacobian = try graph.jacobian(of: y, withRespectTo: x, mode: mode)
    #expect(jacobian.shape == [2, 3])
    #expect(try values(jacobian, [x: [2, 3, 5]]) == [3, 2, 0, 0, 25, 30])
  }

  @Test(arguments: [.forward, .reverse] as [DifferentiationMode])
  func `a Jacobian has the output's axes and then the variable's`(mode: DifferentiationMode) throws {
    let graph = Graph()
    let w = graph.input("w", [2, 3], .float64)
    let x = graph.constant([1.0, 10, 100, 1000], [2, 2])
    let jacobian = try graph.jacobian(of: x.matmul(w), withRespectTo: w, mode: mode)
    #expect(jacobian.shape == [2, 3, 2, 3])
    // ∂(x w)[i, j] / ∂w[k, l] = x[i, k] where j = l
    var expected: [Double] = []
    for row in [[1.0, 10], [100, 1000]] {
      for j in 0..<3 {
        for factor in row { expected += (0..<3).map { l in j == l ? factor : 0 } }
      }
    }
    #expect(try values(jacobian, [w: [Double](repeating: 0, count: 6)]) == expected)
    for scalar in [w.sum(), w.sliced(0..<1).sliced(0..<1, axis: 1)] {
      #expect(try graph.jacobian(of: scalar, withRespectTo: w, mode: mode).shape.dimensions.suffix(2) == [2, 3])
    }
  }

  @Test func `a Jacobian takes the smaller side element by element`() throws {
    func largestLanes(_ mode: DifferentiationMode?, wide: Bool) throws -> Int {
      let graph = Graph()
      let x = graph.input("x", [wide ? 50 : 2], .float64)
      let y = sin(x.matmul(graph.constant(0.1, wide ? [50, 2] : [2, 50], .float64)))
      return try Program(graph.jacobian(of: y, withRespectTo: x, mode: mode)).sessionBytes
    }
    #expect(try largestLanes(nil, wide: true) == largestLanes(.reverse, wide: true))
    #expect(try largestLanes(nil, wide: false) == largestLanes(.forward, wide: false))
    #expect(try largestLanes(nil, wide: true) < largestLanes(.forward, wide: true))
    #expect(try largestLanes(nil, wide: false) < largestLanes(.reverse, wide: false))
  }

  @Test func `a Jacobian is a graph as large as one of its rows`() throws {
    func nodesAdded(size: Int) throws -> Int {
      let graph = Graph()
      let x = graph.input("x", [size], .float64)
      let w = graph.constant(0.1, [size, size], .float64)
      let y = logSoftmax(tanh(x.matmul(w)).matmul(w))
      let before = graph.nodeCount
      _ = try graph.jacobian(of: y, withRespectTo: x)
      return graph.nodeCount - before
    }
    #expect(try nodesAdded(size: 3) == nodesAdded(size: 40))
  }

  @Test(arguments: [.forward, .reverse] as [DifferentiationMode])
  func `a convolutional network's Jacobian is no larger a graph for more outputs`(mode: DifferentiationMode) throws {
    func nodesAdded(side: Int) throws -> [Int] {
      try (0..<2).map { variable in
        let graph = Graph()
        let x = graph.input("x", [2, 2, side, side], .float64), w = graph.input("w", [4, 2, 2, 2], .float64)
        let features = maxPool(convolution(x, w, padding: 1), window: 2, stride: 1)
        let y = averagePool(convolution(square(features), w.reshaped([4, 2, 4, 1]), groups: 2), window: 2)
        let before = graph.nodeCount
        let gradient = try graph.gradient(of: y.sum(), withRespectTo: w)
        _ = try graph.jacobian(of: [y, gradient][variable], withRespectTo: [x, w][variable], mode: mode)
        return graph.nodeCount - before
      }
    }
    #expect(try nodesAdded(side: 6) == nodesAdded(side: 9))
  }

  /// By forward mode and by reverse mode, both as lanes, and by a Jacobian-vector product along each direction alone.
  @Test(arguments: GateCatalog.all) func `a gate's Jacobian is the same by both modes`(gate: any SampledGate.Type)
    throws
  {
    for sample in gate.samples {
      let graph = Graph()
      let operands = sample.operands.enumerated().map { position, operand in
        graph.input("operand\(position)", operand.shape, operand.isDifferentiable ? .float64 : .int32)
      }
      func apply(_ gate: some Gate) -> Node { graph.apply(gate, to: operands) }
      let y = apply(sample.gate)
      guard y.elementType.isDifferentiable else { continue }
      for (x, operand) in zip(operands, sample.operands) where operand.isDifferentiable {
        guard try graph.gradients(of: [y.sum()], withRespectTo: [x])[0] != nil else { continue }
        let reverse = try graph.jacobian(of: y, withRespectTo: x, mode: .reverse)
        let forward = try graph.jacobian(of: y, withRespectTo: x, mode: .forward)
        let ones = graph.constant(1, x.shape, .float64)
        let rowSums = try #require(try graph.jacobianVectorProduct(of: [y], along: [ones], withRespectTo: [x])[0])
        #expect(reverse.shape.dimensions == y.shape.dimensions + x.shape.dimensions)
        let session = try Program([reverse, forward, rowSums]).makeSession()
        for (node, operand) in zip(operands, sample.operands) {
          do { try session.write(operand.reference(seed: 1), to: node) } catch SessionError.notInProgram {}
        }
        try session.forward()
        let (byRow, byColumn) = (try session.read(reverse, as: Double.self), try session.read(forward, as: Double.self))
        for (a, b) in zip(byRow, byColumn) { #expect(abs(a - b) <= 1e-13 * max(1, abs(a)), "\(sample)") }
        for (row, sum) in try session.read(rowSums, as: Double.self).enumerated() {
          let n = x.shape.elementCount
          let expected = byRow[row * n..<(row + 1) * n].reduce(0, +)
          #expect(abs(sum - expected) <= 1e-13 * max(1, abs(expected)), "\(sample)")
        }
      }
    }
  }

  @Test(arguments: [.forward, .reverse] as [DifferentiationMode])
  func `a Jacobian without a path is refused with both names`(mode: DifferentiationMode) {
    let graph = Graph()
    let x = graph.input("x", [2]), y = graph.input("y", [2])
    let error = #expect(throws: GraphError.self) {
      try graph.jacobian(of: exp(y).named("f"), withRespectTo: x, mode: mode)
    }
    #expect(error?.kind == .noGradientPath)
    #expect(error?.description.contains("f [2] float32") == true)
    #expect(error?.description.contains("no derivative with respect to x [2] float32") == true)
    let apart = #expect(throws: GraphError.self) { try graph.gradient(of: y.sum(), withRespectTo: x) }
    #expect(apart?.description.contains("no gradient reaches x") == true)
  }

  @Test func `a Hessian of a polynomial is exact, and so is its product with a vector`() throws {
    // f = x₀² x₁ + x₁³ at (2, 3): H = [[2 x₁, 2 x₀], [2 x₀, 6 x₁]] = [[6, 4], [4, 18]]
    let graph = Graph()
    let x = graph.input("x", [2], .float64), v = graph.input("v", [2], .float64)
    let (a, b) = (x.sliced(0..<1), x.sliced(1..<2))
    let f = (square(a) * b + b * square(b)).sum()
    let hessian = try graph.hessian(of: f, withRespectTo: x)
    let product = try graph.hessianVectorProduct(of: f, along: [v], withRespectTo: [x])[0]
    #expect(hessian.shape == [2, 2])
    #expect(try values(hessian, [x: [2, 3]]) == [6, 4, 4, 18])
    #expect(try values(product, [x: [2, 3], v: [1, -1]]) == [2, -14])
    let diagonal = try graph.hessianVectorProduct(
      of: (x * square(x)).sum(), along: [graph.constant(1, [2], .float64)], withRespectTo: [x])[0]
    #expect(try values(diagonal, [x: [2, 3]]) == [12, 18])
  }

  @Test func `a linear function has a Hessian of zeros`() throws {
    let graph = Graph()
    let x = graph.input("x", [2], .float64)
    let f = (3 * x).sum()
    #expect(try values(graph.hessian(of: f, withRespectTo: x), [x: [1, 2]]) == [0, 0, 0, 0])
    #expect(try values(graph.hessianVectorProduct(of: f, along: [x], withRespectTo: [x])[0], [x: [1, 2]]) == [0, 0])
  }

  @Test func `forward over reverse agrees with reverse over reverse and with finite differences`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 3], .float64)
    let labels = graph.constant([0, 1, 1, 0] as [Int32], [4])
    let w = graph.parameter("w", [3, 5], .normal(seed: 1), .float64)
    let v = graph.parameter("v", [5, 2], .normal(seed: 2), .float64)
    let loss = crossEntropy(logits: tanh(x.matmul(w)).matmul(v), labels: labels)
    let along = [w, v].map { node in
      graph.constant((0..<node.shape.elementCount).map { Double($0 * 7 % 11) / 11 - 0.4 }, node.shape)
    }
    let forward = try graph.hessianVectorProduct(of: loss, along: along, withRespectTo: [w, v])
    let slopes = try graph.gradients(of: [loss], withRespectTo: [w, v]).map { try #require($0) }
    let reverse = try graph.gradients(of: slopes, upstream: along, withRespectTo: [w, v]).map { try #require($0) }
    let batch = (0..<12).map { Double($0 * 5 % 7) / 7 - 0.4 }
    for (forward, reverse) in zip(forward, reverse) {
      for (a, b) in zip(try values(forward, [x: batch]), try values(reverse, [x: batch])) {
        #expect(abs(a - b) < 1e-14)
      }
    }
    // What a Hessian-vector product is the gradient of: the slope along the vector.
    let slope = (slopes[0] * along[0]).sum() + (slopes[1] * along[1]).sum()
    for verdict in try GradientChecker().check(
      slope, withRespectTo: [w, v], at: [x: ReferenceTensor([4, 3], .float64, batch)])
    { #expect(verdict.isCorrect, "\(verdict)") }
  }

  @Test func `a Hessian of a small network is symmetric`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [3, 2], .normal(seed: 3), .float64)
    let x = graph.constant([0.2, -0.4, 0.7, 0.1, 0.9, -0.3], [2, 3])
    let f = softmax(tanh(x.matmul(w))).max(axes: [1]).sum()
    let hessian = try values(graph.hessian(of: f, withRespectTo: w), [:])
    for i in 0..<6 {
      for j in 0..<6 { #expect(abs(hessian[i * 6 + j] - hessian[j * 6 + i]) < 1e-15) }
    }
    #expect(hessian.contains { abs($0) > 1e-3 })
  }

  @Test func `a product with the Hessian never forms it`() throws {
    let graph = Graph()
    let x = graph.input("x", [1_000], .float64)
    let f = square(square(x).sum()) + exp(x).sum()
    let product = try graph.hessianVectorProduct(of: f, along: [x], withRespectTo: [x])[0]
    // A Hessian alone would be 8 MB.
    #expect(try Program(product).sessionBytes < 200_000)
  }
}

/// A network of three sigmoid layers against its formulas written out: δ₃ = (a₃ − t) a₃ (1 − a₃), δ₂ = δ₃ W₃ᵀ a₂ (1 − a₂),
/// δ₁ = δ₂ W₂ᵀ a₁ (1 − a₁), and the gradient of Wₖ is aₖ₋₁ᵀ δₖ.
@Suite(.timeLimit(.minutes(20))) struct SigmoidNetworkTests {
  private typealias Matrix = [[Double]]
  private func product(_ a: Matrix, _ b: Matrix) -> Matrix {
    a.map { row in b[0].indices.map { j in row.indices.reduce(0) { $0 + row[$1] * b[$1][j] } } }
  }
  private func transposed(_ a: Matrix) -> Matrix { a[0].indices.map { j in a.map { $0[j] } } }
  private func zipped(_ a: Matrix, _ b: Matrix, _ f: (Double, Double) -> Double) -> Matrix {
    zip(a, b).map { zip($0, $1).map(f) }
  }

  @Test func `the weights' gradients of three sigmoid layers are the formulas written by hand`() throws {
    let x: Matrix = [[0.5, -1], [2, 0.25], [-0.75, 1.5]], t: Matrix = [[1, 0], [0, 1], [1, 1]]
    let weights: [Matrix] = [
      [[0.3, -0.2, 0.5, 0.9], [-0.6, 0.4, 0.1, -0.8]],
      [[0.2, 0.7, -0.1], [-0.5, 0.3, 0.8], [0.6, -0.9, 0.4], [0.1, 0.2, -0.3]],
      [[0.5, -0.4], [0.3, 0.6], [-0.7, 0.2]],
    ]
    let graph = Graph()
    let nodes = weights.enumerated().map { layer, w in
      graph.parameter("W\(layer + 1)", [w.count, w[0].count], .values(w.flatMap { $0 }), .float64)
    }
    var activation = graph.constant(x.flatMap { $0 }, [3, 2])
    for w in nodes { activation = sigmoid(activation.matmul(w)) }
    let loss = 0.5 * square(activation - graph.constant(t.flatMap { $0 }, [3, 2])).sum()
    let session = try Program(loss, gradientsFor: nodes, alsoComputing: [activation]).makeSession()
    try session.step()

    // Forward by hand, with the sigmoid of the definition; then backward.
    let layers = weights.reduce(into: [x]) { layers, w in
      layers.append(product(layers[layers.count - 1], w).map { $0.map { Sigmoid.logistic($0) } })
    }
    let slope = { (delta: Double, a: Double) in delta * a * (1 - a) }
    let delta3 = zipped(zipped(layers[3], t, -), layers[3], slope)
    let delta2 = zipped(product(delta3, transposed(weights[2])), layers[2], slope)
    let delta1 = zipped(product(delta2, transposed(weights[1])), layers[1], slope)
    for (layer, delta) in [delta1, delta2, delta3].enumerated() {
      let expected = product(transposed(layers[layer]), delta).flatMap { $0 }
      let computed = try session.gradient(of: nodes[layer], as: Double.self)
      #expect(computed.count == expected.count)
      for (computed, expected) in zip(computed, expected) { #expect(abs(computed - expected) < 1e-15) }
    }

    // Forward mode along one weight at a time finds the same slopes.
    let slopes = try nodes.map { try graph.jacobian(of: loss, withRespectTo: $0, mode: .forward) }
    let forward = try Program(slopes).makeSession()
    try forward.forward()
    for (slope, node) in zip(slopes, nodes) {
      for (a, b) in zip(try forward.read(slope, as: Double.self), try session.gradient(of: node, as: Double.self)) {
        #expect(abs(a - b) < 1e-15)
      }
    }
  }
}

extension GateSample.Operand {
  fileprivate func reference(seed: UInt64) -> ReferenceTensor { values(seed: seed, type: .float64) }
}
