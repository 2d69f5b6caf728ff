import Adjoint
import AdjointTesting
import AdjointTraining
import Foundation
import Testing

/// Layers compute their formulas, name their parameters, and say whose line was wrong.
@Suite(.timeLimit(.minutes(20))) struct LayerTests {
  /// The loss of a layer on float64 inputs agrees with finite differences in every parameter.
  private func checkGradients(_ output: Node, _ values: [Node: ReferenceTensor]) throws {
    for verdict in try GradientChecker().check(output, withRespectTo: output.graph.parameters, at: values) {
      #expect(verdict.isCorrect, "\(verdict)")
    }
  }

  private func wave(_ shape: Shape) -> ReferenceTensor {
    ReferenceTensor(shape, .float64, (0..<shape.elementCount).map { sin(Double($0) * 1.7 + 0.3) })
  }

  @Test func `a dense layer is x · W + b over any leading axes`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3, 4], .float64)
    let y = graph.scope("net") { dense(x, "one", to: 5, .uniform(-1...1, seed: 1)) }
    #expect(y.shape == [2, 3, 5])
    #expect(graph.parameters.map(\.name) == ["net/one/weights", "net/one/bias"])
    #expect(graph.parameters.map(\.shape) == [[4, 5], [5]])
    try checkGradients(y, [x: wave([2, 3, 4])])
    let session = try Program(y).makeSession()
    let input = wave([2, 3, 4]).values
    try session.write(input, to: x)
    try session.write([1, 2, 3, 4, 5], to: graph.parameters[1])
    try session.forward()
    let weights = try session.read(graph.parameters[0], as: Double.self)
    for (index, value) in try session.read(y, as: Double.self).enumerated() {
      let (row, column) = (index / 5, index % 5)
      let expected = (0..<4).reduce(Double(column + 1)) { $0 + input[row * 4 + $1] * weights[$1 * 5 + column] }
      #expect(abs(value - expected) < 1e-14)  // four products of numbers below 1
    }
  }

  @Test func `layer normalisation leaves mean 0 and variance 1`() throws {
    let graph = Graph()
    let x = graph.input("x", [3, 8], .float64)
    let y = layerNorm(x, "norm", epsilon: 1e-12)
    #expect(graph.parameters.map(\.name) == ["norm/gain", "norm/bias"])
    let session = try Program(y).makeSession()
    try session.write(wave([3, 8]).values.map { 5 + 3 * $0 }, to: x)
    try session.forward()
    let values = try session.read(y, as: Double.self)
    for row in 0..<3 {
      let part = values[row * 8..<(row + 1) * 8]
      #expect(abs(part.reduce(0, +)) < 1e-12)
      #expect(abs(part.reduce(0) { $0 + $1 * $1 } / 8 - 1) < 1e-9)  // ε against a variance of 4 or so
    }
    try checkGradients(y, [x: wave([3, 8])])
  }

  @Test func `an embedding takes rows, and the gradient of a row read twice is a sum`() throws {
    let graph = Graph()
    let words = graph.input("words", [2, 2], .int32)
    let y = embedding(words, "words/in", count: 5, width: 3, .normal(seed: 4))
    #expect(y.shape == [2, 2, 3])
    let table = try #require(graph.node(named: "words/in/table"))
    let session = try Program(y.sum(), gradientsFor: [table], alsoComputing: [y]).makeSession()
    try session.write([4, 1, 1, 0] as [Int32], to: words)
    try session.step()
    let rows = try session.read(table, as: Float.self)
    #expect(try session.read(y, as: Float.self) == [4, 1, 1, 0].flatMap { rows[$0 * 3..<$0 * 3 + 3] })
    let counts: [Float] = [1, 2, 0, 0, 1]
    #expect(try session.gradient(of: table, as: Float.self) == counts.flatMap { [$0, $0, $0] })
  }

  @Test func `an LSTM cell follows its equations, and its steps share parameters`() throws {
    let graph = Graph()
    let cell = LSTMCell(in: graph, "reader", inputs: 3, units: 2, seed: 8, .float64)
    #expect(graph.parameters.map(\.name) == ["reader/inputWeights", "reader/hiddenWeights", "reader/bias"])
    let x = graph.input("x", [2, 4, 3], .float64)
    var state = cell.initialState(rows: 4)
    for time in 0..<2 { state = cell(x.sliced(time..<time + 1).reshaped([4, 3]), state) }
    try checkGradients(state.hidden, [x: wave([2, 4, 3])])

    let session = try Program([state.hidden, state.cell], alsoComputing: graph.parameters).makeSession()
    let input = wave([2, 4, 3]).values
    try session.write(input, to: x)
    try session.forward()
    let (wx, wh, b) = (
      try session.read(cell.inputWeights, as: Double.self), try session.read(cell.hiddenWeights, as: Double.self),
      try session.read(cell.bias, as: Double.self)
    )
    #expect(b == [0, 0, 1, 1, 0, 0, 0, 0])
    let (hidden, memory) = (
      try session.read(state.hidden, as: Double.self), try session.read(state.cell, as: Double.self)
    )
    func sigma(_ z: Double) -> Double { 1 / (1 + exp(-z)) }
    for row in 0..<4 {
      var (h, c) = ([0.0, 0], [0.0, 0])
      for time in 0..<2 {
        let z = (0..<8).map { column in
          (0..<3).reduce(b[column]) { $0 + input[(time * 4 + row) * 3 + $1] * wx[$1 * 8 + column] }
            + (0..<2).reduce(0) { $0 + h[$1] * wh[$1 * 8 + column] }
        }
        c = (0..<2).map { sigma(z[2 + $0]) * c[$0] + sigma(z[$0]) * tanh(z[4 + $0]) }
        h = (0..<2).map { sigma(z[6 + $0]) * tanh(c[$0]) }
      }
      for unit in 0..<2 {
        #expect(abs(hidden[row * 2 + unit] - h[unit]) < 1e-14)  // numbers below 1, some twenty roundings
        #expect(abs(memory[row * 2 + unit] - c[unit]) < 1e-14)
      }
    }
  }

  @Test func `operands that do not fit are reported at the line that called the layer`() throws {
    let graph = Graph()
    let cell = LSTMCell(in: graph, "cell", inputs: 3, units: 2, seed: 1)
    let x = graph.input("x", [4, 5])
    let error = #expect(throws: GraphError.self) { try Program(cell(x, cell.initialState(rows: 4)).hidden) }
    #expect(error?.description.contains("matmul at AdjointTrainingTests/LayerTests.swift") == true)
    #expect(error?.description.contains("operand x [4, 5]") == true)
    let twice = dense(dense(x, "same", to: 2, .zeros), "same", to: 2, .zeros)
    #expect(throws: GraphError.self) { try Program(twice) }
    let labels = embedding(x, "table", count: 3, width: 2, .zeros)
    let type = #expect(throws: GraphError.self) { try Program(labels) }
    #expect(type?.description.contains("indices and labels are int32, got float32") == true)
  }

  @Test func `what a layer is made of lies at the line that called it`() throws {
    let graph = Graph()
    func expectError(_ bad: Node, _ start: String, _ line: Int, _ operand: String? = nil) {
      let error = #expect(throws: GraphError.self) { try Program(bad) }
      let place = "AdjointTrainingTests/LayerTests.swift:\(line)"
      #expect(error?.description.hasPrefix("\(start) at AdjointTrainingTests/LayerTests.swift:") == true)
      #expect(error?.description.contains(operand.map { "\($0), made at \(place)" } ?? place) == true, "\(error!)")
    }
    let cell = LSTMCell(in: graph, "cell", inputs: 3, units: 2, seed: 1)
    let x = graph.input("x", [4, 3])
    let short = cell.initialState(rows: 5)
    expectError(cell(x, short).hidden, "add", #line)
    let state = cell(x, cell.initialState(rows: 4)); let cellLine = #line
    expectError(state.hidden.matmul(x), "matmul", cellLine, "[4, 2] float32")
    let normed = layerNorm(x, "norm"); let normLine = #line
    expectError(normed.matmul(x), "matmul", normLine, "[4, 3] float32")
    let wide = graph.input("wide", [2], .float64)
    expectError(globalNorm([x, wide]), "concatenate", #line)
    let clippedGradients = try clipped([x, wide], toGlobalNorm: 1); let clippingLine = #line
    expectError(clippedGradients[0], "concatenate", clippingLine)
  }

  @Test func `what an optimizer is made of lies at the line that made the training, or the rate`() throws {
    for optimizer in try [
      Adam(), AdamW(), RMSProp(momentum: 0.5), GradientDescent(momentum: 0.9, weightDecay: .all(0.1)), Adagrad(),
      Lion(weightDecay: .all(0.1)), LAMB(),
    ] as [any Optimizer] {
      let graph = Graph()
      let w = graph.parameter("w", [2])
      let gradient = w * 3
      let rate = graph.input("rate"); let line = #line
      let place = "AdjointTrainingTests/LayerTests.swift:\(line)"
      for update in optimizer.updates(of: [w], gradients: [gradient], rate: rate) {
        #expect(update.value.location.description == place)
        if update.parameter != w { #expect(update.parameter.location.description == place) }
      }
      #expect((w + 1).location.description != place)
    }
    let toy = Toy()
    let trainer = try toy.trainer()
    let rate = try #require(toy.graph.node(named: "optimizer/rate")).location
    let moment = try #require(toy.graph.node(named: "optimizer/moment1/out/weights")).location
    #expect(moment == rate && trainer.step == 0)
  }

  @Test func `initialisers have the variances they promise, and the bits of their seed`() throws {
    let shape: Shape = [200, 300]
    func values(_ initializer: Initializer) throws -> [Float] {
      let graph = Graph()
      let w = graph.parameter("w", shape, initializer)
      return try Program(w * 1).makeSession().read(w, as: Float.self)
    }
    let cases: [(Initializer, Double)] = [
      (.heNormal(seed: 1), 2.0 / 200), (.heUniform(seed: 2), 2.0 / 200), (.glorotNormal(seed: 3), 2.0 / 500),
      (.glorotUniform(seed: 4), 2.0 / 500), (.normal(deviation: 3, seed: 5), 9), (.uniform(-1...1, seed: 6), 1.0 / 3),
    ]
    for (initializer, variance) in cases {
      let numbers = try values(initializer).map(Double.init)
      let mean = numbers.reduce(0, +) / 60_000
      let measured = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 60_000
      #expect(abs(mean) < 5 * (variance / 60_000).squareRoot())  // five standard errors
      #expect(abs(measured / variance - 1) < 5 * (2.0 / 60_000).squareRoot())
      #expect(try values(initializer) == values(initializer))
    }
    #expect(try values(.heNormal(seed: 1)) != values(.heNormal(seed: 2)))
    #expect(try values(.constant(0.5)).allSatisfy { $0 == 0.5 })
  }
}
