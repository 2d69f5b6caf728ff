import DependencyScheduling
import Testing

@testable import Adjoint

/// Inputs that are written while a step runs, and gradients that are written to memory of the caller's.
@Suite(.timeLimit(.minutes(20))) struct LateInputTests {
  /// v − 0.5 a and w − 2 b + c, of which a is large, b a matrix and c a number.
  private struct Update {
    let graph = Graph()
    let a: Node, b: Node, c: Node, v: Node, w: Node
    let program: Program

    init() throws {
      (a, b, c) = (graph.input("a", [300]), graph.input("b", [4, 5]), graph.input("c", []))
      (v, w) = (graph.parameter("v", [300], .ones), graph.parameter("w", [4, 5], .ones))
      program = try Program(
        c, updating: [ParameterUpdate(v, to: v - 0.5 * a), ParameterUpdate(w, to: w - 2 * b + c)])
    }

    func session(width: Int) throws -> Session {
      program.makeSession(on: try GraphExecutor(width: width, sharing: .always))
    }
  }

  private func write(_ value: Float, _ session: Session, _ node: Node) throws {
    fill(try #require(try session.memory(ofInput: node)), value, node)
  }

  private func fill(_ memory: UnsafeMutableRawPointer, _ value: Float, _ node: Node) {
    let memory = memory.assumingMemoryBound(to: Float.self)
    for index in 0..<node.shape.elementCount { memory[index] = value + Float(index) }
  }

  @Test(arguments: [1, 2], [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
  func `a step whose inputs come while it runs is one that was fed before`(width: Int, order: [Int]) async throws {
    let update = try Update()
    let session = try update.session(width: width), fed = try update.session(width: width)
    let nodes = [update.a, update.b, update.c]
    let late = LateInputs(nodes, of: update.program)
    let memories = try nodes.map { try #require(try session.memory(ofInput: $0)) }
    for turn in 0..<3 {
      // What is there before is not what the step reads.
      for node in nodes { try write(.nan, session, node) }
      let arrivals = Arrivals(late)
      async let step: Void = session.step(awaiting: late, arrivals)
      for number in order {
        try await Task.sleep(for: .milliseconds(5))
        #expect(try !arrivals.areAllThere)
        fill(memories[number], Float(turn + number), nodes[number])
        arrivals.arrive(number)
      }
      try await step
      #expect(try arrivals.areAllThere)
      for (number, node) in nodes.enumerated() {
        try fed.write((0..<node.shape.elementCount).map { Float(turn + number) + Float($0) }, to: node)
      }
      try await fed.step()
      for parameter in [update.v, update.w] {
        #expect(try session.doubles(of: parameter) == fed.doubles(of: parameter))
      }
    }
  }

  @Test func `inputs that arrive before the step begins are not waited for`() async throws {
    let update = try Update(), session = try update.session(width: 2)
    let late = LateInputs([update.a, update.b, update.c], of: update.program), arrivals = Arrivals(late)
    for (number, node) in late.inputs.enumerated() {
      try write(1, session, node)
      arrivals.arrive(number)
    }
    try await session.step(awaiting: late, arrivals)
    #expect(try session.read(update.w, as: Float.self)[0] == 1 - 2 + 1)
  }

  private struct Never: Error {}

  @Test func `an input that never comes fails the step, and the session goes on`() async throws {
    let update = try Update(), session = try update.session(width: 2)
    let late = LateInputs([update.a, update.b, update.c], of: update.program), arrivals = Arrivals(late)
    try write(1, session, update.a)
    arrivals.arrive(0)
    let step = Task { try await session.step(awaiting: late, arrivals) }
    try await Task.sleep(for: .milliseconds(5))
    arrivals.fail(Never())
    await #expect(throws: Never.self) { try await step.value }
    #expect(throws: Never.self) { try arrivals.areAllThere }
    #expect(try session.read(update.w, as: Float.self)[0] == 1)

    let others = Arrivals(late)
    for number in 0..<3 { others.arrive(number) }
    try write(0, session, update.b)
    try write(0, session, update.c)
    try await session.step(awaiting: late, others)
    #expect(try session.read(update.w, as: Float.self)[0] == 1)
  }

  @Test func `cancelling the task ends a step that waits`() async throws {
    let update = try Update(), session = try update.session(width: 2)
    let late = LateInputs([update.a], of: update.program)
    for node in [update.b, update.c] {
      try session.write([Float](repeating: 0, count: node.shape.elementCount), to: node)
    }
    let step = Task { try await session.step(awaiting: late, Arrivals(late)) }
    try await Task.sleep(for: .milliseconds(5))
    step.cancel()
    await #expect(throws: CancellationError.self) { try await step.value }
  }

  @Test func `an input that the program does not read has no memory, and may arrive`() async throws {
    let update = try Update(), session = try update.session(width: 1)
    let other = update.graph.input("other", [3])
    #expect(try session.memory(ofInput: other) == nil)
  }

  // MARK: gradients

  @Test(arguments: [1, 2])
  func `gradients are written where the caller wants them, and reported once`(width: Int) async throws {
    let graph = Graph()
    let x = graph.input("x", [6, 40]), v = graph.parameter("v", [40, 30], .glorotUniform()),
      b = graph.parameter("b", [], .ones)
    let loss = (tanh(x.matmul(v)) * b).sum()
    let program = try Program(loss, gradientsFor: [b, v])
    let session = program.makeSession(on: try GraphExecutor(width: width, sharing: .always))
    try session.write((0..<240).map { Float($0 % 7) / 7 }, to: x)
    let variables = session.differentiatedVariables
    #expect(variables == [v, b])
    let memories = variables.map { UnsafeMutablePointer<Float>.allocate(capacity: $0.shape.elementCount) }
    defer { for memory in memories { memory.deallocate() } }
    for (memory, variable) in zip(memories, variables) {
      memory.initialize(repeating: .nan, count: variable.shape.elementCount)
    }
    let reported = Locked<[Int]>([])
    let targets = GradientTargets(memories.map { UnsafeMutableRawPointer($0) })
    try await session.step(writingGradientsTo: targets) { number in reported.withLock { $0.append(number) } }
    #expect(reported.withLock { $0.sorted() } == [0, 1])
    let written = zip(memories, variables).map { Array(UnsafeBufferPointer(start: $0, count: $1.shape.elementCount)) }

    // The session itself has none of them until it steps by itself; then they are the same.
    #expect(throws: SessionError.self) { try session.gradient(of: v, as: Float.self) }
    try await session.step()
    #expect(try written[0] == session.gradient(of: v, as: Float.self))
    #expect(try written[1] == session.gradient(of: b, as: Float.self))
  }

  // MARK: a parameter's own value

  @Test func `a session's own value of a counter is not the store's`() async throws {
    let graph = Graph(), step = graph.state("step", [], .zeros, .int32)
    let x = graph.constant(1, [1_000]), y = dropout(x, rate: 0.5, step: step, seed: 3)
    let program = try Program(y)
    let (own, other) = (program.makeSession(), program.makeSession())
    func drawn(_ session: Session) throws -> [Float] {
      try session.forward()
      return try session.read(y, as: Float.self)
    }
    let first = try drawn(own)
    #expect(try drawn(other) == first)
    // Of one version of the parameters: what was computed of the value before is made again.
    try own.setOwnValue(5, of: step)
    let fifth = try drawn(own)
    try own.setOwnValue(6, of: step)
    let sixth = try drawn(own)
    #expect(Set([first, fifth, sixth]).count == 3)
    #expect(try drawn(other) == first)
    try own.setOwnValue(5, of: step)
    #expect(try drawn(own) == fifth)
    try other.write(5, to: step)
    #expect(try drawn(other) == fifth)
    #expect(throws: SessionError.self) { try own.setOwnValue(1, of: y) }
  }

  @Test func `what moves an int32 on by a constant is a counter`() {
    let graph = Graph(), step = graph.state("step", [], .zeros, .int32),
      other = graph.state("other", [], .zeros, .int32)
    let weights = graph.parameter("weights", [3], .ones)
    #expect(ParameterUpdate(step, to: step.advanced(by: 1)).isCounter)
    #expect(ParameterUpdate(step, to: step.advanced(by: -3)).isCounter)
    #expect(!ParameterUpdate(step, to: other.advanced(by: 1)).isCounter)
    #expect(!ParameterUpdate(step, to: other).isCounter)
    #expect(!ParameterUpdate(weights, to: weights + 1).isCounter)
  }
}
