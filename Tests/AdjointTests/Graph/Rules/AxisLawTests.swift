import AdjointTesting
import Testing

@testable import Adjoint

/// A negative axis counts from the end, and an axis that does not exist is an error: for every gate and every function
/// that takes axes by number.
@Suite(.timeLimit(.minutes(20))) struct AxisLawTests {
  typealias SampledAxisGate = AxisGate & SampledGate

  private static let gates = GateCatalog.all.compactMap { $0 as? any SampledAxisGate.Type }

  /// A gate of the same kind with one of its axes exchanged, on the operands of a sample.
  struct Application: CustomStringConvertible {
    let sample: GateSample
    /// What it was given, and what that is counted from the front; `nil` if it is nothing.
    let axes: [Int], front: [Int]?

    /// Every axis from one below the first to one above the last, in each place.
    static func all<G: SampledAxisGate>(of _: G.Type) -> [Application] {
      G.samples.flatMap { sample in
        let given = (sample.gate as! G).axes, rank = sample.operands[0].shape.rank
        return given.indices.flatMap { place in
          (-rank - 1...rank).map { axis in
            var axes = given
            axes[place] = axis
            let front = axes.map { $0 < 0 ? $0 + rank : $0 }
            let isRight = front.allSatisfy { (0..<rank).contains($0) } && Set(front).count == front.count
            return Application(sample: sample, axes: axes, front: isRight ? front : nil)
          }
        }
      }
    }

    var description: String { "\(sample) along \(axes)" }
  }

  /// The gate of a sample, along `axes`, on inputs of a graph of its own.
  private func applied(_ sample: GateSample, along axes: [Int], line: UInt = #line) -> (Node, [Node: ReferenceTensor]) {
    let graph = Graph()
    var values: [Node: ReferenceTensor] = [:]
    let operands = sample.operands.enumerated().map { position, operand in
      let value = operand.values(seed: UInt64(position) + 1, type: .float64)
      let node = graph.input("operand\(position)", value.shape, value.elementType)
      values[node] = value
      return node
    }
    func apply<G: AxisGate>(_ gate: G) -> Node { graph.apply(gate.along(axes), to: operands, line: line) }
    let gate = sample.gate as! any AxisGate
    return (apply(gate), values)
  }

  private func computed(_ node: Node, _ values: [Node: ReferenceTensor]) throws -> ReferenceTensor {
    let session = try Program(node).makeSession()
    for (input, value) in values { try session.write(value, to: input) }
    try session.forward()
    return try session.referenceValue(of: node)
  }

  @Test(arguments: gates) func `a gate counts negative axes from the end`(gate: any SampledAxisGate.Type) throws {
    for application in Application.all(of: gate) {
      let (node, values) = applied(application.sample, along: application.axes)
      guard let front = application.front else { continue }
      let (expected, others) = applied(application.sample, along: front)
      #expect(node.isRefused == expected.isRefused, "\(application)")
      if node.isRefused { continue }  // operands of a concatenation that differ elsewhere
      let stored = node.graph.withState { $0.storage.gate(of: node.id) } as? any AxisGate
      #expect(stored?.axes.allSatisfy { $0 >= 0 } == true, "\(application)")
      #expect(node.shape == expected.shape, "\(application)")
      #expect(try computed(node, values).isIdentical(to: computed(expected, others)), "\(application)")
      if node.elementType.isDifferentiable { try checkGradients(node, expected, "\(application)") }
    }
  }

  private func checkGradients(_ node: Node, _ expected: Node, _ comment: String) throws {
    func shapes(_ node: Node) throws -> [Shape?] {
      let inputs = node.inputs.filter { $0.elementType.isDifferentiable }
      return try node.graph.gradients(of: [square(node).sum()], withRespectTo: inputs).map { $0?.shape }
    }
    #expect(try shapes(node) == shapes(expected), "\(comment)")
  }

  @Test(arguments: gates) func `a gate refuses axes that do not exist or come twice`(gate: any SampledAxisGate.Type) {
    for application in Application.all(of: gate) where application.front == nil {
      let (node, _) = applied(application.sample, along: application.axes, line: 7)
      let error = #expect(throws: GraphError.self, "\(application)") { try Program(node) }
      let message = error?.description ?? ""
      #expect(error?.kind == .shapeMismatch)
      #expect(message.hasPrefix("\(gate.name) at AdjointTests/AxisLawTests.swift:7: "), "\(message)")
      #expect(message.contains("\(application.sample.operands[0].shape)"), "\(message)")
    }
  }

  @Test func `the shape rule by itself counts as a graph does`() throws {
    for gate in Self.gates {
      for application in Application.all(of: gate) {
        let shapes = application.sample.operands.map(\.shape)
        func shape(_ gate: some AxisGate, _ axes: [Int]) -> Shape? { try? gate.along(axes).shape(shapes) }
        let sample = application.sample.gate as! any AxisGate
        #expect(shape(sample, application.axes) == application.front.flatMap { shape(sample, $0) }, "\(application)")
      }
    }
  }

  @Test(arguments: GateCatalog.all) func `whatever names axes is a gate of axes`(gate: any SampledGate.Type) {
    // The compiler alone makes it, of axes that are counted already.
    if gate == SumOfPads.self { return }
    for sample in gate.samples {
      let namesAxes = Mirror(reflecting: sample.gate).children.contains {
        ["axis", "axes", "permutation"].contains($0.label)
      }
      #expect(namesAxes == (sample.gate is any AxisGate), "\(sample)")
    }
  }

  // MARK: functions

  struct Function: Sendable, CustomTestStringConvertible {
    let name: String
    let apply: @Sendable (_ x: Node, _ axis: Int, _ line: UInt) -> Node
    var testDescription: String { name }

    init(_ name: String, _ apply: @escaping @Sendable (_ x: Node, _ axis: Int, _ line: UInt) -> Node) {
      (self.name, self.apply) = (name, apply)
    }
  }

  /// All functions that take an axis, on a value of shape `[3, 3, 3]`.
  static let functions = [
    Function("sum") { $0.sum(axes: [$1], line: $2) },
    Function("mean") { $0.mean(axes: [$1], keepsAxes: true, line: $2) },
    Function("max") { $0.max(axes: [$1], line: $2) },
    Function("l2Norm") { $0.l2Norm(axes: [$1], line: $2) },
    Function("l2Normalized") { $0.l2Normalized(axes: [$1], line: $2) },
    Function("logSumExp") { $0.logSumExp(axes: [$1], line: $2) },
    Function("cumulativeSum") { $0.cumulativeSum(axis: $1, line: $2) },
    Function("cumulativeProduct") { $0.cumulativeProduct(axis: $1, line: $2) },
    Function("argmax") { $0.argmax(axis: $1, line: $2) },
    Function("sliced") { $0.sliced(1..<3, axis: $1, line: $2) },
    Function("padded") { $0.padded(front: 1, back: 2, axis: $1, line: $2) },
    Function("concatenate") { concatenate([$0, $0], axis: $1, line: $2) },
    Function("layerNormalization") { layerNormalization($0, axes: [$1], line: $2) },
    Function("batchNormalization, training") { x, axis, line in
      let three = x.graph.constant(0.5, [3])
      let seen = RunningStatistics(mean: x.graph.parameter("m", [3]), variance: x.graph.parameter("v", [3]))
      return batchNormalization(x, scale: three, shift: three, updating: seen, axis: axis, line: line).output
    },
    Function("batchNormalization, inference") { x, axis, line in
      let three = x.graph.constant(0.5, [3])
      let seen = RunningStatistics(mean: three, variance: three)
      return batchNormalization(x, scale: three, shift: three, using: seen, axis: axis, line: line)
    },
    Function("transposed") { x, axis, line in
      x.transposed([axis] + [0, 1, 2].filter { $0 != (axis < 0 ? axis + 3 : axis) }.prefix(2), line: line)
    },
  ]

  @Test(arguments: functions, -4...3) func `a function counts negative axes from the end`(
    function: Function, axis: Int
  ) throws {
    func node(_ axis: Int) -> Node { function.apply(Graph().input("x", [3, 3, 3]), axis, 7) }
    func value(_ node: Node) throws -> ReferenceTensor {
      let values = (0..<27).map { Double($0 * 11 % 27) / 9 - 1 }
      return try computed(node, [node.graph.node(named: "x")!: ReferenceTensor([3, 3, 3], .float32, values)])
    }
    if (-3..<3).contains(axis) {
      #expect(try value(node(axis)).isIdentical(to: value(node((axis + 3) % 3))))
    } else {
      let message = #expect(throws: GraphError.self) { try Program(node(axis)) }?.description ?? ""
      #expect(message.contains("AdjointTests/AxisLawTests.swift:7: "), "\(message)")
      #expect(message.contains("axis \(axis) ") || function.name == "transposed", "\(message)")
      #expect(message.contains("[3, 3, 3]"), "\(message)")
    }
  }
}
