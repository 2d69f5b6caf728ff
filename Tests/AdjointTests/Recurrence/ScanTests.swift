import Adjoint
import AdjointTesting
import DependencyScheduling
import Testing

/// A scan is the loop that it stands for.
@Suite(.timeLimit(.minutes(20))) struct ScanTests {
  /// A recurrence of two parts of a state, one of them scalar, over a sequence, as a scan and step by step.
  struct Recurrence {
    let graph = Graph()
    let sequence: Node, hidden: Node, level: Node, matrix: Node, weight: Node
    let length: Int
    typealias Run = (state: [Node], outputs: [Node])

    init(length: Int, width: Int = 3, _ type: ElementType = .float64) {
      self.length = length
      sequence = graph.input("sequence", [length, 2, width], type)
      hidden = graph.input("hidden", [2, width], type)
      level = graph.input("level", [], type)
      matrix = graph.input("matrix", [width, width], type)
      weight = graph.input("weight", [width], type)
    }

    var inputs: [Node] { [sequence, hidden, level, matrix, weight] }

    func step(_ state: [Node], _ x: Node) -> (state: [Node], outputs: [Node]) {
      let next = tanh(state[0].matmul(matrix) + x * weight + state[1])
      return ([next, state[1] * 0.5 + next.mean()], [next * weight, state[1]])
    }

    func scanned(reversed: Bool = false) -> Run {
      let run = graph.scan(over: [sequence], from: [hidden, level], reversed: reversed) { step($0, $1[0]) }
      return (run.state, run.outputs)
    }

    func unrolled(reversed: Bool = false) -> Run {
      var state = [hidden, level]
      var outputs = [[Node]](repeating: [], count: length)
      for time in reversed ? Array((0..<length).reversed()) : Array(0..<length) {
        let element = sequence.sliced(time..<time + 1).reshaped(hidden.shape)
        (state, outputs[time]) = step(state, element)
      }
      let stacks = [0, 1].map { number in
        concatenate(outputs.map { $0[number].reshaped(Shape([1] + $0[number].shape.dimensions)) })
      }
      return (state, stacks)
    }

    /// One number that every result moves.
    func loss(of run: Run) -> Node {
      square(run.outputs[0]).sum() + (run.outputs[1] * run.outputs[1]).sum() * 0.5 + run.state[0].sum() + run.state[1]
    }

    func feed(_ session: Session) throws {
      for (position, input) in inputs.enumerated() {
        let values = (0..<input.shape.elementCount).map { sin(Double($0 * 7 + position * 3)) * 0.7 }
        if input.elementType == .float64 {
          try session.write(values, to: input)
        } else {
          try session.write(values.map { Float($0) }, to: input)
        }
      }
    }

    private func sin(_ x: Double) -> Double { (x * 0.318).truncatingRemainder(dividingBy: 2) - 1 }
  }

  private func gradients(_ recurrence: Recurrence, _ loss: Node, width: Int = 1) throws -> [[Double]] {
    let session = try Program(loss, gradientsFor: recurrence.inputs).makeSession(on: GraphExecutor(width: width))
    try recurrence.feed(session)
    try session.step()
    return try [session.read(loss, as: Double.self)]
      + recurrence.inputs.map { try session.gradient(of: $0, as: Double.self) }
  }

  private func expectClose(_ a: [[Double]], _ b: [[Double]], within tolerance: Double = 1e-12) {
    for (a, b) in zip(a, b) {
      #expect(a.count == b.count)
      // Sums over time are added in another order.
      for (x, y) in zip(a, b) { #expect((x - y).magnitude <= tolerance * max(1, x.magnitude), "\(x) is not \(y)") }
    }
  }

  @Test(arguments: [1, 2, 7], [false, true])
  func `values and gradients are those of the loop written out`(length: Int, reversed: Bool) throws {
    let recurrence = Recurrence(length: length)
    let scanned = try gradients(recurrence, recurrence.loss(of: recurrence.scanned(reversed: reversed)))
    let unrolled = try gradients(recurrence, recurrence.loss(of: recurrence.unrolled(reversed: reversed)))
    expectClose(scanned, unrolled)
  }

  @Test func `second derivatives are those of the loop written out`() throws {
    func curvature(_ run: (Recurrence) -> Recurrence.Run) throws -> [[Double]] {
      let recurrence = Recurrence(length: 4)
      let slopes = try recurrence.graph.gradients(
        of: [recurrence.loss(of: run(recurrence))], withRespectTo: recurrence.inputs)
      let sum = slopes.map { square($0!).sum() }.reduce(recurrence.graph.constant(0, [], .float64), +)
      return try gradients(recurrence, sum)
    }
    expectClose(try curvature { $0.scanned() }, try curvature { $0.unrolled() }, within: 1e-10)
  }

  @Test func `forward mode is that of the loop written out`() throws {
    func products(_ run: (Recurrence) -> Recurrence.Run) throws -> [Double] {
      let recurrence = Recurrence(length: 4)
      let loss = recurrence.loss(of: run(recurrence))
      let tangents = recurrence.inputs.map { recurrence.graph.constant(0.3, $0.shape, .float64) }
      let product = try recurrence.graph.jacobianVectorProduct(
        of: [loss], along: tangents, withRespectTo: recurrence.inputs)[0]!
      let session = try Program(product).makeSession()
      try recurrence.feed(session)
      try session.forward()
      return try session.read(product, as: Double.self)
    }
    expectClose([try products { $0.scanned() }], [try products { $0.unrolled() }], within: 1e-11)
  }

  @Test(arguments: [ElementType.float32, .float64]) func `the program computes what the definitions say`(
    type: ElementType
  ) throws {
    let recurrence = Recurrence(length: 5, type)
    let run = recurrence.scanned()
    var fed: [Node: ReferenceTensor] = [:]
    for input in recurrence.inputs {
      fed[input] = ReferenceTensor(input.shape, type) { index in 0.3 * Double(index.reduce(1, +)) - 0.8 }
    }
    let defined = try ReferenceEngine(recurrence.graph).run(feeding: fed)
    let session = try Program(run.state + run.outputs).makeSession()
    for (node, value) in fed { try session.write(value, to: node) }
    try session.forward()
    for node in run.state + run.outputs {
      let computed = try session.referenceValue(of: node)
      // A handful of gates a step, each within 4 units of the last place.
      let bound = 64 * (type == .float64 ? 0x1p-52 : 0x1p-23)
      for (x, y) in zip(computed.values, try #require(defined[node]).values) {
        #expect((x - y).magnitude <= bound * max(1, y.magnitude))
      }
    }
  }

  @Test func `finite differences agree with the gradient`() throws {
    let recurrence = Recurrence(length: 3)
    let loss = recurrence.loss(of: recurrence.scanned())
    var fed: [Node: ReferenceTensor] = [:]
    for input in recurrence.inputs {
      fed[input] = ReferenceTensor(input.shape, .float64) { index in 0.3 * Double(index.reduce(1, +)) - 0.8 }
    }
    for verdict in try GradientChecker().check(loss, withRespectTo: recurrence.inputs, at: fed) {
      #expect(verdict.isCorrect, "\(verdict)")
    }
  }

  @Test func `a body with a gate that knows no lanes is run whole`() throws {
    func loss(_ recurrence: Recurrence, scanned: Bool) -> Node {
      func step(_ state: Node, _ x: Node) -> Node {
        // Of the element alone, so that it could be computed for all steps together if the gate allowed it.
        let distance = x.max(axes: [-1], keepsAxes: true) - x
        return tanh(state.matmul(recurrence.matrix) + distance * recurrence.weight)
      }
      if scanned {
        let run = recurrence.graph.scan(over: recurrence.sequence, from: recurrence.hidden) { state, x in
          let next = step(state, x)
          return (next, next)
        }
        return square(run.outputs).sum() + run.state.sum() + recurrence.level
      }
      var state = recurrence.hidden
      var sum = recurrence.level
      for time in 0..<recurrence.length {
        state = step(state, recurrence.sequence.sliced(time..<time + 1).reshaped(state.shape))
        sum = sum + square(state).sum()
      }
      return sum + state.sum()
    }
    let recurrence = Recurrence(length: 5)
    let scanned = try gradients(recurrence, loss(recurrence, scanned: true))
    expectClose(scanned, try gradients(recurrence, loss(recurrence, scanned: false)))
  }

  @Test func `values of a step that are there at once have memory of their own`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 5, 5], .float64), start = graph.input("start", [5, 5], .float64)
    func weights(_ shape: Shape) -> Node {
      graph.constant((0..<100).map { Double($0 * 13 % 29) / 29 - 0.5 }, shape)
    }
    func step(_ state: Node, _ x: Node) -> Node {
      // Once the wide value has been read, two narrow ones lie where it was, side by side.
      let narrow = state.matmul(weights([5, 20])).matmul(weights([20, 5]))
      let (a, b, c) = (narrow.matmul(x), x.matmul(narrow), narrow.matmul(narrow))
      return tanh(a * b + b * c + c * a + a.matmul(b).matmul(c))
    }
    let scanned = graph.scan(over: x, from: start) { state, x in (step(state, x), state) }.state
    let unrolled = (0..<4).reduce(start) { step($0, x.sliced($1..<$1 + 1).reshaped([5, 5])) }
    func results(_ node: Node) throws -> [[Double]] {
      let session = try Program(node.sum(), gradientsFor: [x, start], alsoComputing: [node]).makeSession()
      try session.write((0..<100).map { Double($0 * 37 % 100) / 100 - 0.5 }, to: x)
      try session.write((0..<25).map { Double($0 * 7 % 25) / 25 - 0.5 }, to: start)
      try session.step()
      return try [session.read(node, as: Double.self)]
        + [x, start].map { try session.gradient(of: $0, as: Double.self) }
    }
    expectClose(try results(scanned), try results(unrolled))
  }

  @Test func `dropout in a body draws anew in each step if it is told the step`() throws {
    let graph = Graph()
    let steps = graph.input("steps", [3], .int32), x = graph.input("x", [3, 64])
    let run = graph.scan(over: [x, steps], from: []) { _, element in
      (state: [], outputs: [dropout(element[0], rate: 0.5, step: element[1], seed: 1)])
    }
    let session = try Program(run.outputs[0], gradientsFor: [x]).makeSession()
    try session.write([Float](repeating: 1, count: 3 * 64), to: x)
    try session.write([4, 5, 4] as [Int32], to: steps)
    try session.writeUpstream([Float](repeating: 1, count: 3 * 64), of: run.outputs[0])
    try session.step()
    let drawn = try session.read(run.outputs[0], as: Float.self)
    #expect(Array(drawn[..<64]) == Array(drawn[128...]) && Array(drawn[..<64]) != Array(drawn[64..<128]))
    #expect(try session.gradient(of: x, as: Float.self) == drawn)
  }

  @Test func `what goes from one step to the next without a gate is kept`() throws {
    let graph = Graph()
    let x = graph.input("x", [4], .float64), first = graph.input("first", [], .float64)
    let second = graph.input("second", [], .float64)
    // Two numbers that change places, and the element before.
    let run = graph.scan(over: [x], from: [first, second, first]) { state, element in
      (state: [state[1], state[0], element[0]], outputs: [state[0], state[2], first])
    }
    let session = try Program(run.state + run.outputs).makeSession()
    try session.write([1.0, 2, 3, 4], to: x)
    try session.write(10, to: first)
    try session.write(20, to: second)
    try session.forward()
    #expect(try run.state.map { try session.read($0) } == [10, 20, 4])
    #expect(
      try run.outputs.map { try session.read($0, as: Double.self) } == [
        [10, 20, 10, 20], [10, 1, 2, 3], [10, 10, 10, 10],
      ])
  }

  @Test func `a NaN within the steps is found`() throws {
    let recurrence = Recurrence(length: 4)
    let run = recurrence.graph.scan(over: recurrence.sequence, from: recurrence.hidden) { state, x in
      let next = log(state - x - 1000)
      return (next, next)
    }
    let session = try Program(run.outputs).makeSession()
    for input in [recurrence.sequence, recurrence.hidden] {
      try session.write([Double](repeating: 1, count: input.shape.elementCount), to: input)
    }
    #expect(try #require(try session.firstNonFinite()).gate == "scan")
  }

  @Test func `an index out of range is named with its step and its line`() throws {
    let graph = Graph()
    let table = graph.input("table", [3, 2]), rows = graph.input("rows", [4], .int32)
    let run = graph.scan(over: [rows], from: [graph.constant(0, [2])]) { state, row in
      let next = state[0] + table.gatheringRows(row[0]); #expect(next.shape == [2])
      return (state: [next], outputs: [])
    }
    let line = #line - 3
    let session = try Program(run.state[0]).makeSession()
    try session.write([1, 2, 3, 4, 5, 6] as [Float], to: table)
    try session.write([0, 1, 7, 1] as [Int32], to: rows)
    let error = #expect(throws: SessionError.self) { try session.forward() }
    let message = error.map { "\($0)" } ?? ""
    #expect(message.contains("in step 2") && message.contains("index 7") && message.contains("ScanTests.swift:\(line)"))
    try session.write([0, 1, 2, 1] as [Int32], to: rows)
    try session.forward()
    #expect(try session.read(run.state[0], as: Float.self) == [12, 16])
  }
}

/// Several loops, one feeding the next, over many steps.
@Suite(.timeLimit(.minutes(20))) struct StackedScanTests {
  struct Layers {
    let graph = Graph()
    let sequence: Node, weights: [Node]
    let loss: Node

    init(layers: Int = 3, length: Int = 200) {
      let graph = graph
      sequence = graph.input("sequence", [length, 4, 8])
      let weights = (0..<2 * layers).map { graph.parameter("w\($0)", [8, 8], .uniform(-0.5...0.5, seed: UInt64($0))) }
      let run = graph.scan(over: [sequence], from: weights.dropFirst(layers).map { _ in graph.constant(0, [4, 8]) }) {
        state, element in
        var x = element[0]
        let next = state.enumerated().map { layer, state in
          x = tanh(x.matmul(weights[2 * layer]) + state.matmul(weights[2 * layer + 1]))
          return x
        }
        return (state: next, outputs: [x])
      }
      self.weights = weights
      loss = square(run.outputs[0]).mean() + run.state[1].sum()
    }

    func session(width: Int) throws -> Session {
      let session = try Program(loss, gradientsFor: weights).makeSession(on: GraphExecutor(width: width))
      try session.write((0..<sequence.shape.elementCount).map { Float($0 % 17) / 17 - 0.4 }, to: sequence)
      return session
    }
  }

  @Test func `gradients are the same bits at every width, run after run`() throws {
    let layers = Layers()
    func gradients(width: Int) throws -> [[Float]] {
      let session = try layers.session(width: width)
      try session.step()
      try session.step()
      return try layers.weights.map { try session.gradient(of: $0, as: Float.self) }
    }
    let alone = try gradients(width: 1)
    #expect(alone.allSatisfy { $0.contains { $0 != 0 } })
    for width in [2, 4] { #expect(try gradients(width: width) == alone) }
  }

  @Test func `forward and backward apart are a step, and its memory is known before`() throws {
    let layers = Layers()
    let session = try layers.session(width: 2)
    try session.step()
    let gradients = try layers.weights.map { try session.gradient(of: $0, as: Float.self) }
    #expect(session.memory.peak <= session.program.sessionBytes)
    try session.forward()
    try session.backward()
    #expect(try layers.weights.map { try session.gradient(of: $0, as: Float.self) } == gradients)
  }

  @Test func `fused, divided and in-place steps give the bits of single ones`() throws {
    let layers = Layers(length: 20)
    func gradients(_ options: Program.Options) throws -> [[Float]] {
      let session = try Program(layers.loss, gradientsFor: layers.weights, options: options).makeSession()
      try session.write((0..<layers.sequence.shape.elementCount).map { Float($0 % 17) / 17 - 0.4 }, to: layers.sequence)
      try session.step()
      return try layers.weights.map { try session.gradient(of: $0, as: Float.self) }
    }
    let expected = try gradients(Program.Options())
    var options = Program.Options(reusesBuffers: false)
    #expect(try gradients(options) == expected)
    options.fusesElementwise = false
    options.unitWork = 0
    #expect(try gradients(options) == expected)
  }

  @Test func `a trace has a slice for each loop, forward and backward`() throws {
    let layers = Layers(layers: 2, length: 40)
    let trace = try layers.session(width: 1).trace()
    #expect(trace.timeByKind.contains { $0.name == "scan" && $0.count == 4 })
  }

  @Test func `a graph does not grow with the sequence`() throws {
    let (short, long) = (Layers(length: 1024), Layers(length: 4096))
    #expect(short.graph.nodeCount == long.graph.nodeCount)
    let counts = try [short, long].map { try Program($0.loss, gradientsFor: $0.weights).unitCount }
    #expect(counts[1] < 8 * counts[0])
  }

  @Test(arguments: [1, 2]) func `a step makes no object of Swift's heap`(width: Int) async {
    let ended = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) { [width] in
      try countSteps(of: Layers().session(width: width))
    }
    expectSteady(ended)
  }
}
