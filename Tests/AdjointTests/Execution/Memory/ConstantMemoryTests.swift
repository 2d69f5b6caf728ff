import AdjointTesting
import DependencyScheduling
import Dispatch
import GradientMemory
import Testing

@testable import Adjoint

/// Constants belong to the program: all sessions read one copy, which nothing writes, and no session's account has it.
@Suite(.timeLimit(.minutes(20))) struct ConstantMemoryTests {
  /// y = x + table, with a table in which no two elements that follow one another are equal.
  private struct Model {
    /// Elements, so many that a tensor of any type takes what the allocator takes for it.
    static let count = 1 << 14
    let program: Program
    let x: Node, y: Node, table: Node
    let expected: ReferenceTensor

    init(_ type: ElementType) throws {
      let graph = Graph(), shape: Shape = [Self.count]
      x = graph.input("x", shape, type)
      table = ConstantMemoryTests.table(graph, shape, type)
      y = type == .int32 ? graph.apply(AddIntegers(), to: [x, table]) : x + table
      program = try Program(y)
      expected = ReferenceTensor(shape, type, (0..<Self.count).map { Double($0 % 7 + $0 % 3) })
    }

    /// - Throws: if the session computes anything else than x + table.
    func use(_ session: Session) throws {
      try session.write(ReferenceTensor([Self.count], x.elementType, (0..<Self.count).map { Double($0 % 3) }), to: x)
      try session.forward()
      guard try session.referenceValue(of: y).isIdentical(to: expected) else { throw OtherSum() }
    }

    struct OtherSum: Error {}
  }

  fileprivate static func table(_ graph: Graph, _ shape: Shape, _ type: ElementType) -> Node {
    graph.constant(doubles: (0..<shape.elementCount).map { Double($0 % 7) }, shape, type)
  }

  /// The types that are added.
  private static let added = ElementType.ofArithmetic + [.int32]

  /// The bytes of a program's constants as they are now.
  private func bytes(_ program: Program) throws -> [[UInt8]] {
    var bytes: [[UInt8]] = []
    try program.constants.withAddresses { bases in
      bytes = zip(bases, program.constants.plans).map {
        Array(UnsafeRawBufferPointer(start: $0, count: $1.byteCount))
      }
    }
    return bytes
  }

  // MARK: accounts

  @Test(arguments: added) func `any number of sessions cost a program's constants once`(
    type: ElementType
  ) throws {
    let model = try Model(type), tensor = Model.count * type.byteCount
    #expect(model.program.constantBytes == tensor)
    // The input and the result.
    #expect(model.program.sessionBytes == 2 * tensor && model.program.livenessBytes == 2 * tensor)
    #expect(model.program.constants.statistics == nil, "compiling takes no memory")
    var sessions: [Session] = []
    for number in 1...5 {
      let session = model.program.makeSession(on: try GraphExecutor(width: number % 2 + 1))
      if number == 1 { #expect(model.program.constants.statistics == nil) }
      try model.use(session)
      sessions.append(session)
      #expect(model.program.constants.statistics?.allocated == tensor, "after session \(number)")
    }
    for session in sessions { #expect(session.memory.allocated == 2 * tensor && session.memory.peak == 2 * tensor) }
    sessions = []
    #expect(model.program.constants.statistics?.allocated == tensor)
    let later = model.program.makeSession()
    try model.use(later)
    #expect(model.program.constants.statistics?.allocated == tensor && later.memory.allocated == 2 * tensor)
  }

  @Test func `a session's limit counts no constant, and a program without any has no memory for them`() throws {
    let model = try Model(.float32)
    let session = model.program.makeSession(memoryLimit: model.program.sessionBytes)
    try model.use(session)
    let short = model.program.makeSession(memoryLimit: model.program.sessionBytes - 1)
    #expect(throws: SessionError.self) { try model.use(short) }
    let graph = Graph()
    let x = graph.input("x", [1_000])
    let plain = try Program(2 * x + 1)
    #expect(plain.constantBytes == 0)
    try plain.makeSession().reserveMemory()
    #expect(plain.constants.statistics == nil)
  }

  @Test func `a constant that no machine has room for is named, and nothing stays taken`() throws {
    let graph = Graph()
    let small = graph.constant((0..<100).map { Float($0) }, [100])
    let huge = graph.constant(1, [1 << 40]).named("huge"), x = graph.input("x", [100])
    let program = try Program([x * small, huge])
    for _ in 0..<2 {
      let session = program.makeSession()
      let error = #expect(throws: SessionError.self) { try session.write([Float](repeating: 1, count: 100), to: x) }
      guard case .memoryLimit(let node, let requested, _, _) = error else {
        Issue.record("not a memory limit: \(String(describing: error))")
        return
      }
      #expect(node.contains("huge") && requested >= 1 << 42)
      #expect(session.memory.allocated == 0 && program.constants.statistics == nil)
    }
  }

  // MARK: lifetimes and threads

  @Test func `a session outlives what its user keeps of the program, and takes the constants along`() throws {
    weak var released: ConstantMemory?
    let executor = try GraphExecutor(width: 1)
    do {
      let model = try Model(.float64)
      var session: Session? = model.program.makeSession(on: executor)
      released = model.program.constants
      try model.use(session!)
      session = nil
      #expect(released != nil, "sessions to come will read them")
    }
    #expect(released == nil)
    func makeSession() throws -> Session {
      let program = try Model(.float32).program
      released = program.constants
      return program.makeSession(on: executor)
    }
    do {
      let session = try makeSession()
      try session.reserveMemory()
      #expect(released?.statistics?.allocated == session.program.constantBytes)
    }
    #expect(released == nil)
  }

  @Test(arguments: added) func `sessions on several threads take and read one copy`(type: ElementType)
    throws
  {
    for _ in 0..<4 {
      let model = try Model(type)
      let places = Guarded<Set<UnsafeMutableRawPointer?>>([]), errors = Guarded<[String]>([])
      let index = try #require(model.program.plan.placement.buffers.firstIndex { $0.lifetime == .constant })
      DispatchQueue.concurrentPerform(iterations: 6) { number in
        do {
          let session = model.program.makeSession(on: try GraphExecutor(width: number % 2 + 1))
          for _ in 0..<3 { try model.use(session) }
          places.withLock { _ = $0.insert(session.workspace.address(.buffer(index))) }
        } catch { errors.withLock { $0.append("\(error)") } }
      }
      #expect(errors.withLock { $0 } == [] && places.withLock { $0.count } == 1)
      #expect(model.program.constants.statistics?.allocated == Model.count * type.byteCount)
    }
  }

  // MARK: nothing writes them

  @Test func `updates, gates in place and callers leave constants as they are`() throws {
    let graph = Graph(), shape: Shape = [1 << 15]
    let table = Self.table(graph, shape, .float32), x = graph.input("x", shape)
    let weights = (0..<3).map { graph.parameter("w\($0)", shape, .ones) }
    let shown = table.reshaped([1 << 7, 1 << 8])
    // More elements than are folded: the last reader of the constant could write over it.
    let program = try Program(
      square(x * weights[0] + sin(table)).sum(), gradientsFor: [weights[0]], alsoComputing: [shown, -table],
      updating: [
        ParameterUpdate(weights[0], to: table), ParameterUpdate(weights[1], to: weights[1] + table),
        ParameterUpdate(weights[2], to: weights[1]),
      ])
    let session = program.makeSession()
    try session.write([Float](repeating: 1, count: 1 << 15), to: x)
    let expected = (0..<1 << 15).map { Float($0 % 7) }
    let before = try bytes(program)
    #expect(before.contains { $0 == expected.withUnsafeBytes { Array($0) } })
    for step in 1...3 {
      try session.step()
      #expect(try bytes(program) == before)
      #expect(
        try session.read(weights[0], as: Float.self) == expected && session.read(shown, as: Float.self) == expected)
      #expect(try session.read(weights[1], as: Float.self) == expected.map { 1 + Float(step) * $0 })
    }
    try session.write([Float](repeating: 5, count: 1 << 15), to: weights[0])
    var target = [Float](repeating: 0, count: 1 << 15)
    do {
      var span = target.mutableSpan
      try session.lending(&span, asOutput: shown) { try session.step() }
      for index in span.indices { span[index] += 1 }
    }
    #expect(target == expected.map { $0 + 1 })
    #expect(try bytes(program) == before && session.read(shown, as: Float.self) == expected)
  }

  @Test func `a constant that is an output is read, shown in place and copied`() throws {
    let graph = Graph()
    let x = graph.input("x", [5]), rows = graph.constant((0..<6).map { Int32($0) }, [2, 3])
    let ones = graph.constant(1, [5], .float64)
    let slope = try #require(try graph.gradients(of: [(3 * x).sum()], withRespectTo: [x])[0])
    let program = try Program(square(x).sum(), gradientsFor: [x], alsoComputing: [rows, ones, slope])
    let session = program.makeSession(), other = program.makeSession()
    for session in [session, other] {
      try session.write([1, 2, 3, 4, 5] as [Float], to: x)
      #expect(throws: SessionError.self) { try session.read(rows, as: Int32.self) }
      try session.step()
      #expect(try session.read(rows, as: Int32.self) == [0, 1, 2, 3, 4, 5])
      #expect(try session.withValues(of: ones, as: Double.self) { $0[0] + $0[4] } == 2)
      #expect(try session.read(slope, as: Float.self) == [3, 3, 3, 3, 3])
      #expect(try session.gradient(of: x, as: Float.self) == [2, 4, 6, 8, 10])
      #expect(throws: SessionError.self) { try session.write([Double](repeating: 2, count: 5), to: ones) }
    }
    #expect(program.plan.placement.constants.count == 3)
    var target = [Int32](repeating: -1, count: 6)
    do {
      var span = target.mutableSpan
      try session.lending(&span, asOutput: rows) { try session.forward() }
    }
    #expect(target == [0, 1, 2, 3, 4, 5])
    #expect(try other.read(rows, as: Int32.self) == target)
  }

  // MARK: loops and scopes

  /// A loop whose body has constants of its own: zeros that a convolution of no pixel is, and integers.
  private struct Loop {
    let graph = Graph()
    let x: Node, loss: Node, zeros: Node

    init(nested: Bool) {
      let x = graph.input("x", [6, 2, 2], .float64)
      self.x = x
      func step(_ state: Node, _ element: Node) -> (next: Node, zeros: Node) {
        let nothing = convolution(
          state.sliced(0..<1).sliced(0..<1, axis: 1).reshaped([1, 1, 1, 1]),
          element.graph.constant(1, [1, 1, 1, 1], .float64), stride: 2, padding: 1)
        let row = state.gatheringRows(element.graph.constant([1 as Int32], [1]))
        return (tanh(nothing.reshaped([2, 2]).matmul(state) + row * element + element), nothing.reshaped([4]))
      }
      let built = graph, first = built.constant(0.5, [2, 2], .float64)
      let run = built.scan(over: [x], from: [first]) { state, elements in
        guard nested else {
          let made = step(state[0], elements[0])
          return (state: [made.next], outputs: [made.zeros])
        }
        let inner = built.scan(over: [], from: [state[0]], steps: 3) { state, _ in
          let made = step(state[0], elements[0])
          return (state: [made.next], outputs: [made.zeros])
        }
        return (state: [inner.state[0]], outputs: [inner.outputs[0]])
      }
      zeros = run.outputs[0]
      loss = square(run.state[0]).sum()
    }
  }

  @Test(arguments: [false, true]) func `the program keeps the constants of loops' bodies, and no loop writes them out`(
    nested: Bool
  ) throws {
    let loop = Loop(nested: nested)
    let program = try Program(loop.loss, gradientsFor: [loop.x], alsoComputing: [loop.zeros])
    let plan = program.plan
    let loops = plan.steps.filter { step in
      guard case .kernel(let call, _) = step.work else { return false }
      return plan.calls[call] is LoopPlan
    }
    let read = loops.map { step in
      plan.operands[step.operands].count { $0.isBuffer && plan.placement.buffers[$0.index].lifetime == .constant }
    }
    // Zeros and integers, forward; what the state begins with comes besides.
    #expect(try #require(read.max()) >= 3, "\(read)")
    #expect(plan.placement.constants.contains { $0.elementType == .int32 })
    let elements = ReferenceTensor([6, 2, 2], .float64, (0..<24).map { Double($0 % 7) / 4 - 0.6 })
    let engine = ReferenceEngine(loop.graph)
    let expected = try #require(try engine.run(feeding: [loop.x: elements])[loop.loss])
    let slope = try engine.gradients(of: [loop.loss], withRespectTo: [loop.x], feeding: [loop.x: elements])[0]!
    let sessions = [program.makeSession(on: try GraphExecutor(width: 1)), program.makeSession()]
    let before = try bytes(program)
    for session in sessions + sessions {
      try session.write(elements, to: loop.x)
      try session.step()
      #expect(try session.referenceValue(of: loop.zeros).values.allSatisfy { $0 == 0 })
      let (value, gradient) = try (session.referenceValue(of: loop.loss), session.referenceGradient(of: loop.x))
      for (computed, exact) in zip(value.values + gradient.values, expected.values + slope.values) {
        // Some twenty hyperbolic tangents, one of the other, each within a few last places.
        #expect(abs(computed - exact) <= 1e-12)
      }
      #expect(session.memory.allocated == program.sessionBytes)
    }
    #expect(try bytes(program) == before)
    #expect(program.constants.statistics?.allocated == program.constantBytes)
  }

  @Test func `what a checkpointed scope reads of constants is kept once, and no bit differs`() throws {
    func program(checkpointing scopes: [String]) throws -> (program: Program, x: Node) {
      let graph = Graph()
      let x = graph.input("x", [64, 64]), table = Self.table(graph, [64, 64], .float32)
      var hidden = x
      for layer in 0..<4 {
        hidden = graph.scope("layer\(layer)") { tanh(hidden.matmul(table) * 0.01) + tanh(hidden).matmul(table) * 0.01 }
      }
      var options = Program.Options(checkpointing: scopes)
      options.leftOut = [.packOperands]  // panels are one more copy, where measured speeds say that they pay
      return (try Program(hidden.sum(), gradientsFor: [x], options: options), x)
    }
    let gradients = try [[], (0..<4).map { "layer\($0)" }].map { scopes in
      let (program, x) = try program(checkpointing: scopes)
      #expect(program.constantBytes == 64 * 64 * 4)
      let session = program.makeSession()
      try session.write((0..<64 * 64).map { Float($0 % 11) / 11 }, to: x)
      try session.step()
      #expect(session.memory.allocated == program.sessionBytes)
      return try session.gradient(of: x, as: Float.self)
    }
    #expect(gradients[0] == gradients[1])
  }
}
