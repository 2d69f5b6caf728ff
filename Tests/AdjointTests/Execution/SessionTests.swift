import Adjoint
import DependencyScheduling
import Dispatch
import Testing

/// What a session holds between runs: inputs, results, parameters, claims, memory.
@Suite(.timeLimit(.minutes(20))) struct SessionTests {
  private struct Line {
    let graph = Graph()
    let x: Node, w: Node, b: Node, y: Node
    init() {
      x = graph.input("x", [3])
      w = graph.parameter("w", [3], .values([1, 2, 3] as [Float]))
      b = graph.parameter("b", [], .constant(0.5))
      y = (w * x).sum() + b
    }
    func session(parameters: ParameterStore = ParameterStore()) throws -> Session {
      let session = try Program(y, gradientsFor: [w, b]).makeSession(parameters: parameters)
      try session.write([1, 1, 1] as [Float], to: x)
      return session
    }
  }

  @Test func `arrays and spans reach the same values`() throws {
    let line = Line()
    let session = try line.session()
    try session.withMutableValues(of: line.x, as: Float.self) { span in
      for index in span.indices { span[index] = Float(index) }
    }
    #expect(try session.read(line.x) == [0, 1, 2])
    try session.step()
    #expect(session[line.y] == 8.5)
    #expect(try session.withValues(of: line.y, as: Float.self) { $0[0] } == 8.5)
    #expect(try session.withGradient(of: line.w, as: Float.self) { $0.count } == 3)
    #expect(try session.gradient(of: line.w, as: Float.self) == [0, 1, 2])
    #expect(session.gradient(of: line.b) == 1)
  }

  @Test func `integer labels are fed as Int32`() throws {
    let graph = Graph()
    let table = graph.parameter("table", [3, 2], .values([1, 2, 3, 4, 5, 6] as [Float]))
    let rows = graph.input("rows", [2, 2], .int32)
    let picked = table.gatheringRows(rows)
    let session = try Program(picked.sum(), gradientsFor: [table], alsoComputing: [picked]).makeSession()
    try session.write([2, 0, 2, 2] as [Int32], to: rows)
    try session.step()
    #expect(try session.read(rows, as: Int32.self) == [2, 0, 2, 2])
    #expect(try session.read(picked) == [5, 6, 1, 2, 5, 6, 5, 6])
    #expect(try session.gradient(of: table, as: Float.self) == [1, 1, 0, 0, 3, 3])
    let counter = graph.input("counter", [], .int32)
    let counting = try Program(counter.advanced(by: 1), alsoComputing: [counter]).makeSession()
    counting[counter] = 7
    #expect(counting[counter] == 7)
  }

  @Test func `a parameter starts from its initializer and keeps what is written`() throws {
    let line = Line()
    let session = try line.session()
    #expect(try session.read(line.w) == [1, 2, 3])
    #expect(session[line.b] == 0.5)
    try session.write([0, 0, 1] as [Float], to: line.w)
    session[line.b] = -1
    try session.forward()
    #expect(session[line.y] == 0)
    try session.forward()
    #expect(try session.read(line.w) == [0, 0, 1])
  }

  @Test func `sessions of different programs share parameters by name`() throws {
    let line = Line()
    let training = try line.session()
    let other = Graph()
    let w = other.parameter("w", [3], .zeros),
      serving = try Program(w.max()).makeSession(parameters: training.parameters)
    try serving.forward()
    #expect(try serving.read(w) == [0, 0, 0])  // whoever comes first makes it
    try serving.write([4, 7, 5] as [Float], to: w)
    try training.step()
    #expect(session(training, line) == 16.5)
    try training.write([1, 1, 2] as [Float], to: line.w)
    try serving.forward()
    #expect(try serving.read(w) == [1, 1, 2])
    #expect(training.parameters.names == ["b", "w"])
  }

  private func session(_ session: Session, _ line: Line) -> Double { session[line.y] }

  @Test func `a parameter of another shape under the same name is refused, again and again`() throws {
    let line = Line()
    let training = try line.session()
    try training.step()
    let other = Graph()
    let w = other.parameter("w", [4])
    let session = try Program(w.max()).makeSession(parameters: training.parameters)
    for _ in 0..<3 {
      let error = #expect(throws: SessionError.self) { try session.forward() }
      #expect(
        error?.description == "the parameter store holds w as [3] float32, and the program wants [4] float32")
    }
  }

  @Test func `backward needs a forward pass of the values as they are`() throws {
    let line = Line()
    let session = try line.session()
    func expectRefusal(_ sentence: String, _ location: Testing.SourceLocation = #_sourceLocation) {
      let error = #expect(throws: SessionError.self, sourceLocation: location) { try session.backward() }
      #expect(error?.description == sentence, sourceLocation: location)
    }
    let stale = "backward needs a forward pass of the values as they are: run forward first"
    expectRefusal(stale)
    try session.forward()
    try session.backward()
    expectRefusal(stale)  // its values are consumed
    try session.forward()
    try session.write([2, 2, 2] as [Float], to: line.x)
    expectRefusal(stale)
    try session.forward()
    try session.write([1, 1, 1] as [Float], to: line.w)
    expectRefusal("parameters were written since the forward pass: run forward again")
    try session.forward()
    try session.writeUpstream([3] as [Float], of: line.y)  // changes no value that forward kept
    try session.backward()
    #expect(try session.gradient(of: line.w, as: Float.self) == [6, 6, 6])
  }

  @Test func `another session's write of a shared parameter makes a forward pass stale`() throws {
    let line = Line()
    let first = try line.session()
    let second = try line.session(parameters: first.parameters)
    try first.forward()
    try second.write([9, 9, 9] as [Float], to: line.w)
    let error = #expect(throws: SessionError.self) { try first.backward() }
    #expect(error?.description == "parameters were written since the forward pass: run forward again")
    try first.forward()
    #expect(first[line.y] == 27.5)
  }

  @Test func `results are refused before they are computed`() throws {
    let line = Line()
    let session = try line.session()
    let output = #expect(throws: SessionError.self) { try session.read(line.y) }
    #expect(output?.description.hasSuffix("is not computed yet: run forward or step") == true)
    try session.forward()
    let gradient = #expect(throws: SessionError.self) { try session.gradient(of: line.w, as: Float.self) }
    #expect(gradient?.description == "the gradient of w is not computed yet: run backward or step")
    try session.backward()
    #expect(session.gradient(of: line.b) == 1)
    try session.forward()  // whose gradients are another matter
    #expect(throws: SessionError.self) { try session.gradient(of: line.w, as: Float.self) }
  }

  @Test func `a session does one thing at a time`() throws {
    let line = Line()
    let session = try line.session()
    try session.step()
    try session.withValues(of: line.y, as: Float.self) { _ in  // held open
      #expect(throws: SessionError.self) { try session.step() }
      #expect(throws: SessionError.self) { try session.write([0, 0, 0] as [Float], to: line.x) }
      #expect((try? session.read(line.y).count) == 1)  // readers may be many
    }
    try session.withMutableValues(of: line.x, as: Float.self) { _ in
      let error = #expect(throws: SessionError.self) { try session.forward() }
      #expect(error?.description == "the session is in use: it does one thing at a time")
      #expect(throws: SessionError.self) { try session.read(line.y) }
    }
    try session.step()
  }

  @Test func `a run and a write of its parameters exclude one another`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [2], .ones)
    let inside = Callback()
    let y = graph.apply(Calling(callback: inside), to: [w]).sum()
    let session = try Program(y).makeSession()
    let other = try Program(w * 2).makeSession(parameters: session.parameters)
    inside.set {
      let write = #expect(throws: SessionError.self) { try other.write([5, 5] as [Float], to: w) }
      #expect(write?.description == "a parameter cannot be written while a run or an access uses the store")
      let read = try? other.read(w)  // reading is shared
      #expect(read == [1, 1])
      #expect(throws: SessionError.self) { try session.forward() }  // this session is running
    }
    try session.forward()
    try other.withMutableValues(of: w, as: Float.self) { _ in
      let error = #expect(throws: SessionError.self) { try session.forward() }
      #expect(error?.description == "a parameter of this store is being written")
    }
    try other.write([5, 5] as [Float], to: w)
    inside.set {}
    try session.forward()
    #expect(session[y] == 10)
  }

  @Test func `asynchronous runs give what synchronous ones give`() async throws {
    let line = Line()
    let session = try line.session()
    try await session.forward()
    try await session.backward()
    #expect(session[line.y] == 6.5)
    #expect(session.gradient(of: line.b) == 1)
    try await session.step()
    #expect(session[line.y] == 6.5)
  }

  @Test func `asynchronous runs on any executor leave Swift's pool and end with their task`() async throws {
    let graph = Graph(), first = Callback(), second = Callback()
    let x = graph.input("x", [1])
    let y = graph.apply(Calling(callback: second), to: [graph.apply(Calling(callback: first), to: [x])])
    let session = try Program(y).makeSession(on: SeededExecutor(seed: 1))
    try session.write([2] as [Float], to: x)
    let isOnTask = Guarded(false)
    second.set { if withUnsafeCurrentTask(body: { $0 != nil }) { isOnTask.withLock { $0 = true } } }
    try await session.forward()
    #expect(session[y] == 2 && !isOnTask.withLock { $0 })

    let isCancelled = DispatchSemaphore(value: 0), wentOn = Guarded(false)
    first.set { isCancelled.wait() }
    second.set { wentOn.withLock { $0 = true } }
    let task = Task { try await session.forward() }
    task.cancel()
    isCancelled.signal()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(!wentOn.withLock { $0 })
    first.set {}
    try await session.forward()
  }

  @Test func `a cancelled token stops a run, and the next run is whole`() throws {
    let line = Line()
    let session = try line.session()
    let token = CancellationToken()
    token.cancel()
    #expect(throws: CancellationError.self) { try session.step(cancellation: token) }
    #expect(throws: SessionError.self) { try session.read(line.y) }
    try session.step()
    #expect(session[line.y] == 6.5)
  }

  @Test func `reserved memory is all that runs take, keeps what was fed and forgets what was computed`() throws {
    let graph = Graph()
    let x = graph.input("x", [1 << 14]), w = graph.parameter("w", [1 << 14], .ones)
    let y = tanh(x * w) * x
    let program = try Program(y.sum(), gradientsFor: [x, w], alsoComputing: [y])
    let session = program.makeSession()
    try session.reserveMemory()
    #expect(session.memory.allocated == program.sessionBytes)
    #expect(throws: SessionError.self) { try session.step() }  // nothing is fed
    let values = (0..<1 << 14).map { Float($0 % 7) }
    try session.write(values, to: x)
    try session.step()
    let gradient = try session.gradient(of: w, as: Float.self)
    try session.reserveMemory()
    #expect(throws: SessionError.self) { try session.read(y) }
    try session.step()
    #expect(try session.gradient(of: w, as: Float.self) == gradient)
    #expect(session.memory.peak == program.sessionBytes)
    #expect(throws: SessionError.self) { try program.makeSession(memoryLimit: 1 << 10).reserveMemory() }
  }

  @Test func `reserving memory keeps a written upstream gradient`() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let y = x * x
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.write([1, 2, 3] as [Float], to: x)
    try session.writeUpstream([1, 10, 100] as [Float], of: y)
    try session.reserveMemory()
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [2, 40, 600])
  }

  @Test(arguments: [[], [1], [1, 1], [17]] as [Shape], [ElementType.float32, .float64])
  func `the upstream gradient of a scalar alone is 1 until it is written`(shape: Shape, type: ElementType) throws {
    let graph = Graph()
    let x = graph.input("x", shape, type)
    let y = x * x
    let program = try Program([y, y], gradientsFor: [x])
    let session = program.makeSession()
    func values(_ value: Double) -> [Double] { [Double](repeating: value, count: shape.elementCount) }
    func write(_ value: Double, to body: ([Double], [Float]) throws -> Void) rethrows {
      try body(values(value), values(value).map { Float($0) })
    }
    func expectGradient(_ expected: Double) throws {
      try session.step()
      let gradient =
        try type == .float64
        ? session.gradient(of: x, as: Double.self) : session.gradient(of: x, as: Float.self).map { Double($0) }
      #expect(gradient == values(expected), "\(shape) \(type)")
    }
    try write(3) { try type == .float64 ? session.write($0, to: x) : session.write($1, to: x) }
    if shape == .scalar {
      try expectGradient(12)
    } else {
      for _ in 0..<2 {
        let error = #expect(throws: SessionError.self) { try session.step() }
        guard case .missingUpstream = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        try write(1) {
          try type == .float64
            ? session.writeUpstream($0, ofOutputAt: 0) : session.writeUpstream($1, ofOutputAt: 0)
        }
      }
    }
    // Before the first run, and after it; one output or both.
    let fresh = program.makeSession()
    for session in [session, fresh] {
      try write(3) { try type == .float64 ? session.write($0, to: x) : session.write($1, to: x) }
      try write(5) {
        try type == .float64 ? session.writeUpstream($0, of: y) : session.writeUpstream($1, of: y)
      }
      try write(2) {
        try type == .float64 ? session.writeUpstream($0, ofOutputAt: 1) : session.writeUpstream($1, ofOutputAt: 1)
      }
      for _ in 0..<2 {
        try session.step()
        let gradient =
          try type == .float64
          ? session.gradient(of: x, as: Double.self) : session.gradient(of: x, as: Float.self).map { Double($0) }
        #expect(gradient == values(42), "\(shape) \(type)")
      }
    }
  }

  @Test(arguments: [ElementType.float32, .float64], [[], [1]] as [Shape])
  func `a parameter of one element is read anew by each run, all of its bits`(type: ElementType, shape: Shape) throws {
    let graph = Graph()
    let x = graph.input("x", [17], type)
    let w = graph.parameter("w", shape, .constant(1 / 3), type)
    let y = w * x
    let session = try Program(y).makeSession()
    func expect<T: GraphScalar & BinaryFloatingPoint>(_: T.Type) throws {
      try session.write([T](repeating: 1, count: 17), to: x)
      for value in [T(1) / 3, T(1) / 7, -T(1) / 9] {
        if value != T(1) / 3 { try session.write([value], to: w) }
        try session.forward()
        #expect(try session.read(y, as: T.self) == [T](repeating: value, count: 17))
      }
    }
    try type == .float64 ? expect(Double.self) : expect(Float.self)
  }

  @Test func `the accounts can be read while another thread trims`() throws {
    let graph = Graph()
    let x = graph.input("x", [1 << 12])
    let session = try Program(tanh(sin(x)).sum(), gradientsFor: [x]).makeSession(on: GraphExecutor(width: 1))
    try session.write([Float](repeating: 1, count: 1 << 12), to: x)
    try session.step()
    let most = session.memory.allocated
    DispatchQueue.concurrentPerform(iterations: 2) { worker in
      for _ in 0..<200 {
        if worker == 0 {
          try? session.trimMemory()
          try? session.step()
        } else {
          #expect(session.memory.allocated <= 2 * most)
        }
      }
    }
  }

  @Test func `a backward pass that is refused memory leaves the forward pass as it is`() throws {
    let graph = Graph()
    let x = graph.input("x", [64, 64])
    let weights = (0..<3).map { graph.parameter("w\($0)", [64, 64], .glorotNormal(seed: UInt64($0))) }
    let loss = weights.reduce(x) { tanh($0.matmul($1)) }.sum()
    let program = try Program(loss, gradientsFor: weights)
    let session = program.makeSession(memoryLimit: program.sessionBytes - 1)
    try session.write([Float](repeating: 1, count: 1 << 12), to: x)
    try session.forward()
    let (value, held) = (session[loss], session.memory.allocated)
    for _ in 0..<3 {
      let refused = #expect(throws: SessionError.self) { try session.backward() }
      guard case .memoryLimit = refused else {
        Issue.record("not a memory limit: \(String(describing: refused))")
        return
      }
      #expect(session[loss] == value && session.memory.allocated == held)
    }
    try session.forward()
  }

  @Test func `a parameter that memory cannot hold is named`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [1 << 24, 1 << 22])
    let session = try Program(w.sum()).makeSession()
    let error = #expect(throws: SessionError.self) { try session.forward() }
    guard case .memoryLimit(let node, let requested, _, _) = error else {
      Issue.record("not a memory limit: \(String(describing: error))")
      return
    }
    #expect(node == "the parameter w" && requested == 1 << 48)
  }

  @Test func `an output that shows a parameter has memory of its own`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [2, 2], .values([1, 2, 3, 4] as [Float]))
    let shown = w.reshaped([4]), kept = stopGradient(w)
    let session = try Program(w.sum(), alsoComputing: [shown, kept, w]).makeSession()
    try session.forward()
    try session.withValues(of: shown, as: Float.self) { values in
      try session.withMutableValues(of: w, as: Float.self) { $0[0] = 7 }
      #expect(values[0] == 1)
    }
    #expect(try session.read(shown) == [1, 2, 3, 4] && session.read(kept) == [1, 2, 3, 4])
    #expect(try session.read(w) == [7, 2, 3, 4])
    try session.forward()
    #expect(try session.read(shown) == [7, 2, 3, 4])
  }

  @Test func `memory statistics count what a run takes, and the limit is an error that names a node`() throws {
    let graph = Graph()
    let x = graph.input("x", [1 << 16])
    var y = x
    for _ in 0..<4 { y = sin(y) * cos(y) }
    let program = try Program(y.sum(), gradientsFor: [x])
    let session = program.makeSession()
    let values = [Float](repeating: 1, count: 1 << 16)
    try session.write(values, to: x)
    try session.step()
    let peak = session.memory.peak
    #expect(session.memory.allocated >= 2 << 18)  // x and its gradient
    #expect(peak == session.memory.allocated)  // a run's memory is kept for the next
    try session.trimMemory()
    session.resetPeakMemory()
    #expect(session.memory.peak < peak)
    #expect(session.memory.allocated < 3 << 18)
    let limited = program.makeSession(memoryLimit: peak - (1 << 18))
    try limited.write(values, to: x)
    for _ in 0..<3 {
      let error = #expect(throws: SessionError.self) { try limited.step() }
      guard case .memoryLimit(let node, let requested, let inUse, let limit) = error else {
        Issue.record("not a memory limit: \(String(describing: error))")
        return
      }
      #expect(node.contains("[65536] float32, made at"))
      #expect(requested == 1 << 18)
      #expect(inUse + requested > limit && limit == peak - (1 << 18))
      #expect(limited.memory.allocated <= 3 << 18)  // the run's own values are given back
    }
    let enough = program.makeSession(memoryLimit: peak)
    try enough.write(values, to: x)
    try enough.step()
    let tiny = program.makeSession(memoryLimit: 1_000)
    #expect(throws: SessionError.self) { try tiny.write(values, to: x) }
  }
}

/// What a gate calls while it runs.
private final class Callback: Sendable {
  private let body = Guarded<@Sendable () -> Void>({})
  func set(_ new: @escaping @Sendable () -> Void) { body.withLock { $0 = new } }
  func call() { body.withLock { $0 }() }
}

private struct Calling: Gate {
  static let name = "calling"
  let callback: Callback
  static func == (left: Calling, right: Calling) -> Bool { left.callback === right.callback }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(callback)) }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { arguments in
      callback.call()
      _ = arguments.output(as: Float.self).update(from: arguments.input(0, as: Float.self))
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
  static let samples: [GateSample] = []
}
