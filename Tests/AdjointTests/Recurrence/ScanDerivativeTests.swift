import Adjoint
import AdjointTesting
import Testing

/// A law over the catalogue: gates in the body of a scan have their derivatives, in both modes and of second order,
/// whatever is around them.
@Suite(.timeLimit(.minutes(20))) struct ScanDerivativeTests {
  /// Samples that go into one body: one of each gate, of finite values.
  private static let groups: [[GateSample]] = {
    let samples = GateCatalog.all.compactMap { gate in gate.samples.first { $0.isFinite } }
    let (narrow, wide) = (samples.filter { $0.floats == .float32 }, samples.filter { $0.floats != .float32 })
    return [narrow] + stride(from: 0, to: wide.count, by: 10).map { Array(wide[$0..<min($0 + 10, wide.count)]) }
  }()

  @Test func `every gate of the catalogue is put into a scan`() {
    #expect(Self.groups.joined().count == GateCatalog.all.count)
  }

  @Test(arguments: groups.indices, [GatesInScan.Surrounding.plain, .nested])
  func `gates in the body of a scan have their derivatives in both modes, and of second order`(
    group: Int, surrounding: GatesInScan.Surrounding
  ) throws {
    let scanned = GatesInScan(Self.groups[group], in: surrounding)
    let (graph, variables) = (scanned.graph, scanned.variables)
    let directions = scanned.directions(variables, seed: 1), upstream = scanned.directions(scanned.results, seed: 2)
    let products = try graph.jacobianVectorProduct(of: scanned.results, along: directions, withRespectTo: variables)
    let gradients = try graph.gradients(of: scanned.results, upstream: upstream, withRespectTo: variables)
    let forward = graph.inner(products, upstream), reverse = graph.inner(gradients, directions)

    let loss = graph.inner(scanned.results.map { square($0) }, upstream)
    let curvature = try graph.hessianVectorProduct(of: loss, along: directions, withRespectTo: variables)
    let slope = graph.inner(try graph.gradients(of: [loss], withRespectTo: variables), directions)
    let again = try graph.gradients(of: [slope], withRespectTo: variables).map { try #require($0) }
    let values = try scanned.values(of: [forward, reverse] + curvature + again)
    expectClose(values[0], values[1], "⟨v, J·u⟩ and ⟨Jᵀ·v, u⟩", within: scanned.tolerance)
    for (number, variable) in variables.enumerated() {
      expectClose(
        values[2 + number], values[2 + variables.count + number], "H·v by \(variable.name)",
        within: scanned.tolerance)
    }
  }

  /// The Jacobian and the Hessian of the whole of a scan, as lanes.
  @Test(arguments: GatesInScan.Surrounding.allCases)
  func `a scan with cross-entropy has Jacobians in both modes and a Hessian`(
    surrounding: GatesInScan.Surrounding
  ) throws {
    let sample = GateSample(CrossEntropy(), .uniform([3]), .integers([], below: 3))
    let scanned = GatesInScan([sample], in: surrounding)
    let (graph, x) = (scanned.graph, scanned.variables[0])
    let output = scanned.results[scanned.results.count - 1]
    let rows = try graph.jacobian(of: output, withRespectTo: x, mode: .reverse)
    let columns = try graph.jacobian(of: output, withRespectTo: x, mode: .forward)
    let hessian = try graph.hessian(of: square(output).sum(), withRespectTo: x)
    let slope = try graph.gradient(of: square(output).sum(), withRespectTo: x)
    let curvature = try graph.jacobian(of: slope, withRespectTo: x, mode: .reverse)
    let values = try scanned.values(of: [rows, columns, hessian, curvature])
    expectClose(values[0], values[1], "Jacobians", within: scanned.tolerance)
    expectClose(values[2], values[3], "Hessians", within: scanned.tolerance)
    #expect(values[0].contains { $0 != 0 } && values[2].contains { $0 != 0 })
  }

  /// A scan that classifies each of its steps, in a scan over its starting points that carries what it has learnt, and
  /// the same written out.
  private struct Classifier {
    let graph = Graph()
    let x: Node, loss: Node

    init(scanned: Bool) {
      let graph = graph
      x = graph.input("x", [], .float64)
      let frames = graph.constant((0..<8).map { Double($0 * 5 % 8) / 8 - 0.4 }, [2, 2, 2])
      let labels = graph.constant([0, 1, 1, 0] as [Int32], [2, 2])
      func step(_ state: Node, _ frame: Node, _ label: Node) -> (state: Node, output: Node) {
        let logits = tanh(frame * state) + state
        return (0.5 * state + logits.mean(), graph.apply(CrossEntropy(), to: [logits, label]))
      }
      if scanned {
        let run = graph.scan(over: [frames, labels], from: [x]) { state, element in
          let inner = graph.scan(over: element, from: state) { state, element in
            let next = step(state[0], element[0], element[1])
            return ([next.state], [next.output])
          }
          return (inner.state, [inner.outputs[0].sum()])
        }
        loss = run.outputs[0].sum() + square(run.state[0])
      } else {
        var state = x
        var sum = graph.constant(0, [], .float64)
        for (outer, inner) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
          let frame = frames.sliced(outer..<outer + 1).reshaped([2, 2]).sliced(inner..<inner + 1).reshaped([2])
          let label = labels.sliced(outer..<outer + 1).reshaped([2]).sliced(inner..<inner + 1).reshaped([])
          let next = step(state, frame, label)
          (state, sum) = (next.state, sum + next.output)
        }
        loss = sum + square(state)
      }
    }

    /// The third derivative, by the modes in order.
    func third(_ modes: [DifferentiationMode]) throws -> Node {
      try modes.reduce(loss) { value, mode in
        switch mode {
        case .reverse: return try graph.gradient(of: value, withRespectTo: x)
        case .forward:
          let one = graph.constant(1, [], .float64)
          return try #require(try graph.jacobianVectorProduct(of: [value], along: [one], withRespectTo: [x])[0])
        }
      }
    }
  }

  @Test func `third derivatives of a scan within a scan are those of the loops written out, by any modes`() throws {
    let modes = (0..<8).map { bits in (0..<3).map { bits >> $0 & 1 == 0 ? DifferentiationMode.forward : .reverse } }
    func thirds(scanned: Bool) throws -> [Double] {
      let classifier = Classifier(scanned: scanned)
      let nodes = try (scanned ? modes : [[.reverse, .reverse, .reverse]]).map { try classifier.third($0) }
      let session = try Program(nodes).makeSession()
      try session.write([0.3], to: classifier.x)
      try session.forward()
      return try nodes.map { try session.read($0, as: Double.self)[0] }
    }
    let expected = try thirds(scanned: false)[0]
    for (third, modes) in zip(try thirds(scanned: true), modes) {
      #expect((third - expected).magnitude <= 1e-12 * max(1, expected.magnitude), "\(modes): \(third), not \(expected)")
    }
  }

  @Test func `a checkpointed scan has the same bits of its gradient's gradient, in both modes`() throws {
    func gradients(_ scopes: [String]) throws -> [[Double]] {
      let graph = Graph()
      let x = graph.parameter("x", [5, 3], .uniform(-1...1, seed: 1), .float64)
      let w = graph.parameter("w", [3, 3], .uniform(-1...1, seed: 2), .float64)
      let labels = graph.constant([0, 2, 1, 1, 0] as [Int32], [5])
      let losses = graph.scope("layer") {
        graph.scan(over: [x, labels], from: [graph.constant(0, [1, 3], .float64)]) { state, element in
          let hidden = tanh(element[0].reshaped([1, 3]) + state[0].matmul(w))
          return ([hidden], [graph.apply(CrossEntropy(), to: [hidden.reshaped([3]), element[1]])])
        }.outputs[0]
      }
      let loss = square(losses).sum()
      let direction = graph.constant(0.5, [3, 3], .float64)
      let product = try graph.hessianVectorProduct(of: loss, along: [direction], withRespectTo: [w])[0]
      let slope = try #require(
        try graph.jacobianVectorProduct(of: [loss], along: [direction], withRespectTo: [w])[0])
      let options = Program.Options(checkpointing: scopes)
      let session = try Program(square(product).sum() + slope, gradientsFor: [x, w], options: options).makeSession()
      try session.step()
      return try [x, w].map { try session.gradient(of: $0, as: Double.self) }
    }
    let plain = try gradients([])
    #expect(plain.joined().allSatisfy { $0 != 0 })
    #expect(try gradients(["layer"]) == plain)
  }

  @Test func `a long scan of several loops that reads labels is the loops written out, in both modes`() throws {
    let graph = Graph()
    let steps = 130  // enough for two chunks
    let x = graph.input("x", [steps], .float64), w = graph.input("w", [3], .float64)
    let labels = graph.constant((0..<steps).map { Int32($0 * 5 % 3) }, [steps])
    func step(_ state: [Node], _ element: Node, _ label: Node) -> (state: [Node], outputs: [Node]) {
      let first = tanh(state[0] * w + element), second = tanh(state[1] + first * w)
      return ([first, second], [graph.apply(CrossEntropy(), to: [second, label])])
    }
    let zeros = graph.constant(0, [3], .float64)
    let run = graph.scan(over: [x, labels], from: [zeros, zeros]) { step($0, $1[0], $1[1]) }
    var state = [zeros, zeros]
    var losses: [Node] = []
    for time in 0..<steps {
      func element(_ node: Node) -> Node { node.sliced(time..<time + 1).reshaped([]) }
      let next = step(state, element(x), element(labels))
      state = next.state
      losses.append(next.outputs[0])
    }
    func derivatives(_ loss: Node) throws -> [Node] {
      let one = graph.constant(1, [3], .float64)
      let slope = try #require(try graph.jacobianVectorProduct(of: [loss], along: [one], withRespectTo: [w])[0])
      return try [loss, slope] + [graph.gradient(of: loss, withRespectTo: w)]
    }
    let nodes = try derivatives(run.outputs[0].sum()) + derivatives(losses.dropFirst().reduce(losses[0], +))
    let session = try Program(nodes).makeSession()
    try session.write((0..<steps).map { Double($0 % 7) / 7 - 0.4 }, to: x)
    try session.write([0.3, -0.2, 0.5], to: w)
    try session.forward()
    let values = try nodes.map { try session.read($0, as: Double.self) }
    for number in 0..<3 { expectClose(values[number], values[number + 3], "derivative \(number)", within: 1e-11) }
  }

  @Test(arguments: [3, 130])
  func `a body that computes which row it reads is the loop written out, in both modes`(steps: Int) throws {
    let graph = Graph()
    let x = graph.input("x", [steps, 3], .float64), table = graph.input("table", [3, 2], .float64)
    let h = graph.input("h", [2], .float64)
    func step(_ state: Node, _ element: Node) -> Node {
      tanh(state * table.gatheringRows(softmax(element).argmax()) + element.sum())
    }
    let run = graph.scan(over: [x], from: [h]) { state, elements in
      let next = step(state[0], elements[0])
      return ([next], [next])
    }
    var state = h
    var outputs: [Node] = []
    for time in 0..<steps {
      state = step(state, x.sliced(time..<time + 1).reshaped([3]))
      outputs.append(square(state).sum())
    }
    func derivatives(_ loss: Node) throws -> [Node] {
      let variables = [x, table, h]
      let ones = variables.map { graph.constant(1, $0.shape, .float64) }
      let slope = try #require(try graph.jacobianVectorProduct(of: [loss], along: ones, withRespectTo: variables)[0])
      let curvature = try graph.hessianVectorProduct(of: loss, along: ones, withRespectTo: variables)
      return try [loss, slope] + curvature + variables.map { try graph.gradient(of: loss, withRespectTo: $0) }
    }
    let nodes = try derivatives(square(run.outputs[0]).sum()) + derivatives(outputs.dropFirst().reduce(outputs[0], +))
    let session = try Program(nodes).makeSession()
    try session.write((0..<3 * steps).map { Double($0 * 5 % 7) / 7 - 0.4 }, to: x)
    try session.write([0.9, -0.6, 0.5, 0.7, -0.8, 1.1], to: table)
    try session.write([0.3, -0.2], to: h)
    try session.forward()
    let values = try nodes.map { try session.read($0, as: Double.self) }
    let half = values.count / 2
    for number in 0..<half {
      #expect(values[number].contains { $0 != 0 })
      expectClose(values[number], values[number + half], "derivative \(number)", within: 1e-11)
    }
  }

  @Test(arguments: [3, SplitScan.mostPlainSteps + 6])
  func `a body reads integers that are constant, given, elements or computed as the loop written out does`(
    steps: Int
  ) throws {
    let graph = Graph()
    let x = graph.input("x", [steps, 2], .float64), table = graph.input("table", [3, 2], .float64)
    let h = graph.input("h", [2], .float64), given = graph.input("given", [1], .int32)
    let rows = graph.constant((0..<steps).map { Int32($0 * 2 % 3) }, [steps, 1])
    func step(_ state: Node, _ element: Node, _ row: Node) -> Node {
      let largest = softmax(element).argmax()
      let all = [
        largest, largest.advanced(by: 1), row.reshaped([]), given.reshaped([]), graph.constant(2, [], .int32),
        graph.constant([1 as Int32], [1]).reshaped([]),
      ]
      let named = graph.constant([2 as Int32], [1]), first = table.gatheringRows(named).reshaped([2])
      return all.enumerated().reduce(tanh(state * first)) { next, index in
        tanh(next * table.gatheringRows(index.element) + Double(index.offset) / 4 * element)
      }
    }
    let run = graph.scan(over: [x, rows], from: [h]) { state, elements in
      let next = step(state[0], elements[0], elements[1])
      return ([next], [next])
    }
    var state = h
    var outputs: [Node] = []
    for time in 0..<steps {
      state = step(state, x.sliced(time..<time + 1).reshaped([2]), rows.sliced(time..<time + 1).reshaped([1]))
      outputs.append(square(state).sum())
    }
    func derivatives(_ loss: Node) throws -> [Node] {
      let variables = [x, table, h]
      let ones = variables.map { graph.constant(1, $0.shape, .float64) }
      let slope = try #require(try graph.jacobianVectorProduct(of: [loss], along: ones, withRespectTo: variables)[0])
      let curvature = try graph.hessianVectorProduct(of: loss, along: ones, withRespectTo: variables)
      return try [loss, slope] + curvature + variables.map { try graph.gradient(of: loss, withRespectTo: $0) }
    }
    let nodes = try derivatives(square(run.outputs[0]).sum()) + derivatives(outputs.dropFirst().reduce(outputs[0], +))
    let session = try Program(nodes).makeSession()
    try session.write((0..<2 * steps).map { Double($0 * 5 % 7) / 7 - 0.4 }, to: x)
    try session.write([0.9, -0.6, 0.5, 0.7, -0.8, 1.1], to: table)
    try session.write([0.3, -0.2], to: h)
    try session.write([1 as Int32], to: given)
    try session.forward()
    let values = try nodes.map { try session.read($0, as: Double.self) }
    let half = values.count / 2
    for number in 0..<half {
      #expect(values[number].contains { $0 != 0 })
      expectClose(values[number], values[number + half], "derivative \(number)", within: 1e-11)
    }
  }

  @Test func `a gate of the body without a pushforward is named with the line that applied it`() throws {
    let graph = Graph()
    let x = graph.input("x", [3, 2])
    let run = graph.scan(over: x, from: graph.constant(0, [2])) { state, element in
      let next = graph.apply(WalledGate(), to: [state + element])
      return (next, next)
    }
    let line = #line - 3
    let error = #expect(throws: GraphError.self) {
      try graph.jacobianVectorProduct(of: [run.outputs], along: [graph.constant(1, [3, 2])], withRespectTo: [x])
    }
    #expect(error?.kind == .noPushforward)
    #expect(error?.description.contains("ScanDerivativeTests.swift:\(line)") == true)
  }

  private func expectClose(_ a: [Double], _ b: [Double], _ what: String, within tolerance: Double) {
    let scale = (a + b).reduce(1) { max($0, $1.magnitude) }
    let isClose = a.count == b.count && zip(a, b).allSatisfy { ($0 - $1).magnitude <= tolerance * scale }
    #expect(isClose, "\(what): \(a) and \(b)")
  }
}

/// Samples of gates in the body of a scan: their floats are elements of sequences, scaled by what is carried; so are
/// their integers.
struct GatesInScan {
  /// What the body is in.
  enum Surrounding: CaseIterable, Sendable {
    /// A scan without a state, and one that carries one.
    case plain, carried
    /// A scan within a scan: both carry a state, or only the inner one does.
    case nested, nestedInner
  }

  let graph = Graph()
  /// The sequences of floats, a weight, and the state at the beginning.
  private(set) var variables: [Node] = []
  /// The state at the end, and what is stacked.
  private(set) var results: [Node] = []
  private var values: [Node: ReferenceTensor] = [:]
  private let type: ElementType

  init(_ samples: [GateSample], in surrounding: Surrounding) {
    type = samples[0].floats
    let graph = graph
    let isNested = surrounding == .nested || surrounding == .nestedInner
    let steps = isNested ? [2, 2] : [2]
    var sequences: [Node] = []
    for (number, sample) in samples.enumerated() {
      for (position, operand) in sample.operands.enumerated() {
        let elements = (0..<steps.reduce(1, *)).map {
          operand.values(seed: UInt64(position * 31 + $0 * 7 + 1), type: type)
        }
        let shape = Shape(steps + operand.shape.dimensions)
        let name = "operand \(position) of \(Swift.type(of: sample.gate).name)#\(number)"
        let sequence = graph.input(name, shape, elements[0].elementType)
        values[sequence] = ReferenceTensor(shape, elements[0].elementType, elements.flatMap(\.values))
        sequences.append(sequence)
        if operand.isDifferentiable { variables.append(sequence) }
      }
    }
    let weight = scalar("weight", 0.7)
    let initial = surrounding == .plain ? [] : [scalar("initial", 0.3)]
    let table = graph.input("table", [64], type)
    values[table] = ReferenceTensor([64], type) { Double($0[0] % 7) / 7 }

    func step(_ state: [Node], _ elements: [Node]) -> (state: [Node], outputs: [Node]) {
      var sum = 0.1 * square(weight)
      var outputs: [Node] = []
      var rest = elements[...]
      for sample in samples {
        let operands = rest.prefix(sample.operands.count).map { element in
          element.elementType.isDifferentiable ? state.reduce(element) { $0 * (1 + 0.1 * $1) } : element
        }
        rest = rest.dropFirst(sample.operands.count)
        let result = graph.applying(sample.gate, operands)
        // Integers choose rows, through which no gradient passes.
        let floats = result.elementType == .int32 ? weight * table.gatheringRows(result) : result
        for operand in operands + [floats] where operand.elementType.isDifferentiable {
          sum = sum + 0.1 * square(operand).mean()
        }
        outputs.append(floats * weight)
      }
      return (state.map { tanh(0.5 * $0 + 0.1 * sum * weight) }, outputs + [sum])
    }

    let run =
      switch surrounding {
      case .plain, .carried: graph.scan(over: sequences, from: initial) { step($0, $1) }
      case .nested:
        graph.scan(over: sequences, from: initial) { state, elements in
          let inner = graph.scan(over: elements, from: state) { step($0, $1) }
          return (inner.state, inner.outputs)
        }
      case .nestedInner:
        graph.scan(over: sequences, from: []) { _, elements in
          let inner = graph.scan(over: elements, from: initial) { step($0, $1) }
          return ([], inner.state + inner.outputs)
        }
      }
    results = run.state + run.outputs
  }

  private mutating func scalar(_ name: String, _ value: Double) -> Node {
    let node = graph.input(name, [], type)
    values[node] = ReferenceTensor([], type, [value])
    variables.append(node)
    return node
  }

  /// What a program computes of `nodes`.
  func values(of nodes: [Node]) throws -> [[Double]] {
    let session = try Program(nodes).makeSession()
    // The derivatives of some gates do not read their operands, which then are no inputs of the program.
    for (node, value) in values { try? session.write(value, to: node) }
    try session.forward()
    return try nodes.map { try session.referenceValue(of: $0).values }
  }

  /// A constant in the place of each of `nodes`, all different.
  func directions(_ nodes: [Node], seed: Int) -> [Node] {
    nodes.enumerated().map { number, node in
      let values = (0..<node.shape.elementCount).map { Double(($0 * 37 + number * 11 + seed * 5) % 17) / 17 - 0.4 }
      return type == .float64
        ? graph.constant(values, node.shape) : graph.constant(values.map { Float($0) }, node.shape)
    }
  }

  /// Some hundreds of roundings, in another order in each mode.
  var tolerance: Double { type == .float64 ? 1e-11 : 1e-4 }
}

/// Its gradient is behind a wall: its pullback cannot be transposed. Nobody computes it.
private struct WalledGate: Gate {
  static let name = "walled"
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel { .custom { _ in } }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [stopGradient(upstream)] }
}

extension GateSample {
  /// The type of its floats: that of the result if the gate fixes it.
  fileprivate var floats: ElementType {
    let types = operands.map { $0.isDifferentiable ? ElementType.float64 : .int32 }
    return (try? gate.elementType(types)) == .float32 ? .float32 : .float64
  }
}

extension Graph {
  fileprivate func applying(_ gate: any Gate, _ operands: [Node]) -> Node {
    func apply(_ gate: some Gate) -> Node { self.apply(gate, to: operands) }
    return apply(gate)
  }

  /// Σ aᵢ · bᵢ over the a that there are.
  fileprivate func inner(_ a: [Node?], _ b: [Node]) -> Node {
    let terms = zip(a, b).compactMap { a, b in a.map { ($0 * b).sum() } }
    return terms.dropFirst().reduce(terms[0], +)
  }
}
