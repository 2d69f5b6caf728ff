import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

@Suite(.timeLimit(.minutes(20))) struct DropoutTests {
  private struct Case {
    let graph = Graph()
    let x: Node, step: Node, y: Node
    init(_ shape: Shape = [300, 400], rate: Double = 0.3, seed: UInt64 = 1) {
      x = graph.input("x", shape)
      step = graph.input("step", [], .int32)
      y = dropout(x, rate: rate, step: step, seed: seed)
    }

    func session(width: Int = 1, step number: Int32 = 5) throws -> Session {
      let session = try Program(y, gradientsFor: [x]).makeSession(on: GraphExecutor(width: width))
      let ones = [Float](repeating: 1, count: x.shape.elementCount)
      try session.write(ones, to: x)
      try session.writeUpstream(ones, of: y)
      try session.write([number], to: step)
      return session
    }
  }

  @Test func `backward sees the elements that forward dropped`() throws {
    let c = Case()
    let session = try c.session()
    try session.forward()
    try session.backward()
    let values = try session.read(c.y, as: Float.self)
    #expect(try session.gradient(of: c.x, as: Float.self) == values)
    #expect(Set(values) == [0, 1 / 0.7])
    let share = Double(values.count { $0 == 0 }) / 120_000
    // Five standard deviations of a binomial share.
    #expect(abs(share - 0.3) < 5 * (0.3 * 0.7 / 120_000).squareRoot())
  }

  @Test func `a step again draws the same, at any width, in any session; another step another`() throws {
    let c = Case()
    let first = try c.session()
    try first.step()
    let values = try first.read(c.y, as: Float.self)
    for width in [1, 2, 4] {
      let session = try c.session(width: width)
      try session.step()
      #expect(try session.read(c.y, as: Float.self) == values)
      #expect(try session.gradient(of: c.x, as: Float.self) == values)
      try session.write([6] as [Int32], to: c.step)
      try session.step()
      #expect(try session.read(c.y, as: Float.self) != values)
      #expect(try session.gradient(of: c.x, as: Float.self) == session.read(c.y, as: Float.self))
      try session.write([5] as [Int32], to: c.step)
      try session.step()
      #expect(try session.read(c.y, as: Float.self) == values)
    }
    let again = Case()
    let session = try again.session()
    try session.step()
    #expect(try session.read(again.y, as: Float.self) == values, "a graph built in the same order draws the same")
  }

  @Test func `a large dropout is divided among workers`() throws {
    let program = try Case([2000, 1000]).session().program
    #expect(program.plan.forwardUnitCount > 1)
  }

  @Test func `dropouts of one seed differ, seeds differ, and equal gates are one`() throws {
    let graph = Graph()
    let x = graph.input("x", [1000]), step = graph.input("step", [], .int32)
    let gate = Dropout(rate: 0.5, seed: 1, stream: 9)
    let nodes = [
      dropout(x, rate: 0.5, step: step, seed: 1), dropout(x, rate: 0.5, step: step, seed: 1),
      graph.apply(gate, to: [x, step]), graph.apply(Dropout(rate: 0.5, seed: 2, stream: 9), to: [x, step]),
      graph.apply(gate, to: [x, step]),
    ]
    let session = try Program(nodes).makeSession()
    try session.write([Float](repeating: 1, count: 1000), to: x)
    try session.write(-3, to: step)
    try session.forward()
    let values = try nodes.map { try session.read($0, as: Float.self) }
    #expect(Set(values).count == 4)
    #expect(values[2] == values[4])
    #expect(session.program.plan.calls.count == 4)
  }

  /// The masks of the dropouts that `build` makes, at one step.
  private func masks(_ build: (_ graph: Graph, _ x: Node, _ step: Node) -> [Node]) throws -> [[Float]] {
    let graph = Graph()
    let x = graph.input("x", [1000]), step = graph.input("step", [], .int32)
    let nodes = build(graph, x, step)
    let session = try Program(nodes).makeSession()
    try session.write([Float](repeating: 1, count: 1000), to: x)
    try session.write(4, to: step)
    try session.forward()
    return try nodes.map { try session.read($0, as: Float.self) }
  }

  @Test func `what else a graph holds changes no mask`() throws {
    func drops(_ graph: Graph, _ x: Node, _ step: Node) -> [Node] {
      let outer = dropout(x, rate: 0.5, step: step, seed: 1)
      let inner = graph.scope("block") {
        [dropout(x, rate: 0.5, step: step, seed: 1), dropout(x, rate: 0.5, step: step, seed: 1)]
      }
      return [outer] + inner
    }
    let alone = try masks(drops)
    #expect(Set(alone).count == 3, "dropouts differ within a scope, and between scopes")
    #expect(try masks(drops) == alone)
    let crowded = try masks { graph, x, step in
      let y = graph.input("y", [7]), unread = tanh(graph.constant(3, [5]) * 2)
      graph.scope("another") {
        _ = dropout(dropout(y, rate: 0.1, step: step, seed: 1), rate: 0.5, step: step, seed: 1)
        graph.scope("block") { _ = dropout(unread, rate: 0.5, step: step, seed: 1) }
      }
      return drops(graph, x, step)
    }
    #expect(crowded == alone)
    let later = try masks { graph, x, step in
      let first = drops(graph, x, step)
      let scope = graph.scope("block") { dropout(x, rate: 0.5, step: step, seed: 1) }
      return first + [scope, dropout(x, rate: 0.5, step: step, seed: 1)]
    }
    #expect(Array(later.prefix(3)) == alone)
    #expect(Set(later).count == 5, "a scope that is entered again goes on where it was left")
  }

  @Test func `no two dropouts of a graph share a stream`() {
    var streams = DropoutStreams()
    var taken: Set<UInt32> = []
    // So many draws of 32 bits meet a few times: some of these must have given way.
    for _ in 0..<300 {
      for scope in 0..<1000 as Range<UInt32> {
        taken.insert(streams.take(inScope: scope, named: scope == 0 ? "" : "scope\(scope)"))
      }
    }
    #expect(taken.count == 300_000)
  }

  @Test func `a scan and its gradient draw the same, checkpointed and not`() throws {
    let graph = Graph()
    let x = graph.input("x", [5, 400]), step = graph.constant([3 as Int32], []), initial = graph.constant(0, [400])
    let kept = graph.scope("recurrence") {
      let run = graph.scan(over: exp(x), from: initial) { state, element in
        let kept = dropout(element, rate: 0.5, step: step, seed: 1)
        return (state + kept, kept)
      }
      return dropout(log(run.outputs + 1), rate: 0.5, step: step, seed: 1) * 1
    }
    var bits: [[[UInt32]]] = []
    for scopes in [[], ["recurrence"]] {
      let program = try Program(kept, gradientsFor: [x], options: Program.Options(checkpointing: scopes))
      let session = program.makeSession()
      try session.write([Float](repeating: 0, count: 2000), to: x)
      try session.writeUpstream([Float](repeating: 1, count: 2000), of: kept)
      try session.step()
      let (values, slopes) = (try session.read(kept, as: Float.self), try session.gradient(of: x, as: Float.self))
      #expect(values.indices.allSatisfy { (values[$0] == 0) == (slopes[$0] == 0) })
      let share = Double(values.count { $0 != 0 }) / 2000
      #expect((0.2...0.3).contains(share), "a quarter is kept by both")
      bits.append([values.map(\.bitPattern), slopes.map(\.bitPattern)])
    }
    #expect(bits[0] == bits[1])
  }

  @Test func `inference is the identity and reads no step`() throws {
    let graph = Graph()
    let x = graph.input("x", [3]), step = graph.input("step", [], .int32)
    #expect(dropout(x, rate: 0.5, step: step, seed: 1, isTraining: false) == x)
  }

  @Test(arguments: [-0.1, 1, 1.5, .nan, .infinity], [true, false])
  func `a rate outside 0..<1 is an error that names the operand and the line`(rate: Double, isTraining: Bool) {
    let graph = Graph()
    let x = graph.input("activations", [3]), step = graph.input("step", [], .int32)
    let bad = dropout(x, rate: rate, step: step, seed: 1, isTraining: isTraining); let line = #line
    let error = #expect(throws: GraphError.self) { try Program(bad) }
    #expect(error?.kind == .shapeMismatch)
    #expect(error?.description.contains("dropout at AdjointTests/DropoutTests.swift:\(line)") == true)
    #expect(error?.description.contains("a dropout rate is at least 0 and below 1, got \(rate)") == true)
    #expect(error?.description.contains("activations [3] float32") == true)
  }

  @Test func `a step that is no int32 scalar is an error`() {
    let graph = Graph()
    let x = graph.input("x", [3]), labels = graph.input("labels", [3], .int32)
    let float = #expect(throws: GraphError.self) { try Program(dropout(x, rate: 0.5, step: x.sum(), seed: 1)) }
    #expect(float?.description.contains("a step is an int32, got float32") == true)
    let many = #expect(throws: GraphError.self) { try Program(dropout(x, rate: 0.5, step: labels, seed: 1)) }
    #expect(many?.description.contains("a step is one number, got shape [3]") == true)
    let integers = #expect(throws: GraphError.self) { try Program(dropout(labels, rate: 0.5, step: labels, seed: 1)) }
    #expect(integers?.description.contains("dropout has no kernel for int32") == true)
  }

  @Test func `a missing step is named`() throws {
    let c = Case([4])
    let session = try Program(c.y).makeSession()
    try session.write([1, 2, 3, 4] as [Float], to: c.x)
    let error = #expect(throws: SessionError.self) { try session.forward() }
    #expect(error?.description.contains("no value was written to the input step [] int32") == true)
  }

  /// A step's number as a parameter that steps move on.
  private struct Counted {
    let graph = Graph()
    let x: Node, step: Node, y: Node
    let program: Program
    init() throws {
      x = graph.input("x", [1000])
      step = graph.parameter("step", [], .zeros, .int32)
      y = dropout(x, rate: 0.5, step: step, seed: 1)
      program = try Program(y, gradientsFor: [x], updating: [ParameterUpdate(step, to: step.advanced(by: 1))])
    }
    func session(_ parameters: ParameterStore = ParameterStore()) throws -> Session {
      let session = program.makeSession(parameters: parameters)
      try session.write([Float](repeating: 1, count: 1000), to: x)
      try session.writeUpstream([Float](repeating: 1, count: 1000), of: y)
      return session
    }
  }

  @Test func `each step draws anew, and a run that goes on from a saved step draws what it would have drawn`() throws {
    let c = try Counted()
    let session = try c.session()
    var drawn: [[Float]] = []
    for number in 1...4 as ClosedRange<Int32> {
      try session.step()
      drawn.append(try session.read(c.y, as: Float.self))
      #expect(try session.gradient(of: c.x, as: Float.self) == drawn.last)
      #expect(try session.read(c.step, as: Int32.self) == [number])
    }
    #expect(Set(drawn).count == 4)
    let resumed = try c.session()
    try resumed.write([2] as [Int32], to: c.step)
    try resumed.step()
    #expect(try resumed.read(c.y, as: Float.self) == drawn[2])
    try resumed.forward()
    #expect(try resumed.read(c.y, as: Float.self) == drawn[3])
    try resumed.backward()
    #expect(try resumed.gradient(of: c.x, as: Float.self) == drawn[3])
    #expect(try resumed.read(c.step, as: Int32.self) == [4])
  }

  @Test func `a step that fails is drawn again`() throws {
    let c = try Counted()
    let session = try c.session()
    let cancelled = CancellationToken()
    cancelled.cancel()
    #expect(throws: (any Error).self) { try session.step(cancellation: cancelled) }
    #expect(try session.read(c.step, as: Int32.self) == [0])
  }

  @Test func `a counter of steps wraps around`() throws {
    let graph = Graph()
    let step = graph.input("step", [], .int32)
    let next = step.advanced(by: 1)
    let session = try Program(next).makeSession()
    try session.write([Int32.max], to: step)
    try session.forward()
    #expect(try session.read(next, as: Int32.self) == [.min])
  }
}
