import Adjoint
import DependencyScheduling
import Testing

/// Steps that change parameters: all of them together, after success, from old values only.
@Suite(.timeLimit(.minutes(20))) struct ParameterUpdateTests {
  /// loss = mean (x · w − 1)², w ← w − rate · slope, v ← the slope.
  private struct Descent {
    let graph = Graph()
    let w: Node, v: Node, loss: Node, rate: Node
    let updates: [ParameterUpdate]

    init() throws {
      let x = graph.constant((0..<64 * 40).map { Float(($0 * 37) % 101) / 101 }, [64, 40])
      w = graph.parameter("w", [40, 3], .heNormal(seed: 3))
      v = graph.parameter("v", [40, 3])
      rate = graph.parameter("rate", [], .constant(0.0625))
      loss = square(x.matmul(w) - 1).mean()
      let slope = try #require(try graph.gradients(of: [loss], withRespectTo: [w])[0])
      updates = [
        ParameterUpdate(w, to: w - rate * slope), ParameterUpdate(v, to: slope), ParameterUpdate(rate, to: rate * 0.5),
      ]
    }
  }

  @Test func `steps that update in the graph take the path of updates by hand`() throws {
    let descent = try Descent()
    let session = try Program(descent.loss, updating: descent.updates).makeSession(on: GraphExecutor(width: 2))
    let byHand = try Program(descent.loss, gradientsFor: [descent.w]).makeSession(on: GraphExecutor(width: 1))
    var rate: Float = 0.0625
    for _ in 0..<5 {
      try session.step()
      try byHand.step()
      #expect(try session.read(descent.loss) == byHand.read(descent.loss))
      let slope = try byHand.gradient(of: descent.w, as: Float.self)
      try byHand.withMutableValues(of: descent.w, as: Float.self) { w in
        for i in slope.indices { w[i] -= rate * slope[i] }
      }
      rate *= 0.5
      #expect(try session.read(descent.v, as: Float.self) == slope)
      #expect(try session.read(descent.w, as: Float.self) == byHand.read(descent.w, as: Float.self))
      #expect(try session.read(descent.rate) == Double(rate))
    }
  }

  /// Twelve layers, of whose gradients each takes 256 KiB, and next to nothing besides.
  @Test(arguments: [1, 2]) func `a gradient's memory goes to the next once its parameter is updated`(width: Int) throws
  {
    let graph = Graph()
    var x = graph.input("x", [4, 256])
    for layer in 0..<12 {
      x = tanh(x.matmul(graph.parameter("w\(layer)", [256, 256], .glorotUniform(seed: UInt64(layer)))))
    }
    let loss = x.mean(), weights = graph.parameters
    let updates = try zip(weights, graph.gradients(of: [loss], withRespectTo: weights)).flatMap { w, gradient in
      let velocity = graph.parameter("velocity/\(w.name)", w.shape)
      let next = 0.9 * velocity + (try #require(gradient))
      return [ParameterUpdate(velocity, to: next), ParameterUpdate(w, to: w - 0.1 * next)]
    }
    let program = try Program(loss, updating: updates)
    #expect(program.sessionBytes < 6 * 256 * 1024)  // half of all, since a slot is given on only some units later
    let session = program.makeSession(on: try GraphExecutor(width: width))
    try session.write([Float](repeating: 1, count: 4 * 256), to: graph.node(named: "x")!)
    try session.step()
    #expect(session.memory.peak <= program.sessionBytes)
  }

  @Test func `the bits are the same at every width`() throws {
    let values = try [1, 2, 4].map { width in
      let descent = try Descent()
      let session = try Program(descent.loss, updating: descent.updates).makeSession(on: GraphExecutor(width: width))
      for _ in 0..<4 { try session.step() }
      return try session.read(descent.w, as: Float.self).map(\.bitPattern)
    }
    #expect(values[0] == values[1] && values[1] == values[2])
  }

  @Test func `forward changes nothing, backward and step do`() throws {
    let descent = try Descent()
    let session = try Program(descent.loss, updating: descent.updates).makeSession()
    let before = try session.read(descent.w, as: Float.self)
    try session.forward()
    let loss = try session.read(descent.loss)
    #expect(try session.read(descent.w, as: Float.self) == before)
    try session.backward()
    #expect(try session.read(descent.w, as: Float.self) != before)
    #expect(throws: SessionError.self) { try session.backward() }  // the parameters are others now
    try session.forward()
    #expect(try session.read(descent.loss) < loss)
  }

  @Test func `parameters change together, each from the old values`() throws {
    let graph = Graph()
    let a = graph.parameter("a", [3], .values([1, 2, 3] as [Float]))
    let b = graph.parameter("b", [3], .values([4, 5, 6] as [Float]))
    let s = graph.parameter("s", [], .constant(7)), t = graph.parameter("t", [], .constant(8))
    let labels = graph.parameter("labels", [2], .values([1, 2] as [Int32]), .int32)
    let others = graph.parameter("others", [2], .values([3, 4] as [Int32]), .int32)
    let program = try Program(
      a.sum(),
      updating: [
        ParameterUpdate(a, to: b), ParameterUpdate(b, to: a), ParameterUpdate(s, to: t), ParameterUpdate(t, to: s),
        ParameterUpdate(labels, to: others), ParameterUpdate(others, to: labels),
      ])
    let session = program.makeSession()
    for turn in 1...3 {
      try session.step()
      let isOdd = turn % 2 == 1
      #expect(try session.read(a, as: Float.self) == (isOdd ? [4, 5, 6] : [1, 2, 3]))
      #expect(try session.read(b, as: Float.self) == (isOdd ? [1, 2, 3] : [4, 5, 6]))
      #expect(try [session.read(s), session.read(t)] == (isOdd ? [8, 7] : [7, 8]))
      #expect(try session.read(labels, as: Int32.self) == (isOdd ? [3, 4] : [1, 2]))
    }
  }

  @Test func `a new value may be an output, an input, a constant, or what forward computes`() throws {
    let graph = Graph()
    let x = graph.input("x", [2])
    let names = ["output", "input", "constant", "reshaped", "twin"]
    let p = names.map { graph.parameter($0, [2], .ones) }
    let doubled = x * 2
    let program = try Program(
      doubled,
      updating: [
        ParameterUpdate(p[0], to: doubled), ParameterUpdate(p[1], to: x),
        ParameterUpdate(p[2], to: graph.constant([5, 6] as [Float], [2])),
        ParameterUpdate(p[3], to: doubled.reshaped([2, 1]).reshaped([2])), ParameterUpdate(p[4], to: x + x - p[0] * 0),
      ])
    let session = program.makeSession()
    for turn in 1...3 {
      let fed = [Float(turn), 10]
      try session.write(fed, to: x)
      try session.step()
      let twice = fed.map { 2 * $0 }
      #expect(try session.read(doubled, as: Float.self) == twice)
      #expect(try p.map { try session.read($0, as: Float.self) } == [twice, fed, [5, 6], twice, twice])
    }
  }

  @Test func `a session that shares the parameters follows their memory`() throws {
    let descent = try Descent()
    let session = try Program(descent.loss, updating: descent.updates).makeSession()
    let watcher = try Program(descent.w * 1).makeSession(parameters: session.parameters)
    let other = try Program(descent.loss, updating: descent.updates).makeSession(parameters: session.parameters)
    for turn in 0..<6 {
      try (turn % 3 == 2 ? other : session).step()
      try watcher.forward()
      #expect(try watcher.read(descent.w, as: Float.self) == session.read(descent.w, as: Float.self))
    }
    let alone = try Program(descent.loss, updating: descent.updates).makeSession()
    for _ in 0..<6 { try alone.step() }
    #expect(try alone.read(descent.w, as: Float.self) == session.read(descent.w, as: Float.self))
  }

  @Test func `a failed or cancelled step changes no parameter`() throws {
    let descent = try Descent()
    let label = descent.graph.input("label", [1], .int32)
    let picked = descent.v.gatheringRows(label).sum()  // fails for a label out of range
    let program = try Program(descent.loss, alsoComputing: [picked], updating: descent.updates)
    let session = program.makeSession()
    try session.write([0] as [Int32], to: label)
    try session.step()
    func state() throws -> [[Float]] {
      try [
        session.read(descent.w, as: Float.self), session.read(descent.v, as: Float.self),
        session.read(descent.rate, as: Float.self),
      ]
    }
    let before = try state()
    try session.write([99] as [Int32], to: label)
    #expect(throws: SessionError.self) { try session.step() }
    let token = CancellationToken()
    token.cancel()
    try session.write([0] as [Int32], to: label)
    #expect(throws: CancellationError.self) { try session.step(cancellation: token) }
    #expect(try state() == before)
    #expect(try session.firstNonFinite() == nil)
    #expect(try state() == before)
    try session.step()
    #expect(try state() != before)
  }

  @Test func `a step updates parameters beside those who read them, who see the values they began with`() throws {
    let descent = try Descent()
    let session = try Program(descent.loss, updating: descent.updates).makeSession()
    let reader = try Program(descent.w * 1).makeSession(parameters: session.parameters)
    let before = try session.read(descent.w, as: Float.self)
    try reader.withValues(of: descent.w, as: Float.self) { held in
      for _ in 0..<3 { try session.step() }
      var values: [Float] = []
      for i in held.indices { values.append(held[i]) }
      #expect(values == before)
      let stepped = try session.read(descent.w, as: Float.self)
      let other = try Program(descent.w * 1).makeSession(parameters: session.parameters)
      #expect(try other.read(descent.w, as: Float.self) == stepped)
      #expect(stepped != before)
    }
  }

  @Test func `what does not fit is refused with names, shapes and lines`() throws {
    let graph = Graph()
    let x = graph.input("x", [2]), w = graph.parameter("w", [2]), d = graph.parameter("d", [2], .zeros, .float64)
    func message(_ updates: [ParameterUpdate]) -> String {
      do throws(GraphError) {
        _ = try Program(x.sum(), updating: updates)
        return "compiled"
      } catch {
        #expect(error.kind == .updateMismatch || error.kind == .shapeMismatch)
        return error.description
      }
    }
    #expect(message([ParameterUpdate(x, to: w)]).contains("x [2] float32, made at"))
    #expect(message([ParameterUpdate(x, to: w)]).contains("is no parameter: a step updates parameters only"))
    #expect(message([ParameterUpdate(w, to: x), ParameterUpdate(w, to: w)]).contains("is updated twice"))
    let wrongShape = message([ParameterUpdate(w, to: x.sum())])
    #expect(wrongShape.contains("w [2] float32, made at AdjointTests/ParameterUpdateTests.swift:"))
    #expect(wrongShape.contains("cannot become sum#"))
    #expect(message([ParameterUpdate(d, to: x)]).contains("cannot become x [2] float32"))
    #expect(message([ParameterUpdate(w, to: x + graph.input("y", [3]))]).contains("do not broadcast"))
  }

  // MARK: by name

  @Test func `a store makes, shows and replaces parameters by name`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [2], .values([1, 2] as [Float]))
    _ = graph.parameter("unused", [3], .ones, .float64)
    let store = ParameterStore()
    try store.makeParameters(of: graph)
    #expect(store.names == ["unused", "w"])
    let signature = try #require(store.signature(of: "unused"))
    #expect(signature.shape == [3] && signature.elementType == .float64)
    #expect(store.signature(of: "none") == nil)
    let session = try Program(w * 10).makeSession(parameters: store)
    try session.forward()
    try store.replaceValues(of: ["w"]) { name, bytes in
      #expect(name == "w")
      bytes.storeBytes(of: 3, toByteOffset: 0, as: Float.self)
      bytes.storeBytes(of: 4, toByteOffset: 4, as: Float.self)
    }
    #expect(try store.withBytes(of: "w") { $0.unsafeLoad(fromByteOffset: 4, as: Float.self) } == 4)
    #expect(try session.read(w, as: Float.self) == [3, 4])
    try session.forward()
  }

  @Test func `values are replaced all together or not at all`() throws {
    struct Broken: Error {}
    let graph = Graph()
    let a = graph.parameter("a", [2], .ones), b = graph.parameter("b", [2], .ones)
    let session = try Program(a + b).makeSession()
    try session.forward()
    let store = session.parameters
    #expect(throws: Broken.self) {
      try store.replaceValues(of: ["a", "b"]) { name, bytes in
        if name == "b" { throw Broken() }
        bytes.storeBytes(of: 9, as: Float.self)
      }
    }
    #expect(try session.read(a, as: Float.self) == [1, 1])
    let error = #expect(throws: SessionError.self) { try store.withBytes(of: "c") { $0.byteCount } }
    #expect(error?.description == "the parameter store holds no c")
    #expect(throws: SessionError.self) { try store.replaceValues(of: ["a", "c"]) { _, _ in } }
    try session.withValues(of: a, as: Float.self) { held in
      try store.replaceValues(of: ["a"]) { _, _ in }
      let values = [held[0], held[1]]
      #expect(values == [1, 1])
    }
    #expect(try session.read(a, as: Float.self) == [0, 0])
    try store.replaceValues(of: ["a", "a"]) { _, bytes in bytes.storeBytes(of: 9, as: Float.self) }
    #expect(try session.read(a, as: Float.self) == [9, 0])
  }
}
