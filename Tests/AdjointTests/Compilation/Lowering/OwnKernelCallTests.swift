import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

/// Gates from outside the package whose kernels are calls: divided, costed and written in place as the package's own.
@Suite(.timeLimit(.minutes(20))) struct OwnKernelCallTests {
  @Test(arguments: GateLaw.ofAnyGate) func `a gate with a kernel call of its own obeys every law`(law: GateLaw) throws {
    #expect(try law.violations(of: RowSums.self) == [])
  }

  @Test func `workers share it, and no bit depends on how`() throws {
    let graph = Graph()
    let x = graph.input("x", [300, 500])
    let y = graph.apply(RowSums(), to: [x])
    let program = try Program(y.sum(), gradientsFor: [x], alsoComputing: [y])
    let parts = program.plan.steps.filter { step in
      guard case .kernel(let number, _) = step.work else { return false }
      return program.plan.calls[number] is OwnCall<RunningSums>
    }
    #expect(parts.count >= 4)
    let values = (0..<150_000).map { Float($0 % 89) / 16 - 2 }
    let results = try [1, 2, 4].map { width in
      let session = program.makeSession(on: try GraphExecutor(width: width))
      try session.write(values, to: x)
      try session.step()
      return [try session.read(y, as: Float.self), try session.gradient(of: x, as: Float.self)]
    }
    let rows = stride(from: 0, to: values.count, by: 500).flatMap { row in
      values[row..<row + 500].reduce(into: [Float]()) { $0.append(($0.last ?? 0) + $1) }
    }
    #expect(results[0][0] == rows)
    #expect(results[0][1] == (0..<300).flatMap { _ in (0..<500).map { Float(500 - $0) } })
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test func `it takes its operand's memory where it says that it may, and costs what it says`() throws {
    func program(_ gate: RowSums) throws -> Program {
      let graph = Graph()
      let x = graph.input("x", [64, 256])
      return try Program(graph.apply(gate, to: [tanh(x)]).max())
    }
    let (inPlace, apart) = try (program(RowSums()), program(RowSums(behaviour: .apart)))
    // Up to the lines between buffers.
    #expect(apart.sessionBytes - inPlace.sessionBytes >= 64 * 256 * 4 - 256)
    #expect(try program(RowSums(behaviour: .dear)).plan.unitCosts.reduce(0, +) >= 1.9e9)
  }

  @Test(arguments: [
    (RowSums.Behaviour.partless, "its kernel call can be divided into 0 parts; at least 1 is needed"),
    (.priceless, "its kernel call costs nan ns; a finite number from zero up is one"),
    (.wideReading, "its kernel call reads elements 0..<7 of operand 0, which has 6"),
    (.shortWriting, "its kernel call writes elements 0..<5 of a result of 6"),
  ])
  func `a call that makes no sense is an error with the line`(behaviour: RowSums.Behaviour, reason: String) throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3])
    let y = graph.apply(RowSums(behaviour: behaviour), to: [x]).named("y"), line = #line
    let inScan = graph.scan(over: [graph.input("s", [4, 2, 3])], from: []) { _, element in
      (state: [], outputs: [graph.apply(RowSums(behaviour: behaviour), to: [element[0]])])
    }.outputs[0]
    for (output, line) in [(y, line), (inScan, line + 2)] {
      let error = #expect(throws: GraphError.self) { try Program(output) }
      #expect(error?.kind == .wrongKernelCall)
      let description = error?.description ?? ""
      #expect(description.contains("OwnKernelCallTests.swift:\(line): \(reason)"), "\(description)")
    }
  }

  @Test func `a part that throws stops the run with the node's name, and the session goes on`() throws {
    let graph = Graph()
    let x = graph.input("x", [300, 500])
    let y = graph.apply(RowSums(behaviour: .refusing), to: [x]).named("sums")
    let session = try Program(y).makeSession(on: GraphExecutor(width: 2))
    try session.write([Float](repeating: -1, count: 150_000), to: x)
    let error = #expect(throws: SessionError.self) { try session.forward() }
    #expect(error?.description.contains("the gate rowSums of sums [300, 500] float32") == true)
    try session.write([Float](repeating: 1, count: 150_000), to: x)
    try session.forward()
    #expect(try session.read(y, as: Float.self).max() == 500)
  }
}

/// Running sums of rows, by a call that behaves as it should, or does not.
struct RowSums: Gate, SampledGate {
  enum Behaviour: Hashable, Sendable {
    case good, apart, dear, refusing, partless, priceless, wideReading, shortWriting
  }
  static let name = "rowSums"
  var fromTheEnd = false
  var behaviour = Behaviour.good

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .calls { shapes in
      let call = RunningSums(shapes, fromTheEnd: fromTheEnd)
      return behaviour == .good ? call : Misbehaving(call, behaviour)
    }
  }
  func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    ReferenceTensor(shape, inputs[0].elementType) { index in
      let last = index.count - 1
      let columns = fromTheEnd ? Array(index[last]..<shape[last]).reversed() : Array(0...index[last])
      return columns.reduce(0) { $0 + inputs[0][index[..<last] + [$1]] }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(RowSums(fromTheEnd: !fromTheEnd), to: [upstream])]
  }
  static let samples = [
    GateSample(RowSums(), .uniform([4, 3])),
    GateSample(RowSums(fromTheEnd: true), .uniform([2, 3, 5])),
  ]
}

private struct Refusal: Error {}

/// A call that says something else of itself.
private final class Misbehaving: KernelCall {
  static let name = "misbehaving"
  private let call: RunningSums
  private let behaviour: RowSums.Behaviour

  init(_ call: RunningSums, _ behaviour: RowSums.Behaviour) { (self.call, self.behaviour) = (call, behaviour) }

  var extent: Int { behaviour == .partless ? 0 : call.extent }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    let right = call.elementsRead(of: position, by: range)!
    return behaviour == .wideReading ? right.lowerBound..<right.upperBound + 1 : right
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? {
    let right = call.elementsWritten(to: number, by: range)!
    return behaviour == .shortWriting ? right.dropLast() : right
  }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { behaviour != .apart }
  func cost(at speeds: CostModel) -> Float {
    behaviour == .priceless ? .nan : behaviour == .dear ? 2e9 : call.cost(at: speeds)
  }
  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    if behaviour == .refusing, inputs[0].load(as: Float.self) < 0 { throw Refusal() }
    call.run(inputs, outputs, range)
  }
}
