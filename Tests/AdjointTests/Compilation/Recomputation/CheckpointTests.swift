import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

/// Scopes that the backward pass computes again: less memory, the same bits.
@Suite(.timeLimit(.minutes(20))) struct CheckpointTests {
  private func options(
    _ scopes: [String], reusesBuffers: Bool = true, fuses: Bool = true, unitWork: Float = CostModel.unit
  ) -> Program.Options {
    var options = Program.Options(reusesBuffers: reusesBuffers, checkpointing: scopes)
    options.fusesElementwise = fuses
    options.unitWork = unitWork
    return options
  }

  /// Whether there is a unit that does nothing but wait: what comes before values that are computed again.
  private func hasFence(_ program: Program) -> Bool {
    (0..<program.unitCount).contains { program.plan.steps(of: $0).isEmpty }
  }

  @Test(arguments: CheckpointedModel.Kind.allCases)
  func `checkpointed scopes change no bit`(kind: CheckpointedModel.Kind) throws {
    let model = try CheckpointedModel(kind)
    let plain = try model.results(model.program(options([])), on: GraphExecutor(width: 1))
    #expect(plain.contains { $0.contains { $0 != 0 } })
    for (reuses, fuses, unitWork, widths) in [
      (true, true, CostModel.unit, [1, 3]), (false, true, CostModel.unit, [2]),
      (true, false, CostModel.unit, [2]),
      (true, true, 0, [8]), (false, false, 0, [2]),
    ] {
      let program = try model.program(
        options(model.scopes, reusesBuffers: reuses, fuses: fuses, unitWork: unitWork))
      #expect(hasFence(program))
      for width in widths {
        let computed = try model.results(program, on: GraphExecutor(width: width))
        #expect(computed == plain, "memory shared: \(reuses), fused: \(fuses), unit: \(unitWork), width \(width)")
      }
    }
  }

  @Test func `an output that shows a parameter leaves the order of what is computed again`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [8, 8], .glorotUniform(seed: 1))
    let x = graph.input("x", [4, 8])
    let hidden = ["a", "b"].reduce(x) { x, name in
      graph.scope(name) { tanh(tanh(x.matmul(w)).matmul(w)) }
    }
    let program = try Program(
      hidden.sum(), gradientsFor: [w], alsoComputing: [w.reshaped([64]), x.reshaped([32])],
      options: options(["a", "b"]))
    #expect(hasFence(program))
  }

  @Test(arguments: CheckpointedModel.Kind.allCases)
  func `an output that shows a parameter costs its own memory and no more`(kind: CheckpointedModel.Kind) throws {
    let model = try CheckpointedModel(kind)
    let parameter = try #require(model.graph.parameters.first { $0.elementType == .float32 })
    let count = parameter.shape.elementCount
    func bytes(_ others: [Node]) throws -> Int {
      var options = options(model.scopes)
      // Units of other sizes leave other gaps between values.
      options.measuresCosts = false
      let program = try Program(
        model.outputs, gradientsFor: model.variables, alsoComputing: others, updating: model.updates, options: options)
      #expect(hasFence(program))
      return program.sessionBytes
    }
    // Sizes of buffers are rounded up to whole lines and pages.
    #expect(try bytes([parameter.reshaped([count])]) - bytes([]) <= 4 * count + 4096)
  }

  @Test(arguments: CheckpointedModel.Kind.allCases)
  func `fences survive every pass, before what they were before`(kind: CheckpointedModel.Kind) throws {
    let model = try CheckpointedModel(kind)
    let fenced = try FencedGraph(model)
    let fences = fenced.graph.fences.sorted()
    #expect(!fences.isEmpty)
    for (name, pass) in fenced.passes {
      let result = pass(fenced.graph)
      let carried = result.fences.sorted()
      try #require(carried.count == fences.count, "\(name)")
      for (old, new) in zip(fences, carried) {
        #expect(result.origins[new.int] == fenced.graph.origins[old.int], "\(name)")
      }
    }
  }

  @Test(arguments: 1...4) func `random graphs equal the reference bit for bit`(seed: UInt64) throws {
    var random = RandomGraphs(nodeCount: 600, maximalFanOut: 30, tensorShare: 0.6)
    random.scopeCount = 12
    let sample = random.graph(seed: seed)
    let engine = ReferenceEngine(sample.graph)
    let loss = try #require(try engine.run(feeding: sample.values)[sample.output])
    let gradients = try engine.gradients(
      of: [sample.output], withRespectTo: sample.inputs, feeding: sample.values)
    let variables = zip(sample.inputs, gradients).filter { $1 != nil }.map(\.0)
    for unitWork in [0, CostModel.unit] {
      for scopes in [Array(0..<12), [3, 4, 9]] {
        let program = try Program(
          sample.output, gradientsFor: variables,
          options: options(scopes.map { "scope\($0)" }, unitWork: unitWork))
        #expect(hasFence(program))
        for width in [1, 3] {
          let session = program.makeSession(on: try GraphExecutor(width: width))
          for (node, value) in sample.values {
            do { try session.write(value, to: node) } catch SessionError.notInProgram {}
          }
          try session.step()
          #expect(try session.referenceValue(of: sample.output).isIdentical(to: loss))
          for (node, expected) in zip(variables, gradients.compactMap { $0 }) {
            #expect(try session.referenceGradient(of: node).isIdentical(to: expected), "seed \(seed), width \(width)")
          }
        }
      }
    }
  }

  /// Sixteen scopes of three layers each, a value of 128 KiB behind each gate.
  private func deep() -> (loss: Node, variables: [Node], scopes: [String]) {
    let graph = Graph()
    let x = graph.parameter("x", [128, 256], .uniform(-1...1, seed: 1))
    let w = graph.parameter("w", [256, 256], .uniform(-0.1...0.1, seed: 2))
    var hidden = x
    for number in 0..<16 {
      hidden = graph.scope("block\(number)") { (0..<3).reduce(hidden) { x, _ in tanh(x.matmul(w)) } }
    }
    return (square(hidden).mean(), [x, w], (0..<16).map { "block\($0)" })
  }

  @Test(arguments: [1, 3]) func `the peak that jemalloc measures falls`(width: Int) throws {
    let (loss, variables, scopes) = deep()
    let peaks = try [[], scopes].map { scopes in
      let program = try Program(loss, gradientsFor: variables, options: options(scopes))
      let session = program.makeSession(on: try GraphExecutor(width: width))
      for _ in 0..<2 { try session.step() }
      #expect(session.memory.allocated == program.sessionBytes)
      #expect(session.memory.peak == program.sessionBytes)
      return session.memory.peak
    }
    // 48 values were kept, of 128 KiB each. Now it is what each block gives to the next, and what lies in one.
    #expect(peaks[0] >= 48 << 17)
    #expect(peaks[1] <= 30 << 17, "\(peaks[1] >> 17) values")
  }

  @Test(arguments: [1, 3, 8]) func `nothing is computed again before a gradient needs it, nor more than once`(
    width: Int
  ) throws {
    let graph = Graph()
    let log = Log()
    let x = graph.parameter("x", [32], .uniform(-1...1, seed: 1))
    var hidden = x
    for number in 0..<6 {
      hidden = graph.scope("block\(number)") {
        let inner = graph.apply(Logged(number: number, log: log), to: [tanh(hidden)])
        return tanh(inner)
      }
    }
    let program = try Program(
      hidden.sum(), gradientsFor: [x], options: options((0..<6).map { "block\($0)" }, unitWork: 0))
    let session = program.makeSession(on: try GraphExecutor(width: width))
    for _ in 0..<20 {
      log.clear()
      try session.step()
      let again = (0..<6).reversed().flatMap { ["forward \($0)", "backward \($0)"] }
      #expect(log.entries == (0..<6).map { "forward \($0)" } + again)
    }
  }

  @Test func `a scope whose values are read outside, or wanted, is not computed again`() throws {
    let graph = Graph()
    let log = Log()
    let x = graph.parameter("x", [32], .uniform(-1...1, seed: 1))
    let (wanted, read) = graph.scope("block") {
      (
        graph.apply(Logged(number: 0, log: log), to: [exp(x)]), graph.apply(Logged(number: 1, log: log), to: [x])
      )
    }
    let loss = (exp(read) * exp(wanted)).sum()
    let program = try Program(loss, gradientsFor: [x], alsoComputing: [wanted], options: options(["block"]))
    try program.makeSession(on: GraphExecutor(width: 1)).step()
    #expect(log.entries.count { $0.hasPrefix("forward") } == 2)
  }

  @Test func `a trace shows both times, and the fence between them`() throws {
    let (loss, variables, scopes) = deep()
    let session = try Program(loss, gradientsFor: variables, options: options(scopes)).makeSession()
    let trace = try session.trace()
    let products = trace.units.flatMap(\.parts).filter { $0.name.hasPrefix("block3/matmul") }
    let plain = try Program(loss, gradientsFor: variables).makeSession().trace().units.flatMap(\.parts)
    #expect(products.count > plain.count { $0.name.hasPrefix("block3/matmul") })
    #expect(trace.units.contains { $0.parts.isEmpty })
  }

  @Test func `updates come behind their gradients, each with what it computes again`() throws {
    let (loss, variables, scopes) = deep()
    let slopes = try loss.graph.gradients(of: [loss], withRespectTo: variables)
    let updates = zip(variables, slopes).map { ParameterUpdate($0, to: $0 - 0.5 * $1!) }
    let sessions = try [[], scopes].map { scopes in
      let session = try Program(loss, updating: updates, options: options(scopes)).makeSession()
      for _ in 0..<3 { try session.step() }
      return session
    }
    #expect(sessions[1].memory.peak * 3 < sessions[0].memory.peak * 2)
    for variable in variables {
      #expect(try sessions[0].read(variable, as: Float.self) == sessions[1].read(variable, as: Float.self))
    }
  }

  @Test func `forward and backward may be run apart`() throws {
    let model = try CheckpointedModel(.attention)
    let (plain, checkpointed) = try (
      model.program(options([])).makeSession(), model.program(options(model.scopes)).makeSession()
    )
    for session in [plain, checkpointed] {
      try session.writeUpstream([Float](repeating: 0.01, count: 72 * 64), of: model.outputs[1])
      for _ in 0..<2 {
        try session.forward()
        try session.backward()
      }
    }
    for variable in model.variables {
      #expect(
        try plain.gradient(of: variable, as: Float.self) == checkpointed.gradient(of: variable, as: Float.self))
    }
  }

  @Test func `a scope that does not exist is named, with those that do`() throws {
    let (loss, variables, _) = deep()
    let error = #expect(throws: GraphError.self) {
      try Program(loss, gradientsFor: variables, options: options(["block3", "blok4"]))
    }
    let line = #line - 3
    #expect(error?.kind == .unknownScope)
    #expect(error?.nodeName == "blok4")
    #expect(
      error?.description
        == "program at AdjointTests/CheckpointTests.swift:\(line): no scope is named \"blok4\": the graph has block0, "
        + "block1, block2, block3, block4, block5, block6, block7, block8, block9, block10, block11 and 4 more")
    let graph = Graph()
    let bare = #expect(throws: GraphError.self) {
      try Program(exp(graph.input("x")), options: options([""]))
    }
    #expect(bare?.description.hasSuffix("no scope is named \"\": the graph has no scopes") == true)
  }

  @Test(arguments: [["outer"], ["outer", "outer/inner"], ["outer/inner", "outer"], ["outer/inner/last", "outer"]])
  func `what lies in scopes within a checkpointed one is computed again with it, named or not`(
    scopes: [String]
  ) throws {
    let graph = Graph()
    let log = Log()
    let x = graph.parameter("x", [32], .uniform(-1...1, seed: 1))
    func logged(_ number: Int, _ x: Node) -> Node { tanh(graph.apply(Logged(number: number, log: log), to: [tanh(x)])) }
    let hidden = graph.scope("outer") {
      let inner = graph.scope("inner") { graph.scope("last") { logged(0, x) } * logged(1, x) }
      return logged(2, inner)
    }
    let program = try Program(hidden.sum(), gradientsFor: [x], options: options(scopes))
    try program.makeSession(on: GraphExecutor(width: 1)).step()
    let forward = log.entries.filter { $0.hasPrefix("forward") }
    #expect(forward == (0..<3).map { "forward \($0)" } + (0..<3).map { "forward \($0)" })
  }

  @Test func `a name that begins as another does is another scope`() throws {
    let graph = Graph()
    let log = Log()
    let x = graph.parameter("x", [32], .uniform(-1...1, seed: 1))
    let hidden = ["block1", "block10"].enumerated().reduce(x) { x, scope in
      graph.scope(scope.element) { tanh(graph.apply(Logged(number: scope.offset, log: log), to: [tanh(x)])) }
    }
    let program = try Program(hidden.sum(), gradientsFor: [x], options: options(["block1"]))
    try program.makeSession(on: GraphExecutor(width: 1)).step()
    #expect(log.entries == ["forward 0", "forward 1", "backward 1", "forward 0", "backward 0"])
  }
}

/// The graph of a checkpointed model right behind the pass that sets fences, and all passes to put it through.
private struct FencedGraph {
  let graph: IntermediateGraph
  let passes: [(name: String, apply: (IntermediateGraph) -> IntermediateGraph)]

  init(_ model: CheckpointedModel) throws {
    let copy = model.graph.copy()
    func counterparts(_ nodes: [Node]) -> [Node] { nodes.map { copy.counterpart(of: $0) } }
    let upstream = counterparts(model.outputs).map { copy.constant(1, $0.shape) }
    let gradients = try copy.gradients(
      of: counterparts(model.outputs), upstream: upstream, withRespectTo: counterparts(model.variables))
    let state = copy.snapshot()
    let roots = Roots(
      results: model.outputs.map(\.id), gradients: gradients.map { $0!.id },
      nextValues: model.updates.map(\.value.id), updatedParameters: model.updates.map(\.parameter.id))
    let purpose = CompiledPurpose(
      source: state, options: Program.Options(),
      checkpoints: try CheckpointedScopes(model.scopes, in: state, fileID: #fileID, line: #line),
      outputs: roots.results)
    graph = RecomputeCheckpoints.apply(to: Simplify.apply(to: state.storage, roots: roots), for: purpose)
    passes = GraphPasses.all.filter { $0.name != RecomputeCheckpoints.name }.map { pass in
      (pass.name, { pass.apply(to: $0, for: purpose) })
    }
  }
}

/// x², which says when it is computed, and its gradient, which reads x and says so too.
private struct Logged: Gate {
  static let name = "logged"
  let number: Int
  let log: Log
  static func == (left: Logged, right: Logged) -> Bool { left.number == right.number }
  func hash(into hasher: inout Hasher) { hasher.combine(number) }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { arguments in
      log.add("forward \(number)")
      let (x, y) = try (arguments.input(0, as: Float.self), arguments.output(as: Float.self))
      for i in y.indices { y[i] = x[i] * x[i] }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(LoggedGradient(forward: self), to: [upstream, node.output])]
  }
}

private struct LoggedGradient: Gate {
  static let name = "loggedGradient"
  let forward: Logged
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { [forward] arguments in
      forward.log.add("backward \(forward.number)")
      let (u, y) = try (arguments.input(0, as: Float.self), arguments.input(1, as: Float.self))
      let x = try arguments.output(as: Float.self)
      for i in x.indices { x[i] = 2 * u[i] * y[i].squareRoot() }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil, nil] }
}

private final class Log: Sendable {
  private let lines = Locked<[String]>([])
  var entries: [String] { lines.withLock { $0 } }
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  func clear() { lines.withLock { $0 = [] } }
}
