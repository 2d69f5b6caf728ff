import Adjoint
import DependencyScheduling
import Testing

/// A call that is refused has changed nothing: what was computed can be read, and a backward pass goes on from it.
@Suite(.timeLimit(.minutes(20))) struct RefusedCallTests {
  private struct Model {
    let graph = Graph()
    let x: Node, unread: Node, w: Node, hidden: Node, y: Node, flat: Node, session: Session

    init() throws {
      x = graph.input("x", [3])
      unread = graph.input("unread", [3])
      w = graph.parameter("w", [3], .values([1, 2, 3] as [Float]))
      hidden = x * w
      y = hidden * hidden
      flat = x.reshaped([1, 3])
      session = try Program([y], gradientsFor: [x, w], alsoComputing: [flat]).makeSession(on: GraphExecutor(width: 1))
      try session.write([1, 2, 3] as [Float], to: x)
      try session.writeUpstream([1, 1, 1] as [Float], of: y)
    }

    func expectForwardPass(_ call: String) throws {
      #expect(try session.read(x, as: Float.self) == [1, 2, 3], "\(call)")
      #expect(try session.read(w, as: Float.self) == [1, 2, 3], "\(call)")
      #expect(try session.read(y, as: Float.self) == [1, 16, 81], "\(call)")
      #expect(try session.read(flat, as: Float.self) == [1, 2, 3], "\(call)")
    }
  }

  private static let one: [Float] = [9], three: [Float] = [9, 9, 9], doubles: [Double] = [9, 9, 9]
  private static let integers: [Int32] = [9, 9, 9]

  /// Whatever throws, by name.
  private static let calls: [(name: String, body: @Sendable (Model) throws -> Void)] = [
    ("write of too few values", { try $0.session.write(one, to: $0.x) }),
    ("write of another type", { try $0.session.write(integers, to: $0.x) }),
    ("write of a number into an array", { try $0.session.write(9, to: $0.x) }),
    ("write of too few numbers to convert", { try $0.session.write([9.0], to: $0.x) }),
    ("write of too few integers", { try $0.session.write([9], to: $0.x) }),
    ("write of integers", { try $0.session.write([1, 2, 3] as [Int32], to: $0.x) }),
    ("write to an output", { try $0.session.write(three, to: $0.y) }),
    ("write to an output that shows an input", { try $0.session.write(three, to: $0.flat) }),
    ("write to a node in between", { try $0.session.write(three, to: $0.hidden) }),
    ("write of too few values to an input that is not read", { try $0.session.write(one, to: $0.unread) }),
    ("write to another graph's node", { try $0.session.write(three, to: Graph().input("x", [3])) }),
    ("write of too few values to a parameter", { try $0.session.write(one, to: $0.w) }),
    ("write of another type to a parameter", { try $0.session.write(integers, to: $0.w) }),
    ("mutable values of another type", { try $0.session.withMutableValues(of: $0.x, as: Double.self) { _ in } }),
    (
      "mutable values of a parameter, another type",
      { try $0.session.withMutableValues(of: $0.w, as: Double.self) { _ in } }
    ),
    ("mutable values of an output", { try $0.session.withMutableValues(of: $0.y, as: Float.self) { _ in } }),
    ("upstream of too few values", { try $0.session.writeUpstream(one, of: $0.y) }),
    ("upstream of another type", { try $0.session.writeUpstream(doubles, of: $0.y) }),
    ("upstream of what is not differentiated", { try $0.session.writeUpstream(three, of: $0.flat) }),
    ("upstream of no output", { try $0.session.writeUpstream(three, ofOutputAt: 1) }),
    ("upstream of too few values at a position", { try $0.session.writeUpstream(one, ofOutputAt: 0) }),
    ("loan of too few values", { try $0.session.lending(one.span, asInput: $0.x) {} }),
    ("loan of another type", { try $0.session.lending(doubles.span, asInput: $0.x) {} }),
    ("loan to a parameter", { try $0.session.lending(three.span, asInput: $0.w) {} }),
    ("loan to an output", { try $0.session.lending(three.span, asInput: $0.y) {} }),
    (
      "loan for an output, too few",
      { try lending(one) { model, span in try model.session.lending(&span, asOutput: model.y) {} }($0) }
    ),
    (
      "loan for an input",
      { try lending(three) { model, span in try model.session.lending(&span, asOutput: model.x) {} }($0) }
    ),
    (
      "loan for no gradient",
      { try lending(three) { model, span in try model.session.lending(&span, asGradientOf: model.y) {} }($0) }
    ),
    ("read of another type", { _ = try $0.session.read($0.y, as: Double.self) }),
    ("read of a parameter as another type", { _ = try $0.session.read($0.w, as: Double.self) }),
    ("read of an array as a number", { _ = try $0.session.read($0.y) }),
    ("read of a gradient as a number", { _ = try $0.session.gradient(of: $0.x) }),
    ("read of a node in between", { _ = try $0.session.read($0.hidden, as: Float.self) }),
    ("a gradient that is not there yet", { _ = try $0.session.gradient(of: $0.w, as: Float.self) }),
    ("a gradient that is not asked for", { _ = try $0.session.gradient(of: $0.y, as: Float.self) }),
    ("a parameter that the store does not hold", { _ = try $0.session.parameters.withBytes(of: "v") { $0.byteCount } }),
    ("parameters that the store does not hold", { try $0.session.parameters.withBytes(of: ["w", "v"]) { _, _ in } }),
    ("new values of what it does not hold", { try $0.session.parameters.replaceValues(of: ["w", "v"]) { _, _ in } }),
    (
      "new values that fail",
      { model in
        try model.session.parameters.replaceValues(of: ["w"]) { _, bytes in
          bytes.storeBytes(of: 7, as: Float.self)
          throw CancellationError()
        }
      }
    ),
    (
      "parameters of other shapes",
      { model in
        let other = Graph()
        _ = other.parameter("v", [2])
        _ = other.parameter("w", [4])
        try model.session.parameters.makeParameters(of: other)
      }
    ),
    (
      "a write while an access reads",
      { model in
        try model.session.withValues(of: model.y, as: Float.self) { _ in try model.session.write(three, to: model.x) }
      }
    ),
    (
      "a run while an access reads",
      { model in
        try model.session.withValues(of: model.y, as: Float.self) { _ in try model.session.forward() }
      }
    ),
    (
      "trimming while an access reads",
      { model in
        try model.session.withValues(of: model.y, as: Float.self) { _ in try model.session.trimMemory() }
      }
    ),
    (
      "reserving while an access reads",
      { model in
        try model.session.withValues(of: model.y, as: Float.self) { _ in try model.session.reserveMemory() }
      }
    ),
    ("a telling step while an access reads", { try whileReading($0) { try $0.session.step { _ in } } }),
    ("a search while an access reads", { try whileReading($0) { _ = try $0.session.firstNonFinite() } }),
    ("a trace while an access reads", { try whileReading($0) { _ = try $0.session.trace(.forward) } }),
    ("an upstream while an access reads", { try whileReading($0) { try $0.session.writeUpstream(three, of: $0.y) } }),
    ("a loan while an access reads", { try whileReading($0) { try $0.session.lending(three.span, asInput: $0.x) {} } }),
    (
      "a loan for an output while an access reads",
      { try whileReading($0, lending(three) { model, span in try model.session.lending(&span, asOutput: model.y) {} }) }
    ),
    (
      "a loan for a gradient while an access reads",
      {
        try whileReading(
          $0, lending(three) { model, span in try model.session.lending(&span, asGradientOf: model.w) {} })
      }
    ),
    ("values in place, another type", { try $0.session.withValues(of: $0.y, as: Double.self) { _ in } }),
    ("values in place of a node in between", { try $0.session.withValues(of: $0.hidden, as: Float.self) { _ in } }),
    ("a gradient in place, another type", { try $0.session.withGradient(of: $0.w, as: Double.self) { _ in } }),
    (
      "loan for a gradient, too many",
      { try lending(doubled) { model, span in try model.session.lending(&span, asGradientOf: model.w) {} }($0) }
    ),
    ("loan of too many values", { try $0.session.lending(doubled.span, asInput: $0.x) {} }),
    ("write of too many values", { try $0.session.write(doubled, to: $0.x) }),
    ("upstream of too many values", { try $0.session.writeUpstream(doubled, of: $0.y) }),
    ("upstream at a position below 0", { try $0.session.writeUpstream(three, ofOutputAt: -1) }),
    (
      "parameters of a graph with a wrong one",
      { model in
        let other = Graph()
        _ = other.parameter("v", [2])
        _ = other.parameter("broken", [2], .values([1, 2, 3] as [Float]))
        try model.session.parameters.makeParameters(of: other)
      }
    ),
  ]

  private static let doubled: [Float] = [9, 9, 9, 9, 9, 9]

  private static func whileReading(_ model: Model, _ body: (Model) throws -> Void) throws {
    try model.session.withValues(of: model.y, as: Float.self) { _ in try body(model) }
  }

  private static func lending(
    _ values: [Float], _ body: @escaping (Model, inout MutableSpan<Float>) throws -> Void
  ) -> (Model) throws -> Void {
    { model in
      var values = values
      var span = values.mutableSpan
      try body(model, &span)
    }
  }

  @Test func `whatever is refused between forward and backward leaves both as they are`() throws {
    for (name, body) in Self.calls {
      let model = try Model()
      let session = model.session
      try session.forward()
      let (memory, parameters) = (session.memory.allocated, session.parameters.names)
      #expect(throws: (any Error).self, "\(name)") { try body(model) }
      try model.expectForwardPass(name)
      #expect(session.memory.allocated == memory && session.parameters.names == parameters, "\(name)")
      #expect(throws: Never.self, "\(name)") { try session.backward() }
      try model.expectForwardPass(name)
      #expect(try session.gradient(of: model.w, as: Float.self) == [2, 16, 54], "\(name)")
      if name == "a gradient that is not there yet" { continue }
      #expect(throws: (any Error).self, "\(name)") { try body(model) }
      #expect(try session.gradient(of: model.x, as: Float.self) == [2, 16, 54], "\(name)")
      try session.step()
      try model.expectForwardPass(name)
    }
  }

  @Test func `a refused pass keeps results of the last one`() throws {
    let graph = Graph()
    let x = graph.input("x"), other = graph.input("other")
    let y = x * x
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.write(3, to: x)
    try session.step()
    #expect(throws: SessionError.self) { try session.backward() }
    #expect(try session.read(y) == 9 && session.gradient(of: x) == 6)
    let lent: [Float] = [4]
    try session.lending(lent.span, asInput: x) {}
    #expect(throws: SessionError.self) { try session.forward() }  // x is not fed
    #expect(throws: SessionError.self) { try session.step() }
    #expect(throws: SessionError.self) { try session.firstNonFinite() }
    #expect(throws: SessionError.self) { try session.trace() }
    #expect(throws: SessionError.self) { try session.step { _ in } }
    #expect(try session.read(y) == 9 && session.gradient(of: x) == 6)
    let forwardOnly = try Program(y, alsoComputing: [other]).makeSession()
    try forwardOnly.write(2, to: x)
    try forwardOnly.write(1, to: other)
    try forwardOnly.forward()
    #expect(throws: SessionError.self) { try forwardOnly.step() }
    #expect(throws: SessionError.self) { try forwardOnly.backward() }
    #expect(try forwardOnly.read(y) == 4 && forwardOnly.read(other) == 1)
  }

  @Test func `a loan that is refused within another changes nothing`() throws {
    let model = try Model()
    let session = model.session
    try session.lending(Self.three.span, asInput: model.x) {
      try session.forward()
      #expect(throws: SessionError.self) { try session.lending(Self.three.span, asInput: model.x) {} }
      #expect(throws: SessionError.self) { try session.write(Self.three, to: model.x) }
      try session.backward()
    }
    var target: [Float] = [0, 0, 0], second = target
    var span = target.mutableSpan, refused = second.mutableSpan
    try session.write([1, 2, 3] as [Float], to: model.x)
    try session.lending(&span, asOutput: model.y) {
      try session.forward()
      #expect(throws: SessionError.self) { try session.lending(&refused, asOutput: model.y) {} }
      try session.backward()
      #expect(try session.read(model.y, as: Float.self) == [1, 16, 81])
    }
    #expect(target == [1, 16, 81] && second == [0, 0, 0])
  }

  @Test func `memory that is refused leaves what there was`() throws {
    let graph = Graph()
    let x = graph.input("x", [64, 64])
    let weights = (0..<3).map { graph.parameter("w\($0)", [64, 64], .glorotNormal(seed: UInt64($0))) }
    let y = weights.reduce(x) { tanh($0.matmul($1)) }.sum()
    let program = try Program(y, gradientsFor: weights)
    let small = program.makeSession(memoryLimit: 3 << 14)
    for _ in 0..<3 {
      #expect(throws: SessionError.self) { try small.write([Float](repeating: 1, count: 1 << 12), to: x) }
      #expect(small.memory.allocated == 0)
      #expect(throws: SessionError.self) { try small.read(x, as: Float.self) }
    }
    let session = program.makeSession(memoryLimit: program.sessionBytes - 1)
    try session.write([Float](repeating: 1, count: 1 << 12), to: x)
    try session.forward()
    let (value, held) = try (session.read(y), session.memory.allocated)
    for refused in [{ try session.step() }, { try session.backward() }, { try session.reserveMemory() }] {
      #expect(throws: SessionError.self) { try refused() }
      #expect(try session.read(y) == value && session.memory.allocated == held)
    }
  }

  @Test func `building that fails changes no graph`() throws {
    let graph = Graph()
    let x = graph.input("x", [2]), other = graph.input("other", [3]), w = graph.parameter("w", [2])
    let y = (x * w).sum(), poisoned = x + other, label = graph.input("label", [2], .int32)
    let expected = try Program(y, gradientsFor: [w]).unitCount
    let count = graph.nodeCount
    let attempts: [(name: String, body: () throws -> Void)] = [
      ("a poisoned output", { _ = try Program(poisoned) }),
      ("a poisoned output beside", { _ = try Program(y, alsoComputing: [poisoned]) }),
      ("a variable that is not read", { _ = try Program(y, gradientsFor: [w, other]) }),
      ("a gradient of integers", { _ = try Program(y, gradientsFor: [label]) }),
      ("an update of an input", { _ = try Program(y, updating: [.init(x, to: w)]) }),
      ("an update of another shape", { _ = try Program(y, updating: [.init(w, to: other)]) }),
      ("an update that is poisoned", { _ = try Program(y, updating: [.init(w, to: poisoned)]) }),
      ("two updates of one", { _ = try Program(y, updating: [.init(w, to: x), .init(w, to: x)]) }),
      ("a scope that is not there", { _ = try Program(y, options: .init(checkpointing: ["none"])) }),
      ("gradients of a poisoned node", { _ = try graph.gradients(of: [poisoned], withRespectTo: [x]) }),
    ]
    for (name, body) in attempts {
      #expect(throws: GraphError.self, "\(name)") { try body() }
      #expect(graph.nodeCount == count, "\(name)")
      #expect(try Program(y, gradientsFor: [w]).unitCount == expected, "\(name)")
    }
  }

  @Test func `an input whose writer throws before it was ever fed stays missing`() throws {
    struct Own: Error {}
    let graph = Graph()
    let first = graph.input("first", [3]), last = graph.input("last", [3])
    for (fed, missing) in [(first, last), (last, first)] {
      let session = try Program(first * last).makeSession()
      try session.write(Self.three, to: fed)
      for _ in 0..<2 {
        #expect(throws: Own.self) {
          try session.withMutableValues(of: missing, as: Float.self) {
            $0[0] = 5
            throw Own()
          }
        }
        let error = #expect(throws: SessionError.self) { try session.forward() }
        guard case .missingInput(let node) = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(node.hasPrefix(missing.name))
        #expect(throws: SessionError.self) { try session.read(missing, as: Float.self) }
      }
    }
  }

  @Test func `parameters are made all together or not at all`() throws {
    let held = Graph()
    _ = held.parameter("b", [2], .ones)
    let store = ParameterStore()
    try store.makeParameters(of: held)
    let graph = Graph()
    let a = graph.parameter("a", [3]), b = graph.parameter("b", [3])
    #expect(throws: SessionError.self) { try store.makeParameters(of: graph) }
    #expect(throws: SessionError.self) { try Program(a + b).makeSession(parameters: store).forward() }
    #expect(store.names == ["b"])
    // Nor does anybody who was refused keep the store.
    let other = try Program(a + b).makeSession(parameters: store)
    for refused in [
      { try other.write(Self.three, to: b) }, { _ = try other.read(b, as: Float.self) }, { try other.forward() },
      { try other.withMutableValues(of: b, as: Float.self) { _ in } }, { try other.reserveMemory() },
    ] {
      #expect(throws: SessionError.self) { try refused() }
      try store.replaceValues(of: ["b"]) { _, bytes in bytes.storeBytes(of: 1, as: Float.self) }
      try store.withBytes(of: "b") { _ in }
    }
    let session = try Program(held.node(named: "b")! * 2).makeSession(parameters: store)
    #expect(throws: SessionError.self) { try session.read(held.node(named: "b")!, as: Double.self) }
    let fresh = try Program(a * 2).makeSession()
    #expect(throws: SessionError.self) { try fresh.write([1] as [Float], to: a) }
    #expect(throws: SessionError.self) { try fresh.read(a, as: Double.self) }
    #expect(fresh.parameters.names == [])
  }

  @Test func `a write whose body throws keeps what an input was given, and leaves a parameter as it was`() throws {
    struct Own: Error {}
    let model = try Model()
    let session = model.session
    for node in [model.x, model.w] {
      try session.forward()
      #expect(throws: Own.self) {
        try session.withMutableValues(of: node, as: Float.self) {
          $0[0] = 5
          throw Own()
        }
      }
      #expect(try session.read(node, as: Float.self) == [node == model.x ? 5 : 1, 2, 3])
      if node == model.x {
        #expect(throws: SessionError.self) { try session.backward() }
      } else {
        try session.backward()
      }
    }
  }
}
