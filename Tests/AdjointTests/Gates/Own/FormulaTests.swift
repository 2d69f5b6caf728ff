import Adjoint
import AdjointTesting
import DependencyScheduling
import Testing

/// The formula of an elementwise gate of one's own, as it runs in blocks, against a loop.
@Suite(.timeLimit(.minutes(20))) struct FormulaTests {
  /// Shapes of the result, of more and of fewer elements than a block, and of as many.
  private static let results: [Shape] = [[], [1], [7], [256], [3, 257], [5, 11, 13]]

  @Test(arguments: 1...5, ElementType.ofArithmetic)
  func `every count of operands in every layout is computed`(count: Int, type: ElementType) throws {
    for result in Self.results {
      for layout in 0..<1 << (count - 1) {
        try expectLoop(count, type, result, layout: 2 * layout + 1)
      }
    }
  }

  /// Operand i has the result's shape if bit i of `layout` is set, and else is repeated along the first axis. Bit 0 is
  /// set: one of them has that shape, or the result would have another.
  private func expectLoop(_ count: Int, _ type: ElementType, _ result: Shape, layout: Int) throws {
    let graph = Graph()
    var generator = SeededGenerator(seed: UInt64(layout + 100 * count))
    let row: Shape = result.rank > 1 ? Shape(Array(result.dimensions.dropFirst())) : []
    let shapes = (0..<count).map { layout >> $0 & 1 == 1 ? result : row }
    let inputs = shapes.enumerated().map { graph.input("x\($0)", $1, type) }
    let values = shapes.map { shape in
      ReferenceTensor(shape, type, (0..<shape.elementCount).map { _ in generator.unit() * 4 - 2 })
    }
    let y = graph.apply(Horner(), to: inputs)
    for width in result.rank > 1 ? [1, 2] : [1] {
      let session = try Program(y).makeSession(on: GraphExecutor(width: width))
      for (input, value) in zip(inputs, values) { try session.write(value.values, to: input) }
      try session.forward()
      let rows = values.map { $0.broadcast(to: result).values }
      let expected = (0..<result.elementCount).map { i in
        type.rounded(rows.dropFirst().reduce(rows[0][i]) { $0 * 0.5 + $1[i] })
      }
      #expect(try session.doubles(of: y) == expected, "\(shapes) at width \(width)")
    }
  }

  @Test func `a formula obeys all laws with each count of operands`() throws {
    for count in 1...4 {
      let sample = GateSample(Horner(), operands: (0..<count).map { .uniform($0 == 1 ? [3] : [2, 3]) })
      #expect(try GateLaw.violations(on: sample) == [])
    }
  }

  @Test func `a loop of one's own runs instead of the formula, and is compared with it`() throws {
    #expect(try GateLaw.violations(on: GateSample(Doubled(isRight: true), .uniform([300]))) == [])
    let violations = try GateLaw.kernel.violations(on: [GateSample(Doubled(isRight: false), .uniform([300]))])
    #expect(violations.description.contains("element 299"), "\(violations)")
  }

  @Test func `an element that a loop of one's own leaves out is reported`() throws {
    let graph = Graph()
    let x = graph.input("x", [300], .float64)
    let session = try Program(graph.apply(Forgetful(), to: [x])).makeSession()
    try session.write([Double](repeating: 1, count: 300), to: x)
    let error = #expect(throws: SessionError.self) { try session.forward() }
    #expect(error?.description.contains("does not write element 17") == true, "\(String(describing: error))")
  }

  @Test func `the result lies where an operand did`() throws {
    func bytes(ofSteps count: Int) throws -> Int {
      let graph = Graph()
      let x = graph.input("x", [100_000])
      let y = (0..<count).reduce(x * 2) { y, _ in graph.apply(Doubled(isRight: true), to: [y]) }
      return try Program(y.sum()).makeSession(on: GraphExecutor(width: 1)).memory.allocated
    }
    // The input and one value: a result beside its operand would be a third.
    #expect(try bytes(ofSteps: 4) < 3 * 400_000)
  }

  @Test func `a result out of the range of integers is reported, and the session goes on`() throws {
    let graph = Graph()
    let x = graph.input("x", [2])
    let y = graph.apply(Counted(), to: [x])
    let session = try Program(y).makeSession()
    try session.write([1.5, 1e10], to: x)
    let error = #expect(throws: SessionError.self) { try session.forward() }
    #expect(error?.description.contains("the result holds int32") == true, "\(String(describing: error))")
    try session.write([1.5, 2.5], to: x)
    try session.forward()
    #expect(try session.doubles(of: y) == [2, 2])
  }
}

/// (…(x₀ / 2 + x₁) / 2 + …) + xₙ: which operand is which shows in the result.
private struct Horner: ElementwiseGate {
  static let name = "horner"
  func value(_ x: ElementOperands) -> Double { x.dropFirst().reduce(x[0]) { $0 * 0.5 + $1 } }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let last = node.inputs.count - 1
    return (0...last).map { position in
      // ∂y/∂xᵢ = 2^(i − n).
      (0..<(last - position)).reduce(upstream) { gradient, _ in gradient * 0.5 }
    }
  }
}

private struct Doubled: ElementwiseGate {
  static let name = "doubled"
  let isRight: Bool
  func value(_ x: ElementOperands) -> Double { 2 * x[0] }
  func values(_ block: ElementBlock) {
    let x = block.operand(0)
    for i in x.indices { block.results[i] = x[i] + x[i] }
    // The last block of 300 elements has 44.
    if !isRight && block.count == 44 { block.results[43] = 7 }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [2 * upstream] }
}

private struct Forgetful: ElementwiseGate {
  static let name = "forgetful"
  func value(_ x: ElementOperands) -> Double { x[0] }
  func values(_ block: ElementBlock) {
    for i in 0..<block.count where i != 17 { block.results[i] = block.operand(0)[i] }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
}

/// The nearest integer.
private struct Counted: ElementwiseGate {
  static let name = "counted"
  func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType { .int32 }
  func value(_ x: ElementOperands) -> Double { x[0].rounded(.toNearestOrEven) }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
}
