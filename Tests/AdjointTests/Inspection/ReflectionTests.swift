import Adjoint
import AdjointTesting
import DependencyScheduling
import Testing
import VirtualExecution

/// What a debugger, `dump` and the message of a failed expectation do with an object: look at it. Whatever a program
/// can hold can be looked at, wherever it is in its life, and shows what it is called.
@Suite(.timeLimit(.minutes(20))) struct ReflectionTests {
  private let graph = Graph()
  private let x: Node, w: Node, loss: Node
  private let session: Session

  init() throws {
    x = graph.input("x", [2, 3])
    w = graph.parameter("w", [3], .ones)
    loss = square(x * w).sum().named("loss")
    let slope = try #require(try graph.gradients(of: [loss], withRespectTo: [w])[0])
    session = try Program(loss, gradientsFor: [x], updating: [.init(w, to: w - 0.1 * slope)]).makeSession()
  }

  /// Walks all that reflection reaches, as deep as it goes.
  private func text(of value: Any) -> String {
    var text = ""
    dump(value, to: &text)
    _ = String(reflecting: value)
    _ = String(describing: value)
    return text
  }

  /// Names, shapes and states by the labels of a mirror.
  private func children(of value: Any) -> [String: String] {
    Dictionary(uniqueKeysWithValues: Mirror(reflecting: value).children.map { ($0.label ?? "", "\($0.value)") })
  }

  @Test func `a session shows what it was fed and what it has computed`() throws {
    #expect(children(of: session)["fed"] == "[]" && children(of: session)["missing"] == "[\"x [2, 3] float32\"]")
    try session.write([1, 2, 3, 4, 5, 6] as [Float], to: x)
    try session.forward()
    let forward = children(of: session)
    #expect(forward["fed"] == "[\"x [2, 3] float32\"]" && forward["missing"] == "[]")
    #expect(forward["hasOutputs"] == "true" && forward["hasGradients"] == "false")
    #expect(forward["hasForwardPass"] == "true")
    try session.step()
    let step = children(of: session)
    #expect(step["hasGradients"] == "true" && step["hasForwardPass"] == "false")
    let text = text(of: session)
    for word in ["x [2, 3] float32", "w [3] float32", "loss [] float32", "width: "] { #expect(text.contains(word)) }
  }

  @Test func `looking changes nothing and waits for nobody`() throws {
    try session.write([1, 2, 3, 4, 5, 6] as [Float], to: x)
    try session.forward()
    let allocated = session.memory.allocated
    try session.withMutableValues(of: w, as: Float.self) { _ in  // the session is in use, and so is its store
      #expect(text(of: session).contains("w [3] float32") || text(of: session).contains("[3] float32"))
    }
    #expect(session.memory.allocated == allocated)
    try session.forward()
    _ = text(of: session)
    try session.backward()
    // From within a run, as a debugger looks.
    let seen = Guarded("")
    try session.step { gradient in
      let inside = text(of: gradient) + text(of: session)
      seen.withLock { $0 += inside }
    }
    #expect(seen.withLock { $0 }.contains("x"))
  }

  @Test func `whatever is public can be looked at`() async throws {
    try session.write([1, 2, 3, 4, 5, 6] as [Float], to: x)
    try await session.step()
    let executor = try GraphExecutor(width: 2, sharing: .always)
    let schedule = try Schedule(unitCount: 3, dependencies: [(0, 2), (1, 2)], costs: [1, 2, 3])
    var tasks = TaskGraph()
    let group = try tasks.group("disk", limit: 1)
    let one = tasks.task("one", in: group) { 1 }
    let two = tasks.task("two", one) { $0 + 1 }
    let frozen = try tasks.frozen()
    let results = try await frozen.run(on: executor)
    let options = RunOptions(cancellation: CancellationToken(), sharing: .always)
    let suspending = UnitBody(suspending: { unit, context in
      let completion = context.suspend()
      _ = Mirror(reflecting: completion).children.count
      var text = ""
      dump(completion, to: &text)
      completion.finish()
    })
    try await executor.run(schedule, suspending)
    let scanned = graph.scan(over: [x], from: [graph.input("state", [3])]) { state, elements in
      (state: [state[0] + elements[0]], outputs: [state[0]])
    }
    let trace = try await session.trace()
    let values: [(name: String, value: Any, shows: String)] = [
      ("graph", graph, "x [2, 3] float32"), ("node", loss, "loss"), ("program", session.program, "sessionBytes"),
      ("session", session, "hasOutputs"), ("store", session.parameters, "w: \"[3] float32\""),
      ("memory", session.memory, "peak"), ("executor", executor, "width: 2"),
      ("shared executor", GraphExecutor.shared, "width"), ("seeded executor", SeededExecutor(seed: 3), "3"),
      ("schedule", schedule, "unitCount: 3"), ("grouped schedule", schedule.grouped(), "groupCount"),
      ("successors", schedule.successors(of: schedule.roots[0]), ""), ("statistics", executor.statistics, ""),
      ("task graph", tasks, "two"), ("task schedule", frozen, "one"), ("task results", results, "two"),
      ("task", two, ""), ("group", group, "disk"), ("token", CancellationToken(), "isCancelled: false"),
      ("dead token", CancellationToken(deadline: .now), "isCancelled: true"), ("options", options, "isCancelled"),
      ("body", UnitBody { _ in }, "isSuspending: false"), ("suspending body", suspending, "isSuspending: true"),
      ("trace", trace, "units"), ("update", ParameterUpdate(w, to: w * 2), "w"), ("scan", scanned, ""),
      ("gates", GateCatalog.all.flatMap { $0.samples.map(\.gate) }, "Multiply"), ("shape", x.shape, "3"),
      ("options of a program", Program.Options(), "accumulation"), ("engine", ReferenceEngine(graph), ""),
      ("random graph", RandomGraphs(nodeCount: 20).graph(seed: 1), ""), ("initializer", Initializer.ones, ""),
      ("gradient checker", GradientChecker(), "tolerance"),
    ]
    for (name, value, shows) in values {
      let text = text(of: value)
      #expect(!text.isEmpty && text.contains(shows), "\(name): \(text)")
    }
  }
}
