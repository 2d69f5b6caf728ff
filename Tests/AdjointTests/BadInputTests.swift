import Adjoint
import Testing

/// Every mistake that a graph or a session is asked to notice, and the sentence that it answers with.
@Suite(.timeLimit(.minutes(20))) struct BadInputTests {
  @Test func `a shape mismatch names both operands, both shapes and both lines`() {
    let graph = Graph()
    let images = graph.input("images", [128, 784]); let imagesLine = #line
    let weights = graph.parameter("weights", [512, 784]); let weightsLine = #line
    let product = images.matmul(weights); let productLine = #line
    let error = #expect(throws: GraphError.self) { try Program(product) }
    let message = error?.description ?? ""
    #expect(message.contains("matmul at AdjointTests/BadInputTests.swift:\(productLine)"))
    #expect(message.contains("the inner extents differ: 784 and 512, multiplying [128, 784] by [512, 784]"))
    #expect(
      message.contains("images [128, 784] float32, made at AdjointTests/BadInputTests.swift:\(imagesLine)"))
    #expect(
      message.contains("weights [512, 784] float32, made at AdjointTests/BadInputTests.swift:\(weightsLine)"))
  }

  @Test func `operands of two element types are refused with both`() {
    let graph = Graph()
    let a = graph.input("a", [2]), b = graph.input("b", [2], .float64), labels = graph.input("labels", [2], .int32)
    let mixed = #expect(throws: GraphError.self) { try Program(maximum(a, b)) }
    #expect(mixed?.description.contains("the operands' element types differ: float32 and float64") == true)
    let integers = #expect(throws: GraphError.self) { try Program(maximum(labels, labels)) }
    #expect(integers?.description.contains("maximum has no kernel for int32") == true)
    let swapped = #expect(throws: GraphError.self) { try Program(crossEntropy(logits: labels, labels: a)) }
    #expect(swapped?.kind == .shapeMismatch)
  }

  @Test func `a value that int32 does not have is refused where it is given`() throws {
    let graph = Graph()
    let bad = [
      (graph.constant(3e9, [], .int32), "3000000000.0"), (graph.constant(.nan, [2], .int32), "nan"),
      (graph.parameter("p", [2], .values([1, 0.5] as [Double]), .int32), "0.5"),
      (graph.parameter("q", [2], .uniform(0...1e10, seed: 1), .int32), "10000000000.0"),
    ]
    for (node, value) in bad {
      let error = #expect(throws: GraphError.self) { try Program(node) }
      #expect(error?.kind == .wrongValue)
      #expect(error?.description.contains("\(value) is no int32") == true, "\(error?.description ?? "no error")")
      #expect(error?.description.contains("BadInputTests.swift:") == true)
    }
  }

  @Test(arguments: [
    (0, "an extent of 0"), (1, "4 elements of shape [4] cannot be viewed as shape [3], which has 3"),
    (2, "axis 1 does not exist in a value of shape [4]"), (3, "2..<5 is not within axis 0 of shape [4]"),
    (4, "[0, 0] is not a permutation of the 1 axes of a value of shape [4]"),
    (5, "shapes [4] and [3] do not broadcast: extents 4 and 3 differ and neither is 1"),
    (6, "3 values were given for shape [2] (2 elements)"),
    (7, "1 initial values were given for shape [2] (2 elements)"),
    (8, "logits of shape [4] need one label a row, got labels of shape [3]"),
    (9, "softmax runs over the last axis, and a scalar has none"), (10, "axis 0 is named twice in [0, 0]"),
    (11, "maximum reads 2 operands, got 1"), (12, "exp reads 1 operand, got 2"),
    (13, "shape [1099511627776, 1099511627776]: no memory holds more than 2^48 elements"),
    (14, "would have shape [2147483648, 8589934592], and no memory holds more than 2^48 elements"),
  ]) func `a gate that does not fit says why`(mistake: Int, sentence: String) {
    let graph = Graph()
    let x = graph.input("x", [4])
    let bad =
      switch mistake {
      case 0: graph.input("empty", [0])
      case 1: x.reshaped([3])
      case 2: x.sum(axes: [1])
      case 3: x.sliced(2..<5)
      case 4: x.transposed([0, 0])
      case 5: x.broadcast(to: [3])
      case 6: graph.constant([1, 2, 3] as [Float], [2])
      case 7: graph.parameter("p", [2], .values([1] as [Float]))
      case 8: crossEntropy(logits: x, labels: graph.input("labels", [3], .int32))
      case 9: softmax(x.sum())
      case 10: x.sum(axes: [0, 0])
      case 11: graph.apply(Maximum(), to: [x])
      case 12: graph.apply(Exponential(), to: [x, x])
      case 13: graph.input("large", [1 << 40, 1 << 40])
      default: graph.input("a", [1 << 31, 1]) + graph.input("b", [1, 1 << 33])
      }
    let error = #expect(throws: GraphError.self) { try Program(bad) }
    #expect(error?.kind == .shapeMismatch)
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "no error")")
    #expect(error?.description.contains("BadInputTests.swift:") == true)
  }

  /// What a program wants a node for.
  enum Role: CaseIterable, Sendable { case output, operand, other, update, stateOfScan, outputOfScan }
  enum Mistake: CaseIterable, Sendable { case operandCount, outsideScan, estimate }

  @Test(arguments: Role.allCases, Mistake.allCases)
  func `a mistake is refused whatever a program wants the node for`(role: Role, mistake: Mistake) {
    let graph = Graph()
    let x = graph.input("x", [4]), p = graph.parameter("p", [4])
    var element = x
    _ = graph.scan(over: x, from: graph.constant(0)) { state, row in
      element = row.broadcast(to: [4])
      return (state + row, state)
    }
    func bad(_ node: Node) -> Node {
      switch mistake {
      case .operandCount: graph.apply(Maximum(), to: [node])
      case .outsideScan: element * node
      case .estimate: graph.apply(Underestimated(), to: [node])
      }
    }
    func compile() throws {
      switch role {
      case .output: _ = try Program([x.sum(), bad(x)])
      case .operand: _ = try Program(bad(x).sum())
      case .other: _ = try Program(x.sum(), alsoComputing: [p, bad(x)])
      case .update: _ = try Program(x.sum(), updating: [ParameterUpdate(p, to: bad(x))])
      case .stateOfScan:
        let run = graph.scan(over: [], from: [x], steps: 3) { state, _ in (state: [bad(state[0])], outputs: []) }
        _ = try Program(run.state[0])
      case .outputOfScan:
        let run = graph.scan(over: [x.reshaped([1, 4])], from: []) { _, rows in (state: [], outputs: [bad(rows[0])]) }
        _ = try Program(run.outputs[0])
      }
    }
    let error = #expect(throws: GraphError.self) { try compile() }
    let kind: GraphError.Kind =
      switch mistake {
      case .operandCount: .shapeMismatch
      case .outsideScan: .outsideScan
      case .estimate: .wrongEstimate
      }
    #expect(error?.kind == kind, "\(error?.description ?? "no error")")
  }

  @Test func `a non-scalar differentiated without an upstream gradient is refused`() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let error = #expect(throws: GraphError.self) { try graph.gradients(of: [square(x)], withRespectTo: [x]) }
    #expect(error?.kind == .upstreamMismatch)
    #expect(error?.description.contains("is not a scalar: differentiating it needs an upstream gradient") == true)

    let y = square(x)
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.write([1, 2, 3] as [Float], to: x)
    let missing = #expect(throws: SessionError.self) { try session.step() }
    #expect(missing?.description.contains("is not a scalar: its upstream gradient must be written first") == true)
    try session.writeUpstream([1, 1, 1] as [Float], of: y)
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [2, 4, 6])
  }

  @Test func `upstream gradients that do not go with their outputs are refused`() {
    let graph = Graph()
    let x = graph.input("x", [3])
    let y = square(x)
    let wrongShape = #expect(throws: GraphError.self) {
      try graph.gradients(of: [y], upstream: [graph.constant(1, [2])], withRespectTo: [x])
    }
    #expect(wrongShape?.description.contains("the upstream gradient constant#") == true)
    #expect(wrongShape?.description.contains("differs from its output square#") == true)
    let tooFew = #expect(throws: GraphError.self) {
      try graph.gradients(of: [y, y], upstream: [y], withRespectTo: [x])
    }
    #expect(tooFew?.description.contains("2 outputs need as many upstream gradients, got 1") == true)
  }

  @Test func `integers have no gradient, and an error says so`() {
    let graph = Graph()
    let labels = graph.input("labels", [2], .int32), logits = graph.input("logits", [2, 3])
    let error = #expect(throws: GraphError.self) {
      try Program(crossEntropy(logits: logits, labels: labels), gradientsFor: [labels])
    }
    #expect(error?.kind == .notDifferentiable)
    #expect(error?.description.contains("labels [2] int32") == true)
    #expect(error?.description.contains("has no gradient: it holds integers") == true)
  }

  @Test func `a missing input is named with its line`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"); let line = #line
    let session = try Program(x * y).makeSession()
    try session.write(1, to: x)
    let error = #expect(throws: SessionError.self) { try session.forward() }
    #expect(
      error?.description == "no value was written to the input y [] float32, "
        + "made at AdjointTests/BadInputTests.swift:\(line)")
    try session.write(2, to: y)
    try session.forward()
    #expect(try session.read(x) == 1)
  }

  @Test func `values of a wrong count or type are refused`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 2])
    let session = try Program(x * 2).makeSession()
    let count = #expect(throws: SessionError.self) { try session.write([1, 2, 3] as [Float], to: x) }
    #expect(count?.description.contains("x [2, 2] float32, made at") == true)
    #expect(count?.description.contains("takes 4 values, got 3") == true)
    let type = #expect(throws: SessionError.self) { try session.write([1, 2, 3, 4] as [Int32], to: x) }
    #expect(type?.description.contains("holds float32, not int32") == true)
    // A refused write fed nothing.
    #expect(throws: SessionError.self) { try session.forward() }
  }

  @Test func `a number that a gate was made with and that has no meaning is refused when compiling`() {
    func refusal(_ y: Node) -> String {
      let error = #expect(throws: GraphError.self) { try Program(exp(y)) }
      #expect(error?.kind == .wrongValue)
      return error?.description ?? ""
    }
    let graph = Graph()
    let x = graph.input("x", [3, 2])
    let length = "the length below which a vector counts as 0 is above 0 and finite in float32, got "
    #expect(refusal(x.l2Normalized(epsilon: 1e-50)).hasSuffix(length + "1e-50"))
    #expect(refusal(cosineSimilarity(x, x, epsilon: .infinity)).hasSuffix(length + "inf"))
    let one = graph.constant(1, [2])
    let seen = RunningStatistics(mean: graph.parameter("mean", [2]), variance: graph.parameter("variance", [2]))
    let epsilon = "the ε of a batch normalisation is above 0 and finite in float32, got "
    let training = batchNormalization(x, scale: one, shift: one, updating: seen, epsilon: 0); let line = #line
    #expect(refusal(training.output).hasSuffix("at AdjointTests/BadInputTests.swift:\(line): \(epsilon)0.0"))
    let inference = batchNormalization(x, scale: one, shift: one, using: seen, epsilon: 1e-50)
    #expect(refusal(inference).hasSuffix(epsilon + "1e-50"))
    let layer = layerNormalization(x, epsilon: .nan)
    #expect(refusal(layer).hasSuffix("the ε of a layer normalisation is above 0 and finite in float32, got nan"))
    for momentum in [-0.1, 1.1, .nan] {
      let (output, updates) = batchNormalization(x, scale: one, shift: one, updating: seen, momentum: momentum)
      for node in [output] + updates.map(\.value) {
        #expect(refusal(node).hasSuffix("the momentum of running statistics is in 0...1, got \(momentum)"))
      }
    }
    #expect(
      refusal(leakyRelu(x, slope: .infinity)).hasSuffix("the slope of a leaky rectifier is a finite number, got inf"))
    for (bias, alpha, beta) in [(0, 1, 1), (1, -1, 1), (.nan, 1, 1), (1, .infinity, 1), (1, 1, .nan)]
      as [(Double, Double, Double)]
    {
      let images = graph.input("images \(bias) \(alpha) \(beta)", [1, 4, 2, 2])
      let y = localResponseNormalization(images, bias: bias, alpha: alpha, beta: beta)
      #expect(refusal(y).contains("a divisor has a finite bias above 0"))
    }
  }

  @Test func `a memory limit below 0 is an error of the first call that needs memory`() throws {
    let graph = Graph()
    let x = graph.input("x", [200])
    let session = try Program(exp(x)).makeSession(memoryLimit: -1)
    for _ in 0..<2 {
      let error = #expect(throws: SessionError.self) { try session.write([Float](repeating: 1, count: 200), to: x) }
      guard case .memoryLimit(node: _, requested: _, inUse: 0, limit: -1) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test func `a node that is not in the program is refused by name`() throws {
    let graph = Graph()
    let x = graph.input("x"), unused = graph.input("unused"), parameter = graph.parameter("w")
    let f = x * parameter
    let hidden = f + 1
    let session = try Program(exp(hidden), gradientsFor: [parameter]).makeSession()
    try session.write(1, to: x)
    try session.step()
    for (node, reason) in [
      (unused, "is an input that the program does not read: what it is fed is not kept"),
      (hidden, "is no input, parameter or output of the program: to read it, name it in alsoComputing"),
    ] {
      let error = #expect(throws: SessionError.self) { try session.read(node, as: Float.self) }
      #expect(error?.description.hasPrefix("\(node.name), made at ") == true)
      #expect(error?.description.hasSuffix(reason) == true)
    }
    let gradient = #expect(throws: SessionError.self) { try session.gradient(of: x, as: Float.self) }
    #expect(gradient?.description.contains("the program computes no gradient of x") == true)
    let foreign = Graph().input("foreign")
    #expect(throws: SessionError.self) { try session.read(foreign, as: Float.self) }
    let upstream = #expect(throws: SessionError.self) { try session.writeUpstream([1] as [Float], of: hidden) }
    #expect(upstream?.description.contains("is no differentiated output of the program") == true)
    let computed = #expect(throws: SessionError.self) {
      let output = try Program(f).makeSession()
      try output.write([1] as [Float], to: f)
    }
    #expect(computed?.description.contains("is computed: only inputs and parameters are written") == true)
  }

  @Test(arguments: [-1, 3]) func `a label out of range stops the run and names the node`(label: Int32) throws {
    let graph = Graph()
    let logits = graph.input("logits", [2, 3]), labels = graph.input("labels", [2], .int32)
    let loss = crossEntropy(logits: logits, labels: labels); let line = #line
    let session = try Program(loss, gradientsFor: [logits]).makeSession()
    try session.write([Float](repeating: 0, count: 6), to: logits)
    try session.write([0, label], to: labels)
    let error = #expect(throws: SessionError.self) { try session.step() }
    #expect(error?.description.contains("the gate crossEntropy of crossEntropy#") == true)
    #expect(error?.description.contains("BadInputTests.swift:\(line)") == true)
    #expect(error?.description.contains("index \(label) at position 1 is not in 0..<3") == true)
    try session.write([0, 2] as [Int32], to: labels)
    try session.step()
    let third = Float(1) / 3
    let gradient = try session.gradient(of: logits, as: Float.self)
    for (value, expected) in zip(gradient, [third - 1, third, third, third, third, third - 1]) {
      #expect(abs(value - expected / 2) < 1e-6)
    }
  }

  @Test func `a row index out of range stops the run and names the node`() throws {
    let graph = Graph()
    let table = graph.parameter("table", [3, 2]), rows = graph.input("rows", [1], .int32)
    let session = try Program(table.gatheringRows(rows)).makeSession()
    try session.write([3] as [Int32], to: rows)
    let error = #expect(throws: SessionError.self) { try session.forward() }
    #expect(error?.description.contains("the gate gatherRows of gatherRows#") == true)
  }

  @Test func `gradients of a program compiled without any are refused`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let session = try Program(exp(x)).makeSession()
    try session.write(0, to: x)
    let error = #expect(throws: SessionError.self) { try session.step() }
    #expect(error?.description == "the program was compiled without gradients: name them in gradientsFor")
  }

  @Test func `a pullback of another shape than its operand's is refused when the program is compiled`() {
    let graph = Graph()
    let x = graph.input("x", [4])
    let error = #expect(throws: GraphError.self) {
      try Program(graph.apply(WrongShapeBack(), to: [x]).sum(), gradientsFor: [x])
    }
    #expect(error?.description.contains("[4]") == true)
    #expect(error?.description.contains("[3]") == true)
  }
}

private struct WrongShapeBack: ElementwiseGate {
  static let name = "wrongShapeBack"
  func value(_ x: ElementOperands) -> Double { x[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream.sliced(0..<3)] }
}

/// A copy of its operand whose estimate of its own cost is none.
private struct Underestimated: Gate {
  static let name = "underestimated"
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { _ = try $0.output(as: Float.self).update(from: $0.input(0, as: Float.self)) }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
  func estimatedNanoseconds(_ inputs: [Shape]) -> Double? { -1 }
}
