import Adjoint
import AdjointTesting
import DependencyScheduling
import Testing

/// A scan is the loop that it stands for.
@Suite struct ScanTests {
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
}
