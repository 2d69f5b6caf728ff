import Adjoint
import AdjointTesting
import DependencyScheduling
import Testing

/// A node that is read several times, by one gate or by several, moves its readers as often, and gets each
/// contribution: its derivatives are the sums of those of as many nodes of the same value.
@Suite(.timeLimit(.minutes(20))) struct FanOutTests {
  @Test(arguments: GateCatalog.all)
  func `a node read by one to five gates, and several times by each, is as many nodes`(gate: any SampledGate.Type)
    throws
  {
    for reader in Reader.all(of: gate) { try FanOut(reader).check() }
  }

  @Test(arguments: GateCatalog.all) func `so is one that is read in the body of a scan`(gate: any SampledGate.Type)
    throws
  {
    guard let reader = Reader.all(of: gate).max(by: { $0.shared.count < $1.shared.count }) else { return }
    try FanOut(reader).checkScan()
  }

  /// Powers of the width of one sum, one less and one more.
  private static let counts: [Int] = {
    let width = Accumulate.width
    return Array(1...5) + [width - 1, width, width + 1, 2 * width + 1, width * width, width * width + 1]
  }()

  @Test(arguments: counts, [[], [3]] as [Shape])
  func `every reader of many sends its part back, and moves its result`(count: Int, shape: Shape) throws {
    let graph = Graph()
    let x = graph.input("x", shape, .float64)
    let terms = (1...count).map { (Double($0) * square(x)).sum() }
    let loss = count == 1 ? terms[0] : graph.apply(Accumulate(), to: terms)
    let direction = graph.constant(1, shape, .float64)
    let nodes =
      try graph.gradients(of: [loss], withRespectTo: [x])
      + graph.jacobianVectorProduct(of: [loss], along: [direction], withRespectTo: [x])
      + graph.hessianVectorProduct(of: loss, along: [direction], withRespectTo: [x])
    // Whole numbers: every order of addition is exact.
    let factor = Double(count * (count + 1)), elements = shape.elementCount
    let point = (0..<elements).map { Double($0 + 3) }
    let expected = [point.map { factor * $0 }, [factor * point.reduce(0, +)], point.map { _ in factor }]
    for accumulation in [Accumulation.graphOrder, .arrivalOrder] {
      let options = Program.Options(accumulation: accumulation)
      let session = try Program(
        loss, gradientsFor: [x], alsoComputing: nodes.map { $0! }, options: options
      ).makeSession()
      try session.write(point, to: x)
      try session.step()
      for (node, expected) in zip(nodes, expected) { #expect(try session.read(node!, as: Double.self) == expected) }
      #expect(try session.gradient(of: x, as: Double.self) == expected[0])
    }
  }

  /// Numbers of operands around those that rules are recorded for and that have a bit of their own.
  private static let operandCounts = [2, 3, 5, RuleRecord.mostOperands, RuleRecord.mostOperands + 1, 31, 32, 33, 65]

  @Test(arguments: operandCounts)
  func `each operand alone has its derivatives, whichever place it is at`(count: Int) throws {
    for place in Set([0, 1, 2, 7, 8, 30, 31, 32, 63, 64, count - 1]).sorted() where place < count {
      let graph = Graph()
      let operands = (0..<count).map { graph.input("x\($0)", [2], .float64) }
      let factors = graph.constant((0..<2 * count).map { Double($0 + 1) }, [2 * count])
      let joined = (concatenate(operands) * factors).sum()
      let added = graph.apply(Accumulate(), to: operands)
      let x = operands[place], tangent = graph.constant([1.0, 10], [2])
      let gradient = try graph.gradients(of: [joined, square(added).sum()], withRespectTo: [x])[0]
      let moved = try graph.jacobianVectorProduct(of: [joined, added], along: [tangent], withRespectTo: [x])
      let curved = try graph.hessianVectorProduct(of: square(added).sum(), along: [tangent], withRespectTo: [x])
      let nodes = try ([gradient] + moved).map { try #require($0) } + curved
      let session = try Program(nodes).makeSession()
      for (number, operand) in operands.enumerated() {
        do { try session.write([Double(number), 1], to: operand) } catch SessionError.notInProgram {}
      }
      try session.forward()
      let first = Double(2 * place + 1), sum = Double(count * (count - 1) / 2)
      let expected = [
        [first + 2 * sum, first + 1 + 2 * Double(count)], [first + 10 * (first + 1)], [1, 10], [2, 20],
      ]
      for (node, expected) in zip(nodes, expected) {
        #expect(try session.read(node, as: Double.self) == expected, "place \(place) of \(count)")
      }
    }
  }
}

/// A gate and its operands, some of which are to be one node.
private struct Reader {
  let gate: any Gate
  let operands: [ReferenceTensor]
  /// The places of the operands that are one node.
  let shared: [Int]

  private init(_ gate: any Gate, _ operands: [ReferenceTensor], _ shared: [Int]) {
    (self.gate, self.operands) = (
      gate,
      shared.isEmpty
        ? operands
        : operands.enumerated().map { place, operand in
          shared.contains(place) ? operands[shared[0]] : operand
        }
    )
    self.shared = shared
  }

  /// The applications of a gate's first sample in which most operands, and in which single ones, are one node; and
  /// those of gates of any number of operands.
  static func all(of type: any SampledGate.Type) -> [Reader] {
    var readers: [Reader] = []
    func add(_ gate: any Gate, _ operands: [ReferenceTensor], _ isFloating: [Bool]) {
      var groups: [Shape: [Int]] = [:]
      for place in operands.indices where isFloating[place] { groups[operands[place].shape, default: []].append(place) }
      guard let largest = groups.values.max(by: { ($0.count, $1[0]) < ($1.count, $0[0]) }) else { return }
      readers.append(Reader(gate, operands, largest))
    }
    for sample in type.samples.prefix(1) {
      let values = sample.operands.enumerated().map { $1.values(seed: UInt64($0 + 3), type: .float64) }
      guard values.allSatisfy({ $0.values.allSatisfy(\.isFinite) }) else { continue }
      // All operands of one shape, where the gate takes them: scalars and others.
      var isTaken = false
      for shape in [[], [3, 3]] as [Shape] where sample.operands.allSatisfy(\.isDifferentiable) {
        let shapes = sample.operands.map { _ in shape }
        guard (try? sample.gate.shape(shapes)) != nil else { continue }
        add(sample.gate, shapes.indices.map { numbers(shape, seed: $0) }, shapes.map { _ in true })
        isTaken = shape.rank > 0
      }
      if !isTaken { add(sample.gate, values, sample.operands.map(\.isDifferentiable)) }
    }
    for count in [4, 5, RuleRecord.mostOperands + 1] {
      let operands = (0..<count).map { numbers([3], seed: $0) }
      if type == Accumulate.self { readers.append(Reader(Accumulate(), operands, Array(operands.indices))) }
      if type == Concatenate.self { readers.append(Reader(Concatenate(axis: 0), operands, Array(operands.indices))) }
    }
    return readers
  }

  private static func numbers(_ shape: Shape, seed: Int) -> ReferenceTensor {
    GateSample.Operand.uniform(shape, in: 0.05...0.45).values(seed: UInt64(seed + 11), type: .float64)
  }
}

/// Up to five applications of a gate that share a node, each weighted with a factor of its own, and one with nodes of
/// the same value in the place of the shared one.
private struct FanOut {
  let reader: Reader
  let graph = Graph()
  /// The shared node, and the nodes in its places.
  let x: Node, apart: [Node]
  let direction: Node
  /// What the first applications do to a loss, and what the one with nodes of its own does.
  private let losses: [Node], lossApart: Node
  private var values: [Node: ReferenceTensor] = [:]
  private let others: [Node]

  /// How much each application counts.
  private static let factors = [0.5, 0.8, 1.1, 1.4, 1.7]

  init(_ reader: Reader) {
    self.reader = reader
    let graph = graph
    func input(_ name: String, _ value: ReferenceTensor) -> Node { graph.input(name, value.shape, value.elementType) }
    let value = reader.operands[reader.shared[0]]
    x = input("x", value)
    apart = reader.shared.map { input("x at \($0)", value) }
    others = reader.operands.enumerated().map { input("other \($0)", $1) }
    direction = graph.constant((0..<value.values.count).map { 0.4 + Double($0 * 3 % 5) / 4 }, value.shape)
    for node in [x] + apart { values[node] = value }
    for (node, value) in zip(others, reader.operands) { values[node] = value }
    let shared = reader.shared.map { [x] _ in x }
    let terms = Self.factors.map { [others] in $0 * Self.loss(reader, others, shared) }
    losses = terms.indices.map { terms[1..<$0 + 1].reduce(terms[0], +) }
    lossApart = Self.loss(reader, others, apart)
  }

  private static func loss(_ reader: Reader, _ others: [Node], _ nodes: [Node]) -> Node {
    var operands = others
    for (place, node) in zip(reader.shared, nodes) { operands[place] = node }
    func apply(_ gate: some Gate) -> Node { nodes[0].graph.apply(gate, to: operands) }
    let result = apply(reader.gate)
    guard result.elementType == .float64 else { return 0 * nodes[0].sum() }
    let weights = nodes[0].graph.constant(
      (0..<result.shape.elementCount).map { 0.5 + Double($0 * 5 % 7) / 7 }, result.shape)
    return (weights * result).sum() + 0.5 * square(result).sum()
  }

  /// A gradient, what it is along the direction, and its own derivative along it.
  private struct Derivatives {
    var gradient: [Double], slope: [Double], curvature: [Double]

    static func * (factor: Double, a: Derivatives) -> Derivatives {
      Derivatives(
        gradient: a.gradient.map { factor * $0 }, slope: a.slope.map { factor * $0 },
        curvature: a.curvature.map { factor * $0 })
    }
  }

  /// The sums of the derivatives by all nodes of one application that has nodes of its own.
  private func derivativesApart() throws -> Derivatives {
    let zero = graph.constant(0, x.shape, .float64)
    let gradients = try graph.gradients(of: [lossApart], withRespectTo: apart).map { $0 ?? zero }
    let slope = gradients.map { ($0 * direction).sum() }.reduce(graph.constant(0, [], .float64), +)
    let curvatures = try graph.gradients(of: [slope], withRespectTo: apart).map { $0 ?? zero }
    let session = try session(gradients + curvatures + [slope])
    func sum(_ nodes: [Node]) throws -> [Double] {
      let parts = try nodes.map { try session.read($0, as: Double.self) }
      return parts[0].indices.map { element in parts.reduce(0) { $0 + $1[element] } }
    }
    return Derivatives(gradient: try sum(gradients), slope: try sum([slope]), curvature: try sum(curvatures))
  }

  /// The nodes that compute the derivatives of a loss: the gradient, the slope by forward mode, the gradient's
  /// gradient.
  private func derivatives(of loss: Node, by variable: Node, along direction: Node) throws -> [Node] {
    let zero = graph.constant(0, variable.shape, .float64)
    let gradient = try graph.gradients(of: [loss], withRespectTo: [variable])[0] ?? zero
    let tangent = try graph.jacobianVectorProduct(of: [loss], along: [direction], withRespectTo: [variable])[0]
    let slope = (gradient * direction).sum()
    return [gradient, tangent ?? zero.sum(), try graph.gradients(of: [slope], withRespectTo: [variable])[0] ?? zero]
  }

  private func session(_ nodes: [Node]) throws -> Session {
    let session = try Program(nodes + [direction]).makeSession()
    try write(to: session)
    try session.forward()
    return session
  }

  private func write(to session: Session) throws {
    for (node, value) in values {
      do { try session.write(value, to: node) } catch SessionError.notInProgram {}
    }
  }

  private func expectClose(_ a: [Double], _ b: [Double], _ what: String) {
    let scale = b.reduce(1) { max($0, $1.magnitude) }
    let isClose = a.count == b.count && zip(a, b).allSatisfy { ($0 - $1).magnitude <= 1e-11 * scale }
    #expect(isClose, "\(what) of \(reader.gate) read at \(reader.shared): \(a), not \(b)")
  }

  private func expectClose(_ found: [[Double]], _ expected: Derivatives, _ what: String) {
    expectClose(found[0], expected.gradient, "gradient \(what)")
    expectClose(found[1], expected.slope, "slope \(what)")
    expectClose(found[2], expected.curvature, "curvature \(what)")
  }

  func check() throws {
    let apart = try derivativesApart()
    let zero = graph.constant(0, x.shape, .float64)
    var nodes = try losses.map { try graph.gradients(of: [$0], withRespectTo: [x])[0] ?? zero }
    for loss in [losses[2], losses[4]] { nodes += try derivatives(of: loss, by: x, along: direction) }
    let session = try session(nodes)
    let found = try nodes.map { try session.read($0, as: Double.self) }
    let factors = Self.factors.indices.map { Self.factors[...$0].reduce(0, +) }
    for (number, factor) in factors.enumerated() {
      expectClose(found[number], (factor * apart).gradient, "gradient of \(number + 1)")
    }
    expectClose(Array(found[5..<8]), factors[2] * apart, "of three")
    expectClose(Array(found[8...]), factors[4] * apart, "of five")

    let options = Program.Options(accumulation: .arrivalOrder)
    guard let program = try? Program(losses[2], gradientsFor: [x], options: options) else { return }
    let arrival = program.makeSession()
    try write(to: arrival)
    try arrival.step()
    expectClose(try arrival.gradient(of: x, as: Double.self), (factors[2] * apart).gradient, "gradient by arrival")
  }

  /// Two steps, with the shared node an element of each, and the same in both.
  func checkScan() throws {
    let apart = Self.factors[..<3].reduce(0, +) * (try derivativesApart())
    let count = Shape([2] + x.shape.dimensions)
    let sequence = graph.input("sequence", count, .float64)
    func body(_ node: Node) -> Node {
      let terms = Self.factors.prefix(3).map { $0 * Self.loss(reader, others, reader.shared.map { _ in node }) }
      return terms.dropFirst().reduce(terms[0], +)
    }
    let elements = graph.scan(over: [sequence], from: []) { (state: $0, outputs: [body($1[0])]) }.outputs[0].sum()
    let ones = graph.constant(1, [2], .float64)
    let repeated = graph.scan(over: [ones], from: [graph.constant(0, [], .float64)]) { state, one in
      (state: [state[0] + body(x * one[0])], outputs: [])
    }.state[0]
    let nodes =
      try derivatives(of: elements, by: sequence, along: direction.broadcast(to: count))
      + derivatives(of: repeated, by: x, along: direction)
    let session = try Program(nodes).makeSession()
    try write(to: session)
    let value = values[x]!.values
    do {
      try session.write(ReferenceTensor(count, .float64, value + value), to: sequence)
    } catch SessionError.notInProgram {}
    try session.forward()
    let found = try nodes.map { try session.read($0, as: Double.self) }
    let twice = Derivatives(
      gradient: apart.gradient + apart.gradient, slope: apart.slope.map { 2 * $0 },
      curvature: apart.curvature + apart.curvature)
    expectClose(Array(found[..<3]), twice, "of elements of a scan")
    expectClose(Array(found[3...]), 2 * apart, "of what is the same in all steps")
  }
}
