import Adjoint
import AdjointTesting
import Testing

/// The laws over the catalogue: a gate listed there is a gate tested here.
@Suite(.timeLimit(.minutes(20))) struct GateLawTests {
  /// The operands through which a gate of the catalogue lets no gradient although its value changes with them.
  private func walls(of gate: any SampledGate.Type) -> Set<Int> { gate == StopGradient.self ? [0] : [] }

  @Test(arguments: GateCatalog.all) func `the pullback agrees with finite differences`(gate: any SampledGate.Type)
    throws
  {
    #expect(try GateLaw.pullback.violations(of: gate, stopping: walls(of: gate)) == [])
  }

  @Test(arguments: GateCatalog.all)
  func `the gradient differentiated again agrees with finite differences`(gate: any SampledGate.Type) throws {
    #expect(try GateLaw.secondDerivative.violations(of: gate, stopping: walls(of: gate)) == [])
  }

  @Test(arguments: GateCatalog.all) func `the pushforward is the pullback's transpose`(gate: any SampledGate.Type)
    throws
  {
    #expect(try GateLaw.pushforward.violations(of: gate) == [])
  }

  @Test(arguments: GateCatalog.all)
  func `the pushforward that follows from the pullback is the one stated`(gate: any SampledGate.Type) throws {
    func violations<G: SampledGate>(_: G.Type) throws -> [LawViolation] {
      try GateLaw.pushforward.violations(of: Unstated<G>.self)
    }
    #expect(try violations(gate) == [])
  }

  @Test(arguments: GateCatalog.all) func `a gradient has its variable's shape`(gate: any SampledGate.Type) throws {
    #expect(try GateLaw.gradientShape.violations(of: gate) == [])
  }

  @Test(arguments: GateCatalog.all) func `the kernel computes what the definition says`(gate: any SampledGate.Type)
    throws
  {
    #expect(try GateLaw.kernel.violations(of: gate) == [])
  }

  @Test(arguments: GateCatalog.all) func `every broadcast layout is the reference's`(gate: any SampledGate.Type) throws
  {
    #expect(try GateLaw.layouts.violations(of: gate) == [])
  }

  @Test(arguments: GateCatalog.all) func `the edges of arithmetic are the definition's`(gate: any SampledGate.Type)
    throws
  {
    #expect(try GateLaw.edges.violations(of: gate) == [])
  }

  @Test func `the catalogue names no gate twice`() {
    #expect(Set(GateCatalog.all.map { $0.name }).count == GateCatalog.all.count)
  }
}

/// Each law catches a gate that breaks it.
@Suite(.timeLimit(.minutes(20))) struct WrongGateTests {
  @Test func `a pullback that forgets a factor is reported with both numbers`() throws {
    let violations = try GateLaw.pullback.violations(of: SquareWithHalfASlope.self)
    #expect(violations.count == 1)
    #expect(violations.description.contains("gradient of operand0["))
    #expect(violations.description.contains("50 % apart"))
  }

  @Test func `a pullback that says nil of a value that changes is reported`() throws {
    let violations = try GateLaw.pullback.violations(of: StopGradient.self)
    #expect(violations.description.contains("no gradient reaches operand0["))
    #expect(violations.description.contains("expected none"))
    let wall = try GateLaw.pullback.violations(of: Square.self, stopping: [0])
    #expect(wall.description.contains("was declared to get no gradient, and gets one"))
  }

  @Test func `a pullback right at first order and wrong at second is reported`() throws {
    #expect(try GateLaw.pullback.violations(of: SquareWithFrozenSlope.self) == [])
    let violations = try GateLaw.secondDerivative.violations(of: SquareWithFrozenSlope.self)
    #expect(violations.description.contains("of the gradient of operand 0: no gradient reaches operand0["))
  }

  @Test func `a pushforward that is not the pullback's transpose is reported`() throws {
    let violations = try GateLaw.pushforward.violations(of: SquareWithHalfATangent.self)
    #expect(violations.count == 1)
    #expect(violations.description.contains("moving operands [0]: ⟨v, J·u⟩ is "))
    #expect(try GateLaw.pushforward.violations(of: StillProduct.self).count == 2)
  }

  @Test func `a kernel that differs from the definition is reported with element and values`() throws {
    let violations = try GateLaw.kernel.violations(of: DoublingWithASlip.self)
    #expect(violations.count == 10)  // two types, five seeds
    #expect(violations.description.contains("element 1 is "))
    #expect(violations.description.contains("the definition says "))
  }

  @Test func `a kernel wrong at an edge alone is reported`() throws {
    #expect(try GateLaw.kernel.violations(of: AbsoluteOfPositives.self) == [])
    #expect(try GateLaw.edges.violations(of: AbsoluteOfPositives.self).count == 1)
  }

  @Test func `a kernel that mixes up a stretched operand is reported`() throws {
    #expect(try GateLaw.kernel.violations(of: AddIgnoringStretching.self) == [])
    let violations = try GateLaw.layouts.violations(of: AddIgnoringStretching.self)
    #expect(violations.description.contains("as [[2, 3], [2, 1]]"))
  }

  @Test func `a law without samples is reported`() throws {
    #expect(try GateLaw.kernel.violations(on: []).description.contains("no samples"))
  }
}

private struct SquareWithHalfASlope: ElementwiseGate, SampledGate {
  static let name = "squareWithHalfASlope"
  func value(_ x: ElementOperands) -> Double { x[0] * x[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream * node.inputs[0]] }
  static let samples = [GateSample(Self(), .uniform([2, 3]))]
}

private struct SquareWithFrozenSlope: ElementwiseGate, SampledGate {
  static let name = "squareWithFrozenSlope"
  func value(_ x: ElementOperands) -> Double { x[0] * x[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream * stopGradient(2 * node.inputs[0])]
  }
  static let samples = [GateSample(Self(), .uniform([2, 3]))]
}

private struct SquareWithHalfATangent: ElementwiseGate, SampledGate {
  static let name = "squareWithHalfATangent"
  func value(_ x: ElementOperands) -> Double { x[0] * x[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream * (2 * node.inputs[0])] }
  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? { tangents[0].map { $0 * node.inputs[0] } }
  static let samples = [GateSample(Self(), .uniform([2, 3]))]
}

/// Its second operand moves nothing, forward.
private struct StillProduct: ElementwiseGate, SampledGate {
  static let name = "stillProduct"
  func value(_ x: ElementOperands) -> Double { x[0] * x[1] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream * node.inputs[1], upstream * node.inputs[0]]
  }
  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? { tangents[0].map { $0 * node.inputs[1] } }
  static let samples = [GateSample(Self(), .uniform([2, 3]), .uniform([3]))]
}

/// A gate as it is but for its pushforward, which is left to follow from the pullback.
private struct Unstated<Stated: SampledGate>: Gate, SampledGate {
  static var name: String { "unstated " + Stated.name }
  let gate: Stated
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try gate.shape(inputs) }
  func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType { try gate.elementType(inputs) }
  var kernel: Kernel { gate.kernel }
  func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    try gate.definition(inputs, shape: shape)
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { gate.pullback(upstream, node) }
  static var samples: [GateSample] {
    Stated.samples.compactMap { sample in
      (sample.gate as? Stated).map { GateSample(Unstated(gate: $0), operands: sample.operands) }
    }
  }
}

private struct DoublingWithASlip: ElementwiseGate, SampledGate {
  static let name = "doublingWithASlip"
  func value(_ x: ElementOperands) -> Double { 2 * x[0] }
  var kernel: Kernel {
    .custom { arguments in
      func fill<T: GraphScalar>(_: T.Type) throws {
        let (x, y) = try (arguments.input(0, as: T.self), arguments.output(as: T.self))
        for i in x.indices { y[i] = T(rounding: x[i].asDouble * (i == 1 ? 2.001 : 2)) }
      }
      if arguments.outputType == .float64 { try fill(Double.self) } else { try fill(Float.self) }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [2 * upstream] }
  static let samples = [GateSample(Self(), .uniform([3], in: 1...2))]
}

/// Its kernel leaves -1 as it is in float64.
private struct AbsoluteOfPositives: ElementwiseGate, SampledGate {
  static let name = "absoluteOfPositives"
  func value(_ x: ElementOperands) -> Double { x[0].magnitude }
  var kernel: Kernel {
    .custom { arguments in
      func fill<T: GraphScalar>(_: T.Type, _ value: (Double) -> Double) throws {
        let (x, y) = try (arguments.input(0, as: T.self), arguments.output(as: T.self))
        for i in x.indices { y[i] = T(rounding: value(x[i].asDouble)) }
      }
      if arguments.outputType == .float64, arguments.outputShape.rank > 0 {
        try fill(Double.self) { $0 == -1 ? -1 : $0.magnitude }
      } else if arguments.outputType == .float64 {
        try fill(Double.self, \.magnitude)
      } else {
        try fill(Float.self, \.magnitude)
      }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream * sign(node.inputs[0])] }
  static let samples = [GateSample(Self(), .uniform([3], in: 1...2))]
}

/// Right where the operands have one shape.
private struct AddIgnoringStretching: ElementwiseGate, SampledGate {
  static let name = "addIgnoringStretching"
  func value(_ x: ElementOperands) -> Double { x[0] + x[1] }
  var kernel: Kernel {
    .custom { arguments in
      func fill<T: GraphScalar>(_: T.Type) throws {
        let (a, b, y) = try (
          arguments.input(0, as: T.self), arguments.input(1, as: T.self), arguments.output(as: T.self)
        )
        for i in y.indices { y[i] = T(rounding: a[i % a.count].asDouble + b[i % b.count].asDouble) }
      }
      if arguments.outputType == .float64 { try fill(Double.self) } else { try fill(Float.self) }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream, upstream] }
  static let samples = [GateSample(Self(), .uniform([2, 3]), .uniform([2, 3]))]
}
